import type { Approval } from "@agentspan/sdk";
import { expect, it } from "vitest";
import { argumentLines, askedOf, commandsFor } from "../src/approval-view.js";

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

it("shows what hides itself in an argument", () => {
  expect(argumentLines(approval('{"order_id":"ORD-1\u202e8\u200b\\u001b[2K"}'))).toEqual([
    'order_id  "ORD-1\\u202e8\\u200b\\u001b[2K"',
  ]);
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
