// A receipt as an auditor gets it: exported from a server on this machine, and checked when nothing runs any more.
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Machine } from "./command.js";

let machine: Machine;
beforeAll(() => {
  machine = new Machine();
});
afterAll(() => machine.close());

describe("the receipt of an approved refund", () => {
  it("is exported, holds offline, and does not hold with another amount", async () => {
    const server = await machine.server();
    const demo = await machine.ask("demo", "--approve");
    expect(demo.code).toBe(0);
    const runId = /Run +(run_\w+)/.exec(demo.shown)?.[1] ?? "";
    const events = await machine.ask("runs", "events", runId, "--json", "--url", server.url);
    const call = events.shown.split("\n").find((line) => line.includes('"process_refund"')) ?? "{}";
    const { callId } = JSON.parse(call) as { callId: string };
    const file = join(machine.folder, "receipt.json");
    const exported = await machine.ask("receipt", "export", runId, callId, "--out", file, "--url", server.url);
    expect(exported).toMatchObject({ code: 0, shown: expect.stringContaining(`receipt verify ${file}\n`) });
    const other = join(machine.folder, "other.json");
    machine.env.AGENTSPAN_TRUSTED_KEYS_FILE = join(machine.folder, "none.json");
    const untold = await machine.ask("receipt", "export", runId, callId, "--out", other, "--url", server.url);
    delete machine.env.AGENTSPAN_TRUSTED_KEYS_FILE;
    expect(untold.shown).toContain(`receipt verify ${other} --trusted-keys <file>\n`);
    const none = await machine.ask("receipt", "export", runId, "t9c9", "--url", server.url);
    expect(none).toMatchObject({ code: 1, shown: expect.stringContaining("The run has no such call.") });
    server.kill("SIGTERM");
    await server.exit;

    // Nothing runs; the keys are those of the local server's data folder, or copied from there.
    const keys = join(machine.folder, "auditor.json");
    copyFileSync(join(machine.dataDir, "keys", "trusted-keys.json"), keys);
    const changed = join(machine.folder, "changed.json");
    writeFileSync(changed, readFileSync(file, "utf8").replace("29.99", "2.99"));
    const [holds, elsewhere, forged] = await Promise.all([
      machine.ask("receipt", "verify", file),
      machine.ask("receipt", "verify", file, "--trusted-keys", keys),
      machine.ask("receipt", "verify", changed),
    ]);
    expect(holds).toMatchObject({ code: 0, shown: expect.stringContaining("The receipt holds.") });
    expect(holds.shown).toContain("process_refund");
    expect(elsewhere).toMatchObject({ code: 0, shown: expect.stringContaining(keys) });
    expect(forged).toMatchObject({ code: 1, shown: expect.stringContaining("arguments are not those") });
  });
});
