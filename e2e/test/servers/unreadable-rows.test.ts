// What goes on, in the whole of Agentspan, while the database has rows that no orchestrator has written.
import { expect, it } from "vitest";
import { until } from "../../src/index.js";
import { call, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack();

interface Row {
  readonly _id: string;
  readonly run: string;
}

const refund = (name: string) => startRun(stack.current, name, [call("refund", REFUND), { text: "ok" }]);

const listed = async () => (await stack.current.rpc().approvals.listApprovals({})).approvals.map(({ runId }) => runId);

it("a run that cannot be read keeps no other from being listed and decided, and goes on when it is mended", async () => {
  const [spoilt, other] = [await refund("spoilt"), await refund("other")];
  await Promise.all([theApproval(spoilt), theApproval(other)]);
  const rows = stack.current.database.collection<Row>("runs");
  const row = await rows.findOne({ _id: spoilt.runId });
  await rows.updateOne({ _id: spoilt.runId }, { $set: { run: "{" } });

  expect(await listed()).toEqual([other.runId]);
  await expect(spoilt.handle.getStatus()).rejects.toMatchObject({
    reason: "ROW_UNREADABLE",
    metadata: { collection: "runs", row: spoilt.runId, place: "run" },
  });
  await other.handle.approve();
  expect((await ended(other)).state).toBe("COMPLETED");

  await rows.updateOne({ _id: spoilt.runId }, { $set: { run: row?.run ?? "" } });
  expect(await listed()).toEqual([spoilt.runId]);
  await spoilt.handle.approve();
  expect((await ended(spoilt)).state).toBe("COMPLETED");
});

it("a worker that cannot be read keeps no new run from its checkpoint", async () => {
  const instances = stack.current.database.collection<{ _id: string; seenAt: Date }>("instances");
  const worker = await until(
    "a worker shows life",
    async () => (await instances.findOne({ kind: "worker" })) ?? undefined,
  );
  for (const [at, tools] of [null, "x", [null]].entries()) {
    // In the future, so that it counts for as long as the test takes.
    const seenAt = new Date(worker.seenAt.getTime() + 3_600_000);
    await instances.insertOne({ ...worker, _id: `spoilt-${at}`, seenAt, tools } as typeof worker);
  }
  const run = await refund("beside them");
  await theApproval(run);
  await run.handle.approve();
  expect((await ended(run)).state).toBe("COMPLETED");
});
