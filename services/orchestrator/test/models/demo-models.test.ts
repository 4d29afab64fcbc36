import { describe, expect, it } from "vitest";
import type { Agent } from "../../src/core/agent.js";
import { conversation } from "../../src/core/conversation.js";
import type { CallOutcome, Fact } from "../../src/core/events.js";
import type { ModelMessage, ModelReply, ModelTool } from "../../src/core/model.js";
import { DemoModels } from "../../src/models/demo-models.js";
import { asking, failureOf, neverAborted } from "../contracts/models-contract.js";

const PARAMETERS: Readonly<Record<string, object>> = {
  get_order: { order_id: { type: "string" } },
  get_customer: { customer_id: { type: "string" } },
  process_refund: { order_id: { type: "string" }, amount: { type: "number" } },
};

function tool(name: string, properties = PARAMETERS[name] ?? {}): ModelTool {
  return { name, description: "", inputSchema: JSON.stringify({ type: "object", properties }) };
}

const REFUND_TOOLS = Object.keys(PARAMETERS).map((name) => tool(name));
const INPUT = "Customer Alex (cust_001) wants a refund on order ORD-8821";
const RESULTS: Readonly<Record<string, string>> = {
  get_order: '{"order_id":"ORD-8821","amount":29.99,"status":"delivered"}',
  get_customer: '{"customer_id":"cust_001","name":"Alex","email":"alex@example.com"}',
  process_refund: '{"refunded":true,"order_id":"ORD-8821","amount":29.99}',
};

interface Played {
  /** Every call as "name arguments". */
  readonly calls: readonly string[];
  readonly text: string;
}

/** Plays a whole run: answers each call with what the tool brings, until the model has nothing more to ask. */
async function play(
  tools: readonly ModelTool[] = REFUND_TOOLS,
  results: Readonly<Record<string, string>> = RESULTS,
  input = INPUT,
): Promise<Played> {
  const models = new DemoModels();
  const messages: ModelMessage[] = [{ role: "user", text: input }];
  const calls: string[] = [];
  const ids = new Set<string>();
  for (let turn = 0; turn < 10; turn++) {
    const request = asking("demo/refund", "", { messages: [...messages], tools });
    const reply: ModelReply = await models.reply(request, { signal: neverAborted() });
    expect(await models.reply(request, { signal: neverAborted() })).toEqual(reply);
    if (reply.finishReason === "STOP") return { calls, text: reply.text };
    messages.push({ role: "assistant", text: reply.text, calls: reply.calls });
    for (const { modelCallId, name, argumentsText } of reply.calls) {
      expect(ids).not.toContain(modelCallId);
      ids.add(modelCallId);
      calls.push(`${name} ${argumentsText}`);
      messages.push({ role: "tool", modelCallId, text: results[name] ?? "Error: no such tool" });
    }
  }
  throw new Error("The demonstration does not come to an end.");
}

/** The last text of a run whose refund ended so, told to the model in the core's own words. */
async function endingOf(outcome: CallOutcome, edited?: string): Promise<string> {
  const facts: Fact[] = [
    { type: "run_started", input: INPUT },
    { type: "model_replied", text: "", callIds: ["c1"] },
    { type: "tool_call", callId: "c1", modelCallId: "m1", tool: "process_refund", arguments: "{}" },
    ...(edited === undefined ? [] : [{ type: "decided", callId: "c1", edited: { arguments: edited } }]),
    { type: "tool_result", callId: "c1", outcome },
  ] as Fact[];
  const events = facts.map((fact, index) => ({ sequence: index + 1, at: 0, by: "o1", fact }));
  const told = conversation({ instructions: "" } as Agent, events).at(-1)?.text ?? "";
  return (await play(REFUND_TOOLS, { ...RESULTS, process_refund: told })).text;
}

