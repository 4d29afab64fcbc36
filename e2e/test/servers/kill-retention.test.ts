// Finished runs that are taken away, by an orchestrator that dies at it: they go whole, their audit stays, and nothing else
// goes with them.
import { AuditService, RunService } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, refusal, startRun, theApproval } from "../desk-run.js";
import { dyingAt } from "../dying.js";
import { withStack } from "../stack-fixture.js";

/** Long enough to read a result on a slow machine. */
const KEPT = "8s";

const stack = withStack({ orchestrators: 1, env: { AGENTSPAN_ALLOW_FAULTS: "yes", AGENTSPAN_RETENTION: KEPT } });

const STEPS = [call("refund", REFUND), { text: "paid" }];

async function paid(name: string): Promise<DeskRun> {
  const run = await startRun(stack.current, name, STEPS, { idempotencyKey: name });
  await theApproval(run);
  await run.handle.approve();
  expect((await ended(run)).state).toBe("COMPLETED");
  // What a write left behind whose run then went another way.
  const orphan = { _id: `${run.runId}/1-1/0` as never, runId: run.runId, from: 1, to: 1, events: [] };
  await stack.current.database.collection("chunks").insertOne(orphan);
  return run;
}

describe("a finished run", () => {
  it.each(["orchestrator.before-removal", "orchestrator.after-removal"] as const)(
    "is taken away whole after an orchestrator was killed at %s, and one that waits stays",
    async (point) => {
      const { current } = stack;
      const waiting = await startRun(current, `waits at ${point}`, STEPS);
      await theApproval(waiting);
      const run = await dyingAt(current, point, () => paid(point));
      const { runId } = run;
      const gone = () =>
        run.handle.getStatus().then(
          () => false,
          (error: unknown) => error,
        );
      const refused = await until("the run is gone", gone, { withinMs: 60_000 });
      expect(refused).toMatchObject({ reason: "RUN_NOT_FOUND" });
      const chunks = current.database.collection("chunks");
      await until("what it took is gone", async () => (await chunks.countDocuments({ runId })) === 0);
      await until("only its id is left", async () => {
        const row = await current.database.collection("runs").findOne({ _id: runId as never });
        return JSON.stringify(Object.keys(row ?? {}).sort()) === JSON.stringify(["_id", "removedAt", "v"]);
      });
      const { client } = current.runtime();
      const listed = await client.call(RunService.method.listRuns, {});
      expect(listed.runs.map((one) => one.runId)).not.toContain(runId);
      const { entries } = await client.call(AuditService.method.listAudit, { runId });
      expect(entries.map(({ kind }) => kind)).toEqual(expect.arrayContaining(["requested", "decided", "ended"]));
      const again = startRun(current, `${point} again`, STEPS, { idempotencyKey: point });
      expect((await refusal(again, "RUN_NOT_FOUND")).message).toContain("Use a fresh key");
      await waiting.handle.approve();
      expect((await ended(waiting)).state).toBe("COMPLETED");
    },
  );
});
