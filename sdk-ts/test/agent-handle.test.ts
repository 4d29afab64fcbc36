import { AgentspanError } from "@agentspan/internal";
import { ApprovalKind } from "@agentspan/proto";
import { beforeEach, describe, expect, it } from "vitest";
import { AgentHandle } from "../src/agent-handle.js";
import { MemoryRunService } from "./memory-run-service.js";
import { startedRun } from "./started-run.js";

let service: MemoryRunService;
let handle: AgentHandle;

beforeEach(async () => {
  service = new MemoryRunService();
  handle = await startedRun(service);
});

describe("a handle's status", () => {
  it("reads as a program wants it", async () => {
    service.wait(handle.runId, "apr_1");
    const status = await handle.getStatus();
    expect(status).toMatchObject({
      runId: handle.runId,
      executionId: handle.runId,
      state: "WAITING",
      isRunning: true,
      isWaiting: true,
      isComplete: false,
      output: {},
      error: undefined,
      usage: { inputTokens: 12, outputTokens: 34 },
      lastSequence: 2,
      blockedOn: [],
    });
    expect(status.pendingApprovals).toMatchObject([
      {
        approvalId: "apr_1",
        kind: "APPROVAL",
        toolName: "process_refund",
        arguments: { order_id: "ORD-8821", amount: 29.99 },
        argumentsJson: '{"amount":29.99,"order_id":"ORD-8821"}',
        argumentsDigest: expect.stringMatching(/^sha256:/),
      },
    ]);
    service.done(handle.runId, "Refunded.");
    expect(await handle.getStatus()).toMatchObject({
      state: "COMPLETED",
      isComplete: true,
      output: { result: "Refunded.", finishReason: "STOP" },
    });
  });

  it("shows every approval with its arguments, also where the server's answer has no room for them", async () => {
    const shown = service.wait(handle.runId, "apr_1");
    service.wait(handle.runId, "apr_2", { argumentsJson: '{"amount":1}', argumentsDigest: "sha256:2" });
    service.leavesArgumentsOut = true;
    const { pendingApprovals } = await handle.getStatus();
    expect(pendingApprovals.map(({ argumentsJson }) => argumentsJson)).toEqual([shown.argumentsJson, '{"amount":1}']);
    expect(pendingApprovals[1]?.arguments).toEqual({ amount: 1 });
  });

  it("of a run that is not there is refused by its reason", async () => {
    const runtime = { client: service.client() };
    const missing = new AgentHandle({ executionId: "run_x", runtime });
    await expect(missing.getStatus()).rejects.toMatchObject({ reason: "RUN_NOT_FOUND", metadata: { runId: "run_x" } });
    expect(service.requests("getStatus")).toHaveLength(1);
  });
});

