import type { Approval } from "@agentspan/sdk";
import { expect, it } from "vitest";
import { approvalLines, argumentLines, askedOf, commandsFor, countedVotes, knownLines } from "../src/approval-view.js";

function approval(argumentsJson: string, kind: Approval["kind"] = "APPROVAL"): Approval {
  return {
    approvalId: "apr_1",
    kind,
    runId: "run_1",
    callId: "c1",
    agentName: "refund_agent",
    toolName: "process_refund",
    arguments: JSON.parse(argumentsJson),
    argumentsJson,
    argumentsDigest: "sha256:0",
    requestedAt: undefined,
    expiresAt: undefined,
    updatedAt: undefined,
    votesRequired: 1,
    votes: [],
    preview: undefined,
    reason: "",
    unknownOutcome: undefined,
    decision: undefined,
    approvers: undefined,
    escalatedAt: undefined,
    answerSchema: undefined,
    parentRunId: "",
    rootRunId: "",
  };
}

it("shows every argument, in full and as it stands in the text that runs", () => {
  const long = "x".repeat(5_000);
  const text = `{"amount":1e+21,"items":[{"id":"a","n":0.1}],"note":"${long}","zero":0}`;
  expect(argumentLines(approval(text))).toEqual([
    "amount  1e+21",
    'items   [{"id":"a","n":0.1}]',
    `note    "${long}"`,
    "zero    0",
  ]);
});

it("counts votes where several are asked for, and says of a settlement what they are for", () => {
  const votes = [
    {
      at: undefined,
      what: "RUN_AGAIN",
      comment: "",
      previewFingerprint: "",
      who: "zoe",
      onBehalfOf: "",
      edited: false,
    },
  ] as const;
  const open = (kind: Approval["kind"], votesRequired: number) => countedVotes({ kind, votes, votesRequired });
  expect(open("APPROVAL", 2)).toBe("1 of 2 votes");
  expect(open("SETTLEMENT", 2)).toBe("1 of 2 votes to run it again");
  for (const kind of ["APPROVAL", "SETTLEMENT"] as const) expect(open(kind, 1)).toBe("");
});

it("shows what hides itself in an argument", () => {
  expect(argumentLines(approval('{"order_id":"ORD-1\u202e8\u200b\\u001b[2K"}'))).toEqual([
    'order_id  "ORD-1\\u202e8\\u200b\\u001b[2K"',
  ]);
});

it("says whose the arguments are where a person edited them, and what they would do", () => {
  const vote = { at: undefined, what: "APPROVED", comment: "", previewFingerprint: "" } as const;
  const votes = [
    { ...vote, who: "noah", onBehalfOf: "", edited: true },
    { ...vote, who: "bot", onBehalfOf: "maria", edited: true },
    { ...vote, who: "zoe", onBehalfOf: "", edited: false },
  ];
  const open = { ...approval('{"amount":5}'), votes };
  expect(approvalLines(open)).toEqual([
    "amount  5",
    "edited: these arguments are those of maria, and not what the agent asked for",
  ]);
  const preview = { content: undefined, contentJson: "", fingerprint: "", takenAt: undefined, detail: "" };
  const pending = { ...preview, status: "PENDING", previous: undefined, fields: [] } as const;
  expect(approvalLines({ ...open, preview: pending }).at(-1)).toContain("is being looked at");
  expect(approvalLines(approval('{"amount":5}'))).toEqual(["amount  5"]);
});

it("says that there are no arguments", () => {
  expect(argumentLines(approval("{}"))).toEqual(["(no arguments)"]);
});

it("shows an argument by any name", () => {
  expect(argumentLines(approval('{"__proto__":1,"toString":2}'))).toEqual(["__proto__  1", "toString   2"]);
});

it("offers for an unknown outcome the only command that answers it", () => {
  const open = approval("{}", "SETTLEMENT");
  expect(askedOf(open)).toBe("did process_refund happen?");
  expect(commandsFor(open).every((line) => line.includes(" settle run_1 apr_1 --"))).toBe(true);
  expect(commandsFor(approval("{}"))[0]).toMatch(/ approve run_1 apr_1$/);
});

it("shows what is known of an attempt whose outcome nobody knows, its probe's words included", () => {
  expect(knownLines(approval("{}"))).toEqual([]);
  const unknownOutcome = {
    attempt: 2,
    workerId: "worker-1\u202e",
    grantedAt: new Date(2026, 10, 24, 21, 30, 1),
    cause: "LEASE_ENDED",
    idempotencyKey: "run_1-c1",
    lastHeartbeatAt: new Date(2026, 10, 24, 21, 30, 9),
    probe: { verdict: "DID_NOT_HAPPEN", detail: "no such key" },
  } as const;
  const open = approval("{}", "SETTLEMENT");
  const granted = "attempt 2 on worker-1\\u202e, granted 2026-11-24 21:30:01";
  expect(knownLines({ ...open, unknownOutcome })).toEqual([
    `${granted}, last heard of 2026-11-24 21:30:09: LEASE_ENDED`,
    "idempotency key run_1-c1",
    "its probe: DID_NOT_HAPPEN, no such key",
  ]);
  const bare = { ...unknownOutcome, lastHeartbeatAt: undefined, probe: { verdict: "NO_ANSWER", detail: "" } } as const;
  expect(knownLines({ ...open, unknownOutcome: bare })).toEqual([
    `${granted}: LEASE_ENDED`,
    "idempotency key run_1-c1",
    "its probe: NO_ANSWER",
  ]);
  expect(knownLines({ ...open, unknownOutcome: { ...bare, probe: undefined } })).toHaveLength(2);
});

it("says why a call waits and until when one may decide, where that is known", () => {
  const expiresAt = new Date(2026, 10, 24, 21, 30, 1);
  const reason = "The agent's rule could not be applied, so that approval is required: no such key: amuont";
  const open = { ...approval('{"amount":5}'), reason, expiresAt };
  expect(approvalLines(open)).toEqual([
    "amount  5",
    `why it waits: ${reason}`,
    "to be decided until 2026-11-24 21:30:01",
  ]);
});
