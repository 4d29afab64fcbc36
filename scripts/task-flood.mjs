#!/usr/bin/env node
// Announces a great many tasks for workers that are not there, and prints what that costs an orchestrator: its memory must
// not grow with the tasks. The queue takes so many hints; what is over is refused, and waits in the store.
//
//   npm run build && node scripts/task-flood.mjs [tasks] [hints]
//
// A million tasks and a queue of half a million hints unless said, which takes some ten minutes. First they come as fast as the queue answers, then all
// at once, faster than anything could take them. The figures of the last run are in docs/measured/task-flood.md.
import { AgentspanError, createLogger, newId } from "@agentspan/internal";
import { startTestServers } from "@agentspan/servers";

const load = (file) => import(new URL(`../services/orchestrator/dist/${file}`, import.meta.url));
const { NatsBus } = await load("nats/nats-bus.js");

const [tasks = 1_000_000, mostHints = tasks / 2] = process.argv.slice(2).map(Number);
const AT_ONCE = 512;
const ROWS = 10;

const servers = await startTestServers();
const logger = createLogger("flood", "silent");
const bus = await NatsBus.connect({ url: servers.natsUrl, name: "flood", logger, tasks: { mostHints } });

function counter() {
  return { announced: 0, refused: 0 };
}

async function announce(counted) {
  const task = { namespace: "default", queue: "desk", tool: "refund", runId: newId("run"), callId: "t1c1", attempt: 1 };
  try {
    await bus.announce(task, "orc_flood");
    counted.announced += 1;
  } catch (thrown) {
    if (AgentspanError.from(thrown).reason !== "BUS_UNAVAILABLE") throw thrown;
    counted.refused += 1;
  }
}

function memory() {
  globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return `${(heapUsed / 2 ** 20).toFixed(1)} | ${Math.round(rss / 2 ** 20)}`;
}

try {
  console.log("| tasks | announced | refused | a second | heap MiB | RSS MiB |");
  console.log("|---|---|---|---|---|---|");
  console.log(`| 0 | 0 | 0 | | ${memory()} |`);
  const paced = counter();
  const begun = performance.now();
  for (let row = 1; row <= ROWS; row += 1) {
    const from = performance.now();
    let left = tasks / ROWS;
    const hands = Array.from({ length: AT_ONCE }, async () => {
      while (left-- > 0) await announce(paced);
    });
    await Promise.all(hands);
    const rate = Math.round(tasks / ROWS / ((performance.now() - from) / 1_000));
    console.log(`| ${(tasks / ROWS) * row} | ${paced.announced} | ${paced.refused} | ${rate} | ${memory()} |`);
  }
  console.log(`\nIn ${((performance.now() - begun) / 1_000).toFixed(1)} s.\n`);

  const burst = counter();
  const from = performance.now();
  let most = 0;
  const all = [];
  for (let i = 0; i < tasks; i += 1) {
    all.push(announce(burst));
    if (i % 10_000 !== 9_999) continue;
    // As commits come: in batches, with the loop free between them.
    await new Promise((resolve) => setImmediate(resolve));
    all.length = 0;
    most = Math.max(most, process.memoryUsage().rss);
  }
  const sentMs = performance.now() - from;
  while (burst.announced + burst.refused < tasks) await new Promise((resolve) => setTimeout(resolve, 10));
  const seconds = (sentMs / 1_000).toFixed(1);
  console.log(
    `All at once, ${tasks} in ${seconds} s: ${burst.announced} announced, ${burst.refused} refused; at most ${Math.round(most / 2 ** 20)} MiB RSS, and ${memory()} after it.`,
  );
} finally {
  await bus.close();
  await servers.stop();
}
