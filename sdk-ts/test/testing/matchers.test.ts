// The matchers, by Vitest's expect and by Jest's own (the package expect).
import { Agent, tool } from "@agentspan/sdk";
import { MockEvent, mockRun, type TestedRun } from "@agentspan/sdk/testing";
import { type RunMatchers, runMatchers } from "@agentspan/sdk/testing/matchers";
import "@agentspan/sdk/testing/vitest";
// Its types alone: it extends the expect that Jest injects.
import type {} from "@agentspan/sdk/testing/jest";
import { expect as jestExpect } from "expect";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const { toolCall, toolResult, waiting, decided, done } = MockEvent;
const agent = refundAgent(till());
const refunded = mockRun(agent, "Refund ORD-8821", {
  events: [
    toolCall("get_order", ORDER),
    toolResult("get_order", { amount: 29.99 }),
    toolCall("process_refund", REFUND),
    waiting(),
    decided("APPROVED", { by: "maria" }),
    toolResult("process_refund", { refunded: true }),
    done("Refunded $29.99."),
  ],
});
const refused = mockRun(agent, "Refund ORD-8821", {
  events: [toolCall("process_refund", REFUND), waiting(), decided("REJECTED", { reason: "too much" }), done("Sorry.")],
});

/** What holds of the first run, and would not of the second. */
function holdsOf<R>(of: (run: TestedRun) => RunMatchers<R>): R[] {
  return [
    of(refunded).toHaveUsedTool("process_refund", REFUND),
    of(refunded).toHaveUsedToolsInOrder(["get_order", "process_refund"]),
    of(refunded).toHaveUsedExactlyTools(["process_refund", "get_order"]),
    of(refunded).toHaveOutput("Refunded $29.99."),
    of(refunded).toHaveOutputLike("29.99"),
    of(refunded).toHaveOutputLike(/\$\d/),
    of(refunded).toHaveEvent({ type: "tool_call", toolName: "get_order" }),
    of(refunded).toHaveEventsInOrder(["waiting", "decided", "done"]),
    of(refunded).toHaveBeenApproved("process_refund", "maria"),
  ];
}

function holdsOfBoth<R>(of: (run: TestedRun) => RunMatchers<R>): R[] {
  return [refunded, refused].flatMap((run) => [
    of(run).toHaveCompleted(),
    of(run).toHaveStatus("COMPLETED"),
    of(run).toHaveNoErrors(),
    of(run).toHaveOutputOfType("string"),
    of(run).toHaveOutputOfType(z.string()),
    of(run).toHaveTakenAtMostTurns(3),
    of(run).toHavePausedFor("process_refund"),
  ]);
}

describe.each([
  ["Vitest", (run: TestedRun) => expect(run)],
  ["Jest", (run: TestedRun) => jestExpect(run)],
] as const)("with the expect of %s", (_, of) => {
  it("what holds passes", () => {
    holdsOf<void>(of);
    holdsOfBoth<void>(of);
    of(refused).toHaveBeenRejected("process_refund", /much/);
  });

  it("what does not hold fails, with what was expected, what there is instead, and the events", () => {
    const failing = () => of(refused).toHaveUsedTool("process_refund");
    expect(failing).toThrow("Expected process_refund to have been used.");
    expect(failing).toThrow("was rejected by somebody (too much)");
    expect(failing).toThrow(/\n +4 +waiting +t1c1 process_refund: approval\n/);
    expect(() => of(refunded).toHaveFailed("MAX_TURNS")).toThrow(
      "Expected the run to have failed with MAX_TURNS.\nIt is COMPLETED.",
    );
    expect(() => of(refunded).toHaveBeenAnswered()).toThrow("Expected a person to have answered a call.");
    expect(() => of(refunded).toHaveExpired()).toThrow("Expected nobody to have decided a call in time.");
  });

  it("the opposite may be expected, and fails in words of its own", () => {
    of(refused).not.toHaveUsedTool("process_refund");
    of(refunded).not.toHaveFailed();
    expect(() => of(refunded).not.toHaveCompleted()).toThrow(
      "Expected the run not to have completed.\nIt is COMPLETED.",
    );
    expect(() => of(refunded).not.toHaveUsedTool("get_order")).toThrow("Expected get_order not to have been used.");
    expect(() => of(refunded).not.toHaveStatus("COMPLETED")).toThrow("Expected the run not to be COMPLETED.");
  });

  it("what is no run fails in a sentence", () => {
    expect(() => of({} as TestedRun).toHaveCompleted()).toThrow("as mockRun() or a kit gives it");
  });
});

it("the matchers of the runner itself stand for arguments that are not known exactly", () => {
  expect(refunded).toHaveUsedTool("process_refund", expect.objectContaining({ amount: 29.99 }));
  expect(refunded).toHaveUsedTool("process_refund", { order_id: /^ORD-/, amount: (amount: number) => amount < 30 });
  jestExpect(refunded).toHaveUsedTool("process_refund", jestExpect.objectContaining({ amount: 29.99 }));
  expect(refunded).not.toHaveUsedTool("process_refund", expect.objectContaining({ amount: 30 }));
  expect({ run: refunded }).toEqual({ run: expect.toHaveUsedTool("get_order") });
});

it("of a run in which nobody was asked, nobody has approved anything", () => {
  const plain = new Agent({
    name: "plain",
    model: "openai/gpt-4o-mini",
    tools: [tool(() => 1, { name: "count", description: "Counts.", inputSchema: z.object({}) })],
  });
  const run = mockRun(plain, "Count", {
    events: [toolCall("count"), toolResult("count", 1), MockEvent.error("no more")],
  });
  expect(run).toHaveFailed("MODEL_FAILED");
  expect(run).not.toHavePausedFor();
  expect(run).not.toHaveBeenApproved();
  expect(run).not.toHaveNoErrors();
});

it("the entry for Jest extends the expect that Jest injects", async () => {
  const extended: unknown[] = [];
  Object.assign(globalThis, { expect: { extend: (matchers: unknown) => extended.push(matchers) } });
  try {
    await import("@agentspan/sdk/testing/jest");
  } finally {
    Reflect.deleteProperty(globalThis, "expect");
  }
  expect(extended).toEqual([runMatchers]);
});

jestExpect.extend(runMatchers);
