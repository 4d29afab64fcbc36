// Made-up runs: what the server's core makes of them, and what it refuses.
import { Agent, agentTool, humanTool, tool } from "@agentspan/sdk";
import {
  approve,
  calls,
  expectRun,
  MockEvent,
  memoryKit,
  mockRun,
  normalisedHistory,
  says,
  type TestedRun,
} from "@agentspan/sdk/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const {
  toolCall,
  toolResult,
  waiting,
  decided,
  done,
  error,
  thinking,
  message,
  handoff,
  guardrailPass,
  guardrailFail,
} = MockEvent;
const agent = refundAgent(till());

function mock(...events: readonly MockEvent[]): TestedRun {
  return mockRun(agent, "Refund order ORD-8821", { events });
}

describe("a made-up run", () => {
  it("passes the page's example as it stands", () => {
    const result = mock(
      toolCall("get_order", ORDER),
      toolResult("get_order", { amount: 29.99 }),
      toolCall("process_refund", REFUND),
      waiting("Waiting for refund approval"),
      done("Refund of $29.99 for order ORD-8821 has been processed."),
    );
    expectRun(result).completed().usedTool("process_refund");
  });

  it("calls no tool", () => {
    const of = till();
    mockRun(refundAgent(of), "Refund", {
      events: [toolCall("get_order", ORDER), toolResult("get_order", 1), done("x")],
    });
    expect(of.lookups).toBe(0);
  });

  it("has the history that a kit's run has", async () => {
    const kit = await memoryKit({
      model: [calls("get_order", ORDER), calls("process_refund", REFUND), says("Refunded.")],
      decisions: { process_refund: approve({ comment: "fine" }) },
    });
    const { events } = await kit.run(agent, "Refund order ORD-8821");
    await kit.stop();
    const played = mock(
      toolCall("get_order", ORDER),
      toolResult("get_order", { order_id: "ORD-8821", amount: 29.99, status: "delivered" }),
      toolCall("process_refund", REFUND),
      decided("APPROVED", { by: "anonymous", reason: "fine" }),
      toolResult("process_refund", { refunded: true, ...REFUND }),
      done("Refunded."),
    );
    expect(normalisedHistory(played.events)).toEqual(normalisedHistory(events));
  });

  it("waits for as long as nobody decides", () => {
    const result = mock(toolCall("process_refund", REFUND), waiting());
    expectRun(result).status("WAITING").paused("process_refund").didNotUseTool("process_refund");
    expect(result).toMatchObject({ isWaiting: true, isSuccess: false, output: {} });
  });

  it("goes on after a rejection, an answer, and other arguments", () => {
    const rejected = mock(
      toolCall("process_refund", REFUND),
      waiting(),
      decided("REJECTED", { reason: "no" }),
      done("Sorry."),
    );
    expectRun(rejected).completed().rejected("process_refund", "no").didNotUseTool("process_refund");
    const answered = mock(
      toolCall("process_refund", REFUND),
      decided("RESPONDED", { content: { paid: true } }),
      done("Paid."),
    );
    expectRun(answered).completed().answered("process_refund").didNotUseTool("process_refund");
    const edited = mock(
      toolCall("process_refund", REFUND),
      decided("APPROVED", { by: "maria", args: { ...REFUND, amount: 10 } }),
      toolResult("process_refund"),
      done("Half."),
    );
    expectRun(edited)
      .approved("process_refund", "maria")
      .usedTool("process_refund", { ...REFUND, amount: 10 });
  });

  it("knows what ran where a vote edited it", () => {
    const inputSchema = z.object({ amount: z.number() });
    const pay = tool(() => 1, { name: "pay", description: "Pays.", inputSchema, approval: { votes: 2 } });
    const run = mockRun(new Agent({ name: "payer", model: "a/b", tools: [pay] }), "Pay", {
      events: [
        toolCall("pay", { amount: 500 }),
        decided("APPROVED", { by: "tom", args: { amount: 5 } }),
        decided("APPROVED", { by: "maria" }),
        toolResult("pay", 1),
      ],
    });
    expectRun(run).usedTool("pay", { amount: 5 });
    expect(run.calls.map(({ args, askedArgs }) => [args, askedArgs])).toEqual([[{ amount: 5 }, { amount: 500 }]]);
  });

  it("takes calls that follow one another as one reply, and several pauses one by one", () => {
    const result = mock(
      toolCall("process_refund", REFUND),
      toolCall("process_refund", { ...REFUND, amount: 1 }),
      toolCall("get_order", ORDER),
      waiting(),
      decided(),
      decided("REJECTED", { reason: "once is enough" }),
      toolResult("get_order", {}),
      toolResult("process_refund", {}),
      done("Done."),
    );
    expectRun(result).completed().maxTurns(2).approved().rejected().usedTool("process_refund", REFUND);
    expect(result.calls.map(({ used }) => used)).toEqual([true, false, true]);
  });

  it("has questions, which people answer, and runs in runs", () => {
    const asked = mock(
      toolCall("ask_customer", { question: "Size?" }),
      waiting(),
      decided("RESPONDED", { content: { size: "M" } }),
      done("M."),
    );
    expectRun(asked).completed().answered("ask_customer").usedTool("ask_customer");
    const desk = new Agent({ name: "desk", model: "a/b", tools: [agentTool(agent, { description: "Refunds." })] });
    const events = [
      toolCall("refund_agent", { input: "Refund" }),
      toolResult("refund_agent", "Refunded."),
      done("Done."),
    ];
    expectRun(mockRun(desk, "Hi", { events }))
      .completed()
      .usedTool("refund_agent");
  });

  it("fails where the model does, or takes more turns than it has", () => {
    expectRun(mock(toolCall("get_order", ORDER), toolResult("get_order"), error("overloaded"))).failed("MODEL_FAILED");
    const short = new Agent({ name: "short", model: "a/b", tools: agent.tools, maxTurns: 1 });
    expectRun(mockRun(short, "Hi", { events: [toolCall("get_order", ORDER), toolResult("get_order")] })).failed(
      "MAX_TURNS",
    );
  });

  it("keeps the answer that the agent's output schema wants", () => {
    const typed = new Agent({ name: "typed", model: "a/b", outputSchema: z.object({ refunded: z.boolean() }) });
    const result = mockRun(typed, "Hi", { events: [done({ refunded: true })] });
    expectRun(result)
      .output({ refunded: true })
      .outputType("object")
      .outputType(z.object({ refunded: z.boolean() }));
    expect(() => mockRun(typed, "Hi", { events: [done("Yes.")] })).toThrow(
      /no answer that the agent's output schema allows/,
    );
  });

  it("keeps what the kit alone knows where it was said, marked so", () => {
    const result = mock(
      thinking("An order first."),
      toolCall("get_order", ORDER),
      message("Looking."),
      toolResult("get_order"),
      handoff("closer"),
      guardrailPass("tone"),
      guardrailFail("length", "too long"),
      done("Done."),
    );
    const own = result.events.filter((event) => "kitOnly" in event);
    expect(own.map(({ type }) => type)).toEqual(["thinking", "message", "handoff", "guardrail_pass", "guardrail_fail"]);
    expectRun(result)
      .completed()
      .eventSequence(["run_started", "thinking", "tool_result", { type: "handoff", agentName: "closer" }, "done"])
      .eventsContain({ type: "guardrail_fail", reason: "too long" });
  });

  it("holds the agent to its policy: who may approve, how many, and by what rule", () => {
    const pay = tool(() => 1, {
      name: "pay",
      description: "Pays.",
      inputSchema: z.object({ amount: z.number() }),
      approval: { rule: "args.amount > 100", approvers: { users: ["maria", "tom"] }, votes: 2 },
    });
    const payer = new Agent({ name: "payer", model: "a/b", tools: [pay] });
    const play = (...events: readonly MockEvent[]) => mockRun(payer, "Pay", { events });
    expectRun(play(toolCall("pay", { amount: 5 }), toolResult("pay"), done("Paid.")))
      .completed()
      .usedTool("pay");
    const large = toolCall("pay", { amount: 500 });
    expect(() => play(large, decided("APPROVED", { by: "eve" }))).toThrow(/is refused: PERMISSION_DENIED/);
    expect(() => play(large, decided("APPROVED", { by: "maria" }), toolResult("pay"))).toThrow(
      /needs a person's approval/,
    );
    const both = [decided("APPROVED", { by: "maria" }), decided("APPROVED", { by: "tom" })];
    expectRun(play(large, ...both, toolResult("pay"), done("Paid.")))
      .completed()
      .approved("pay", "tom");
    expect(() => play(large, waiting(), done("Paid."))).toThrow(/Say who decides, with MockEvent.decided\(\)/);
  });
});

