// Which arguments a waiting event shows.
import { describe, expect, it } from "vitest";
import type { Fact, RunEvent } from "../../src/core/index.js";
import { argumentsBefore } from "../../src/encode/approval.js";

function event(sequence: number, fact: Partial<Fact>): RunEvent {
  return { sequence, at: 1_000, by: "orc_1", fact: fact as Fact };
}

const EVENTS: readonly RunEvent[] = [
  event(3, { type: "tool_call", callId: "t1c1", arguments: '{"amount":1}' }),
  event(4, { type: "tool_call", callId: "t1c2", arguments: '{"amount":7}' }),
  event(5, { type: "waiting", callId: "t1c1", approvalId: "apr_1" }),
  event(6, {
    type: "decided",
    callId: "t1c1",
    approvalId: "apr_1",
    edited: { arguments: '{"amount":2}', digest: "sha256:2" },
  }),
  event(8, { type: "waiting", callId: "t1c1", approvalId: "apr_2" }),
];

describe("the arguments that a waiting event shows", () => {
  it("are those of its moment, whatever somebody made of them later", () => {
    expect(argumentsBefore(EVENTS, "t1c1", 5)).toBe('{"amount":1}');
  });

  it("are the edited ones where the call waits again after an edit", () => {
    expect(argumentsBefore(EVENTS, "t1c1", 8)).toBe('{"amount":2}');
  });

  it("are not known where the events do not go back to them", () => {
    expect(argumentsBefore(EVENTS.slice(2), "t1c1", 5)).toBeUndefined();
  });
});
