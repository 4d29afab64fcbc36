import { DecisionOutcome } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { barWords, lengthOf, outcomeWordsOf } from "../src/run/bar-words.js";
import { type Bar, barsOf } from "../src/run/bars.js";
import {
  began,
  called,
  DONE,
  gave,
  type Moment,
  replied,
  STARTED,
  story,
  type Told,
  waits,
  wentWrong,
} from "./run-story.js";

const OK = { case: "resultJson", value: "{}" } as const;

/** "running 4-6!error": what it did, from when until when, and how that was broken off. */
function lines({ stretches }: Bar): readonly string[] {
  return stretches.map(({ doing, from, until, interrupted }) => {
    const end = until === undefined ? "" : String(until / 1_000);
    return `${doing} ${from / 1_000}-${end}${interrupted === undefined ? "" : `!${interrupted}`}`;
  });
}

function drawn(...steps: readonly Moment[]) {
  return barsOf(story(...steps)).map((bar) => ({ label: bar.label, outcome: bar.outcome, does: lines(bar) }));
}

function decided(callId: string, outcome: DecisionOutcome): Told {
  return { case: "decided", value: { callId, decision: { approvalId: `apr_${callId}`, outcome } } };
}

describe("a run as bars", () => {
  it("has turns of the model and calls, each from when it began", () => {
    expect(
      drawn(
        [0, STARTED],
        [2, replied("a", "b")],
        [2, called("a", "get_order")],
        [2, called("b", "get_customer")],
        [3, began("a")],
        [4, began("b")],
        [5, gave("b", OK)],
        [6, gave("a", OK)],
        [7, replied()],
        [7, DONE],
      ),
    ).toEqual([
      { label: "Turn 1", outcome: "ok", does: ["model 0-2"] },
      { label: "get_order", outcome: "ok", does: ["queued 2-3", "running 3-6"] },
      { label: "get_customer", outcome: "ok", does: ["queued 2-4", "running 4-5"] },
      // Only when nothing is left of the turn before.
      { label: "Turn 2", outcome: "ok", does: ["model 6-7"] },
    ]);
  });

  it("tells waiting for a person from running, and from waiting for a worker", () => {
    const [, call] = drawn(
      [0, STARTED],
      [1, replied("a")],
      [1, called("a")],
      [2, waits("a")],
      [60, decided("a", DecisionOutcome.APPROVED)],
      [61, began("a")],
      [65, gave("a", OK)],
    );
    expect(call).toEqual({
      label: "refund",
      outcome: "ok",
      does: ["queued 1-2", "person 2-60", "queued 60-61", "running 61-65"],
    });
  });

  it("goes on where nothing has ended it", () => {
    const [turn, call] = drawn([0, STARTED], [1, replied("a")], [1, called("a")], [2, waits("a")]);
    expect([turn?.outcome, call?.outcome]).toEqual(["ok", undefined]);
    expect(call?.does.at(-1)).toBe("person 2-");
  });

  it.each([
    ["ok", OK],
    ["ok", { case: "truncated", value: { head: "x" } }],
    ["answered", { case: "respondedJson", value: "{}" }],
    ["error", { case: "error", value: "no such order" }],
    ["rejected", { case: "rejected", value: "no" }],
    ["cancelled", { case: "cancelled", value: "the run ended" }],
    ["unknown", undefined],
  ] as const)("says of a call that it is %s", (outcome, value) => {
    const [, call] = drawn([0, STARTED], [1, replied("a")], [1, called("a")], [2, gave("a", value)]);
    expect(call?.outcome).toBe(outcome);
  });

  it("says that the outcome is unknown where people gave up on it", () => {
    const [, call] = drawn(
      [0, STARTED],
      [1, replied("a")],
      [1, called("a")],
      [2, began("a")],
      [4, { case: "probing", value: { callId: "a", toolName: "refund" } }],
      [5, waits("a")],
      [9, decided("a", DecisionOutcome.GIVEN_UP)],
      [9, gave("a", { case: "error", value: "nobody knows" })],
    );
    expect(call?.outcome).toBe("unknown");
    expect(call?.does).toEqual(["queued 1-2", "running 2-4!unknown", "probing 4-5", "person 5-9", "queued 9-9"]);
  });

  it.each([
    ["TOOL_FAILED", "error"],
    ["TOOL_TIMED_OUT", "error"],
    ["TOOL_RELEASED", "released"],
    ["TOOL_NOT_STARTED", "released"],
    ["TOOL_LOST", "unknown"],
    ["TOOL_DISOWNED", "unknown"],
  ])("marks an attempt that ended with %s as %s, and goes on with the next", (reason, how) => {
    const [, call] = drawn(
      [0, STARTED],
      [1, replied("a")],
      [1, called("a")],
      [2, began("a")],
      [3, wentWrong("a", reason)],
      [5, began("a")],
      [6, gave("a", OK)],
    );
    expect(call?.does).toEqual(["queued 1-2", `running 2-3!${how}`, "queued 3-5", "running 5-6"]);
  });

  it("asks the model again when the time for it has come", () => {
    const [turn] = drawn([0, STARTED], [1, wentWrong("", "MODEL_FAILED", 3)], [4, replied()], [4, DONE]);
    expect(turn).toEqual({ label: "Turn 1", outcome: "ok", does: ["model 0-1!error", "queued 1-3", "model 3-4"] });
  });

  it("ends a turn that failed before its next attempt began", () => {
    const failed: Told = { case: "failed", value: { error: { reason: "MODEL_FAILED", message: "no" } } };
    const [turn] = drawn([0, STARTED], [1, wentWrong("", "MODEL_FAILED", 3)], [2, failed]);
    expect(turn).toEqual({ label: "Turn 1", outcome: "error", does: ["model 0-1!error", "queued 1-3"] });
  });

  it("has a bar for a pause, during which no turn begins", () => {
    const bars = drawn(
      [0, STARTED],
      [1, replied("a")],
      [1, called("a")],
      [2, began("a")],
      [3, { case: "paused", value: { by: "maria" } }],
      [4, gave("a", OK)],
      [9, { case: "resumed", value: { by: "maria" } }],
    );
    expect(bars.slice(2)).toEqual([
      { label: "Paused", outcome: "ok", does: ["paused 3-9"] },
      { label: "Turn 2", outcome: undefined, does: ["model 9-"] },
    ]);
  });

  it("asks nobody once the run is over: what has no length was never begun", () => {
    const over: Told = { case: "failed", value: { error: { reason: "MAX_TURNS", message: "enough" } } };
    const bars = drawn([0, STARTED], [1, replied("a")], [1, called("a")], [2, gave("a", OK)], [2, over]);
    expect(bars.map(({ label }) => label)).toEqual(["Turn 1", "refund"]);
  });

  it("waits for people where a run that it started does", () => {
    const child = { callId: "a", childRunId: "run_2" };
    const [, call] = drawn(
      [0, STARTED],
      [1, replied("a")],
      [1, called("a")],
      [2, { case: "childStarted", value: child }],
      [3, { case: "waiting", value: { ...child, approval: { approvalId: "apr_1", runId: "run_2", callId: "z" } } }],
      [3, { case: "childReported", value: { ...child, waiting: true } }],
      [7, { case: "decided", value: { ...child, decision: { approvalId: "apr_1" } } }],
      [9, gave("a", OK)],
    );
    expect(call?.does).toEqual(["queued 1-2", "running 2-3", "person 3-7", "running 7-9"]);
  });

  it("leads to the reply of a turn, and to the call", () => {
    const bars = barsOf(story([0, STARTED], [1, replied("a")], [1, called("a")], [2, gave("a", OK)]));
    expect(bars.map(({ sequence, leadsTo }) => [sequence, leadsTo])).toEqual([
      [1n, 2n],
      [3n, 3n],
      // Nothing has been replied yet.
      [4n, 4n],
    ]);
  });

  it("says in words what it shows", () => {
    const [, call] = barsOf(
      story(
        [0, STARTED],
        [1, replied("a")],
        [1, called("a")],
        [1, waits("a")],
        [181, decided("a", DecisionOutcome.APPROVED)],
        [181, began("a")],
        [182, wentWrong("a", "TOOL_RELEASED")],
        [182, began("a")],
      ),
    );
    if (call === undefined) throw new Error("There is no call.");
    expect(barWords(call, 183_200)).toBe(
      "waited for people for 3 minutes, ran for 2.2 s; 1 attempt handed back by its worker",
    );
    expect(outcomeWordsOf(call)).toBe("runs");
    expect(lengthOf(call, 183_200)).toBe(182_200);
  });
});
