// A worker is killed in the middle of a guarded call whose tool brings a probe. Whether it took effect the probe finds in
// the receiver's own ledger, and what follows is the same as if nothing had been killed: one effect.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { newId } from "@agentspan/internal";
import type { Approval, RunEvent } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, type ChildService, deskAgent, holdTask, until } from "../../src/index.js";
import { approvalOf, call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

// One after the other: a probe has 30 s, in which a busy machine has a worker to start.
describe("a killed worker's guarded call", () => {
  const stack = withStack({ orchestrators: 2, workers: 0, env: ANNOUNCE_SOON });

  interface Killed {
    readonly run: DeskRun;
    /** How the run was approved; nothing else was asked so far. */
    readonly approval: Approval;
    /** Lets whoever holds at the tool's gate go on. */
    openGate(): Promise<void>;
    replace(): Promise<ChildService>;
    effects(): number;
  }

  /** A run whose tool has begun, and whose worker was killed before or after the effect. */
  async function killed(tool: string, when: "before" | "after", more: object = {}): Promise<Killed> {
    const { current } = stack;
    const queue = newId("q");
    const hold = newId("gate");
    const worker = await current.addWorker({ queues: [queue] });
    const args = { ...REFUND, ...more, ...(when === "before" ? { hold } : {}) };
    const run = await startRun(current, `${tool} ${when}`, [call(tool, args), { text: "ok" }], {
      agent: deskAgent(queue),
    });
    const approval = await theApproval(run);
    const after = when === "after" ? await holdTask(worker, "afterExecute", tool) : undefined;
    await run.handle.approve();
    if (after === undefined) await until("the tool has begun", () => current.ledger.begun(run.runId).length === 1);
    else await after.reached;
    const effects = (): number => current.ledger.done(run.runId).length;
    expect(effects()).toBe(when === "after" ? 1 : 0);
    await worker.kill();
    return {
      run,
      approval,
      openGate: () => current.openGate(hold),
      replace: () => current.addWorker({ queues: [queue] }),
      effects,
    };
  }

  async function eventsOf({ handle }: DeskRun): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    for await (const event of handle.stream()) events.push(event);
    return events;
  }

  function only<T extends RunEvent["type"]>(events: readonly RunEvent[], type: T): Extract<RunEvent, { type: T }> {
    const found = events.filter((event): event is Extract<RunEvent, { type: T }> => event.type === type);
    expect(found).toHaveLength(1);
    return found[0] as Extract<RunEvent, { type: T }>;
  }

  async function settlement(run: DeskRun): Promise<Approval> {
    const status = await until("a settlement is open", async () => {
      const seen = await run.handle.getStatus();
      return seen.pendingApprovals.some(({ kind }) => kind === "SETTLEMENT") && seen;
    });
    return approvalOf(status.pendingApprovals);
  }

  it.each([["payout"], ["wire"]])(
    "that took effect has its result from the probe, and is not run again (%s)",
    async (tool) => {
      const { run, replace, effects } = await killed(tool, "after");
      await until("nobody serves its probe", async () => {
        const status = await run.handle.getStatus();
        return status.state === "RUNNING" && status.blockedOn.includes(tool);
      });
      await replace();
      expect((await ended(run)).state).toBe("COMPLETED");
      const events = await eventsOf(run);
      expect(only(events, "probing").unknownOutcome).toMatchObject({ attempt: 1, cause: "LEASE_ENDED" });
      expect(only(events, "probe_answered")).toMatchObject({ verdict: "HAPPENED", runsAgain: false });
      const result = { kind: "result", value: { done: tool, attempt: 1 } };
      expect(only(events, "tool_result")).toMatchObject({ byProbe: true, outcome: result });
      expect(only(events, "waiting").kind).toBe("APPROVAL");
      expect(stack.current.model.told(run.input)).toEqual([JSON.stringify({ done: tool, attempt: 1 })]);
      expect(effects()).toBe(1);
      expect(stack.current.ledger.begun(run.runId)).toHaveLength(1);
    },
  );

  it("that took no effect runs again by itself where the receiver enforces the key", async () => {
    const { run, approval, openGate, replace, effects } = await killed("payout", "before");
    await openGate();
    await replace();
    expect((await ended(run)).state).toBe("COMPLETED");
    const events = await eventsOf(run);
    expect(only(events, "probe_answered")).toMatchObject({ verdict: "DID_NOT_HAPPEN", runsAgain: true });
    expect(only(events, "waiting").kind).toBe("APPROVAL");
    expect(only(events, "tool_result")).toMatchObject({ attempt: 2, byProbe: false });
    const [first, second, ...more] = stack.current.ledger.begun(run.runId);
    expect(more).toEqual([]);
    expect([first?.attempt, second?.attempt]).toEqual([1, 2]);
    expect(second?.key).toBe(first?.key);
    expect([first?.approvalId, second?.approvalId]).toEqual([approval.approvalId, approval.approvalId]);
    expect(effects()).toBe(1);
  });

  it("that took no effect is a person's to run again where no receiver enforces the key", async () => {
    const { run, openGate, replace, effects } = await killed("wire", "before");
    await openGate();
    await replace();
    const open = await settlement(run);
    const { unknownOutcome } = open;
    expect(unknownOutcome).toMatchObject({ attempt: 1, cause: "LEASE_ENDED", idempotencyKey: expect.any(String) });
    expect(unknownOutcome?.probe?.verdict).toBe("DID_NOT_HAPPEN");
    expect(unknownOutcome?.probe?.detail).toBe(`looked for ${unknownOutcome?.idempotencyKey}`);
    const seen = unknownOutcome?.lastHeartbeatAt?.getTime() ?? 0;
    expect(seen).toBeLessThan(open.requestedAt?.getTime() ?? 0);
    expect(seen).toBeGreaterThan((unknownOutcome?.grantedAt?.getTime() ?? 0) - 10_000);
    expect(effects()).toBe(0);
    await run.handle.settle("RUN_AGAIN");
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(effects()).toBe(1);
  });

  it("that its probe cannot tell of is a person's to settle, who reads why", async () => {
    const { run, replace, effects } = await killed("payout", "after", { dark: true });
    await replace();
    const { unknownOutcome } = await settlement(run);
    expect(unknownOutcome?.probe).toEqual({ verdict: "UNKNOWN", detail: "the ledger is dark" });
    await run.handle.settle("HAPPENED", { result: { done: "payout" } });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(effects()).toBe(1);
  });

  it("whose run is cancelled while the probe is asked stays a person's to settle", async () => {
    const { run, effects } = await killed("payout", "before");
    await until("the probe is asked", async () => {
      const { events } = await stack.current.rpc().runs.getHistory({ runId: run.runId });
      return events.some(({ event }) => event.case === "probing");
    });
    expect(await run.handle.cancel("enough")).toMatchObject({ state: "CANCELLED", isWaiting: true });
    const { approvalId, unknownOutcome } = await settlement(run);
    expect(unknownOutcome?.probe?.verdict).toBe("NO_ANSWER");
    await run.handle.settle("GIVE_UP", { approvalId });
    expect(await run.handle.getStatus()).toMatchObject({ state: "CANCELLED", isWaiting: false });
    expect(effects()).toBe(0);
  });

  it("that only looked at what the call would do leaves that to another, which shows it", async () => {
    const { current } = stack;
    const [queue, look] = [newId("q"), newId("gate")];
    const [account, worker] = [newId("acc"), await current.addWorker({ queues: [queue] })];
    writeFileSync(join(current.folder, account), "50");
    const args = { account, amount: 10, look };
    const agent = deskAgent(queue);
    const run = await startRun(current, "looks", [call("adjust", args), { text: "ok" }], { agent });
    await until("the first looks", async () => {
      const { events } = await current.rpc().runs.getHistory({ runId: run.runId });
      return events.some(({ event }) => event.case === "previewAsked");
    });
    await worker.kill();
    await current.openGate(look);
    await current.addWorker({ queues: [queue] });
    const shown = await until("it is shown", async () => {
      const [open] = (await run.handle.getStatus()).pendingApprovals;
      return open?.preview?.status !== "PENDING" && open?.preview;
    });
    expect(shown).toMatchObject({ status: "SHOWN", content: { after: { balance: 40 } } });
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(current.ledger.done(run.runId)).toHaveLength(1);
  });

  it("leaves histories that fold into their documents, whatever became of it", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBe(7);
  });
});
