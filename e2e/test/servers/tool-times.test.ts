// How often a tool is tried, how long it may take, and how soon it is told to stop: as its definition says, on real
// workers. Leases are 1.5 s here, heartbeats 300 ms.
import { newId } from "@agentspan/internal";
import type { Event } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { deskAgent, Heartbeats, type LedgerLine, until } from "../../src/index.js";
import { call, type DeskRun, ended, REFUND, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";
import { expectHistoriesToFold } from "../stored-histories.js";

const LEASE_MS = 1_500;

describe("a tool", () => {
  const stack = withStack({ workers: 1 });
  let heartbeats: Heartbeats;
  beforeAll(async () => {
    const [worker] = stack.current.workers;
    heartbeats = await Heartbeats.of(stack.current.servers.natsUrl, worker?.name ?? "");
  });
  afterAll(() => heartbeats?.close());

  async function eventsOf({ runId }: DeskRun): Promise<readonly Event[]> {
    return (await stack.current.rpc().runs.getHistory({ runId })).events;
  }

  function at(event: Event | undefined): number {
    return event?.at === undefined ? Number.NaN : timestampMs(event.at);
  }

  function linesOf({ runId }: DeskRun): readonly LedgerLine[] {
    return stack.current.ledger.all().filter((line) => line.runId === runId);
  }

  function steps(run: DeskRun): readonly string[] {
    return linesOf(run).map(({ step, attempt }) => `${step} ${attempt}`);
  }

  function told(run: DeskRun): readonly string[] {
    return stack.current.model.told(run.input);
  }

  it("that fails every time is tried as often as it says, ever later, and the model gets the error", async () => {
    const run = await startRun(stack.current, "fails", [call("get_order", { failures: 9 }), { text: "ok" }]);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(steps(run)).toEqual(["begin 1", "begin 2", "begin 3", "begin 4"]);
    expect(told(run)).toEqual(["Error: attempt 4 fails"]);
    const events = await eventsOf(run);
    const failed = events.filter(({ event }) => event.case === "error");
    const started = events.filter(({ event }) => event.case === "toolStarted");
    expect(failed).toHaveLength(3);
    // 20 ms, doubled, and at most 50 ms; up to a fifth of each is left out by chance.
    for (const [index, most] of [20, 40, 50].entries()) {
      const event = failed[index]?.event;
      if (event?.case !== "error") throw new Error("An attempt's failure is not told.");
      expect(event.value.reason).toBe("TOOL_FAILED");
      const again = event.value.retryAt === undefined ? Number.NaN : timestampMs(event.value.retryAt);
      expect(again - at(failed[index])).toBeGreaterThanOrEqual(most * 0.8);
      expect(again - at(failed[index])).toBeLessThanOrEqual(most);
      expect(at(started[index + 1])).toBeGreaterThanOrEqual(again);
    }
  });

  it("whose worker dies of it is tried as often as it says, and the model gets the error", async () => {
    const { current } = stack;
    const queue = newId("q");
    const agent = deskAgent(queue);
    const workers = await Promise.all([0, 1, 2].map(() => current.addWorker({ queues: [queue] })));
    const run = await startRun(current, "poison", [call("poison", { die: true }), { text: "ok" }], { agent });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(steps(run)).toEqual(["begin 1", "begin 2"]);
    expect(new Set(linesOf(run).map(({ pid }) => pid)).size).toBe(2);
    expect(told(run)).toEqual(["Error: The worker was lost. It was tried 2 times."]);
    const reasons = (await eventsOf(run)).flatMap(({ event }) => (event.case === "error" ? [event.value.reason] : []));
    expect(reasons).toEqual(["TOOL_LOST"]);
    await Promise.all(workers.map((worker) => current.remove(worker)));
  });

  it("that runs past its time is told so by its signal, and tried again", async () => {
    const hold = newId("gate");
    const run = await startRun(stack.current, "past its time", [call("report", { hold, heed: true }), { text: "ok" }]);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(steps(run)).toEqual(["begin 1", "abort 1", "begin 2", "abort 2"]);
    expect(new Set(linesOf(run).map(({ key }) => key)).size).toBe(1);
  });

  it("that does not heed its time is given up by the server, and the model gets the error", async () => {
    const hold = newId("gate");
    const run = await startRun(stack.current, "deaf to its time", [call("report", { hold }), { text: "ok" }]);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(told(run)).toEqual(["Error: The tool ran past its time-out. It was tried 2 times."]);
    expect(steps(run)).toEqual(["begin 1", "begin 2"]);
    await stack.current.openGate(hold);
    await until("both attempts have ended", () => steps(run).length === 4);
    expect((await eventsOf(run)).filter(({ event }) => event.case === "toolResult")).toHaveLength(1);
  });

  it("that takes long and shows life is not run twice", async () => {
    const hold = newId("gate");
    const run = await startRun(stack.current, "slow", [call("get_order", { hold }), { text: "ok" }]);
    await until("the tool has begun", () => steps(run).length === 1);
    const since = performance.now();
    await until("several leases would have ended", () => performance.now() - since > 3 * LEASE_MS);
    await stack.current.openGate(hold);
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(steps(run)).toEqual(["begin 1", "end 1"]);
  });

  it("that no worker takes in its time fails, and one that has time waits for a worker", async () => {
    const { current } = stack;
    const queue = newId("q");
    const agent = deskAgent(queue);
    const [errand, patient] = await Promise.all([
      startRun(current, "no worker", [call("errand"), { text: "ok" }], { agent }),
      startRun(current, "a later worker", [call("get_customer"), { text: "ok" }], { agent }),
    ]);
    expect((await ended(errand)).state).toBe("COMPLETED");
    expect(told(errand)).toEqual(["Error: No worker took the task within its start time-out."]);
    expect((await patient.handle.getStatus()).blockedOn).toEqual(["get_customer"]);
    const worker = await current.addWorker({ queues: [queue] });
    expect((await ended(patient)).state).toBe("COMPLETED");
    expect(steps(errand)).toEqual([]);
    await current.remove(worker);
  });

  it.each([
    ["plain", "get_order"],
    ["guarded", "refund"],
  ])("that is %s is told to stop within a heartbeat of a cancellation", async (_, name) => {
    const hold = newId("gate");
    const args = { ...REFUND, hold, heed: true };
    const run = await startRun(stack.current, `cancel ${name}`, [call(name, args), { text: "never" }]);
    if (name === "refund") {
      await theApproval(run);
      await run.handle.approve();
    }
    await until("the tool has begun", () => steps(run).length === 1);
    await run.handle.cancel("enough");
    const since = heartbeats.count;
    await until("the tool was told", () => steps(run).includes("abort 1"));
    // The one that was on its way when the cancellation was stored.
    expect(heartbeats.deafTo(run.runId, since).length).toBeLessThanOrEqual(1);
    expect((await ended(run)).state).toBe("CANCELLED");
  });

  it("in the middle is told of its run's deadline within a heartbeat, and the run ends after it", async () => {
    const hold = newId("gate");
    const args = { ...REFUND, hold, heed: true };
    const run = await startRun(stack.current, "deadline", [call("charge", args), { text: "never" }], {
      deadline: "2s",
    });
    await until("the tool has begun", () => steps(run).length === 1);
    for await (const { event } of stack.current.rpc().runs.streamEvents({ runId: run.runId })) {
      if (event?.event.case === "ending") break;
    }
    const since = heartbeats.count;
    const result = await ended(run);
    expect(result).toMatchObject({ state: "TIMED_OUT", error: { reason: "DEADLINE" } });
    expect(steps(run)).toEqual(["begin 1", "abort 1"]);
    const events = await eventsOf(run);
    expect(events.at(-1)?.event.case).toBe("timedOut");
    expect(heartbeats.deafTo(run.runId, since).length).toBeLessThanOrEqual(1);
  });

  it("leaves histories that fold into their documents", async () => {
    expect(await expectHistoriesToFold(stack.current)).toBe(10);
  });
});
