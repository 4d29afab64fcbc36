import { DecisionOutcome } from "@agentspan/proto";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import type { AgentHandle } from "../src/agent-handle.js";
import type { WaitingEvent } from "../src/run-event.js";
import { MemoryRunService } from "./memory-run-service.js";
import { startedRun } from "./started-run.js";

let service: MemoryRunService;
let handle: AgentHandle;

beforeEach(async () => {
  service = new MemoryRunService();
  handle = await startedRun(service);
});

/** Reads on to the next waiting event and stands in the loop's body while `ask` runs, as a program that asks does. */
async function asked<T>(ask: (event: WaitingEvent) => Promise<T>): Promise<T> {
  for await (const event of handle.stream()) if (event.type === "waiting") return await ask(event);
  throw new Error("The run never waited.");
}

const aborted = (signal: AbortSignal) =>
  new Promise<unknown>((resolve) => {
    if (signal.aborted) resolve(signal.reason);
    else signal.addEventListener("abort", () => resolve(signal.reason), { once: true });
  });

describe("the signal of a waiting event", () => {
  it("aborts when somebody else decides, and says who", async () => {
    service.wait(handle.runId, "apr_1");
    const reason = await asked(async ({ decided }) => {
      expect(decided.aborted).toBe(false);
      const other = { approvalId: "apr_2", decidedBy: "bob", outcome: DecisionOutcome.REJECTED };
      service.append(handle.runId, { case: "decided", value: { decision: other } });
      const decision = { approvalId: "apr_1", decidedBy: "alice", outcome: DecisionOutcome.APPROVED };
      const value = { decision: { ...decision, decidedAt: timestampFromMs(5) } };
      service.append(handle.runId, { case: "decided", value });
      return aborted(decided);
    });
    expect(reason).toMatchObject({
      reason: "ALREADY_DECIDED",
      message: "process_refund has been decided: APPROVED by alice.",
      metadata: { approvalId: "apr_1", winner: "alice", outcome: "APPROVED", time: "5" },
    });
    await service.until(() => (service.openStreams === 0 ? true : undefined));
  });

  it("aborts also over a connection that breaks, and after the loop was left", async () => {
    service.wait(handle.runId, "apr_1");
    const decided = await asked(async (event) => event.decided);
    service.cut();
    await new Promise<void>((resolve) => {
      decided.addEventListener("abort", () => resolve(), { once: true });
      void handle.approve({ approvalId: "apr_1" });
    });
    expect(decided.reason).toMatchObject({ reason: "ALREADY_DECIDED" });
  });

  it.each([
    ["EXPIRED", "APPROVAL_EXPIRED"],
    ["CANCELLED", "NOTHING_TO_DECIDE"],
  ])("aborts when the approval is closed as %s", async (why, reason) => {
    service.wait(handle.runId, "apr_1");
    const told = await asked(({ decided }) => {
      service.append(handle.runId, { case: "checkpointClosed", value: { approvalId: "apr_1", why } });
      return aborted(decided);
    });
    expect(told).toMatchObject({ reason, message: `Nobody decides about process_refund any more: ${why}.` });
  });

  it("aborts when the run has ended without it", async () => {
    service.wait(handle.runId, "apr_1");
    const told = await asked(({ decided }) => {
      service.done(handle.runId, "x");
      return aborted(decided);
    });
    expect(told).toMatchObject({ reason: "RUN_ENDED" });
  });

  it("aborts with the reason why nobody can tell any more", async () => {
    service.wait(handle.runId, "apr_1");
    const client = service.client();
    const other = Reflect.construct(Object.getPrototypeOf(handle).constructor, [
      { runId: handle.runId, runtime: { client } },
    ]) as AgentHandle;
    for await (const event of other.stream()) {
      if (event.type !== "waiting") continue;
      const { decided } = event;
      await service.until(() => (service.openStreams === 2 ? true : undefined));
      client.close();
      service.cut();
      expect(await aborted(decided)).toMatchObject({ message: expect.stringContaining("has been shut down") });
      break;
    }
  });

  it("opens no stream where nobody reads it, and is no part of the event's JSON", async () => {
    service.wait(handle.runId, "apr_1");
    await asked(async (event) => {
      expect(Object.keys(event)).not.toContain("decided");
      expect(JSON.parse(JSON.stringify(event))).not.toHaveProperty("decided");
      expect(service.openStreams).toBe(1);
    });
    await service.until(() => (service.openStreams === 0 ? true : undefined));
  });

  it("ends with the signal of its stream", async () => {
    service.wait(handle.runId, "apr_1");
    const stop = new AbortController();
    for await (const event of handle.stream({ signal: stop.signal })) {
      if (event.type !== "waiting") continue;
      expect(event.decided.aborted).toBe(false);
      await service.until(() => (service.openStreams === 2 ? true : undefined));
      break;
    }
    stop.abort();
    await service.until(() => (service.openStreams === 0 ? true : undefined));
  });
});
