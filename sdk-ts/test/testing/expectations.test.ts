// What must not hold: of what is no run, of names that there are not, and of the half of what happened.
import { Agent, agentTool } from "@agentspan/sdk";
import {
  type EventPattern,
  expectRun,
  MockEvent,
  mockRun,
  type OutputType,
  type TestedRun,
} from "@agentspan/sdk/testing";
import "@agentspan/sdk/testing/vitest";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const { toolCall, toolResult, toolError, waiting, decided, done } = MockEvent;
const agent = refundAgent(till());
const refunded = mockRun(agent, "Refund", {
  events: [
    toolCall("process_refund", REFUND),
    toolCall("get_order", ORDER),
    toolResult("get_order", { amount: 29.99 }),
    waiting(),
    decided("APPROVED", { by: "maria" }),
    toolResult("process_refund", { refunded: true }),
    done("Refunded."),
  ],
});
const waits = mockRun(agent, "Refund", { events: [toolCall("process_refund", REFUND), waiting()] });

describe("what is no run", () => {
  const notRuns: readonly (readonly [string, unknown, string])[] = [
    ["a promise", Promise.resolve(refunded), "a promise: did you forget await?"],
    ["a kit's run", { soFar: () => refunded }, "a KitRun, which may go on: use await run.result()"],
    ["a handle", { getStatus: () => undefined }, "a handle: use await kit.tested(handle.runId)."],
    ["nothing", undefined, "got undefined."],
    ["an object", { events: [], calls: [] }, "got something else."],
  ];

  it.each(notRuns)("is refused, and its opposite too: %s", (_, notRun, why) => {
    expect(() => expect(notRun).not.toHaveUsedTool("process_refund")).toThrow(why);
    expect(() => expect(notRun).toHaveUsedTool("process_refund")).toThrow(why);
    expect(() => expect(notRun).not.toHavePausedFor()).toThrow(why);
    expect(() => expectRun(notRun as TestedRun)).toThrow(why);
  });
});

describe("arguments", () => {
  class Money {
    constructor(readonly amount = 29.99) {}
  }

  it.each([
    ["a set", new Set([1])],
    ["a map", new Map([[1, 2]])],
    ["a promise", Promise.resolve(REFUND)],
    ["an error", new Error("no")],
    ["an object of a class", new Money()],
    ["a big number", 1n],
    ["one of these within", { ...REFUND, amount: new Money() }],
  ])("that no run can have are refused, and do not match everything: %s", (_, args) => {
    expect(() => expectRun(refunded).usedTool("process_refund", args)).toThrow("runs hold plain values and dates only");
    expect(() => expect(refunded).not.toHaveUsedTool("process_refund", args)).toThrow("runs hold plain values");
  });

  it("that contain themselves are refused", () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    expect(() => expectRun(refunded).usedTool("process_refund", circle)).toThrow("contains itself");
  });

  it("are compared whole, and a part of them is not their opposite", () => {
    expect(refunded).not.toHaveUsedTool("process_refund", { ...REFUND, amount: 30 });
    expect(() => expect(refunded).not.toHaveUsedTool("process_refund", { amount: 29.99 })).toThrow(
      'Expected process_refund not to have been used with {"amount":29.99}.\nIt was used with these and more',
    );
    expect(() => expectRun(refunded).usedTool("process_refund", { amount: 29.99 })).toThrow(
      "arguments are compared whole",
    );
  });

  it("that are undefined are a mistake, not any", () => {
    expect(() => expectRun(refunded).usedTool("process_refund", undefined)).toThrow(
      "Leave them out where any will do.",
    );
    expect(() => expect(refunded).not.toHaveUsedTool("process_refund", undefined)).toThrow("Leave them out");
  });

  it("may fit a schema, and a function must say true or false", () => {
    expect(refunded).toHaveUsedTool("process_refund", z.object({ order_id: z.string(), amount: z.number().max(30) }));
    expect(refunded).not.toHaveUsedTool("process_refund", z.object({ order_id: z.number() }));
    expect(() => expect(refunded).not.toHaveUsedTool("process_refund", async () => true)).toThrow("gave a promise");
    expect(() => expect(refunded).not.toHaveUsedTool("process_refund", () => "yes")).toThrow('this one gave "yes"');
  });

  it("are told as they are written, and the runner's own matchers with what they contain", () => {
    const wrong = { order_id: /^X/, amount: expect.objectContaining({ amount: 6 }) };
    expect(() => expectRun(refunded).usedTool("process_refund", wrong)).toThrow(
      'with {"order_id":/^X/,"amount":ObjectContaining {"amount":6}}.',
    );
    expect(() => expectRun(refunded).usedTool("process_refund", { order_id: z.string(), amount: 1 })).toThrow(
      'with {"order_id":(a schema),"amount":1}.',
    );
  });
});

