import { Limits } from "@agentspan/internal";
import {
  CancelRequestSchema,
  GetApprovalRequestSchema,
  GetHistoryRequestSchema,
  ListApprovalsRequestSchema,
  ListRunsRequestSchema,
  type RunState,
  StartRequestSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { checkGetApproval, checkListApprovals } from "../../src/validation/approval.js";
import { checkCancel, checkGetHistory, checkListRuns, checkRunId, checkStart } from "../../src/validation/run.js";
import { agent, errorOf, faultsOf, seconds } from "./faults-of.js";

const start = (init: MessageInitShape<typeof StartRequestSchema>) => () =>
  checkStart(create(StartRequestSchema, { source: { case: "agentName", value: "helper" }, ...init }));

describe("Start", () => {
  it("takes a name, a name with a version, and a definition", () => {
    start({})();
    start({ agentVersion: "0".repeat(64), input: "x".repeat(Limits.inputBytes), idempotencyKey: "k".repeat(256) })();
    start({ source: { case: "agent", value: agent() }, deadline: seconds(1) })();
  });

  it.each<[string, MessageInitShape<typeof StartRequestSchema>]>([
    ["agent is required, or agentName", { source: { case: undefined } }],
    ["agentName is required", { source: { case: "agentName", value: "" } }],
    ["agent.name is required", { source: { case: "agent", value: agent({ name: "" }) } }],
    ["agentVersion goes with agentName only", { source: { case: "agent", value: agent() }, agentVersion: "00" }],
    ["deadline must be longer than 0", { deadline: seconds(0) }],
    ["onBehalfOf must be at most 256 bytes", { onBehalfOf: "x".repeat(257) }],
    ["onBehalfOf must not begin or end with a blank", { onBehalfOf: "alex " }],
    ["onBehalfOf has the character U+202E", { onBehalfOf: "alex\u202e" }],
    ["onBehalfOf must be in Unicode's composed form", { onBehalfOf: "Zoe\u0308" }],
  ])("is refused: %s", (fault, init) => {
    expect(faultsOf(start(init))).toEqual([expect.stringContaining(fault)]);
  });

  it.each<[string, MessageInitShape<typeof StartRequestSchema>]>([
    ["inputBytes", { input: "x".repeat(Limits.inputBytes + 1) }],
    ["idempotencyKeyBytes", { idempotencyKey: "é".repeat(129) }],
    ["labelKeyBytes", { labels: { ["k".repeat(64)]: "" } }],
  ])("is LIMIT_EXCEEDED by %s", (limit, init) => {
    expect(errorOf(start(init))).toMatchObject({ reason: "LIMIT_EXCEEDED", metadata: { limit } });
  });
});

describe("whatever names a run", () => {
  it.each(["", "run.*", "run >", "rún", "a".repeat(129), "run\n"])(
    "refuses the id %j, which no subject may hold",
    (runId) => {
      expect(errorOf(() => checkRunId({ runId })).fields[0]?.field).toBe("runId");
      expect(errorOf(() => checkGetHistory(create(GetHistoryRequestSchema, { runId }))).reason).toBe("INVALID_REQUEST");
      expect(errorOf(() => checkCancel(create(CancelRequestSchema, { runId }))).reason).toBe("INVALID_REQUEST");
    },
  );

  it("takes its own ids, reasons of 16 KiB and pages of a thousand", () => {
    checkRunId({ runId: "run_abc234" });
    checkCancel(create(CancelRequestSchema, { runId: "run_a", reason: "r".repeat(Limits.reasonBytes) }));
    checkGetHistory(create(GetHistoryRequestSchema, { runId: "run_a", pageSize: 1000 }));
    const long = create(CancelRequestSchema, { runId: "run_a", reason: "r".repeat(Limits.reasonBytes + 1) });
    expect(errorOf(() => checkCancel(long))).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { limit: "reasonBytes" },
    });
  });
});

describe("lists", () => {
  it("take filters that can match something", () => {
    checkListRuns(
      create(ListRunsRequestSchema, { states: [1, 7], agentName: "helper", labels: { a: "b" }, pageSize: 1000 }),
    );
    checkListApprovals(create(ListApprovalsRequestSchema, { kinds: [1, 2, 3], toolName: "refund", runId: "run_a" }));
    checkGetApproval(create(GetApprovalRequestSchema, { runId: "run_a", approvalId: "apr_b" }));
  });

  it("refuse a state or kind that is not said or not known, and names and pages that cannot be", () => {
    const runs = create(ListRunsRequestSchema, { states: [1, 0, 99 as RunState], agentName: "a b", pageSize: 1001 });
    expect(errorOf(() => checkListRuns(runs)).fields.map(({ field }) => field)).toEqual([
      "states[1]",
      "states[2]",
      "agentName",
      "pageSize",
    ]);
    const approvals = create(ListApprovalsRequestSchema, { kinds: [0], toolName: "1", runId: "a b" });
    expect(errorOf(() => checkListApprovals(approvals)).fields).toHaveLength(3);
    expect(faultsOf(() => checkGetApproval(create(GetApprovalRequestSchema)))).toHaveLength(2);
  });
});
