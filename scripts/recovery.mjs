#!/usr/bin/env node
// Kills processes in the middle of work, with the settings that hold unless said, and prints how long each run stood
// still: from the end of the lease of whoever was killed, which is ten seconds after its last sign of life.
//
//   npm run build && node scripts/recovery.mjs [rounds]
//
// Four rounds of each kind unless said; all of a kind run at once, killed at different moments. The figures of the last
// run are in docs/measured/recovery.md.
import { setTimeout as delay } from "node:timers/promises";
import { deskAgent, Stack, until } from "../e2e/dist/index.js";

const rounds = Number(process.argv[2] ?? 4);
const LEASE_MS = 10_000;
const DEFAULTS = {
  AGENTSPAN_LEASE: "10s",
  AGENTSPAN_HEARTBEAT: "3s",
  AGENTSPAN_SWEEP: "500ms",
  AGENTSPAN_ANNOUNCE_AFTER: "5s",
  AGENTSPAN_LOG_LEVEL: "warn",
};
const WITHIN = { withinMs: 60_000, everyMs: 50 };

async function documentOf(stack, runId) {
  const document = await stack.database.collection("runs").findOne({ _id: runId });
  return {
    run: JSON.parse(document?.run ?? "{}"),
    events: (document?.events ?? []).map((text) => JSON.parse(text)),
  };
}

/** The first event of a run that fits, once it is there. */
function eventOf(stack, runId, what, fits) {
  return until(
    `run ${runId}: ${what}`,
    async () => (await documentOf(stack, runId)).events.find(({ fact }) => fits(fact)),
    WITHIN,
  );
}

/** When an incarnation showed life last, by the clock of the store. */
async function lastSignOf(stack, incarnation) {
  const document = await stack.database.collection("instances").findOne({ _id: incarnation });
  if (document === null) throw new Error(`${incarnation} left no sign of life.`);
  return document.seenAt.getTime();
}

async function begin(stack, name, steps, queue) {
  const input = stack.model.script(name, steps);
  return { input, handle: await stack.runtime().start(deskAgent(queue), input, { serve: false }) };
}

/** A worker of its own queue, killed in the middle of a tool. Milliseconds from the end of its lease. */
async function killedWorker(stack, tool, round, settled) {
  const queue = `${tool}_${round}`;
  const worker = await stack.addWorker({ queues: [queue] });
  const { handle } = await begin(stack, queue, [{ calls: [{ tool, args: { takes: 120_000 } }] }], queue);
  const { fact } = await eventOf(stack, handle.runId, "started", ({ type }) => type === "tool_started");
  await delay((round * 2_700) % 7_000);
  await worker.kill();
  const { at } = await eventOf(stack, handle.runId, "moved on", settled);
  return at - (await lastSignOf(stack, fact.incarnation)) - LEASE_MS;
}

/** A run whose model does not answer the first time, and who makes the call. */
async function asking(stack, name) {
  const { input, handle } = await begin(stack, name, [
    ({ attempt }) => (attempt === 1 ? new Promise(() => {}) : { text: "done" }),
  ]);
  await until(`${name} is asked`, () => stack.model.asked(input).length === 1, WITHIN);
  const { run } = await documentOf(stack, handle.runId);
  return { runId: handle.runId, holder: run.turn.model.holder };
}

const lostCall = (fact) => fact.type === "model_failed" && fact.reason === "MODEL_LOST";

function orchestratorOf(stack, id) {
  const found = stack.orchestrators.find(({ ready }) => ready.orchestratorId === id);
  if (found === undefined) throw new Error(`Nobody is ${id}.`);
  return found;
}

const rows = [];
function tell(what, from, figures) {
  const sorted = [...figures].sort((a, b) => a - b).map((ms) => Math.round(ms));
  rows.push(`| ${what} | ${from} | ${sorted.join(", ")} | ${sorted.at(-1)} |`);
  console.log(rows.at(-1));
}

const stack = await Stack.start({ orchestrators: 2, workers: 0, env: DEFAULTS });
try {
  console.log("| killed | milliseconds from | in each round | most |");
  console.log("|---|---|---|---|");
  const all = (act) => Promise.all(Array.from({ length: rounds }, (_, round) => act(round)));

  tell(
    "a worker in a guarded tool: a settlement opens",
    "the end of its lease",
    await all((round) => killedWorker(stack, "charge", round, (fact) => fact.type === "waiting")),
  );
  tell(
    "a worker in a plain tool: the next attempt is offered",
    "the end of its lease",
    await all((round) => killedWorker(stack, "get_order", round, (fact) => fact.type === "attempt_failed")),
  );

  const runs = await all((round) => asking(stack, `killed ${round}`));
  const [{ holder }] = runs;
  const held = runs.filter((run) => run.holder === holder);
  await orchestratorOf(stack, holder).kill();
  const ends = (await lastSignOf(stack, holder)) + LEASE_MS;
  const moved = await Promise.all(held.map(({ runId }) => eventOf(stack, runId, "asked again", lostCall)));
  tell(
    "an orchestrator that waited for a model: another asks",
    "the end of its lease",
    moved.map(({ at }) => at - ends),
  );
  const killed = orchestratorOf(stack, holder);
  await killed.restart();

  const more = await all((round) => asking(stack, `stopped ${round}`));
  const stopping = more.filter((run) => run.holder === more[0].holder);
  const begun = Date.now();
  await orchestratorOf(stack, more[0].holder).stop();
  const stoppedAfter = Date.now() - begun;
  const handed = await Promise.all(stopping.map(({ runId }) => eventOf(stack, runId, "asked again", lostCall)));
  tell(
    `an orchestrator that was asked to stop, and was gone after ${stoppedAfter} ms: another asks`,
    "its end",
    handed.map(({ at }) => at - begun - stoppedAfter),
  );

  const survivor = stack.orchestrators.find((service) => service.running);
  const last = await all((round) => asking(stack, `alone ${round}`));
  await survivor.kill();
  await survivor.restart();
  const back = Date.now();
  const again = await Promise.all(last.map(({ runId }) => eventOf(stack, runId, "asked again", lostCall)));
  tell(
    "the only orchestrator, and started again: it asks",
    "its new start",
    again.map(({ at }) => at - back),
  );
} finally {
  await stack.stop();
}
