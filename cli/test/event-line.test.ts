import type { RunEvent } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { eventLine, outcomeWords, whatHappened } from "../src/event-line.js";

const base = { runId: "run_1", sequence: 7, at: new Date(2026, 10, 24, 21, 30, 1, 123) };

describe("eventLine", () => {
  const result: RunEvent = {
    ...base,
    type: "tool_result",
    callId: "c1",
    toolName: "get_order",
    attempt: 1,
    outcome: { kind: "result", value: {}, json: '{"amount":29.99}' },
    byProbe: false,
    errorReason: "",
  };

  it("has sequence, time, type and what happened", () => {
    expect(eventLine(result, 120)).toBe('   7  21:30:01.123  tool_result        get_order: {"amount":29.99}');
  });

  it("is no longer than the terminal is wide", () => {
    expect([...eventLine(result, 60)]).toHaveLength(60);
  });

  it("stays one line, fit for a terminal, whatever a model writes", () => {
    const replied: RunEvent = {
      ...base,
      type: "model_replied",
      turn: 1,
      attempt: 1,
      text: "one\ntwo\u001b[2J",
      callIds: [],
      usage: { inputTokens: 0, outputTokens: 0 },
      finishReason: "STOP",
    };
    expect(eventLine(replied, 120)).toMatch(/one ⏎ two\\u001b\[2J$/);
  });
});

describe("whatHappened", () => {
  it("tells who decided, and why", () => {
    const decided: RunEvent = {
      ...base,
      type: "decided",
      callId: "c1",
      decision: {
        approvalId: "apr_1",
        decisionId: "dec_1",
        outcome: "REJECTED",
        decidedBy: "ann",
        decidedAt: base.at,
        comment: "too expensive",
        editedArgumentsJson: "",
        onBehalfOf: "",
        ground: undefined,
        previewFingerprint: "",
      },
      childRunId: "",
    };
    expect(whatHappened(decided)).toBe("REJECTED by ann: too expensive");
    const spoken = { ...decided, decision: { ...decided.decision, onBehalfOf: "maria" } };
    expect(whatHappened(spoken as RunEvent)).toBe("REJECTED by ann for maria: too expensive");
  });

  it("tells a standing grant's decision from its maker's own, with the grant and the use", () => {
    const decision = {
      ...{
        approvalId: "apr_1",
        decisionId: "dec_1",
        outcome: "APPROVED" as const,
        decidedBy: "paul",
        decidedAt: base.at,
      },
      ...{ comment: "", editedArgumentsJson: "", onBehalfOf: "", previewFingerprint: "" },
      ground: { grantId: "gra_1", version: "v", use: 3 },
    } as const;
    expect(whatHappened({ ...base, type: "decided", callId: "c1", childRunId: "", decision })).toBe(
      "APPROVED by standing grant gra_1, use 3, which paul made",
    );
  });

  it("tells why a run failed, and when something is tried again", () => {
    const error = { reason: "MODEL_FAILED", message: "No answer." };
    expect(whatHappened({ ...base, type: "failed", error })).toBe("MODEL_FAILED: No answer.");
    expect(whatHappened({ ...base, type: "error", ...error, callId: "", attempt: 1, retryAt: base.at })).toBe(
      "MODEL_FAILED: No answer. Next attempt at 21:30:01.123.",
    );
  });

  it("tells why a call was refused in place of arguments that nobody could read", () => {
    const call = {
      callId: "c1",
      toolName: "x",
      args: {},
      argumentsJson: "",
      argumentsDigest: "",
      refusedArguments: "{",
    };
    expect(
      whatHappened({ ...base, type: "tool_call", ...call, approvalRequired: true, refused: "The text is not JSON." }),
    ).toBe("x was refused: The text is not JSON.");
  });
});

describe("outcomeWords", () => {
  it("tells each way in which a call can end", () => {
    expect(
      (
        [
          { kind: "result", value: 1, json: "1" },
          { kind: "responded", value: 1, json: "1" },
          { kind: "error", message: "boom" },
          { kind: "rejected", reason: "no" },
          { kind: "rejected", reason: "" },
          { kind: "cancelled", reason: "the run ended" },
          { kind: "truncated", digest: "sha256:0", sizeBytes: 9, head: "abc" },
          { kind: "unknown" },
        ] as const
      ).map(outcomeWords),
    ).toEqual([
      "1",
      "a person answered in its place: 1",
      "failed: boom",
      "rejected: no",
      "rejected",
      "cancelled: the run ended",
      "9 bytes, of which is kept: abc",
      "nobody knows what became of it",
    ]);
  });
});
