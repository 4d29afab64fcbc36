#!/usr/bin/env node
// The benchmark: the workload "refund" in separate processes. `npm run bench -- --help` tells the options.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { MongoClient } from "mongodb";
import { type Child, cpuMs, memoryKiB } from "./child.js";
import type { Order, Report } from "./client.js";
import { type Figures, percentiles, round, table } from "./figures.js";
import { type Stack, startStack } from "./stack.js";

const HELP = `Measures the workload "refund": four model turns, two plain tools, one gated, approve, final text.

  npm run bench -- [options]

  --runs N            complete runs at 64 in flight (600)
  --latency-runs N    runs one after another (100)
  --waiting N         runs left waiting (2000)
  --orchestrators N   orchestrator processes (1)
  --transport NAME    connect or grpc (connect)
  --json FILE         writes the figures there too
  --profile DIR       writes a CPU profile of each process there
  --store-pid PID     the store's process, where MONGODB_URI names it: its CPU time is read too

MONGODB_URI and NATS_URL name servers to measure with; without them servers are found or fetched.`;

const { values } = parseArgs({
  options: {
    runs: { type: "string", default: "600" },
    "latency-runs": { type: "string", default: "100" },
    waiting: { type: "string", default: "2000" },
    orchestrators: { type: "string", default: "1" },
    transport: { type: "string", default: "connect" },
    json: { type: "string" },
    profile: { type: "string" },
    "store-pid": { type: "string" },
    help: { type: "boolean", default: false },
  },
});

const say = (line: string): void => void process.stderr.write(`${line}\n`);

function count(name: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 0) throw new Error(`--${name} takes a whole number, not ${text}.`);
  return value;
}

function order(client: Child, what: Order): Promise<Report> {
  return new Promise((resolve, reject) => {
    client.process.once("message", (message: { report?: Report; failure?: string }) => {
      if (message.report === undefined) reject(new Error(message.failure));
      else resolve(message.report);
    });
    client.process.send(what);
  });
}

async function measure(stack: Stack): Promise<Figures> {
  const { client, gateway, orchestrators, worker } = stack;
  const absent: string[] = [];
  say("Warming up …");
  await order(client, { kind: "complete", runs: 200, atOnce: 32 });

  const latencyRuns = count("latency-runs", values["latency-runs"]);
  say(`Latency: ${latencyRuns} runs, one in flight …`);
  const alone = await order(client, { kind: "complete", runs: latencyRuns, atOnce: 1 });

  const runs = count("runs", values.runs);
  say(`Throughput: ${runs} runs, 64 in flight …`);
  const storePid = stack.storePid ?? (values["store-pid"] === undefined ? undefined : Number(values["store-pid"]));
  const cpu = (): Record<string, number | undefined> => ({
    gateway: cpuMs(gateway.pid),
    orchestrator: sum(orchestrators.map(({ pid }) => cpuMs(pid))),
    worker: cpuMs(worker.pid),
    client: cpuMs(client.pid),
    nats: cpuMs(stack.natsPid),
    store: cpuMs(storePid),
  });
  const before = cpu();
  const busy = await order(client, { kind: "complete", runs, atOnce: 64 });
  const used = cpu();
  const cpuMsPerRun: Record<string, number> = {};
  for (const [name, after] of Object.entries(used)) {
    const from = before[name];
    if (after === undefined || from === undefined)
      absent.push(`CPU of ${name}: its process is not one that was started here`);
    else cpuMsPerRun[name] = round((after - from) / runs, 2);
  }

  const mongo = new MongoClient(stack.mongoUri);
  try {
    const db = mongo.db(stack.database);
    const commits = await commitsPerRun(db.collection("runs"), busy.runIds);
    const waiting = await measureWaiting(stack, () => storeBytes(db), absent);
    return {
      startToWaitingMs: percentiles(alone.startToWaitingMs),
      approveToDoneMs: percentiles(alone.approveToDoneMs),
      runsPerSecond: round(runs / (busy.elapsedMs / 1000)),
      cpuMsPerRun,
      commitsPerRun: commits,
      waiting,
      versions: {
        node: process.version,
        store: `${stack.storeKind} ${await serverVersion(mongo)}`,
        orchestrators: String(orchestrators.length),
        transport: values.transport,
      },
      absent,
    };
  } finally {
    await mongo.db(stack.database).dropDatabase();
    await mongo.close();
  }
}

type Collection = ReturnType<ReturnType<MongoClient["db"]>["collection"]>;

/** A run's version is one more with each write, so it counts them. */
async function commitsPerRun(runs: Collection, runIds: readonly string[]): Promise<number> {
  let commits = 0;
  for await (const run of runs.find({ _id: { $in: runIds as never } }, { projection: { v: 1 } }))
    commits += Number(run.v);
  return round(commits / runIds.length, 2);
}

async function storeBytes(database: ReturnType<MongoClient["db"]>): Promise<number | undefined> {
  let bytes = 0;
  for await (const run of database.collection("runs").find({})) bytes += Buffer.byteLength(JSON.stringify(run));
  return bytes;
}

async function measureWaiting(
  { client, gateway, orchestrators }: Stack,
  bytes: () => Promise<number | undefined>,
  absent: string[],
): Promise<Figures["waiting"]> {
  const runs = count("waiting", values.waiting);
  if (runs === 0) {
    absent.push("waiting runs: --waiting 0");
    return { runs };
  }
  say(`Waiting: ${runs} runs …`);
  const memory = (): number | undefined => sum([gateway, ...orchestrators].map(({ pid }) => memoryKiB(pid)));
  const [memoryBefore, bytesBefore] = [memory(), await bytes()];
  await order(client, { kind: "leave_waiting", runs, atOnce: 32 });
  const [memoryAfter, bytesAfter] = [memory(), await bytes()];
  const perRun = (before?: number, after?: number): number | undefined =>
    before === undefined || after === undefined ? undefined : (after - before) / runs;
  const memoryKiBPerRun = perRun(memoryBefore, memoryAfter);
  const storeBytesPerRun = perRun(bytesBefore, bytesAfter);
  return {
    runs,
    ...(memoryKiBPerRun === undefined ? {} : { memoryKiBPerRun: round(memoryKiBPerRun, 2) }),
    ...(storeBytesPerRun === undefined ? {} : { storeKiBPerRun: round(storeBytesPerRun / 1024, 2) }),
  };
}

async function serverVersion(mongo: MongoClient): Promise<string> {
  const info = await mongo.db("admin").command({ buildInfo: 1 });
  return String(info.version);
}

function sum(values: readonly (number | undefined)[]): number | undefined {
  return values.some((value) => value === undefined)
    ? undefined
    : values.reduce<number>((all, value) => all + (value ?? 0), 0);
}

if (values.help) {
  process.stdout.write(`${HELP}\n`);
} else {
  const { transport } = values;
  if (transport !== "connect" && transport !== "grpc")
    throw new Error(`--transport is connect or grpc, not ${transport}.`);
  const stack = await startStack({
    orchestrators: count("orchestrators", values.orchestrators),
    transport,
    onProgress: say,
    ...(values.profile === undefined ? {} : { profileDir: values.profile }),
  });
  try {
    const figures = await measure(stack);
    process.stdout.write(`${table(figures)}\n`);
    if (values.json !== undefined) writeFileSync(values.json, `${JSON.stringify(figures, null, 2)}\n`);
  } finally {
    await stack.stop();
  }
}
