#!/usr/bin/env node
// What ever more tools cost that workers serve: each has a consumer of its own in NATS, one for all workers that serve it.
//
//   npm run build && node scripts/many-tools.mjs [tools ...]
//
// 10, 100, 1,000 and 10,000 unless said. The figures of the last run are in docs/measured/many-tools.md.
import { readdirSync, readFileSync } from "node:fs";
import { loadavg } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { pathToFileURL } from "node:url";

const { deskAgent, RawWorker, Stack } = await import(
  pathToFileURL(join(import.meta.dirname, "../e2e/dist/index.js")).href
);

const given = process.argv.slice(2).map(Number);
const SIZES = given.length > 0 ? given : [10, 100, 1_000, 10_000];
/** As many as one worker may serve. */
const A_WORKER = 1_000;
const IDLE_MS = 15_000;
const RUNS = 30;

const stack = await Stack.start({ env: { AGENTSPAN_LOG_LEVEL: "error" } });

/** The server itself, below the shell that was started. */
const natsPid = () => {
  const parent = stack.servers.nats.pid;
  return comm(parent).startsWith("nats-server") ? parent : Number(readdirSync(`/proc/${parent}/task`)[0]);
};
const comm = (pid) => readFileSync(`/proc/${pid}/comm`, "utf8").trim();
const rssMiB = (pid) => Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
const cpuMs = (pid) => {
  const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1].split(" ");
  // A tick is a hundredth of a second.
  return (Number(fields[11]) + Number(fields[12])) * 10;
};
const [orchestrator] = stack.orchestrators;

async function oneRun(at) {
  const steps = [{ calls: [{ tool: "get_order", args: {} }] }, { text: "ok" }];
  const from = performance.now();
  const handle = await stack.runtime().start(deskAgent(), stack.model.script(`run ${at}`, steps), { serve: false });
  await handle.result({ signal: AbortSignal.timeout(120_000) });
  return performance.now() - from;
}

try {
  console.log(
    "| tools | registered at, tools a second | NATS RSS MiB, idle CPU ms a second | orchestrator RSS MiB, idle CPU ms a second | a run of one call ms: least, middle | load average |",
  );
  console.log("| --- | --- | --- | --- | --- | --- |");
  let have = 0;
  for (const want of SIZES) {
    const from = performance.now();
    const added = want - have;
    while (have < want) {
      const count = Math.min(A_WORKER, want - have);
      const worker = await RawWorker.connect(stack.servers.natsUrl, `many-${have}`);
      const tools = Array.from({ length: count }, (_, at) => ({ queue: "many", name: `tool_${have + at}` }));
      // A registration that takes longer than a request goes on; asking again is what a worker does.
      for (let tries = 0; ; tries += 1) {
        const answer = await worker.register(tools).catch((error) => ({ error }));
        if (answer.error === undefined) break;
        if (tries > 30) throw new Error(`Not registered: ${answer.error.message}`, { cause: answer.error });
        await delay(500);
      }
      have += count;
    }
    const rate = (added * 1_000) / (performance.now() - from);
    await delay(2_000);
    const pids = [natsPid(), orchestrator.pid];
    const before = pids.map(cpuMs);
    await delay(IDLE_MS);
    const idle = pids.map((pid, at) => (((cpuMs(pid) - before[at]) * 1_000) / IDLE_MS).toFixed(1));
    const took = [];
    for (let at = 0; at < RUNS; at += 1) took.push(await oneRun(`${want}-${at}`));
    took.sort((one, other) => one - other);
    const [nats, ours] = pids.map((pid, at) => `${Math.round(rssMiB(pid))}, ${idle[at]}`);
    console.log(
      `| ${want.toLocaleString("en")} | ${Math.round(rate)} | ${nats} | ${ours} | ${took[0].toFixed(1)}, ${took[RUNS / 2].toFixed(1)} | ${loadavg()[0].toFixed(1)} |`,
    );
  }
} finally {
  await stack.stop();
}
