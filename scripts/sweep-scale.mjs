#!/usr/bin/env node
// Puts runs that wait for a person and runs that are overdue into a store, lets orchestrators sweep, and prints what that
// costs: how long until every overdue run was looked after, how much each took, and how often they got in one another's
// way.
//
//   npm run build && node scripts/sweep-scale.mjs [waiting] [overdue] [orchestrators]
//
// 100,000 waiting, 10,000 overdue and 2 orchestrators unless said; MONGODB_URI and NATS_URL name servers that are there
// already. Nobody serves the tools: an overdue run is announced again, and when it is due next is stored. The figures of
// the last runs are in docs/measured/sweep-scale.md.
import { fork } from "node:child_process";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { createLogger, newId } from "@agentspan/internal";
import { AgentDefinitionSchema } from "@agentspan/proto";
import { startTestServers } from "@agentspan/servers";
import { create } from "@bufbuild/protobuf";
import { MongoClient } from "mongodb";

const built = new URL("../services/orchestrator/dist/", import.meta.url);
const load = (file) => import(new URL(file, built));
const { MongoStore } = await load("mongo/mongo-store.js");

/** This program as one of the orchestrators: tells its figures when it is asked. */
async function beOrchestrator() {
  const { NatsBus } = await load("nats/nats-bus.js");
  const { startOrchestrator } = await load("orchestrator.js");
  const log = createLogger("orchestrator", "error");
  const { SWEEP_MONGO: uri, SWEEP_NATS: url, SWEEP_DATABASE: database } = process.env;
  const store = await MongoStore.connect({ uri, database, logger: log });
  const bus = await NatsBus.connect({ url, logger: log, name: "sweeper" });
  const models = { unusable: () => undefined, reply: () => new Promise(() => {}) };
  const orchestrator = await startOrchestrator({ store, bus, models, log });
  process.on("message", () => {
    const { heapUsed, rss } = process.memoryUsage();
    process.send({ ...orchestrator.figures(), cpu: process.cpuUsage(), heapUsed, rss });
  });
  process.send({ ready: true });
}

/** Stores one run that waits for a person and one that waits for a worker, as an engine does, long ago. */
async function templates(store) {
  const { AgentCatalog } = await load("agent-catalog.js");
  const { Engine } = await load("engine.js");
  const { textFunctions } = await load("text-functions.js");
  const { DEFAULT_TIMING } = await load("core/index.js");
  const clock = { now: () => Date.now() - 30 * 60_000 };
  const agents = new AgentCatalog(store, clock);
  const common = {
    store,
    agents,
    clock,
    timing: DEFAULT_TIMING,
    text: textFunctions,
    log: createLogger("t", "silent"),
  };
  const engine = new Engine({ ...common, orchestratorId: "orc_long_gone", onCommitted: () => {} });
  const inputSchemaJson = '{"type":"object"}';
  const definition = create(AgentDefinitionSchema, {
    name: "desk",
    model: "script/any",
    instructions: "You handle refund requests. ".repeat(20),
    tools: [
      { name: "get_order", inputSchemaJson },
      { name: "refund", inputSchemaJson, approval: { required: true } },
    ],
  });
  const { agent } = await agents.put("default", definition);
  const made = [];
  for (const tool of ["refund", "get_order"]) {
    const runId = newId("run");
    const start = { type: "start", runId, namespace: "default", input: "Refund order ORD-8821", startedBy: "alex" };
    await engine.execute(runId, { ...start, labels: {}, requestHash: "h" }, { agent });
    const calls = [{ modelCallId: "call_1", name: tool, argumentsText: '{"order_id":"ORD-8821","amount":29.99}' }];
    const reply = { text: "", calls, finishReason: "TOOL_CALLS", usage: { inputTokens: 100, outputTokens: 20 } };
    await engine.execute(runId, { type: "take_model_reply", turn: 1, attempt: 1, reply, owners: {} });
    made.push(runId);
  }
  return made;
}

/** Copies a stored run so many times, due at a time where it is to be. */
async function copies(collection, runId, count, wakeAt) {
  const template = await collection.findOne({ _id: runId });
  const text = JSON.stringify([template.run, template.events]);
  for (let left = count; left > 0; left -= 1_000) {
    const documents = Array.from({ length: Math.min(left, 1_000) }, () => {
      const _id = newId("run");
      const [run, events] = JSON.parse(text.replaceAll(runId, _id));
      return { ...template, _id, run, events, ...(wakeAt === undefined ? {} : { wakeAt }) };
    });
    await collection.insertMany(documents, { ordered: false });
  }
  await collection.deleteOne({ _id: runId });
  return Math.round(Buffer.byteLength(text) / 100) / 10;
}

