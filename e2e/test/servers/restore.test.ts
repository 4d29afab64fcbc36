// The database is lost, and NATS with it, and comes back from a backup: what waited goes on waiting, what was on its way
// goes on, and what came after the backup is not known any more.
import { join } from "node:path";
import { RunService } from "@agentspan/proto";
import { AgentspanError } from "@agentspan/sdk";
import { expect, it } from "vitest";
import { deskAgent, dumpDatabase, restoreDatabase, until } from "../../src/index.js";
import { call, ended, REFUND, refusal, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const stack = withStack({ orchestrators: 2, signed: true });

const REFUNDING = [call("refund", REFUND), { text: "paid" }];

it("goes on from a backup after all was lost", async () => {
  const { current } = stack;
  const long = call("get_order", { bytes: 200_000 });
  const finished = await startRun(current, "finished", [long, long, long, ...REFUNDING]);
  await theApproval(finished);
  await finished.handle.approve();
  const before = await ended(finished);
  const [untouched, paidLater] = [
    await startRun(current, "untouched", REFUNDING),
    await startRun(current, "paid later", REFUNDING),
  ];
  const approvals = [await theApproval(untouched), await theApproval(paidLater)];
  // Announced, and nobody serves it yet.
  const onItsWay = await startRun(current, "on its way", [call("get_order"), { text: "ok" }], {
    agent: deskAgent("elsewhere"),
  });
  await until("its call waits for a worker", async () => (await onItsWay.handle.getStatus()).blockedOn.length > 0);

  const folder = join(current.folder, "dump");
  const counts = await dumpDatabase(current.database, folder);
  expect(counts.get("runs")).toBe(4);
  expect(counts.get("chunks")).toBeGreaterThan(0);

  await paidLater.handle.approve();
  expect((await ended(paidLater)).state).toBe("COMPLETED");
  const unknown = await startRun(current, "after the backup", REFUNDING);
  await theApproval(unknown);

  const services = [...current.workers, ...current.orchestrators];
  await Promise.all(services.map((service) => service.kill()));
  await current.database.dropDatabase();
  await current.loseNats();
  await restoreDatabase(current.database, folder);
  await Promise.all(services.map((service) => service.restart()));
  await current.addWorker({ queues: ["elsewhere"] });

  await until("requests are served again", () =>
    untouched.handle.getStatus().then(
      () => true,
      (error: unknown) => {
        if (error instanceof AgentspanError && error.retryable) return false;
        throw error;
      },
    ),
  );
  expect((await ended(onItsWay)).state).toBe("COMPLETED");
  expect(await ended(finished)).toEqual(before);
  await refusal(unknown.handle.getStatus(), "RUN_NOT_FOUND");

  for (const [at, run] of [untouched, paidLater].entries()) {
    // Also where it had been decided, since that came after the backup.
    expect(await theApproval(run)).toEqual(approvals[at]);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
  }
  const keysOf = (runId: string) => current.ledger.begun(runId, "refund").map(({ key }) => key);
  expect(keysOf(untouched.runId)).toHaveLength(1);
  // Executed again, and by the same key: a receiver that enforces it pays once.
  const keys = keysOf(paidLater.runId);
  expect(keys).toHaveLength(2);
  expect(new Set(keys).size).toBe(1);
  const { runs } = await current.runtime().client.call(RunService.method.listRuns, {});
  expect(runs).toHaveLength(4);
  expect(await expectHistoriesToFold(current)).toBe(4);
});