/** The first line of what is thrown, and the step that is pointed at. */
function refusal(...events: readonly MockEvent[]): readonly string[] {
  try {
    mock(...events);
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    const lines = thrown.message.split("\n");
    return [lines[0] ?? "", lines.find((line) => line.startsWith("  > "))?.slice(4) ?? ""];
  }
  throw new Error("It was taken.");
}

describe("what no run can do is refused, in a sentence for whoever wrote it", () => {
  it("a gated tool that runs before its approval, also while it waits", () => {
    const sentence =
      "process_refund needs a person's approval, and no server runs it before that. Put MockEvent.waiting() and MockEvent.decided() before its toolResult.";
    const result = 'MockEvent.toolResult("process_refund", {"refunded":true})';
    const ran = toolResult("process_refund", { refunded: true });
    expect(refusal(toolCall("process_refund", REFUND), ran)).toEqual([sentence, result]);
    expect(refusal(toolCall("process_refund", REFUND), waiting(), ran)).toEqual([sentence, result]);
  });

  it("a run that is done while it waits", () => {
    expect(refusal(toolCall("process_refund", REFUND), done("Refunded."))).toEqual([
      'MockEvent.done("Refunded."), but process_refund still waits for a person: put MockEvent.waiting() and MockEvent.decided() before it.',
      'MockEvent.done("Refunded.")',
    ]);
    expect(refusal(toolCall("ask_customer", { question: "?" }), waiting(), done("M."))[0]).toMatch(
      /still waits for a person/,
    );
  });

  it("a question that has a result without an answer", () => {
    const [sentence] = refusal(toolCall("ask_customer", { question: "?" }), toolResult("ask_customer", "M"));
    expect(sentence).toBe(
      'ask_customer asks a person, and has no result before somebody answers. Put MockEvent.waiting() and MockEvent.decided("RESPONDED", { content: … }) in place of its toolResult.',
    );
    expect(refusal(toolCall("ask_customer", { question: "?" }), decided("RESPONDED", { content: 7 }))[0]).toMatch(
      /is refused: INVALID_/,
    );
  });

  it("a person who decides what nobody was asked", () => {
    expect(refusal(toolCall("get_order", ORDER), waiting("hm"))[0]).toBe(
      'MockEvent.waiting("hm"), but the run waits for nobody: only a call of a tool that needs approval makes it wait, and of this agent\'s tools process_refund and ask_customer do.',
    );
    expect(refusal(decided())[0]).toMatch(
      /but nobody was asked: put the MockEvent.toolCall\(\) of a tool that needs approval before it/,
    );
    expect(refusal(toolCall("process_refund", REFUND), decided("REJECTED", { toolName: "get_order" }))[0]).toMatch(
      /nobody was asked about get_order/,
    );
  });

  it("a tool that the agent has not, and arguments that do not fit, at the call itself", () => {
    expect(refusal(toolCall("refund", {}))[0]).toBe(
      "The agent refund_agent has no tool refund; it has get_order, process_refund, ask_customer.",
    );
    expect(refusal(toolCall("process_refund", { order_id: "ORD-1" }), waiting())).toEqual([
      "The server refuses this call of process_refund: The arguments do not fit the tool's schema: must have required property 'amount'",
      'MockEvent.toolCall("process_refund", {"order_id":"ORD-1"})',
    ]);
  });

  it("a result that nobody asked for, and a model that is asked too early", () => {
    expect(refusal(toolResult("get_order", 1))[0]).toBe(
      'MockEvent.toolResult("get_order", 1) is the result of a call that nobody made: put MockEvent.toolCall("get_order", …) before it.',
    );
    const parallel = [toolCall("get_order", ORDER), toolCall("process_refund", REFUND), toolResult("get_order")];
    expect(refusal(...parallel, toolCall("get_order", ORDER))[0]).toBe(
      'MockEvent.toolCall("get_order", {"order_id":"ORD-8821"}) is the model\'s next step, but its call of process_refund waits for a person: put MockEvent.decided() before it.',
    );
  });

  it("anything after the end", () => {
    expect(refusal(done("Done."), toolCall("get_order", ORDER))[0]).toMatch(
      /comes after the run has ended: it is COMPLETED/,
    );
  });

  it("and so is what is no agent, or no input", () => {
    expect(() => mockRun({} as Agent, "Hi", { events: [] })).toThrow("mockRun() takes an Agent first.");
    expect(() => mockRun(agent, 7 as never, { events: [] })).toThrow(
      "mockRun() takes the run's input, a text, second.",
    );
  });
});

it("an agent without gated tools is told that it has none", () => {
  const plain = new Agent({ name: "plain", model: "a/b", tools: [] });
  expect(() => mockRun(plain, "Hi", { events: [waiting()] })).toThrow(/and this agent has none/);
  const asks = new Agent({ name: "asks", model: "a/b", tools: [humanTool({ name: "ask", description: "Asks." })] });
  expect(() => mockRun(asks, "Hi", { events: [waiting()] })).toThrow(/of this agent's tools ask does/);
});