async function main() {
  const [waiting = 100_000, overdue = 10_000, count = 2] = process.argv.slice(2).map(Number);
  const servers = await startTestServers();
  const database = newId("sweep");
  const client = new MongoClient(servers.mongoUri);
  const store = await MongoStore.connect({ uri: servers.mongoUri, database });
  const children = [];
  try {
    await store.prepare();
    const runs = client.db(database).collection("runs");
    const [waits, isReady] = await templates(store);
    const begun = performance.now();
    const kB = await copies(runs, waits, waiting);
    const took = performance.now() - begun;
    // All at once, when the orchestrators are there.
    const due = Date.now() + (overdue / waiting) * took * 1.5 + 8_000 * count;
    await copies(runs, isReady, overdue, new Date(due));
    const insertS = ((performance.now() - begun) / 1_000).toFixed(1);
    console.log(`Stored ${waiting} waiting and ${overdue} overdue runs of about ${kB} kB in ${insertS} s.`);
    const search = async (by) => {
      const asked = performance.now();
      const { length } = await store.due(by, 400);
      return `${length} found in ${(performance.now() - asked).toFixed(1)} ms`;
    };
    console.log(`A search: ${await search(due)}; where nothing is due: ${await search(0)}.`);

    const env = {
      ...process.env,
      SWEEP_MONGO: servers.mongoUri,
      SWEEP_NATS: servers.natsUrl,
      SWEEP_DATABASE: database,
    };
    for (let i = 0; i < count; i += 1) {
      const child = fork(fileURLToPath(import.meta.url), ["orchestrator"], { env });
      children.push(child);
      await once(child, "message");
    }
    if (Date.now() > due) console.log("The orchestrators came late: the first began before the last was there.");
    await delay(Math.max(0, due - Date.now()));
    const from = performance.now();
    const figures = async () => {
      const told = children.map((child) => once(child, "message"));
      for (const child of children) child.send({});
      return (await Promise.all(told)).map(([figure]) => figure);
    };
    const sum = (all, of) => all.reduce((total, one) => total + of(one), 0);
    const first = await figures();
    let last = first;
    for (;;) {
      await delay(500);
      last = await figures();
      const looked = sum(last, ({ sweeper }) => sweeper.lookedAfter);
      if (looked >= overdue && (await store.due(Date.now() - 1_000, 1)).length === 0) break;
      if (performance.now() - from > 15 * 60_000) throw new Error(`Only ${looked} were looked after in 15 minutes.`);
    }
    const seconds = (performance.now() - from) / 1_000;
    const rate = (total) => (total / seconds).toFixed(1);
    const looked = sum(last, ({ sweeper }) => sweeper.lookedAfter);
    const conflicts = sum(last, ({ engine }) => engine.conflicts);
    console.log(`\nAll were looked after in ${seconds.toFixed(1)} s, ${rate(looked)} a second.\n`);
    console.log(
      "| orchestrator | looked after | sweeps | commits | conflicts | lost answers | failures | CPU ms a run | RSS MiB |",
    );
    console.log("|---|---|---|---|---|---|---|---|---|");
    for (const [index, { engine, sweeper, cpu, rss }] of last.entries()) {
      const cpuMs = (cpu.user + cpu.system - first[index].cpu.user - first[index].cpu.system) / 1_000;
      const cells = [sweeper.lookedAfter, sweeper.sweeps, engine.commits, engine.conflicts, engine.unknown];
      const more = [sweeper.failures, (cpuMs / sweeper.lookedAfter).toFixed(2), Math.round(rss / 2 ** 20)];
      console.log(`| ${index + 1} | ${[...cells, ...more].join(" | ")} |`);
    }
    console.log(
      `\n${conflicts} conflicts, ${rate(conflicts)} a second; ${looked - overdue} runs were looked after twice.`,
    );
    const idle = await figures();
    await delay(5_000);
    const later = await figures();
    const cpuOf = (all) => sum(all, ({ cpu }) => cpu.user + cpu.system) / 1_000;
    const again = sum(later, ({ sweeper }) => sweeper.lookedAfter) - sum(idle, ({ sweeper }) => sweeper.lookedAfter);
    const cost = ((cpuOf(later) - cpuOf(idle)) / 5 / count).toFixed(1);
    console.log(`Then, with nothing overdue: ${cost} ms of CPU a second each; ${again} runs became due again in 5 s.`);
  } finally {
    for (const child of children) child.kill("SIGKILL");
    await client.db(database).dropDatabase();
    await Promise.all([store.close(), client.close()]);
    await servers.stop();
  }
}

if (process.argv[2] === "orchestrator") await beOrchestrator();
else await main();
