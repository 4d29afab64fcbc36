// A deploy: every process is asked to stop and started anew, one after the other, while runs start, wait and are decided.
import { describe, expect, it, onTestFinished } from "vitest";
import { deskAgent, type Stack, until } from "../../src/index.js";
import { call, REFUND } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const RUNS_AT_LEAST = 40;

describe("a rolling restart", () => {
  const stack = withStack({ orchestrators: 2, gateways: 2, workers: 2 });

  it("is noticed by nobody: every run completes, every tool runs once, and nothing is doubted", async () => {
    const { current } = stack;
    const agent = deskAgent();
    const input = current.model.script("rolling", [call("get_order"), call("refund", REFUND), { text: "ok" }]);
    let restarting = true;
    // Also where the test has run out of time: else runs would be started for ever, at a stack that is gone.
    onTestFinished(() => {
      restarting = false;
    });
    const runs: Promise<string>[] = [];
    const one = async (at: number): Promise<string> => {
      const handle = await current.runtime(at).start(agent, input, { serve: false });
      const other = current.runtime(at + 1).handle(handle.runId);
      await until(`run ${handle.runId} waits`, async () => (await other.getStatus()).isWaiting, { everyMs: 100 });
      await other.approve();
      expect((await handle.result({ signal: AbortSignal.timeout(100_000) })).state).toBe("COMPLETED");
      return handle.runId;
    };
    const starting = (async () => {
      for (let at = 0; restarting || runs.length < RUNS_AT_LEAST; at += 1) {
        const run = one(at);
        run.catch(() => undefined);
        runs.push(run);
        // One more as soon as there are fewer than eight in progress.
        await until("there is room for another run", () => inProgress(runs) < 8, { withinMs: 100_000 });
      }
    })();
    await restartAll(current).finally(() => {
      restarting = false;
    });
    await starting;
    const ids = await Promise.all(runs);

    const begun = current.ledger.all().filter(({ step }) => step === "begin");
    for (const tool of ["get_order", "refund"]) {
      const executed = begun.filter((line) => line.tool === tool).map(({ runId }) => runId);
      expect(executed.sort()).toEqual([...ids].sort());
    }
    expect(await current.database.collection("runs").countDocuments({ events: { $regex: "SETTLEMENT" } })).toBe(0);
  });

  it("leaves histories that fold into their documents", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBeGreaterThanOrEqual(RUNS_AT_LEAST);
  });
});

async function restartAll({ orchestrators, gateways, workers }: Stack): Promise<void> {
  for (const service of [...orchestrators, ...workers]) {
    await service.stop();
    await service.restart();
  }
  for (const gateway of gateways) {
    await gateway.service.stop();
    await gateway.restart();
  }
}

const settled = new WeakSet<Promise<unknown>>();
const watched = new WeakSet<Promise<unknown>>();

function inProgress(promises: readonly Promise<unknown>[]): number {
  for (const promise of promises) {
    if (watched.has(promise)) continue;
    watched.add(promise);
    const done = () => settled.add(promise);
    promise.then(done, done);
  }
  return promises.filter((promise) => !settled.has(promise)).length;
}