describe("a decision without an id", () => {
  it("is about what the status showed, by id and digest, whatever has been opened since", async () => {
    const shown = service.wait(handle.runId, "apr_1");
    await handle.getStatus();
    service.wait(handle.runId, "apr_2");
    await handle.approve({ comment: "fine" });
    expect(service.requests("approve")).toMatchObject([
      { approvalId: "apr_1", argumentsDigest: shown.argumentsDigest, comment: "fine" },
    ]);
    expect(service.requests("getStatus")).toHaveLength(1);
  });

  it("is about the one open approval where nothing was shown, and pins it", async () => {
    const open = service.wait(handle.runId, "apr_1");
    expect(await handle.reject("too much")).toMatchObject({
      decision: { approvalId: "apr_1", outcome: "REJECTED" },
      repeated: false,
    });
    expect(service.requests("reject")).toMatchObject([
      { approvalId: "apr_1", argumentsDigest: open.argumentsDigest, reason: "too much" },
    ]);
  });

  it("is refused where nothing is open", async () => {
    await expect(handle.approve()).rejects.toMatchObject({ reason: "NOTHING_TO_DECIDE" });
    expect(service.requests("approve")).toHaveLength(0);
  });

  it("is refused where several are open, with their ids", async () => {
    service.wait(handle.runId, "apr_1");
    service.wait(handle.runId, "apr_2");
    const refused = { reason: "APPROVAL_ID_REQUIRED", metadata: { approvalIds: "apr_1,apr_2" } };
    await expect(handle.approve()).rejects.toMatchObject(refused);
    await handle.getStatus();
    await expect(handle.approve()).rejects.toMatchObject(refused);
    await handle.approve({ approvalId: "apr_2" });
    expect(service.requests("approve")).toMatchObject([
      { approvalId: "apr_2", argumentsDigest: expect.stringMatching(/^sha256:/) },
    ]);
  });

  it("forgets what was shown, so that the next one is about what is open then", async () => {
    service.wait(handle.runId, "apr_1");
    await handle.getStatus();
    await handle.approve();
    service.wait(handle.runId, "apr_2");
    await handle.approve();
    expect(service.requests("approve").map((request) => request.approvalId)).toEqual(["apr_1", "apr_2"]);
  });

  it("stays about what was shown when somebody else was faster", async () => {
    service.wait(handle.runId, "apr_1");
    await handle.getStatus();
    await new AgentHandle({ runId: handle.runId, runtime: { client: service.client() } }).approve();
    service.wait(handle.runId, "apr_2");
    await expect(handle.approve()).rejects.toMatchObject({
      reason: "ALREADY_DECIDED",
      metadata: { winner: "somebody" },
    });
  });

  it("never answers a call whose outcome is unknown, and settle answers nothing else", async () => {
    service.wait(handle.runId, "set_1", { kind: ApprovalKind.SETTLEMENT });
    await expect(handle.approve()).rejects.toMatchObject({ reason: "SETTLE_REQUIRED" });
    expect(await handle.settle("HAPPENED", { result: { refunded: true } })).toMatchObject({ closed: true });
    expect(service.requests("settle")).toMatchObject([
      { approvalId: "set_1", outcome: 1, resultJson: '{"refunded":true}' },
    ]);
    service.wait(handle.runId, "apr_1");
    await expect(handle.settle("GIVE_UP")).rejects.toMatchObject({ reason: "NOTHING_TO_DECIDE" });
  });

  it("carries edited arguments and answers as JSON", async () => {
    service.wait(handle.runId, "apr_1");
    await handle.approve({ editedArguments: { amount: 10 } });
    service.wait(handle.runId, "apr_2", { kind: ApprovalKind.QUESTION });
    await handle.respond({ answer: "yes" }, { comment: "asked the customer" });
    expect(service.requests("approve")).toMatchObject([{ editedArgumentsJson: '{"amount":10}' }]);
    expect(service.requests("respond")).toMatchObject([
      { approvalId: "apr_2", contentJson: '{"answer":"yes"}', comment: "asked the customer" },
    ]);
    await expect(handle.respond(1n)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });
});

describe("a decision whose answer is lost", () => {
  const away = new AgentspanError("STORE_UNAVAILABLE", "away", { retryAfterMs: 1 });

  it("is repeated with the same decision id and gets the first answer", async () => {
    service.wait(handle.runId, "apr_1");
    service.fault = ({ method }) =>
      method === "approve" && service.requests("approve").length < 3 ? { kind: "lost", error: away } : { kind: "done" };
    expect(await handle.approve()).toMatchObject({ closed: true, repeated: true });
    const ids = service.requests("approve").map((request) => request.decisionId);
    expect(ids).toHaveLength(3);
    expect(new Set(ids).size).toBe(1);
  });

  it("is another one when a person decides again", async () => {
    service.wait(handle.runId, "apr_1");
    await handle.approve();
    service.wait(handle.runId, "apr_2");
    await handle.approve();
    expect(new Set(service.requests("approve").map((request) => request.decisionId)).size).toBe(2);
  });

  it("keeps the caller's own id", async () => {
    service.wait(handle.runId, "apr_1");
    await handle.approve({ decisionId: "click-1" });
    expect(await handle.approve({ approvalId: "apr_1", decisionId: "click-1" })).toMatchObject({ repeated: true });
  });
});

describe("waiting for a run", () => {
  it("ends with it, and says what became of it", async () => {
    const result = handle.result();
    await service.until(() => (service.openStreams > 0 ? true : undefined));
    service.done(handle.runId, "Refunded.");
    expect(await result).toEqual({
      runId: handle.runId,
      executionId: handle.runId,
      state: "COMPLETED",
      isSuccess: true,
      output: { result: "Refunded.", finishReason: "STOP" },
      error: undefined,
      usage: { inputTokens: 12, outputTokens: 34 },
    });
    await service.until(() => (service.openStreams === 0 ? true : undefined));
  });

  it("asks once where it has ended already", async () => {
    await handle.cancel("not needed");
    expect(await handle.wait()).toMatchObject({ state: "CANCELLED", isComplete: true });
    expect(service.requests("getStatus")).toHaveLength(1);
  });

  it("ends with the caller's signal and releases everything", async () => {
    const stop = new AbortController();
    const waiting = handle.wait({ signal: stop.signal });
    await service.until(() => (service.openStreams > 0 ? true : undefined));
    stop.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await service.until(() => (service.openStreams === 0 ? true : undefined));
  });
});
