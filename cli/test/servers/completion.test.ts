// Completion in the shells themselves, with a key pressed where it takes one.
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { BIN, Machine } from "./command.js";

let machine: Machine;
let folder: string;
beforeAll(() => {
  machine = new Machine();
  const bin = join(machine.folder, "bin");
  mkdirSync(bin);
  writeFileSync(join(bin, "agentspan"), `#!/bin/sh\nexec "${process.execPath}" "${BIN}" "$@"\n`);
  chmodSync(join(bin, "agentspan"), 0o755);
  machine.env.PATH = `${bin}:${process.env.PATH}`;
  machine.env.TERM = "xterm";
  folder = mkdtempSync(join(machine.folder, "files-"));
  writeFileSync(join(folder, "my refund.mjs"), "");
});
afterAll(() => machine.close());

const isThere = (shell: string) => spawnSync(shell, ["--version"]).status === 0;

/** Presses keys in a shell that has the completion, and waits for what it makes of them. */
async function pressed(shell: readonly string[], load: string, keys: string, wanted: RegExp): Promise<void> {
  const command = machine.runProgramOnTerminal(folder, ...shell);
  try {
    command.type(`${load}; echo lo''aded\r`);
    await command.shows(/loaded\r/);
    command.type(keys);
    await command.shows(wanted);
  } finally {
    command.kill("SIGKILL");
    await command.exit;
  }
}

describe.skipIf(!isThere("bash"))("in bash (skipped where there is none)", () => {
  const shell = ["bash", "--norc", "--noprofile", "-i"];
  const load = "source <(agentspan completion bash)";
  it("completes commands, choices and files with blanks in their names", async () => {
    await pressed(shell, load, "agentspan server sto\t", /agentspan server stop/);
    await pressed(shell, load, "agentspan runs list --state WAI\t", /--state WAITING/);
    await pressed(shell, load, "agentspan run my\t", /agentspan run my\\ refund\.mjs/);
  });
});

describe.skipIf(!isThere("zsh"))("in zsh (skipped where there is none)", () => {
  const shell = ["zsh", "-f", "-i"];
  const load = "autoload -U compinit; compinit -u; source <(agentspan completion zsh)";
  it("completes commands and files", async () => {
    await pressed(shell, load, "agentspan server sto\t", /agentspan server stop|stop/);
    await pressed(shell, load, "agentspan run my\t", /my\\ refund\.mjs/);
  });
});

describe.skipIf(!isThere("fish"))("in fish (skipped where there is none)", () => {
  it("completes commands with what they are for, and files", async () => {
    const asked = (line: string) =>
      machine.start("fish", ["--no-config", "-c", `agentspan completion fish | source; complete -C '${line}'`], folder);
    const [commands, files] = [asked("agentspan server sto"), asked("agentspan run my")];
    expect([await commands.exit, await files.exit]).toEqual([0, 0]);
    expect(commands.shown).toMatch(/^stop\tstop what runs on this data/);
    expect(files.shown).toContain("refund.mjs");
  });
});
