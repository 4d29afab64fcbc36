// Any process may die between any two instructions. Here the orchestrator dies at those that matter: a door between it
// and MongoDB is closed at one exact write, before the server gets it or before its answer comes back.
import { newId } from "@agentspan/internal";
import { Agent, agentTool } from "@agentspan/sdk";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, deskAgent, Gate, MODEL, MongoValve, until, writesRun } from "../../src/index.js";
import { call, ended, REFUND, refusal, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

describe("an orchestrator that is killed", () => {
  const stack = withStack({ orchestrators: 0, workers: 0, env: ANNOUNCE_SOON });
  let valve: MongoValve;
  beforeAll(async () => {
    valve = await MongoValve.open(stack.current.servers.mongo.port);
    await stack.current.addOrchestrator({ mongoUri: valve.uri });
    await stack.current.addWorker();
  });
  afterAll(() => valve?.close());

  /** Kills it while the door is closed, so that what is held is lost with it, and starts it again. */
  async function killAndRestart(gate?: Gate): Promise<void> {
    const [orchestrator] = stack.current.orchestrators;
    await orchestrator?.kill();
    valve.cut();
    gate?.open();
    await orchestrator?.restart();
  }

  it("after it stored a start and before it answered: the caller's repetition finds the run", async () => {
    const { current } = stack;
    const input = current.model.script("start unanswered", [{ text: "ok" }]);
    const gate = valve.holdAnswerOf(writesRun("run_started", input));
    const starting = current.runtime().start(deskAgent(), input, { serve: false, idempotencyKey: newId("key") });
    await gate.reached;
    await killAndRestart(gate);
    const handle = await starting;
    expect((await handle.wait()).state).toBe("COMPLETED");
    expect(await current.database.collection("runs").countDocuments({ run: { $regex: handle.runId } })).toBe(1);
  });

  it("after the model's reply and before it is stored: the model is asked again and one reply counts", async () => {
    const { current } = stack;
    let gate: Gate | undefined;
    const run = await startRun(current, "reply lost", [
      async ({ attempt, input }) => {
        if (attempt === 1) gate = valve.holdBefore(writesRun("model_replied"));
        return { text: `attempt ${attempt} of ${input}` };
      },
    ]);
    await until("the reply is on its way to MongoDB", () => gate !== undefined);
    await gate?.reached;
    await killAndRestart(gate);
    expect((await ended(run)).output.result).toBe(`attempt 2 of ${run.input}`);
    const { events } = await current.rpc().runs.getHistory({ runId: run.runId });
    expect(events.filter(({ event }) => event.case === "modelReplied")).toHaveLength(1);
    expect(events.find(({ event }) => event.case === "error")?.event.value).toMatchObject({ reason: "MODEL_LOST" });
  });

  it("in the middle of a model call: the call is made again", async () => {
    const { current } = stack;
    const gate = new Gate();
    const run = await startRun(current, "model call lost", [
      async ({ attempt }) => {
        if (attempt === 1) await gate.arrive();
        return { text: "ok" };
      },
    ]);
    await gate.reached;
    await killAndRestart();
    expect((await ended(run)).state).toBe("COMPLETED");
    gate.open();
    expect(current.model.asked(run.input)).toHaveLength(2);
  });

  it("right after an approve is answered: the tool runs exactly once", async () => {
    const { current } = stack;
    const run = await startRun(current, "approved", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    await killAndRestart();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("after it stored an approve and before it announced or answered: the tool runs once, the approver is answered", async () => {
    const { current } = stack;
    const run = await startRun(current, "approve unanswered", [call("refund", REFUND), call("email"), { text: "ok" }]);
    const { approvalId } = await theApproval(run);
    const gate = valve.holdAnswerOf(writesRun(run.runId, "decided"));
    const approving = run.handle.approve({ approvalId });
    await gate.reached;
    await killAndRestart(gate);
    expect(await approving).toMatchObject({ closed: true, decision: { approvalId } });
    await refusal(run.handle.reject("too late", { approvalId }), "ALREADY_DECIDED");
    expect((await theApproval(run)).toolName).toBe("email");
    await run.handle.approve();
    await ended(run);
    expect(current.ledger.begun(run.runId)).toHaveLength(2);
  });

  it("before an approve is stored: it did not happen, and the approver's repetition makes it happen once", async () => {
    const { current } = stack;
    const run = await startRun(current, "approve lost", [call("refund", REFUND), { text: "ok" }]);
    const { approvalId } = await theApproval(run);
    const gate = valve.holdBefore(writesRun(run.runId, "decided"));
    const approving = run.handle.approve({ approvalId });
    await gate.reached;
    await killAndRestart(gate);
    expect(await approving).toMatchObject({ closed: true, repeated: false });
    await ended(run);
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("while a plain tool runs: its outcome is taken by the next one, and it does not run again", async () => {
    const { current } = stack;
    const hold = newId("gate");
    const run = await startRun(current, "plain tool", [call("get_order", { hold }), { text: "ok" }]);
    await until("the tool has begun", () => current.ledger.begun(run.runId).length === 1);
    await killAndRestart();
    await current.openGate(hold);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("while a guarded tool runs: its outcome is taken by the next one, and no settlement opens", async () => {
    const { current } = stack;
    const hold = newId("gate");
    const run = await startRun(current, "guarded tool", [call("refund", { ...REFUND, hold }), { text: "ok" }]);
    await theApproval(run);
    await run.handle.approve();
    await until("the tool has begun", () => current.ledger.begun(run.runId).length === 1);
    await killAndRestart();
    const since = performance.now();
    await until("a lease would have ended", () => performance.now() - since > 1_700);
    expect((await run.handle.getStatus()).pendingApprovals).toEqual([]);
    await current.openGate(hold);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("after it stored a completion and before it answered: the worker's repetition is accepted once more", async () => {
    const { current } = stack;
    const run = await startRun(current, "completion unanswered", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    const gate = valve.holdAnswerOf(writesRun(run.runId, "tool_result"));
    await run.handle.approve();
    await gate.reached;
    await killAndRestart(gate);
    expect((await ended(run)).state).toBe("COMPLETED");
    const { events } = await current.rpc().runs.getHistory({ runId: run.runId });
    expect(events.filter(({ event }) => event.case === "toolResult")).toHaveLength(1);
    expect(events.some(({ event }) => event.case === "lateOutcome")).toBe(false);
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("before a completion is stored: the worker repeats it, and it counts", async () => {
    const { current } = stack;
    const run = await startRun(current, "completion lost", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    const gate = valve.holdBefore(writesRun(run.runId, "tool_result"));
    await run.handle.approve();
    await gate.reached;
    await killAndRestart(gate);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it.each([
    ["after it stored a claim and before it answered", "holdAnswerOf"],
    ["before a claim is stored", "holdBefore"],
  ] as const)("%s: the worker's repetition is granted, and the tool runs once", async (_, hold) => {
    const { current } = stack;
    const run = await startRun(current, "claim unanswered", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    const gate = valve[hold](writesRun(run.runId, "tool_started"));
    await run.handle.approve();
    await gate.reached;
    await killAndRestart(gate);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("between a run and the one that it starts: that is started once, decided from above, and told of", async () => {
    const { current } = stack;
    const [orchestrator] = current.orchestrators;
    if (orchestrator === undefined) throw new Error("There is an orchestrator.");
    const allowed = { AGENTSPAN_ALLOW_FAULTS: "yes" };
    const dyingAt = (point: string) => ({ ...allowed, AGENTSPAN_FAULTS: `orchestrator.${point}:kill:1` });
    const desk = deskAgent();
    const head = new Agent({ name: "head", model: MODEL, tools: [agentTool(desk, { description: "Helps." })] });
    const below = current.model.script("refund below", [call("refund", REFUND), { text: "paid" }]);
    await orchestrator.kill();
    await orchestrator.restart(dyingAt("before-child"));
    const run = await startRun(current, "above", [call("desk", { input: below }), { text: "ok" }], { agent: head });
    for (const point of ["after-child", "before-tell-parent", "after-tell-parent"]) {
      await orchestrator.exited;
      await orchestrator.restart(dyingAt(point));
    }
    await orchestrator.exited;
    await orchestrator.restart(allowed);
    const asked = await theApproval(run);
    expect([asked.parentRunId, asked.toolName]).toEqual([run.runId, "refund"]);
    await run.handle.approve();
    expect((await ended(run)).output.result).toBe("ok");
    expect(current.model.told(run.input)).toEqual(['"paid"']);
    expect(current.ledger.begun(asked.runId)).toHaveLength(1);
    const { runs } = await current.rpc().runs.listRuns({ parentRunId: run.runId });
    expect(runs.map(({ runId }) => runId)).toEqual([asked.runId]);

    const other = current.model.script("refund below", [call("refund", REFUND), { text: "paid" }]);
    const ending = await startRun(current, "above", [call("desk", { input: other })], { agent: head });
    const { runId: childId } = await theApproval(ending);
    orchestrator.send({ faults: "orchestrator.before-steer-child:kill:1" });
    const pausing = ending.handle.pause("a while");
    await orchestrator.exited;
    await orchestrator.restart(allowed);
    await pausing;
    const child = current.runtime().handle(childId);
    await until("the run below is paused too", async () => (await child.getStatus()).state === "PAUSED");
    await ending.handle.resume();
    await until("the run below goes on too", async () => (await child.getStatus()).state === "WAITING");
    orchestrator.send({ faults: "orchestrator.before-cancel-child:kill:1" });
    const cancelling = ending.handle.cancel("enough");
    await orchestrator.exited;
    await orchestrator.restart();
    await cancelling;
    for (const handle of [ending.handle, child]) {
      const status = await handle.wait();
      expect([status.state, status.error?.message]).toEqual(["CANCELLED", "enough"]);
    }
    expect(current.ledger.begun(childId)).toHaveLength(0);
  });

  it("leaves histories that fold into their documents", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBeGreaterThan(10);
  });
});
