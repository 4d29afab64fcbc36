// What a newcomer reads when an agent is wrong: it skips the approval, takes the wrong order, or the wrong arguments.
import { Agent, tool } from "@agentspan/sdk";
import { approve, calls, expectRun, memoryKit, says, type TestedRun } from "@agentspan/sdk/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

/** A refund that nobody is asked about: somebody forgot `approvalRequired`. */
const hasty = new Agent({
  name: "refund_agent",
  model: "openai/gpt-4o-mini",
  tools: [
    tool((refund) => ({ refunded: true, ...refund }), {
      name: "process_refund",
      description: "Issue a refund.",
      inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
    }),
  ],
});

/** What an expectation says of a run, without the run's id. */
function words(run: TestedRun, expectation: (run: TestedRun) => unknown): string {
  try {
    expectation(run);
  } catch (error) {
    if (error instanceof Error) return error.message.replaceAll(run.runId, "run_1");
    throw error;
  }
  throw new Error("It held.");
}

async function runOf(
  agent: Agent,
  ...model: Parameters<typeof memoryKit>[0]["model"] & readonly unknown[]
): Promise<TestedRun> {
  const kit = await memoryKit({ model, decisions: { process_refund: () => approve() } });
  const run = await kit.run(agent, "Refund order ORD-8821");
  await kit.stop();
  return run;
}

describe("a wrong agent is told in words that say what to look at:", () => {
  it("one that skips the approval", async () => {
    const run = await runOf(hasty, calls("process_refund", REFUND), says("Refunded."));
    expect(words(run, (of) => expectRun(of).completed().paused("process_refund"))).toBe(
      `Expected the run to have waited for a person to decide process_refund.
process_refund was called with {"amount":29.99,"order_id":"ORD-8821"}, ran: {"refunded":true,"order_id":"ORD-8821","amount":29.99}.

The run run_1 of refund_agent is COMPLETED. What happened in it:
    1  run_started        "Refund order ORD-8821"
    2  model_replied      calls t1c1
    3  tool_call          t1c1 process_refund {"amount":29.99,"order_id":"ORD-8821"}
    4  tool_started       t1c1 process_refund
    5  tool_result        t1c1 process_refund {"refunded":true,"order_id":"ORD-8821","amount":29.99}
    6  model_replied      "Refunded."
    7  done               "Refunded."`,
    );
  });

  it("one that refunds before it has looked at the order", async () => {
    const run = await runOf(
      refundAgent(till()),
      calls("process_refund", REFUND),
      calls("get_order", ORDER),
      says("Done."),
    );
    expect(words(run, (of) => expectRun(of).toolCallOrder(["get_order", "process_refund"]))).toBe(
      `Expected tools to have been used in the order get_order, process_refund.
They were used in the order process_refund, get_order.

The run run_1 of refund_agent is COMPLETED. What happened in it:
    1  run_started        "Refund order ORD-8821"
    2  model_replied      calls t1c1
    3  tool_call          t1c1 process_refund {"amount":29.99,"order_id":"ORD-8821"} (needs approval)
    4  waiting            t1c1 process_refund: approval
    5  decided            t1c1 approved by anonymous
    6  tool_started       t1c1 process_refund
    7  tool_result        t1c1 process_refund {"refunded":true,"order_id":"ORD-8821","amount":29.99}
    8  model_replied      calls t2c1
    9  tool_call          t2c1 get_order {"order_id":"ORD-8821"}
   10  tool_started       t2c1 get_order
   11  tool_result        t2c1 get_order {"order_id":"ORD-8821","amount":29.99,"status":"delivered"}
   12  model_replied      "Done."
   13  done               "Done."`,
    );
  });

  it("one that refunds another amount, or one that the tool does not take", async () => {
    const run = await runOf(
      refundAgent(till()),
      calls("process_refund", { order_id: "ORD-8821" }),
      calls("process_refund", { ...REFUND, amount: 2999 }),
      says("Refunded."),
    );
    const [expected, instead] = words(run, (of) => expectRun(of).usedTool("process_refund", REFUND)).split("\n");
    expect(expected).toBe('Expected process_refund to have been used with {"order_id":"ORD-8821","amount":29.99}.');
    expect(instead).toBe(
      `process_refund was called with {} and refused: The arguments do not fit the tool's schema: must have required property 'amount'. process_refund was called with {"amount":2999,"order_id":"ORD-8821"}, waited for a person, was approved by anonymous, ran: {"refunded":true,"order_id":"ORD-8821","amount":2999}.`,
    );
    expect(words(run, (of) => expectRun(of).noErrors())).toContain(
      "It has tool_call (event 3), tool_result (event 4).",
    );
  });

  it("one that answers at once, and one that does too much", async () => {
    const lazy = await runOf(refundAgent(till()), says("It is refunded."));
    expect(words(lazy, (of) => expectRun(of).usedTool("process_refund"))).toBe(
      `Expected process_refund to have been used.
The model called no tool at all.

The run run_1 of refund_agent is COMPLETED. What happened in it:
    1  run_started        "Refund order ORD-8821"
    2  model_replied      "It is refunded."
    3  done               "It is refunded."`,
    );
    const busy = await runOf(
      refundAgent(till()),
      calls("get_order", ORDER).and("process_refund", REFUND),
      says("Done."),
    );
    const [, instead] = words(busy, (of) => expectRun(of).toolsUsedExactly(["get_order"])).split("\n");
    expect(instead).toBe("process_refund was used as well.");
    expect(words(busy, (of) => expectRun(of).didNotUseTool("get_order"))).toMatch(
      /^Expected get_order not to have been used\.\nget_order was called with \{"order_id":"ORD-8821"\}, ran: /,
    );
  });
});