describe("demo/refund", () => {
  it("looks up order and customer, refunds what the order says, and tells it", async () => {
    expect(await play()).toEqual({
      calls: [
        'get_order {"order_id":"ORD-8821"}',
        'get_customer {"customer_id":"cust_001"}',
        'process_refund {"order_id":"ORD-8821","amount":29.99}',
      ],
      text: "Alex, your refund of $29.99 for order ORD-8821 has been processed.",
    });
  });

  it("takes ids and amount from the conversation, not from the example", async () => {
    const order = '{"order_id":"ORD-7","amount":1200.5}';
    const { calls, text } = await play(
      REFUND_TOOLS,
      { ...RESULTS, get_order: order, process_refund: '{"refunded":true}' },
      "ORD-7, cust_42!",
    );
    expect(calls).toEqual([
      'get_order {"order_id":"ORD-7"}',
      'get_customer {"customer_id":"cust_42"}',
      'process_refund {"order_id":"ORD-7","amount":1200.5}',
    ]);
    expect(text).toContain("refund of $1200.50 for order ORD-7 has been processed");
  });

  it("has something to begin with where the input names nothing", async () => {
    const { calls } = await play(REFUND_TOOLS, RESULTS, "I want my money back.");
    expect(calls.slice(0, 2)).toEqual(['get_order {"order_id":"ORD-8821"}', 'get_customer {"customer_id":"cust_001"}']);
  });

  it("repeats the reason of a rejection and offers something else", async () => {
    const text = await endingOf({ kind: "rejected", reason: "Over 30 days old" });
    expect(text).toContain("the refund for order ORD-8821 was not approved. The reason given was: Over 30 days old.");
    expect(text).toContain("store credit");
    expect(await endingOf({ kind: "rejected", reason: "" })).toContain("was not approved. I can offer");
  });

  it("says that nobody decided in time, where nobody did", async () => {
    const told = "The tool did not run: Nobody decided in time.";
    const { text } = await play(REFUND_TOOLS, { ...RESULTS, process_refund: told });
    expect(text).toContain("did not go through");
    expect(text).toContain("Nobody decided in time");
  });

  it.each([
    { kind: "error", message: 'card declined {"code":"card_declined","refunded":true}' },
    { kind: "cancelled", reason: "The run ended." },
    { kind: "result", text: '{"refunded":false}' },
    { kind: "result", text: '{"error":"card expired"}' },
    { kind: "result", text: "" },
  ] satisfies CallOutcome[])("does not claim a refund after %j", async (outcome) => {
    const text = await endingOf(outcome);
    expect(text).toContain("did not go through");
    expect(text).not.toContain("has been processed");
  });

  it.each([
    { kind: "result", text: '"done"' },
    { kind: "result", text: '{"ok":true,"error":null}' },
    { kind: "truncated", digest: "d", bytes: 300_000, head: '{"refunded":true,"log":"' },
  ] satisfies CallOutcome[])("tells the refund after %j", async (outcome) => {
    expect(await endingOf(outcome)).toContain("your refund of $29.99 for order ORD-8821 has been processed");
  });

  it("tells the amount that was paid where a person changed it", async () => {
    const edited = '{"order_id":"ORD-8821","amount":20}';
    expect(await endingOf({ kind: "result", text: '{"refunded":true}' }, edited)).toContain("refund of $20.00");
    const failed = await endingOf({ kind: "error", message: "card expired" }, edited);
    expect(failed).toContain("did not go through. I was told: card expired.");
  });

  it("passes on what a person answered in place of the tool", async () => {
    expect(await endingOf({ kind: "responded", text: "Paid in cash at the desk" })).toBe(
      "Alex, a colleague took care of the refund for order ORD-8821 and says: Paid in cash at the desk.",
    );
  });

  it("asks for no refund of an order that it could not look up", async () => {
    const { calls, text } = await play(REFUND_TOOLS, { ...RESULTS, get_order: "Error: no such order" });
    expect(calls.some((call) => call.startsWith("process_refund"))).toBe(false);
    expect(text).toContain("I asked for no refund. I was told: Error: no such order.");
  });

  it("works with whichever of the tools the agent has", async () => {
    expect((await play([tool("get_order"), tool("process_refund")])).text).toBe(
      "Your refund of $29.99 for order ORD-8821 has been processed.",
    );
    expect((await play([tool("get_order"), tool("get_customer")])).text).toContain("over $29.99 is on file for Alex");
    expect((await play([tool("process_refund")], RESULTS, "Refund $12.50 on ORD-9")).calls).toEqual([
      'process_refund {"order_id":"ORD-9","amount":12.5}',
    ]);
  });

  it("names arguments as the tools' schemas do", async () => {
    const tools = [
      tool("get_order", { orderId: {} }),
      tool("get_customer", { id: {} }),
      tool("process_refund", { orderId: {}, amount: { type: "string" } }),
    ];
    const results = { ...RESULTS, get_order: '{"orderId":"ORD-8821","total":"29.99"}' };
    expect((await play(tools, results)).calls).toEqual([
      'get_order {"orderId":"ORD-8821"}',
      'get_customer {"id":"cust_001"}',
      'process_refund {"orderId":"ORD-8821","amount":"29.99"}',
    ]);
  });

  it("says what it is to an agent that it cannot play, with the tools it saw", async () => {
    const { calls, text } = await play([tool("send_email"), tool("delete_account")]);
    expect(calls).toEqual([]);
    expect(text).toContain("demo/refund, a scripted model");
    expect(text).toContain("This agent has send_email, delete_account.");
    expect((await play([])).text).toContain("This agent has no tools.");
  });

  it("tells its text word by word where that is wanted", async () => {
    const pieces: string[] = [];
    const onDelta = (piece: string) => pieces.push(piece);
    const reply = await new DemoModels().reply(asking("demo/refund", "Hi."), { signal: neverAborted(), onDelta });
    expect(pieces.join("")).toBe(reply.text);
    expect(pieces.length).toBeGreaterThan(10);
  });

  it("can be slowed down, and stopped while it waits", async () => {
    const abort = new AbortController();
    const models = new DemoModels({ delayMs: 60_000 });
    const reply = models.reply(asking("demo/refund", "Hi."), { signal: abort.signal });
    const reason = new Error("stop");
    abort.abort(reason);
    await expect(reply).rejects.toBe(reason);
    const slow = new DemoModels({ delayMs: 1 });
    expect((await slow.reply(asking("demo/refund", "Hi."), { signal: neverAborted() })).finishReason).toBe("STOP");
  });

  it("is the one demonstration there is", async () => {
    const models = new DemoModels();
    expect(models.unusable("demo/refund")).toBeUndefined();
    expect(models.unusable("demo/chess")).toContain("demo/refund");
    expect((await failureOf(models.reply(asking("demo/chess", "e4"), { signal: neverAborted() }))).retryable).toBe(
      false,
    );
  });
});
