// What becomes of a call that waits for a worker when its hint is taken away: it is announced again at once, though it is
// not due for long. And a worker whose login would take hints away cannot, nor can an orchestrator of another database.
import { consumerName, natsAddress, TASK_STREAM, workerInboxPrefix } from "@agentspan/internal";
import { connect, type JetStreamManager } from "nats";
import { describe, expect, it } from "vitest";
import { deskAgent, loggedIn, until } from "../../src/index.js";
import { call, type DeskRun, ended, startRun } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({
  orchestrators: 2,
  workerLogins: true,
  env: { AGENTSPAN_ANNOUNCE_AFTER: "10m" },
});

const TAKEN = "Somebody took from the work queue";

/** A run whose call is announced, to nobody yet. */
async function waitingRun(queue: string, jsm: JetStreamManager): Promise<DeskRun> {
  const run = await startRun(stack.current, queue, [call("get_order"), { text: "ok" }], { agent: deskAgent(queue) });
  await until("its call is announced", async () => {
    const { state } = await jsm.streams.info(TASK_STREAM, { subjects_filter: `agentspan.task.default.${queue}.>` });
    return Object.keys(state.subjects ?? {}).length === 1;
  });
  return run;
}

async function runsWithWorker(run: DeskRun, queue: string): Promise<void> {
  await stack.current.addWorker({ queues: [queue] });
  expect((await ended(run)).state).toBe("COMPLETED");
  expect(stack.current.ledger.done(run.runId)).toHaveLength(1);
}

describe("a call that waits for a worker", () => {
  it("is not taken away by the login of another worker", async () => {
    const { natsUrl } = stack.current.servers;
    const operator = await connect({ servers: natsUrl });
    const login = natsAddress(loggedIn(natsUrl, "worker-1"), undefined);
    const thief = await connect({ ...login, inboxPrefix: workerInboxPrefix("worker-1") });
    try {
      const run = await waitingRun("not_taken", await operator.jetstreamManager());
      const told: (number | undefined)[] = [];
      const inbox = `${workerInboxPrefix("worker-1")}.told`;
      thief.subscribe(inbox, { callback: (_, { headers }) => told.push(headers?.code) });
      const others = consumerName("default", "not_taken", "get_order");
      const api = ["STREAM.DELETE", "STREAM.PURGE"].map((verb) => `$JS.API.${verb}.${TASK_STREAM}`);
      for (const reply of [...api, `$JS.API.CONSUMER.DELETE.${TASK_STREAM}.${others}`, inbox]) {
        const pull = `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${consumerName("default", "desk", "email")}`;
        thief.publish(pull, '{"batch":1,"no_wait":true}', { reply });
      }
      await until("the thief is told that nothing is there", () => told.length > 0);
      expect(told).toEqual([404]);
      await runsWithWorker(run, "not_taken");
      expect(stack.current.logs()).not.toContain(TAKEN);
    } finally {
      await Promise.all([operator.close(), thief.close()]);
    }
  });

  it("is not taken up by an orchestrator of another database, which ends at its start", async () => {
    const operator = await connect({ servers: stack.current.servers.natsUrl });
    try {
      const run = await waitingRun("two_databases", await operator.jetstreamManager());
      const other = stack.current.addOrchestrator({ env: { AGENTSPAN_DATABASE: `other_${run.runId}` } });
      await expect(other).rejects.toThrow(/ended before it was ready:[\s\S]*— ended: 1$/);
      await runsWithWorker(run, "two_databases");
      expect(stack.current.logs()).not.toContain(TAKEN);
    } finally {
      await operator.close();
    }
  });

  const takings: readonly (readonly [string, (jsm: JetStreamManager) => Promise<unknown>])[] = [
    ["emptied", (jsm) => jsm.streams.purge(TASK_STREAM)],
    ["deleted", (jsm) => jsm.streams.delete(TASK_STREAM)],
  ];

  it.each(takings)("runs as soon as there is one, where the work queue was %s", async (how, take) => {
    const operator = await connect({ servers: stack.current.servers.natsUrl });
    try {
      const jsm = await operator.jetstreamManager();
      const run = await waitingRun(how, jsm);
      await take(jsm);
      await until("it is told", () => stack.current.logs().includes(TAKEN));
      await runsWithWorker(run, how);
    } finally {
      await operator.close();
    }
  });
});
