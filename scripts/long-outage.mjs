#!/usr/bin/env node
// Takes MongoDB away for five minutes with refunds in the middle, then puts everything to sleep (SIGSTOP, as a closed
// laptop does) and wakes it, with one orchestrator's clock 30 s off all the while. Prints what became of each run.
//
//   npm run build && node scripts/long-outage.mjs [minutes without MongoDB] [minutes asleep]
//
// Exits with 1 where a lease expired, a tool began twice or a run did not complete. The figures of the last run are in
// docs/measured/long-outage.md.
import { setTimeout as delay } from "node:timers/promises";
import { deskAgent, Stack, until } from "../e2e/dist/index.js";

const awayMinutes = Number(process.argv[2] ?? 5);
const asleepMinutes = Number(process.argv[3] ?? 5);
const RUNS = 10;
/** Leases as in production. */
const PRODUCTION = {
  AGENTSPAN_LEASE: "10s",
  AGENTSPAN_HEARTBEAT: "3s",
  AGENTSPAN_SWEEP: "500ms",
  AGENTSPAN_LOG_LEVEL: "warn",
  AGENTSPAN_ALLOW_FAULTS: "yes",
};

const stack = await Stack.start({ orchestrators: 1, gateways: 2, workers: 2, env: PRODUCTION });
await stack.addOrchestrator({ env: { AGENTSPAN_CLOCK_OFFSET: "30s" } });
let broken = 0;

/** Refunds whose tool has begun and is held, and others that wait for their person. */
async function inTheMiddle(name) {
  const steps = [
    { calls: [{ tool: "refund", args: { order_id: "ORD-8821", amount: 5, hold: name } }] },
    { text: "ok" },
  ];
  const start = (at) => stack.runtime(at).start(deskAgent(), stack.model.script(name, steps), { serve: false });
  const [held, waiting] = await Promise.all(
    [0, 1].map(() => Promise.all(Array.from({ length: RUNS }, (_, at) => start(at)))),
  );
  for (const handle of [...held, ...waiting]) {
    await until("it waits for its person", async () => (await handle.getStatus()).isWaiting, { withinMs: 60_000 });
  }
  await Promise.all(held.map((handle) => handle.approve()));
  const begun = () => held.filter(({ runId }) => stack.ledger.begun(runId).length > 0).length;
  await until("every approved refund has begun", () => begun() === RUNS, { withinMs: 60_000 });
  return { held, waiting };
}

async function report(name, { held, waiting }, backAt) {
  await stack.openGate(name);
  await Promise.all(waiting.map((handle) => handle.approve()));
  const runs = [...held, ...waiting];
  const results = await Promise.all(runs.map((handle) => handle.result({ signal: AbortSignal.timeout(120_000) })));
  const tookMs = Math.round(performance.now() - backAt);
  let doubted = 0;
  for (const { runId } of runs) {
    const { events } = await stack.rpc().runs.getHistory({ runId });
    doubted += events.filter(({ event }) => event.case === "waiting").length - 1;
  }
  const completed = results.filter(({ state }) => state === "COMPLETED").length;
  const twice = runs.filter(({ runId }) => stack.ledger.begun(runId).length !== 1).length;
  if (completed !== runs.length || twice > 0 || doubted > 0) broken += 1;
  console.log(`| ${name} | ${runs.length} | ${completed} | ${twice} | ${doubted} | ${tookMs} |`);
}

const processes = () => [...stack.workers, ...stack.orchestrators, ...stack.gateways.map(({ service }) => service)];

try {
  console.log("| what happened | runs | completed | begun more or less than once | doubted | all done after, ms |");
  console.log("|---|---|---|---|---|---|");

  const away = `MongoDB away for ${awayMinutes} min`;
  const first = await inTheMiddle(away);
  await stack.kill("MongoDB");
  await delay(awayMinutes * 60_000);
  await stack.restart("MongoDB");
  await report(away, first, performance.now());

  const asleep = `everything asleep for ${asleepMinutes} min`;
  const second = await inTheMiddle(asleep);
  for (const service of processes()) service.pause();
  for (const server of ["NATS", "MongoDB"]) stack.pause(server);
  await delay(asleepMinutes * 60_000);
  for (const server of ["NATS", "MongoDB"]) stack.resume(server);
  for (const service of processes()) service.resume();
  await report(asleep, second, performance.now());
} finally {
  await stack.stop();
}
process.exitCode = broken === 0 ? 0 : 1;
