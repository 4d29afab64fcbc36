#!/usr/bin/env node
// Runs refunds at a steady rate, each decided by a person, while some wait; and looks at the memory of every process.
//
//   npm run soak -- --for 20m [--rate 5] [--every 1m] [--waiting 50]
//
// Twenty minutes unless said. A row for each `every`: bytes after a garbage collection, delays of the event loop since
// the row before. In the end: the slope of memory over the runs done after the warm-up (the first quarter), in MiB for
// 1,000 runs, and a verdict; exits with 1 where memory grows, a run is lost, or the load was not kept up. Less than ten
// samples and 2,000 runs after the warm-up are no verdict. The figures of the last run are in docs/measured/soak.md.
import { mkdtemp, readdir, rm, stat } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { parseDuration } from "@agentspan/internal";
import { deskAgent, Stack } from "../e2e/dist/index.js";

const USAGE = `npm run soak -- [options]

  --for DURATION      how long (20m)
  --every DURATION    between two looks at memory (1m)
  --rate NUMBER       runs started a second (5)
  --waiting NUMBER    runs that always wait for their person (50)
  --help              this`;

const { values } = parseArgs({
  options: {
    help: { type: "boolean", short: "h", default: false },
    for: { type: "string", default: "20m" },
    every: { type: "string", default: "1m" },
    rate: { type: "string", default: "5" },
    waiting: { type: "string", default: "50" },
  },
});
if (values.help) {
  console.log(USAGE);
  process.exit(0);
}
const forMs = durationOf("for");
const everyMs = durationOf("every");
const rate = Number(values.rate);
const waitingAtOnce = Number(values.waiting);
if (!(rate > 0) || !(waitingAtOnce >= 0)) throw new Error("--rate is runs a second, --waiting a number of runs.");

/** Leases as in production: what is measured is what an operator gets. */
const PRODUCTION = { AGENTSPAN_LEASE: "10s", AGENTSPAN_HEARTBEAT: "3s", AGENTSPAN_SWEEP: "500ms" };
const MiB = 1024 * 1024;
/** Heap held for each 1,000 runs that is growth and not noise, MiB. A leak of one kilobyte a run is one. */
const MOST_HEAP_SLOPE = 1;
/** The same of RSS, which holds what the allocator has not given back. */
const MOST_RSS_SLOPE = 4;
const FEWEST_SAMPLES = 10;
/** Caches have filled by then. */
const FEWEST_RUNS = 2_000;
/** Every so many runs are rejected. */
const REJECT_EVERY = 5;
/** More at once means that the load is not kept up. */
const MOST_IN_FLIGHT = 200;

function durationOf(name) {
  const ms = parseDuration(values[name]);
  if (ms === undefined || ms <= 0) throw new Error(`--${name} is a duration, such as 20m.`);
  return ms;
}

async function bytesIn(folder) {
  let bytes = 0;
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    // Both servers make and remove files all the time.
    const found = await stat(join(entry.parentPath ?? entry.path, entry.name)).catch(() => undefined);
    bytes += found?.size ?? 0;
  }
  return bytes;
}

/** The slope of a straight line through (x, y), least squares. */
function slopeOf(points) {
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x, y] = [mean((point) => point.x), mean((point) => point.y)];
  const spread = points.reduce((sum, point) => sum + (point.x - x) ** 2, 0);
  return spread === 0 ? 0 : points.reduce((sum, point) => sum + (point.x - x) * (point.y - y), 0) / spread;
}