describe("every expectation", () => {
  it("says what was expected, what there is instead, and what happened", async () => {
    const run = await runOf(refundAgent(till()), calls("get_order", ORDER), says("Delivered."));
    const firstLines = (expectation: (of: TestedRun) => unknown) => words(run, expectation).split("\n\n")[0];
    expect(firstLines((of) => expectRun(of).failed("MAX_TURNS"))).toBe(
      "Expected the run to have failed with MAX_TURNS.\nIt is COMPLETED.",
    );
    expect(firstLines((of) => expectRun(of).status("WAITING"))).toBe(
      "Expected the run to be WAITING.\nIt is COMPLETED.",
    );
    expect(firstLines((of) => expectRun(of).output("Lost."))).toBe(
      'Expected the output to be "Lost.".\nIt is "Delivered.".',
    );
    expect(firstLines((of) => expectRun(of).outputContains("Lost"))).toBe(
      'Expected the output to contain "Lost".\nIt is "Delivered.".',
    );
    expect(firstLines((of) => expectRun(of).outputMatches(/Lost/))).toBe(
      'Expected the output to match /Lost/.\nIt is "Delivered.".',
    );
    expect(firstLines((of) => expectRun(of).outputType("object"))).toBe(
      'Expected the output to be of type object.\nIt is of type string. It is "Delivered.".',
    );
    expect(firstLines((of) => expectRun(of).outputType(z.number()))).toMatch(
      /^Expected the output to fit the schema\.\nIt is "Delivered\."\. The schema says: /,
    );
    expect(firstLines((of) => expectRun(of).maxTurns(1))).toBe(
      "Expected the model to have been asked at most once.\nIt replied 2 times.",
    );
    expect(firstLines((of) => expectRun(of).eventsContain("waiting"))).toMatch(
      /^Expected the events to contain "waiting"\.\nThey are run_started, /,
    );
    expect(firstLines((of) => expectRun(of).eventSequence(["done", "tool_call"]))).toMatch(
      /^Expected the events to come in the order "done", "tool_call"\.\nThey came in the order run_started, /,
    );
    expect(firstLines((of) => expectRun(of).approved("process_refund", "maria"))).toBe(
      "Expected maria to have approved process_refund.\nThe model called get_order only.",
    );
    expect(firstLines((of) => expectRun(of).rejected())).toMatch(
      /^Expected a person to have rejected a call\.\nget_order was called with/,
    );
    expect(firstLines((of) => expectRun(of).expired("get_order"))).toMatch(
      /^Expected nobody to have decided get_order in time\./,
    );
  });
});
