import { describe, expect, it } from "vitest";
import { leavesOf } from "../src/command-parts.js";
import { candidates } from "../src/completion/complete.js";
import { main } from "../src/main.js";
import { program } from "../src/program.js";
import { capturedOutput } from "./captured-output.js";

const root = program(capturedOutput().output);
const PROFILES = ["prod", "staging"];
const told = (...words: string[]) =>
  candidates(root, words, ({ long }) => (long === "--profile" ? PROFILES : [])).map((one) =>
    typeof one === "string" ? `:${one}` : one.word,
  );

describe("what may come next", () => {
  it.each([
    [["ser"], ["server"]],
    [
      ["server", ""],
      ["start", "status", "stop", "logs"],
    ],
    [
      ["server", "st"],
      ["start", "status", "stop"],
    ],
    [["server", "start", "--au"], ["--auth"]],
    [["server", "logs", "--of", "g"], ["gateway"]],
    [["server", "logs", "--of", "nats", "m"], ["mongodb"]],
    [["runs", "list", "--state", "WAITING", "RUN"], ["RUNNING"]],
    [
      ["runs", "list", "--state=C"],
      ["--state=COMPLETED", "--state=CANCELLED"],
    ],
    [
      ["runs", "list", "--state", "=", "C"],
      ["COMPLETED", "CANCELLED"],
    ],
    [["runs", "list", "--limit", ""], []],
    [["approvals", "list", "--profile", "p"], ["prod"]],
    [["runs", "export", "run_1", "--out", ""], [":files"]],
    [["server", "start", "--data", "x"], [":folders"]],
    [["run", "ref"], [":files"]],
    [["run", "refund.mjs", ""], []],
    [
      ["completion", ""],
      ["bash", "zsh", "fish"],
    ],
    [["nothing", ""], []],
  ])("after %j", (words, wanted) => {
    expect(told(...words)).toEqual(wanted);
  });

  it("has every command and each of its options that help shows", () => {
    for (const { path, command } of leavesOf(root)) {
      const words = path.split(" ");
      expect(told(...words.slice(0, -1), ""), path).toContain(words.at(-1));
      const shown = command
        .createHelp()
        .visibleOptions(command)
        .map(({ long }) => long);
      expect(told(...words, "--"), path).toEqual(shown);
    }
  });

  it("tells a shell a word a line, with what it is for, and is in no help", async () => {
    const asked = capturedOutput();
    expect(await main(["__complete", "server", "sto"], asked.output)).toBe(0);
    expect(asked.out()).toBe("stop\tstop what runs on this data, as Ctrl-C does; runs wait in the data\n");
    const help = capturedOutput();
    await main(["--help"], help.output);
    expect(help.out()).not.toContain("__complete");
  });
});