const preload = { NODE_OPTIONS: `--import=${pathToFileURL(join(import.meta.dirname, "../e2e/dist/vitals.js"))}` };
const quiet = { AGENTSPAN_LOG_LEVEL: "warn" };
const serversDir = await mkdtemp(join(tmpdir(), "agentspan-soak-"));
const stack = await Stack.start({ workers: 0, serversDir, env: { ...PRODUCTION, ...preload, ...quiet } });
let failed = false;
try {
  await stack.addWorker({ env: { ...preload, ...quiet } });
  const services = { gateway: stack.gateway().service, orchestrator: stack.orchestrators[0], worker: stack.workers[0] };
  const names = Object.keys(services);
  const agent = deskAgent();
  const counts = { started: 0, done: 0 };
  const faults = new Set();
  const inFlight = new Set();
  const waiting = [];

  /** Waits for the checkpoint as an app would, on the stream of events. */
  async function begin() {
    counts.started += 1;
    const number = counts.started;
    const input = stack.model.script("soak", [
      { calls: [{ tool: "get_order", args: { number } }] },
      { calls: [{ tool: "refund", args: { order_id: `ORD-${number}`, amount: 29.99 } }] },
      { text: "Done." },
    ]);
    const handle = await stack.runtime().start(agent, input, { serve: false });
    for await (const event of handle.stream()) if (event.type === "waiting") break;
    return { handle, input, number };
  }

  async function finish({ handle, input, number }) {
    if (number % REJECT_EVERY === 0) await handle.reject("not this one");
    else await handle.approve();
    const { state } = await handle.result();
    if (state !== "COMPLETED") faults.add(`run ${handle.runId} ended ${state}`);
    stack.model.forget(input);
    counts.done += 1;
  }

  /** So many runs always wait for their person; the oldest is decided when another comes. */
  async function oneRun() {
    waiting.push(await begin());
    if (waiting.length > waitingAtOnce) await finish(waiting.shift());
  }

  function launch() {
    if (inFlight.size >= MOST_IN_FLIGHT) {
      faults.add(`${MOST_IN_FLIGHT} runs were in flight: the load was not kept up`);
      return;
    }
    const run = oneRun()
      .catch((error) => faults.add(String(error)))
      .finally(() => inFlight.delete(run));
    inFlight.add(run);
  }

  const samples = [];
  async function sample(atMs) {
    const vitals = await Promise.all(names.map((name) => services[name].ask({ vitals: true })));
    const store = await bytesIn(serversDir);
    const last = samples.at(-1);
    const taken = { atMs, done: counts.done, store, vitals: vitals.map((answer) => answer.vitals) };
    samples.push(taken);
    const perSecond = last === undefined ? 0 : ((taken.done - last.done) / (atMs - last.atMs)) * 1_000;
    const cells = taken.vitals.map(({ rss, heapUsed, loopDelayP99Ms, loopDelayMaxMs }) => {
      const memory = `${(rss / MiB).toFixed(1)} / ${(heapUsed / MiB).toFixed(2)}`;
      return `${memory} / ${loopDelayP99Ms.toFixed(0)} / ${loopDelayMaxMs.toFixed(0)}`;
    });
    const minute = (atMs / 60_000).toFixed(1);
    console.log(
      `| ${minute} | ${taken.done} | ${perSecond.toFixed(1)} | ${inFlight.size} | ${cells.join(" | ")} | ${(store / MiB).toFixed(0)} |`,
    );
  }

  const columns = names.map((name) => `${name}: RSS / heap MiB / loop p99 / max ms`);
  console.log(`| minute | runs done | runs/s | in flight | ${columns.join(" | ")} | servers' files MiB |`);
  console.log(`|${"---|".repeat(columns.length + 5)}`);
  const began = performance.now();
  const since = () => performance.now() - began;
  let launched = 0;
  let next = 0;
  while (since() < forMs) {
    for (; launched < (since() / 1_000) * rate; launched += 1) launch();
    if (since() >= next) {
      await sample(since());
      next += everyMs;
    }
    await delay(Math.min(100, 1_000 / rate));
  }
  await sample(since());
  await Promise.all(inFlight);
  await Promise.all(waiting.splice(0).map((one) => finish(one).catch((error) => faults.add(String(error)))));

  const steady = samples.filter(({ atMs }) => atMs >= forMs / 4);
  const runs = (steady.at(-1)?.done ?? 0) - (steady[0]?.done ?? 0);
  const judged = steady.length >= FEWEST_SAMPLES && runs >= FEWEST_RUNS;
  console.log(`\nIn ${(since() / 60_000).toFixed(1)} min ${counts.started} runs were started, ${counts.done} ended.`);
  for (const [at, name] of names.entries()) {
    const slope = (field) =>
      slopeOf(steady.map(({ done, vitals }) => ({ x: done / 1_000, y: vitals[at][field] / MiB })));
    const [rss, heap] = [slope("rss"), slope("heapUsed")];
    const grows = heap > MOST_HEAP_SLOPE || rss > MOST_RSS_SLOPE;
    if (judged && grows) failed = true;
    const verdict = judged
      ? grows
        ? "grows"
        : "steady"
      : `no verdict: ${steady.length} samples and ${runs} runs are too few`;
    console.log(
      `${name}: RSS ${rss.toFixed(2)}, heap ${heap.toFixed(2)} MiB for 1,000 runs after the warm-up: ${verdict}`,
    );
  }
  if (counts.done !== counts.started) faults.add(`${counts.started - counts.done} runs have not ended`);
  for (const fault of faults) console.error(`FAULT: ${fault}`);
  if (faults.size > 0) failed = true;
} finally {
  await stack.stop();
  await rm(serversDir, { recursive: true, force: true, maxRetries: 5 });
}
process.exitCode = failed ? 1 : 0;