it("dates of events are compared by their time", () => {
  const at = refunded.events.map((event) => ("at" in event ? event.at : undefined))[0];
  expectRun(refunded).eventsContain({ type: "run_started", at: new Date(at ?? 0) });
  expect(refunded).not.toHaveEvent({ type: "run_started", at: new Date("1999-01-01") });
});

it("a pattern with the flag g says the same each time", () => {
  const pattern = /ORD/g;
  for (let time = 0; time < 3; time += 1) {
    expect(refunded).toHaveUsedTool("process_refund", { ...REFUND, order_id: pattern });
    expect(refunded).toHaveOutputLike(/Refunded/g);
  }
});

it("a run without an answer has no output that could be anything", () => {
  const any = (type: unknown) => () => expectRun(waits).outputType(type as OutputType);
  expect(() => expectRun(waits).output(undefined)).toThrow("There is no output: the run is WAITING.");
  expect(() => expectRun(waits).outputMatches(/.*/)).toThrow("There is no output");
  expect(any(() => true)).toThrow("There is no output");
  expect(any(z.undefined())).toThrow("There is no output");
});

describe("what there is not", () => {
  it("is refused in the opposite as well", () => {
    const names: readonly (() => unknown)[] = [
      () => expect(refunded).not.toHaveUsedTool("process_refnd"),
      () => expect(refunded).not.toHaveBeenApproved("process_refnd"),
      () => expect(refunded).not.toHavePausedFor("process_refnd"),
      () => expect(refunded).not.toHaveUsedToolsInOrder(["process_refnd"]),
      () => expect(refunded).not.toHaveUsedToolTimes("process_refnd", 1),
    ];
    for (const name of names)
      expect(name).toThrow("The agent refund_agent has no tool process_refnd; it has get_order,");
    expect(() => expect(refunded).not.toHaveStatus("FAILD" as "FAILED")).toThrow('There is no state of a run "FAILD"');
    expect(() => expect(refunded).not.toHaveEvent("wating" as "waiting")).toThrow('There is no type of event "wating"');
    expect(() => expect(refunded).not.toHaveOutputOfType("strng" as "string")).toThrow('no type of output "strng"');
    expect(() => expect(refunded).not.toHaveOutputOfType((async () => false) as unknown as OutputType)).toThrow(
      "gave a promise",
    );
    expect(() => expect(refunded).not.toHaveEvent({ type: "waiting", toolname: "x" })).toThrow(
      "An event of type waiting has no field toolname; it has ",
    );
    expect(() => expectRun(refunded).eventsContain({} as EventPattern)).toThrow("There is no type of event undefined");
    const list = "get_order" as unknown as string[];
    expect(() => expectRun(refunded).toolCallOrder(list)).toThrow('are given as a list, not as "get_order".');
  });

  it("may be what the model called all the same, and was told so", () => {
    const known = {
      ...refunded,
      calls: [{ ...(refunded.calls[0] as TestedRun["calls"][number]), toolName: "odd", used: false }],
    };
    expectRun(known).didNotUseTool("odd");
  });
});

it("how often a tool was used, and whether it failed, is told apart from whether it was used", () => {
  const events = [
    ...[toolCall("get_order", ORDER), toolResult("get_order", 1)],
    ...[toolCall("get_order", ORDER), toolError("get_order", "The shop is closed."), done("Sorry.")],
  ];
  const run = mockRun(agent, "Look", { events });
  expectRun(run).usedTimes("get_order", 2).toolFailed("get_order").usedTimes("process_refund", 0);
  expect(run).toHaveUsedToolTimes("get_order", 2);
  expect(run).toHaveFailedTool("get_order");
  expect(run).not.toHaveFailedTool("process_refund");
  expect(() => expectRun(run).noErrors()).toThrow("It has tool_result (event 9).");
  expect(() => expectRun(run).usedTimes("get_order", 1)).toThrow("It was used 2 times.");
});

it("tools are in the order in which they began, and not in that in which they were called", () => {
  expectRun(refunded).toolCallOrder(["get_order", "process_refund"]);
  expect(refunded).not.toHaveUsedToolsInOrder(["process_refund", "get_order"]);
  const question = mockRun(agent, "Ask", {
    events: [
      ...[toolCall("ask_customer", { question: "Size?" }), toolCall("get_order", ORDER), toolResult("get_order")],
      ...[waiting(), decided("RESPONDED", { content: { size: "M" } }), done("M.")],
    ],
  });
  expectRun(question).toolCallOrder(["get_order", "ask_customer"]);
});

it("tools of agents that no run was started of were not used", () => {
  const desk = new Agent({ name: "desk", model: "a/b", tools: [agentTool(agent, { description: "Refunds." })] });
  const run = mockRun(desk, "Hello", { events: [done("Hello.")] });
  expectRun(run).didNotUseTool("process_refund");
  expect(run).not.toHavePausedFor();
});
