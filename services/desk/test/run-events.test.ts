import { type Event, EventSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filteredEvents } from "../src/run/event-filters.js";
import { eventLinks } from "../src/run/event-links.js";
import { inOrder, NO_EVENTS, withEvents } from "../src/run/run-events.js";
import { tokensOf } from "../src/run/turn-tokens.js";
import { filtersIn, searchOf, statesOf } from "../src/runs/run-filters.js";
import { called, DONE, gave, type Moment, replied, STARTED, story, waits, wentWrong } from "./run-story.js";

function events(...sequences: readonly number[]): Event[] {
  return sequences.map((sequence) => create(EventSchema, { sequence: BigInt(sequence) }));
}

async function* stream(...sequences: readonly number[]) {
  for (const event of events(...sequences)) yield { event };
}

const numbers = (all: readonly Event[]): number[] => all.map(({ sequence }) => Number(sequence));

describe("the events of a run", () => {
  it("are each there once and in order, in whatever pieces and however often they are told", () => {
    const pieces = fc.array(fc.tuple(fc.nat(20), fc.nat(20)), { maxLength: 20 });
    fc.assert(
      fc.property(pieces, (told) => {
        let known = NO_EVENTS;
        for (const [from, length] of told)
          known = withEvents(known, events(...Array.from({ length }, (_, at) => from + at)));
        expect(numbers(known.events)).toEqual(Array.from({ length: Number(known.last) }, (_, at) => at + 1));
      }),
    );
  });

  it("stay the same where nothing is new, so that nothing is drawn again", () => {
    const known = withEvents(NO_EVENTS, events(1, 2));
    expect(withEvents(known, events(1, 2))).toBe(known);
  });

  it("have an end, after which what was settled may still come", () => {
    const known = withEvents(NO_EVENTS, story([0, STARTED], [1, DONE]));
    expect(known.hasEnded).toBe(true);
    expect(withEvents(known, events(3))).toMatchObject({ hasEnded: true, last: 3n });
  });

  it("come from a stream without what was known, and without pieces that are not stored", async () => {
    const seen: Event[] = [];
    for await (const event of inOrder(stream(2, 0, 3, 3, 4), 2n)) seen.push(event);
    expect(numbers(seen)).toEqual([3, 4]);
  });

  it("are asked for again at a gap", async () => {
    const seen: Event[] = [];
    const read = async () => {
      for await (const event of inOrder(stream(1, 2, 5), 0n)) seen.push(event);
    };
    await expect(read()).rejects.toThrow("Event 5 came after event 2");
    expect(numbers(seen)).toEqual([1, 2]);
  });
});

describe("what is looked at of them", () => {
  const all = story(
    [0, STARTED],
    [1, wentWrong("", "MODEL_FAILED")],
    [2, replied("a")],
    [2, called("a")],
    [3, waits("a")],
    [4, gave("a", { case: "error", value: "no" })],
  );

  it.each([
    ["all", [1, 2, 3, 4, 5, 6]],
    ["people", [1, 5]],
    ["calls", [4, 6]],
    ["model", [2, 3]],
    ["trouble", [2, 6]],
  ] as const)("is %s", (filter, expected) => {
    expect(numbers(filteredEvents(all, filter))).toEqual(expected);
  });
});

describe("where an event leads", () => {
  const linksOf = (...steps: readonly Moment[]) =>
    story(...steps).map((event) => eventLinks(event).map(({ href }) => href));

  it("is its approval, also of a run below it, and that run", () => {
    const child = { callId: "a", childRunId: "run_2" };
    expect(
      linksOf(
        [0, STARTED],
        [1, waits("a")],
        [2, { case: "decided", value: { callId: "a", decision: { approvalId: "apr_a" } } }],
        [3, { case: "childStarted", value: child }],
        [4, { case: "waiting", value: { ...child, approval: { approvalId: "apr_z", runId: "run_3" } } }],
        [5, { case: "voted", value: { callId: "a", approvalId: "apr/a" } }],
      ),
    ).toEqual([
      [],
      ["/approvals/run_1/apr_a"],
      ["/approvals/run_1/apr_a"],
      ["/runs/run_2"],
      ["/approvals/run_3/apr_z", "/runs/run_2"],
      ["/approvals/run_1/apr%2Fa"],
    ]);
  });
});

describe("tokens", () => {
  it("are told for each reply, and in sum", () => {
    const { turns, sum } = tokensOf(story([0, STARTED], [1, replied("a")], [2, called("a")], [3, replied()]));
    expect(turns.map(({ input, output, untilThen }) => [input, output, untilThen])).toEqual([
      [10n, 5n, 15n],
      [10n, 5n, 30n],
    ]);
    expect(sum).toEqual({ input: 20n, output: 10n });
  });
});

describe("which runs are listed", () => {
  it("stands in the address, and comes back from it", () => {
    const filters = { agent: "shop", state: "open" } as const;
    expect(String(searchOf(filters))).toBe("agent=shop&state=open");
    expect(filtersIn(searchOf(filters))).toEqual(filters);
    expect(String(searchOf({ agent: "", state: "" }))).toBe("");
  });

  it("is every state where the address names none that there is", () => {
    expect(filtersIn(new URLSearchParams("state=toString")).state).toBe("");
    expect(statesOf("")).toEqual([]);
    expect(statesOf("failed")).toHaveLength(2);
  });
});
