// Databases as earlier versions left them, brought back: this version goes on with each run, wherever it stood. Each was
// recorded by scripts/record-database.mjs and is never written anew.
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { verifyAudit } from "@agentspan/internal";
import { AuditService } from "@agentspan/proto";
import type { AgentHandle } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { restoreDatabase } from "../../src/index.js";
import { REFUND, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const DATABASES = new URL("../../testdata/databases/", import.meta.url);

const RUNS = ["waits", "paused", "rejected", "paid", "unknown", "blocked"] as const;

interface Manifest {
  readonly runs: Readonly<Record<(typeof RUNS)[number], string>>;
  readonly results: Readonly<Record<"rejected" | "paid", unknown>>;
}

const names = readdirSync(DATABASES);

it("there is one at least", () => {
  expect(names).toContain("2026-11-30");
});

describe.each(names)("the database of %s", (name) => {
  const stack = withStack({ orchestrators: 0, workers: 0 });
  const folder = new URL(`${name}/`, DATABASES);
  const { runs, results }: Manifest = JSON.parse(readFileSync(new URL("manifest.json", folder), "utf8"));
  const handleOf = (run: keyof Manifest["runs"]): AgentHandle => stack.current.runtime().handle(runs[run]);
  const completed = async (handle: AgentHandle) => {
    expect((await handle.result({ signal: AbortSignal.timeout(60_000) })).state).toBe("COMPLETED");
  };

  it("is gone on with", async () => {
    const { current } = stack;
    for (const run of RUNS) current.model.say(run, Array(4).fill({ text: "ok" }));
    await restoreDatabase(current.database, fileURLToPath(folder));
    await current.addOrchestrator();
    await current.addWorker({ queues: ["desk", "elsewhere"] });

    for (const run of ["rejected", "paid"] as const) expect(await handleOf(run).result()).toEqual(results[run]);
    const { runs: listed } = await current.rpc().runs.listRuns({});
    expect(listed.map(({ runId }) => runId).sort()).toEqual(Object.values(runs).sort());

    await handleOf("paused").resume();
    for (const run of ["waits", "paused"] as const) {
      const handle = handleOf(run);
      const approval = await theApproval({ input: run, handle, runId: handle.runId });
      expect(approval).toMatchObject({ toolName: "refund", arguments: REFUND });
      await handle.approve();
      await completed(handle);
      expect(current.ledger.begun(handle.runId, "refund")).toHaveLength(1);
    }
    const unknown = handleOf("unknown");
    expect((await theApproval({ input: "unknown", handle: unknown, runId: unknown.runId })).kind).toBe("SETTLEMENT");
    await unknown.settle("HAPPENED", { result: { refunded: true } });
    await completed(unknown);
    expect(current.ledger.begun(unknown.runId)).toEqual([]);
    await completed(handleOf("blocked"));
  });

  it("has an audit without a fault, and histories that fold", async () => {
    const lines: string[] = [];
    const { client } = stack.current.runtime();
    const signal = AbortSignal.timeout(30_000);
    for await (const { line } of client.stream(AuditService.method.exportAudit, {}, signal)) lines.push(line);
    const { faults, entries } = await verifyAudit(lines, undefined);
    expect(faults).toEqual([]);
    expect(entries).toBeGreaterThan(RUNS.length);
    expect(await expectHistoriesToFold(stack.current)).toBe(RUNS.length);
  });
});
