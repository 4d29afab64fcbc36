// A deploy: every process is asked to stop and started anew, one after the other, and the three servers of NATS too, while
// runs start, wait, are decided and are watched.
import type { AgentHandle } from "@agentspan/sdk";
import { describe, expect, it, onTestFinished } from "vitest";
import { deskAgent, type Stack, until } from "../../src/index.js";
import { call, REFUND } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const RUNS_AT_LEAST = 40;

describe("a rolling restart", () => {
  const stack = withStack({ orchestrators: 2, gateways: 2, workers: 2, natsNodes: 3 });

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
    let events = 0;
    const one = async (at: number): Promise<string> => {
      const handle = await current.runtime(at).start(agent, input, { serve: false });
      const other = current.runtime(at + 1).handle(handle.runId);
      const watched = sequencesOf(other);
      await until(`run ${handle.runId} waits`, async () => (await other.getStatus()).isWaiting, { everyMs: 100 });
      await other.approve();
      expect((await handle.result({ signal: AbortSignal.timeout(100_000) })).state).toBe("COMPLETED");
      const sequences = await watched;
      // Each once, in order, to the last.
      expect(sequences).toEqual(sequences.map((_, index) => index + 1));
      events += sequences.length;
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
    process.stdout.write(`${ids.length} runs and ${events} events over the restart of every process\n`);
  });

  it("leaves histories that fold into their documents", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBeGreaterThanOrEqual(RUNS_AT_LEAST);
  });
});

/** Of all its events, as they come, to the last. */
async function sequencesOf(handle: AgentHandle): Promise<readonly number[]> {
  const sequences: number[] = [];
  for await (const { sequence } of handle.stream()) if (sequence > 0) sequences.push(sequence);
  return sequences;
}

async function restartAll({ orchestrators, gateways, workers, natsCluster }: Stack): Promise<void> {
  for (const service of [...orchestrators, ...workers]) {
    await service.stop();
    await service.restart();
  }
  for (const gateway of gateways) {
    await gateway.service.stop();
    await gateway.restart();
  }
  await natsCluster?.rollingRestart();
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
