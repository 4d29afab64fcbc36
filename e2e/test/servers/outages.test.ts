// NATS and MongoDB go away, come back, and one of them comes back knowing nothing. What was acknowledged is kept, what was
// approved runs exactly once, and no outage makes anybody doubt a worker that lives.
import { newId, TASK_STREAM, taskSubject } from "@agentspan/internal";
import { TaskHintSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { connect } from "nats";
import { describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, deskAgent, Gate, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval, waitingFor } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const LEASE_MS = 1_500;

describe("a stack of two orchestrators and two gateways", () => {
  const stack = withStack({ ownStore: true, orchestrators: 2, gateways: 2, workers: 1, env: ANNOUNCE_SOON });

  function startMany(name: string, count: number, agent = deskAgent()): Promise<readonly DeskRun[]> {
    const steps = [call("refund", REFUND), { text: "ok" }];
    return Promise.all(
      Array.from({ length: count }, (_, gateway) => startRun(stack.current, name, steps, { agent, gateway })),
    );
  }

  function executions(run: DeskRun): number {
    return stack.current.ledger.begun(run.runId).length;
  }

  it("runs queued tasks once when NATS comes back without anything that it had", async () => {
    const { current } = stack;
    const agent = deskAgent("queued");
    const runs = await startMany("queued", 5, agent);
    for (const run of runs) await theApproval(run);
    await Promise.all(runs.map((run) => run.handle.approve()));
    const manned = await startRun(current, "manned", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(manned);

    await current.loseNats();
    const worker = await current.addWorker({ queues: ["queued"] });
    for (const run of runs) expect((await ended(run)).state).toBe("COMPLETED");
    expect(runs.map(executions)).toEqual(runs.map(() => 1));
    // The worker that was there before finds its consumers again.
    await manned.handle.approve();
    expect((await ended(manned)).state).toBe("COMPLETED");
    expect(executions(manned)).toBe(1);
    await current.remove(worker);
  });

  it.each(["MongoDB", "NATS"] as const)(
    "loses nothing that was acknowledged when %s dies in the middle",
    async (which) => {
      const { current } = stack;
      const waiting = await startMany(`${which} approve`, 12);
      for (const run of waiting) await theApproval(run);
      // Decisions and starts are under way when it dies, and go on while it is away.
      const approvals = waiting.map((run) => run.handle.approve());
      const started = startMany(`${which} start`, 6);
      await approvals[0];
      await current.kill(which);
      const during = startMany(`${which} start, away`, 6);
      await current.restart(which);
      for (const answer of await Promise.all(approvals)) expect(answer.closed).toBe(true);
      for (const run of waiting) expect((await ended(run)).state).toBe("COMPLETED");
      expect(waiting.map(executions)).toEqual(waiting.map(() => 1));
      const later = [...(await started), ...(await during)];
      for (const run of later) await waitingFor(run);
      await Promise.all(later.map((run) => run.handle.reject("enough")));
      for (const run of later) expect((await ended(run)).state).toBe("COMPLETED");
      for (const run of [...waiting, ...later]) expect(current.model.asked(run.input)).toHaveLength(2);
    },
  );

  it.each([
    ["MongoDB", "hangs"],
    ["MongoDB", "is down"],
    ["NATS", "hangs"],
    ["NATS", "is down"],
  ] as const)("doubts no worker that lives because %s %s for two leases", async (which, how) => {
    const { current } = stack;
    const hold = newId("gate");
    const run = await startRun(current, which, [call("refund", { ...REFUND, hold }), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    await until("the tool has begun", () => executions(run) === 1);
    if (how === "hangs") current.pause(which);
    else await current.kill(which);
    await passed(LEASE_MS * 2.2);
    if (how === "hangs") current.resume(which);
    else await current.restart(which);
    await passed(LEASE_MS * 0.5);
    await current.openGate(hold);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(executions(run)).toBe(1);
    const { events } = await current.rpc().runs.getHistory({ runId: run.runId });
    expect(events.filter(({ event }) => event.case === "waiting")).toHaveLength(1);
  });

  it("does not listen to an orchestrator that was silent for longer than a lease and whose model call another made", async () => {
    const { current } = stack;
    const gate = new Gate();
    const run = await startRun(current, "silent", [
      async ({ attempt }) => {
        if (attempt === 1) await gate.arrive();
        return { text: `attempt ${attempt}` };
      },
    ]);
    await gate.reached;
    const stored = await current.database.collection<{ _id: string; run: string }>("runs").findOne({ _id: run.runId });
    const holder = current.orchestrators.find(({ ready }) => stored?.run.includes(String(ready.orchestratorId)));
    holder?.pause();
    expect((await ended(run)).output.result).toBe("attempt 2");
    gate.open();
    holder?.resume();
    const { lastSequence } = await run.handle.getStatus();
    // It is back when it shows life again; what it had to say it has said by then.
    await until("it shows life", () => holder !== undefined && shownLife(String(holder.ready.orchestratorId)));
    expect((await run.handle.getStatus()).lastSequence).toBe(lastSequence);

    async function shownLife(incarnation: string): Promise<boolean> {
      const find = () =>
        current.database.collection<{ _id: string; counter: number }>("instances").findOne({ _id: incarnation });
      const before = (await find())?.counter;
      await passed(700);
      const after = (await find())?.counter;
      return before !== undefined && after !== undefined && after > before;
    }
  });

  it("runs a task once that is announced again while it runs, and after it has ended", async () => {
    const { current } = stack;
    const hold = newId("gate");
    const second = await current.addWorker();
    const run = await startRun(current, "announced", [call("refund", { ...REFUND, hold }), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    await until("the tool has begun", () => executions(run) === 1);
    const nats = await connect({ servers: current.servers.natsUrl });
    const task = { namespace: "default", queue: "desk", tool: "refund", runId: run.runId, callId: "t1c1", attempt: 1 };
    const announce = async (): Promise<void> => {
      await nats.jetstream().publish(taskSubject(task), toBinary(TaskHintSchema, create(TaskHintSchema, task)));
    };
    const manager = await nats.jetstreamManager();
    const taken = () =>
      until("the hint is taken", async () => {
        const { state } = await manager.streams.info(TASK_STREAM, { subjects_filter: taskSubject(task) });
        return state.subjects?.[taskSubject(task)] === undefined;
      });
    await taken();
    for (let times = 0; times < 3; times += 1) {
      await announce();
      await taken();
    }
    await current.openGate(hold);
    expect((await ended(run)).state).toBe("COMPLETED");
    await announce();
    await taken();
    expect(executions(run)).toBe(1);
    await nats.close();
    await current.remove(second);
  });

  it("runs plain tools once that are still at work when their tasks would be announced again", async () => {
    const { current } = stack;
    const second = await current.addWorker();
    const hold = newId("gate");
    const steps = [call("get_order", { hold }), { text: "ok" }];
    const runs = await Promise.all(
      Array.from({ length: 10 }, (_, gateway) => startRun(current, "slow", steps, { gateway })),
    );
    await until("all have begun", () => runs.every((run) => executions(run) > 0));
    await passed(LEASE_MS);
    await current.openGate(hold);
    for (const run of runs) expect((await ended(run)).state).toBe("COMPLETED");
    expect(runs.map(executions)).toEqual(runs.map(() => 1));
    await current.remove(second);
  });

  it("leaves histories that fold into their documents", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBeGreaterThan(0);
  });
});

function passed(ms: number): Promise<true> {
  const since = performance.now();
  return until(`${ms} ms have passed`, () => performance.now() - since > ms, { everyMs: 50 });
}
