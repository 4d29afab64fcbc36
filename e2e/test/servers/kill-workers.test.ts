// A worker dies, or goes silent, with a task in hand. A plain tool runs again; whether a guarded one took effect nobody
// knows, and only a person or the worker itself can say.
import { newId } from "@agentspan/internal";
import type { Approval, RunStatus } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, type ChildService, deskAgent, holdTask, type TaskPoint, until } from "../../src/index.js";
import { approvalOf, call, type DeskRun, ended, REFUND, refusal, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

describe("a worker", () => {
  const stack = withStack({ workers: 0, env: ANNOUNCE_SOON });

  interface Manned {
    readonly run: DeskRun;
    readonly worker: ChildService;
    readonly hold: string;
    replace(): Promise<ChildService>;
    begun(): number;
  }

  /** A run whose tool waits at a gate, and the one worker that its queue has. */
  async function manned(name: string, tool: string, more: object = {}): Promise<Manned> {
    const { current } = stack;
    const queue = newId("q");
    const hold = newId("gate");
    const worker = await current.addWorker({ queues: [queue] });
    const step = call(tool, { ...REFUND, hold, ...more });
    const run = await startRun(current, name, [step, { text: "ok" }], { agent: deskAgent(queue) });
    return {
      run,
      worker,
      hold,
      replace: () => current.addWorker({ queues: [queue] }),
      begun: () => current.ledger.begun(run.runId).length,
    };
  }

  /** The same, approved and begun. */
  async function begunGuarded(name: string, tool = "refund", more: object = {}): Promise<Manned> {
    const desk = await manned(name, tool, more);
    await theApproval(desk.run);
    await desk.run.handle.approve();
    await until("the tool has begun", () => desk.begun() === 1);
    return desk;
  }

  async function settlement(run: DeskRun): Promise<Approval> {
    const status = await until("a settlement is open", async () => {
      const seen = await run.handle.getStatus();
      return seen.pendingApprovals.some(({ kind }) => kind === "SETTLEMENT") && seen;
    });
    return approvalOf(status.pendingApprovals);
  }

  async function events(run: DeskRun): Promise<readonly string[]> {
    const history = await stack.current.rpc().runs.getHistory({ runId: run.runId });
    return history.events.map(({ event }) => event.case ?? "");
  }

  it.concurrent("that dies in a plain tool is followed by another, which runs it again under the same key", async ({
    expect,
  }) => {
    const { run, worker, hold, replace, begun } = await manned("plain", "get_order");
    await until("the tool has begun", () => begun() === 1);
    await worker.kill();
    await stack.current.openGate(hold);
    await replace();
    expect((await ended(run)).state).toBe("COMPLETED");
    const [first, second, ...more] = stack.current.ledger.begun(run.runId);
    expect(more).toEqual([]);
    expect(second?.key).toBe(first?.key);
    expect(second?.pid).not.toBe(first?.pid);
    expect((await events(run)).filter((type) => type === "toolResult")).toHaveLength(1);
  });

  it.concurrent("that dies in a guarded tool leaves a settlement that nothing but settle answers", async ({
    expect,
  }) => {
    const { run, worker, replace, begun } = await begunGuarded("happened");
    await worker.kill();
    const open = await settlement(run);
    expect(open).toMatchObject({ kind: "SETTLEMENT", toolName: "refund", arguments: { order_id: "ORD-8821" } });
    expect(open.unknownOutcome).toMatchObject({ attempt: 1, cause: "LEASE_ENDED" });
    const { approvalId } = open;
    await refusal(run.handle.approve({ approvalId }), "SETTLE_REQUIRED");
    await refusal(run.handle.reject("no", { approvalId }), "SETTLE_REQUIRED");
    await refusal(run.handle.respond({}, { approvalId }), "SETTLE_REQUIRED");
    await replace();
    expect(await run.handle.getStatus()).toMatchObject({ state: "WAITING", isWaiting: true });
    await run.handle.settle("HAPPENED", { result: { refunded: true } });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.model.told(run.input)).toEqual(['{"refunded":true}']);
    expect(begun()).toBe(1);
  });

  it.concurrent("that dies in a guarded tool is followed by another when a person says run again", async ({
    expect,
  }) => {
    const { run, worker, hold, replace } = await begunGuarded("run again");
    await worker.kill();
    await settlement(run);
    await stack.current.openGate(hold);
    await run.handle.settle("RUN_AGAIN");
    await replace();
    expect((await ended(run)).state).toBe("COMPLETED");
    const [first, second, ...more] = stack.current.ledger.begun(run.runId);
    expect(more).toEqual([]);
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect(second?.key).toBe(first?.key);
    expect(second?.approvalId).not.toBe(first?.approvalId);
  });

  it.concurrent("that dies in a tool that its owner calls once is not followed until somebody gives up", async ({
    expect,
  }) => {
    const { run, worker, hold, replace, begun } = await manned("give up", "charge");
    await until("the tool has begun", () => begun() === 1);
    await worker.kill();
    await stack.current.openGate(hold);
    await replace();
    await settlement(run);
    expect(begun()).toBe(1);
    await run.handle.settle("GIVE_UP");
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.model.told(run.input)[0]).toMatch(/^Error: Nobody knows/);
    expect(begun()).toBe(1);
  });

  it.concurrent.each<readonly [string, TaskPoint, number]>([
    ["before it claimed", "beforeClaim", 0],
    ["after it claimed and before it began", "afterClaim", 0],
    ["after the tool ended and before it said so", "afterExecute", 1],
  ])("that dies %s: a guarded tool runs at most once before somebody says so", async (_, point, before) => {
    const desk = await manned(point, "refund");
    await stack.current.openGate(desk.hold);
    const held = await holdTask(desk.worker, point, "refund");
    await theApproval(desk.run);
    await desk.run.handle.approve();
    await held.reached;
    await desk.worker.kill();
    expect(desk.begun()).toBe(before);
    await desk.replace();
    if (point !== "beforeClaim") {
      await settlement(desk.run);
      expect(desk.begun()).toBe(before);
      await desk.run.handle.settle(before === 1 ? "HAPPENED" : "RUN_AGAIN");
    }
    expect((await ended(desk.run)).state).toBe("COMPLETED");
    expect(desk.begun()).toBe(1);
  });

  it.concurrent("that was silent for longer than a lease settles the question itself when it comes back", async ({
    expect,
  }) => {
    const { run, worker, hold, begun } = await begunGuarded("silent");
    worker.pause();
    await settlement(run);
    await stack.current.openGate(hold);
    worker.resume();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(begun()).toBe(1);
    expect(stack.current.model.told(run.input)).toEqual(['{"done":"refund","attempt":1}']);
    expect(await events(run)).toContain("checkpointClosed");
  });

  it.concurrent("that comes back after its call was given up has its outcome recorded behind the end", async ({
    expect,
  }) => {
    const { run, worker, hold, begun } = await begunGuarded("late");
    worker.pause();
    await settlement(run);
    await run.handle.settle("GIVE_UP");
    expect((await ended(run)).state).toBe("COMPLETED");
    await stack.current.openGate(hold);
    worker.resume();
    await until("the late outcome is recorded", async () => (await events(run)).at(-1) === "lateOutcome");
    expect((await events(run)).filter((type) => type === "done")).toHaveLength(1);
    expect(begun()).toBe(1);
    const seen: string[] = [];
    for await (const event of run.handle.stream()) seen.push(event.type);
    expect(seen.slice(-2)).toEqual(["done", "late_outcome"]);
  });

  it.concurrent("that runs past a guarded tool's time-out leaves a settlement, and a rerun waits for it", async ({
    expect,
  }) => {
    const { run, hold, begun } = await begunGuarded("time-out", "transfer");
    expect((await settlement(run)).unknownOutcome).toMatchObject({ cause: "TIMED_OUT" });
    await run.handle.settle("RUN_AGAIN");
    const since = performance.now();
    await until("a lease would have ended", () => performance.now() - since > 1_700);
    // The old attempt is still in its worker's hands: nothing else may begin.
    expect(begun()).toBe(1);
    await stack.current.openGate(hold);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(begun()).toBe(1);
    expect(stack.current.model.told(run.input)).toEqual(['{"done":"transfer","attempt":1}']);
  });

  it.concurrent("that dies in a guarded tool keeps a cancelled run's question open, and it is settled behind the end", async ({
    expect,
  }) => {
    const { run, worker, begun } = await begunGuarded("cancelled");
    await worker.kill();
    const { approvalId } = await settlement(run);
    const status: RunStatus = await run.handle.cancel("enough");
    expect(status).toMatchObject({ state: "CANCELLED", isComplete: true, isWaiting: true });
    await refusal(run.handle.settle("RUN_AGAIN", { approvalId }), "RUN_ENDED");
    await run.handle.settle("HAPPENED", { approvalId, result: { refunded: true } });
    expect(await run.handle.getStatus()).toMatchObject({ state: "CANCELLED", isWaiting: false });
    expect((await events(run)).slice(-2)).toEqual(["cancelled", "decided"]);
    expect(begun()).toBe(1);
  });

  it("leaves histories that fold into their documents, whatever became of it", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBe(11);
  });
});
