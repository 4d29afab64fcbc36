#!/usr/bin/env node
// How much it costs that ever more runs wait for people: memory and idle CPU of our processes, how long a decision takes,
// of a run among all those that wait, and what the store keeps.
//
//   npm run build && node scripts/million-waiting.mjs [runs ...]
//
// 1,000, 10,000, 100,000 and 1,000,000 unless said. MONGODB_URI names a server that is there already; the database is
// dropped at the end. Runs are copies of one that was started and waits, put there in bulk. The figures of the last run
// are in docs/measured/million-waiting.md.
import { readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { newId } from "@agentspan/internal";

const e2e = join(import.meta.dirname, "../e2e/dist");
const { deskAgent, Stack, until } = await import(pathToFileURL(join(e2e, "index.js")).href);

const given = process.argv.slice(2).map(Number);
const SIZES = given.length > 0 ? given : [1_000, 10_000, 100_000, 1_000_000];
const BATCH = 2_000;
const DECISIONS = 100;
const IDLE_MS = 30_000;
const DAY_MS = 24 * 60 * 60_000;
const LIST = { pageSize: 50 };
const MiB = 1024 * 1024;

const stack = await Stack.start({
  mongoUri: process.env.MONGODB_URI,
  env: {
    NODE_OPTIONS: `--import=${pathToFileURL(join(e2e, "vitals.js"))}`,
    AGENTSPAN_LOG_LEVEL: "error",
    // As production has them.
    AGENTSPAN_LEASE: "10s",
    AGENTSPAN_HEARTBEAT: "3s",
    AGENTSPAN_SWEEP: "500ms",
  },
});
const services = { orchestrator: stack.orchestrators[0], gateway: stack.gateway().service };
const runs = stack.database.collection("runs");
const { approvals, runs: runService } = stack.rpc();

const refund = {
  calls: [{ tool: "refund", args: { order_id: "ORD-8821", amount: 29.99, note: "The parcel was open." } }],
};
const start = (name) =>
  stack.runtime().start(deskAgent(), stack.model.script(name, [refund, { text: "Paid." }]), { serve: false });

/**
 * Puts so many copies of a run that waits into the store, as if they had waited for a day: what follows from a run that
 * has just changed, its audit and what webhooks are told, was done long ago. Resolves to their ids.
 */
async function fill(template, count) {
  const text = JSON.stringify(template);
  const [approvalId] = /apr_[A-Za-z0-9_]+/.exec(template.run);
  const dates = Object.fromEntries(
    Object.entries(template).flatMap(([field, value]) =>
      value instanceof Date ? [[field, new Date(value.getTime() - DAY_MS)]] : [],
    ),
  );
  const ids = [];
  while (ids.length < count) {
    const documents = Array.from({ length: Math.min(count - ids.length, BATCH) }, () => {
      const _id = newId("run");
      const own = `${approvalId}${_id.slice(-8)}`;
      return { ...JSON.parse(text.replaceAll(template._id, _id).replaceAll(approvalId, own)), ...dates, _id };
    });
    await runs.insertMany(documents, { ordered: false, writeConcern: { w: 1 } });
    ids.push(...documents.map(({ _id }) => _id));
  }
  return ids;
}

const cpuMsOf = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  // A tick is a hundredth of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
};
const timed = async (act) => {
  const from = performance.now();
  await act();
  return performance.now() - from;
};
/** A store whose searches cost as much as all that match does not answer in time where very many do. */
const listed = (act) =>
  timed(act).then(
    (ms) => String(Math.round(ms)),
    (error) => error.rawMessage ?? String(error),
  );
const quantiles = (all) => {
  const sorted = all.toSorted((one, other) => one - other);
  const at = (share) => sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))].toFixed(1);
  return `${at(0.5)}, ${at(0.9)}, ${at(0.99)}`;
};

/** From the call to its answer, of runs that were there before these processes saw them, and to the end of each. */
async function decisions(ids) {
  const took = [];
  const handles = [];
  for (let at = 0; at < DECISIONS; at += 1) {
    const handle = stack.runtime().handle(ids[Math.floor((at * ids.length) / DECISIONS)]);
    took.push(await timed(() => handle.approve()));
    handles.push(handle);
  }
  await Promise.all(handles.map((handle) => handle.result({ signal: AbortSignal.timeout(120_000) })));
  return took;
}

try {
  const first = await start("template");
  await until("the template waits", async () => (await first.getStatus()).isWaiting);
  const template = await runs.findOne({ _id: first.runId });
  console.log(`A run has ${template.run.length + template.events.join("").length} characters of text.`);
  console.log(
    "| runs that wait | decisions ms: 50, 90, 99 of 100 | orchestrator: heap MiB, RSS MiB, idle CPU ms a second | gateway | first page of approvals ms | of runs ms | data MiB | indexes MiB | load average |",
  );
  console.log("| --- | --- | --- | --- | --- | --- | --- | --- | --- |");
  let have = 1;
  for (const want of SIZES) {
    const from = performance.now();
    const ids = await fill(template, want - have);
    have = want;
    console.error(`${ids.length} runs put there in ${((performance.now() - from) / 1_000).toFixed(0)} s`);
    await delay(2_000);
    const before = Object.values(services).map(({ pid }) => cpuMsOf(pid));
    await delay(IDLE_MS);
    const idle = Object.values(services).map(({ pid }, at) =>
      (((cpuMsOf(pid) - before[at]) * 1_000) / IDLE_MS).toFixed(1),
    );
    const took = await decisions(ids);
    const vitals = await Promise.all(
      Object.values(services).map(async (service, at) => {
        const { heapUsed, rss } = (await service.ask({ vitals: true })).vitals;
        return `${(heapUsed / MiB).toFixed(1)}, ${Math.round(rss / MiB)}, ${idle[at]}`;
      }),
    );
    const inbox = await listed(() => approvals.listApprovals(LIST));
    const list = await listed(() => runService.listRuns(LIST));
    const stats = await stack.database.command({ collStats: "runs" }).catch(() => ({}));
    const sizeOf = (bytes) => (bytes === undefined ? "" : Math.round(bytes / MiB));
    console.log(
      `| ${want.toLocaleString("en")} | ${quantiles(took)} | ${vitals.join(" | ")} | ${inbox} | ${list} | ${sizeOf(stats.size)} | ${sizeOf(stats.totalIndexSize)} | ${loadavg()[0].toFixed(1)} |`,
    );
    if (stats.indexSizes !== undefined) console.log(`  ${JSON.stringify(stats.indexSizes)}`);
  }
} finally {
  await stack.database.dropDatabase().catch(() => undefined);
  await stack.stop();
}
