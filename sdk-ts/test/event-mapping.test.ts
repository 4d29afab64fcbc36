import { ApprovalKind, DecisionOutcome, type Event, EventSchema, ProbeVerdict, RunState } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { runEventOf } from "../src/event-mapping.js";
import { isTerminal } from "../src/run-event.js";

type Init = NonNullable<MessageInitShape<typeof EventSchema>["event"]>;

function read(event: Init) {
  const message: Event = create(EventSchema, { runId: "run_1", sequence: 7n, at: timestampFromMs(5_000), event });
  return runEventOf(message);
}

const cases: readonly (readonly [Init, object])[] = [
  [
    { case: "runStarted", value: { agentName: "a", input: "i", labels: { k: "v" } } },
    { type: "run_started", agentName: "a", input: "i", labels: { k: "v" } },
  ],
  [
    { case: "modelReplied", value: { turn: 1, attempt: 2, text: "t", callIds: ["c"], usage: { inputTokens: 3n } } },
    { type: "model_replied", turn: 1, attempt: 2, callIds: ["c"], usage: { inputTokens: 3, outputTokens: 0 } },
  ],
  [
    { case: "toolCall", value: { toolName: "t", argumentsJson: '{"a":1}', approvalRequired: true } },
    { type: "tool_call", toolName: "t", args: { a: 1 }, argumentsJson: '{"a":1}', refused: undefined },
  ],
  [
    { case: "toolCall", value: { toolName: "t", refused: "unknown tool", refusedArguments: "{" } },
    { type: "tool_call", args: {}, argumentsJson: "", refused: "unknown tool", refusedArguments: "{" },
  ],
  [
    { case: "toolStarted", value: { attempt: 2, workerId: "w" } },
    { type: "tool_started", attempt: 2, workerId: "w" },
  ],
  [
    { case: "toolResult", value: { outcome: { case: "resultJson", value: "[1]" }, byProbe: true } },
    { type: "tool_result", byProbe: true, outcome: { kind: "result", value: [1], json: "[1]" } },
  ],
  [
    { case: "toolResult", value: { outcome: { case: "error", value: "e" } } },
    { type: "tool_result", outcome: { kind: "error", message: "e" } },
  ],
  [
    { case: "toolResult", value: { outcome: { case: "rejected", value: "no" } } },
    { type: "tool_result", outcome: { kind: "rejected", reason: "no" } },
  ],
  [
    { case: "toolResult", value: { outcome: { case: "respondedJson", value: "true" } } },
    { type: "tool_result", outcome: { kind: "responded", value: true } },
  ],
  [
    { case: "toolResult", value: { outcome: { case: "truncated", value: { digest: "d", sizeBytes: 9n, head: "h" } } } },
    { type: "tool_result", outcome: { kind: "truncated", digest: "d", sizeBytes: 9, head: "h" } },
  ],
  [
    {
      case: "waiting",
      value: {
        approval: {
          approvalId: "apr",
          kind: ApprovalKind.QUESTION,
          preview: { status: 2, contentJson: "[1]", fields: ["n"], previous: { status: 3, detail: "away" } },
        },
      },
    },
    {
      type: "waiting",
      approvalId: "apr",
      kind: "QUESTION",
      approval: {
        expiresAt: undefined,
        preview: { status: "SHOWN", content: [1], fields: ["n"], previous: { status: "FAILED", detail: "away" } },
      },
    },
  ],
  [
    { case: "voted", value: { vote: { who: "ann", what: DecisionOutcome.APPROVED }, editedArgumentsJson: '{"n":1}' } },
    { type: "voted", vote: { who: "ann", what: "APPROVED", edited: false }, editedArgumentsJson: '{"n":1}' },
  ],
  [
    { case: "decided", value: { decision: { outcome: DecisionOutcome.GIVEN_UP, decidedBy: "ann" } } },
    { type: "decided", decision: { outcome: "GIVEN_UP", decidedBy: "ann" } },
  ],
  [
    { case: "checkpointClosed", value: { why: "EXPIRED" } },
    { type: "checkpoint_closed", why: "EXPIRED" },
  ],
  [
    { case: "escalated", value: { approvalId: "apr", approvers: { users: ["ceo"] } } },
    { type: "escalated", approvalId: "apr", approvers: { users: ["ceo"], groups: [] }, expiresAt: undefined },
  ],
  [
    { case: "reminded", value: { approvalId: "apr", number: 2 } },
    { type: "reminded", approvalId: "apr", number: 2 },
  ],
  [
    { case: "childStarted", value: { callId: "c1", childRunId: "run_2", agentName: "helper", agentVersion: "v1" } },
    { type: "child_started", callId: "c1", childRunId: "run_2", agentName: "helper", agentVersion: "v1" },
  ],
  [
    { case: "childReported", value: { callId: "c1", childRunId: "run_2", waiting: true } },
    { type: "child_reported", callId: "c1", childRunId: "run_2", waiting: true },
  ],
  [
    { case: "paused", value: { by: "ann" } },
    { type: "paused", by: "ann" },
  ],
  [
    { case: "resumed", value: { by: "ann" } },
    { type: "resumed", by: "ann" },
  ],
  [
    { case: "warning", value: { reason: "SIZE" } },
    { type: "warning", reason: "SIZE" },
  ],
  [
    { case: "lateOutcome", value: { outcome: { case: "error", value: "e" }, settlesApprovalId: "set" } },
    { type: "late_outcome", outcome: { kind: "error", message: "e" }, settlesApprovalId: "set" },
  ],
  [
    { case: "error", value: { reason: "TOOL_LOST", retryAt: timestampFromMs(6_000) } },
    { type: "error", reason: "TOOL_LOST", retryAt: new Date(6_000) },
  ],
  [
    { case: "ending", value: { state: RunState.TIMED_OUT } },
    { type: "ending", state: "TIMED_OUT" },
  ],
  [
    { case: "done", value: { outputJson: '{"result":"r","finishReason":"STOP"}' } },
    { type: "done", output: { result: "r", finishReason: "STOP" } },
  ],
  [
    { case: "failed", value: { error: { reason: "MAX_TURNS" } } },
    { type: "failed", error: { reason: "MAX_TURNS" } },
  ],
  [
    { case: "timedOut", value: { error: { reason: "DEADLINE" } } },
    { type: "timed_out", error: { reason: "DEADLINE" } },
  ],
  [
    { case: "cancelled", value: { reason: "r", by: "ann" } },
    { type: "cancelled", reason: "r", by: "ann" },
  ],
  [
    { case: "previewAsked", value: { purpose: 1, number: 2, workerId: "w1", until: timestampFromMs(6_000) } },
    { type: "preview_asked", purpose: "SHOWN", number: 2, workerId: "w1", until: new Date(6_000) },
  ],
  [
    { case: "previewTaken", value: { purpose: 2, status: 2, contentJson: "[1]", fingerprint: "f", drifted: true } },
    { type: "preview_taken", purpose: "CHECKED", status: "SHOWN", contentJson: "[1]", fingerprint: "f", drifted: true },
  ],
  [
    { case: "checkWanted", value: { approvalId: "apr", callId: "t1c1" } },
    { type: "check_wanted", approvalId: "apr", callId: "t1c1" },
  ],
  [
    {
      case: "probing",
      value: {
        toolName: "refund",
        unknownOutcome: { attempt: 1, cause: "LEASE_ENDED", lastHeartbeatAt: timestampFromMs(4_000) },
        until: timestampFromMs(6_000),
      },
    },
    {
      type: "probing",
      toolName: "refund",
      unknownOutcome: { attempt: 1, cause: "LEASE_ENDED", lastHeartbeatAt: new Date(4_000), probe: undefined },
      until: new Date(6_000),
    },
  ],
  [
    {
      case: "probeAnswered",
      value: { attempt: 1, verdict: ProbeVerdict.DID_NOT_HAPPEN, detail: "no such key", runsAgain: true },
    },
    { type: "probe_answered", attempt: 1, verdict: "DID_NOT_HAPPEN", detail: "no such key", runsAgain: true },
  ],
  [
    { case: "delta", value: { turn: 1, attempt: 1, text: "He" } },
    { type: "delta", text: "He" },
  ],
];

describe("an event", () => {
  it.each(cases.map(([message, expected]) => [message.case, message, expected] as const))(
    "%s reads as the contract names it",
    (_, message, expected) => {
      expect(read(message)).toMatchObject({ ...expected, runId: "run_1", sequence: 7, at: new Date(5_000) });
    },
  );

  it("of every kind in the contract is covered here", () => {
    const kinds = EventSchema.oneofs.flatMap(({ fields }) => fields.map(({ localName }) => localName));
    expect(new Set(cases.map(([{ case: kind }]) => kind))).toEqual(new Set(kinds));
  });

  it("of a kind that this version does not know keeps its place", () => {
    expect(runEventOf(create(EventSchema, { sequence: 3n }))).toMatchObject({ type: "unknown", sequence: 3 });
  });

  it("ends a run in four kinds", () => {
    const ends = cases.map(([message]) => read(message)).filter(isTerminal);
    expect(ends.map(({ type }) => type)).toEqual(["done", "failed", "timed_out", "cancelled"]);
  });
});
