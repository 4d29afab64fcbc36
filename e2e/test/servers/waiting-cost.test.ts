// A waiting run costs nothing but its document: no timer and no promise in any process, no write, and no read of its own.
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type Census, type ChildService, MongoValve, type Stack, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, waitingFor } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";

const RUNS = 50;
/** What comes and goes by itself: sweeps, signs of life, pings. One of anything for each run would be twice as much. */
const NOISE = RUNS / 2;
/** A count stops the process for a while; what piled up meanwhile has to be done before the next. */
const COUNTING = { everyMs: 300, withinMs: 50_000 };

describe("fifty runs that wait", () => {
  const stack = withStack({ orchestrators: 0, workers: 0, probed: true });
  let valve: MongoValve;
  let before: readonly Census[];
  let runs: readonly DeskRun[];

  beforeAll(async () => {
    const { current } = stack;
    valve = await MongoValve.open(current.servers.mongo.port);
    await current.addOrchestrator({ mongoUri: valve.uri });
    await current.addWorker();
    // As many runs before, so that pools and caches are as they will be.
    const warm = await startWaiting(current);
    await Promise.all(warm.map((run) => run.handle.reject("no")));
    await Promise.all(warm.map((run) => ended(run)));
    before = await Promise.all(services(current).map((service) => censusOf(current, service)));
    runs = await startWaiting(current);
  });
  afterAll(() => valve?.close());

  it("have no timer and no promise in the orchestrator or the gateway", async () => {
    const { current } = stack;
    for (const [at, service] of services(current).entries()) {
      // What is on its way settles; what belongs to a run that waits would stay for as long as it does.
      await until(
        `${service.name} holds nothing for them`,
        async () => {
          const now = await current.census(service);
          const then = before[at];
          if (then !== undefined && isNoise(now, then)) return true;
          throw new Error(`before: ${JSON.stringify(then)}, now: ${JSON.stringify(now)}`);
        },
        COUNTING,
      );
    }
  });

  it("are neither written nor read, over many sweeps", async () => {
    const { current } = stack;
    const ids = runs.map(({ runId }) => runId);
    // The audit of their last step follows it, within a second.
    const requested = { kind: "requested", run: { $in: ids } };
    await until(
      "the audit has that they wait",
      async () => (await current.database.collection("audit").countDocuments(requested)) === RUNS,
    );
    const stored = await current.database.collection("runs").find().toArray();
    const touched: string[] = [];
    valve.watch(({ name, bytes }) => {
      if (ids.some((id) => bytes.includes(id))) touched.push(name);
    });
    valve.takeCounts();
    const counts = new Map<string, number>();
    await until("twenty sweeps have looked for what is overdue", () => {
      for (const [command, count] of Object.entries(valve.takeCounts())) {
        counts.set(command, (counts.get(command) ?? 0) + count);
      }
      return (counts.get("find runs") ?? 0) >= 20;
    });
    expect(touched).toEqual([]);
    expect(counts.get("update runs")).toBeUndefined();
    // The same door sees what is written: the process's own signs of life.
    expect(counts.get("update instances")).toBeGreaterThan(2);
    expect(await current.database.collection("runs").find().toArray()).toEqual(stored);
    expect(stored.filter(({ state }) => state === "WAITING").map(({ wakeAt }) => wakeAt)).toEqual(
      ids.map(() => undefined),
    );
  });

  it("cost something where somebody watches them, which shows that the count sees it, and nothing after that", async () => {
    const { current } = stack;
    const stop = new AbortController();
    const watching = runs.map(async ({ handle }) => {
      for await (const event of handle.stream({ signal: stop.signal })) if (event.type === "done") break;
    });
    const gateway = current.gateway().service;
    await until(
      "the gateway holds the streams",
      async () => {
        const { promises } = await current.census(gateway);
        return promises - (before[1]?.promises ?? 0) >= RUNS;
      },
      COUNTING,
    );
    stop.abort();
    await Promise.allSettled(watching);
    await until(
      "the gateway holds nothing any more",
      async () => {
        const then = before[1];
        return then !== undefined && isNoise(await current.census(gateway), then);
      },
      COUNTING,
    );
  });
});

async function startWaiting(stack: Stack): Promise<readonly DeskRun[]> {
  const steps = [call("get_order"), call("refund", REFUND), { text: "ok" }];
  const runs = await Promise.all(Array.from({ length: RUNS }, () => startRun(stack, "waits", steps)));
  for (const run of runs) await waitingFor(run);
  return runs;
}

function services(stack: Stack): readonly ChildService[] {
  return [...stack.orchestrators, stack.gateway().service];
}

/** The least of several: something is always going on. */
async function censusOf(stack: Stack, service: ChildService): Promise<Census> {
  const taken: Census[] = [];
  await until("three counts are taken", async () => taken.push(await stack.census(service)) === 3, COUNTING);
  const least = (count: (census: Census) => number): number => Math.min(...taken.map(count));
  return {
    promises: least(({ promises }) => promises),
    timers: least(({ timers }) => timers),
    resources: least(({ resources }) => resources),
  };
}

function isNoise(now: Census, then: Census): boolean {
  const kinds = ["promises", "timers", "resources"] as const;
  return kinds.every((kind) => now[kind] - then[kind] < NOISE);
}
