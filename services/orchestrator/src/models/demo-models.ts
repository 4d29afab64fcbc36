// demo/refund: a scripted model for a first try without an API key. It plays the refund agent of the introduction:
// look up the order, look up the customer, ask for the refund, tell how that ended. Each step is read off the
// conversation alone, so any process can go on where another stopped.
import type { ModelCall, ModelReply, ModelRequest, ModelTool } from "../core/model.js";
import { ModelCallError, type Models } from "../ports.js";
import { delay } from "./abortable.js";
import { isRecord, splitModel } from "./providers.js";

export const DEMO_PROVIDER = "demo";

export interface DemoModelsOptions {
  /** Milliseconds before each reply, for a demonstration that can be watched; 0 unless said. */
  readonly delayMs?: number;
}

type Options = Parameters<Models["reply"]>[1];

export class DemoModels implements Models {
  constructor(private readonly options: DemoModelsOptions = {}) {}

  unusable(model: string): string | undefined {
    const parts = splitModel(model);
    if (parts?.provider === DEMO_PROVIDER && parts.name === "refund") return undefined;
    return `There is no demonstration model ${JSON.stringify(model)}: the one there is is demo/refund.`;
  }

  async reply(request: ModelRequest, { signal, onDelta }: Options): Promise<ModelReply> {
    signal.throwIfAborted();
    const problem = this.unusable(request.model);
    if (problem !== undefined) throw new ModelCallError({ message: problem, retryable: false });
    const { delayMs = 0 } = this.options;
    if (delayMs > 0) await delay(delayMs, signal);
    const reply = nextStep(request);
    for (const piece of reply.text.match(/\S+\s*/g) ?? []) onDelta?.(piece);
    return reply;
  }
}

function nextStep(request: ModelRequest): ModelReply {
  const story = new Story(request);
  const order = story.tool("get_order");
  const customer = story.tool("get_customer");
  const refund = story.tool("process_refund");
  if (order === undefined && customer === undefined && refund === undefined) return says(introduction(request.tools));

  const orderResult = story.resultOf("get_order");
  if (order !== undefined && orderResult === undefined) {
    return story.call(order, { [parameter(order, "order_id", "orderId", "id")]: story.orderId });
  }
  const found = factsIn(orderResult);
  const orderId = textIn(found, "order_id", "orderId", "id") ?? story.orderId;

  if (customer !== undefined && story.resultOf("get_customer") === undefined) {
    const customerId = story.customerId ?? textIn(found, "customer_id", "customerId") ?? "cust_001";
    return story.call(customer, { [parameter(customer, "customer_id", "customerId", "id")]: customerId });
  }
  const who = textIn(factsIn(story.resultOf("get_customer")), "name");
  const amount = amountIn(found) ?? (order === undefined ? story.amount : undefined);

  if (refund === undefined) {
    return says(
      `Order ${orderId}${amount === undefined ? "" : ` over ${money(amount)}`} is on file${who === undefined ? "" : ` for ${who}`}. I have no tool to refund it with, so a colleague has to take over from here.`,
    );
  }
  const outcome = story.resultOf("process_refund");
  if (outcome === undefined) {
    if (amount === undefined) {
      return says(
        `I could not find out what was paid for order ${orderId}, so I asked for no refund. ${quoted(orderResult)}`.trim(),
      );
    }
    const amountName = parameter(refund, "amount", "total", "value");
    const wanted = typeOf(refund, amountName) === "string" ? String(amount) : amount;
    return story.call(refund, { [parameter(refund, "order_id", "orderId", "id")]: orderId, [amountName]: wanted });
  }
  return says(ending(outcome, orderId, amount, who));
}

function ending(told: string, orderId: string, amount: number | undefined, who: string | undefined): string {
  const addressed = (words: string) => {
    return who === undefined ? `${words.charAt(0).toUpperCase()}${words.slice(1)}` : `${who}, ${words}`;
  };
  const outcome = outcomeOf(told);
  switch (outcome.kind) {
    case "refunded": {
      const paid = outcome.amount ?? amount;
      const sum = paid === undefined ? "" : `of ${money(paid)} `;
      return addressed(`your refund ${sum}for order ${orderId} has been processed.`);
    }
    case "rejected": {
      const because = outcome.reason === "" ? "" : ` The reason given was: ${sentence(outcome.reason)}`;
      return `${addressed(`the refund for order ${orderId} was not approved.`)}${because} I can offer a replacement or store credit instead, or hand this over to a colleague: which would you prefer?`;
    }
    case "answered":
      return addressed(
        `a colleague took care of the refund for order ${orderId} and says: ${sentence(outcome.answer)}`,
      );
    case "failed":
      return `${addressed(`the refund for order ${orderId} did not go through.`)} ${quoted(outcome.why)} A colleague will look into it; please do not ask for it a second time before that.`;
  }
}

type RefundOutcome =
  | { readonly kind: "refunded"; readonly amount: number | undefined }
  | { readonly kind: "rejected"; readonly reason: string }
  | { readonly kind: "answered"; readonly answer: string }
  | { readonly kind: "failed"; readonly why: string };

/** Reads the words in which the core tells a model how a call ended. */
function outcomeOf(told: string): RefundOutcome {
  const edit = /^A person changed the arguments to (\{.*?\})\. Outcome: /s.exec(told);
  const text = edit === null ? told : told.slice(edit[0].length);
  const [, how, rest = ""] =
    /^(Rejected by a person|Error|Cancelled|The tool did not run(?:; a person answered in its place)?): ?(.*)$/s.exec(
      text,
    ) ?? [];
  if (how === "Rejected by a person") {
    return { kind: "rejected", reason: rest.trim() === "no reason given" ? "" : rest.trim() };
  }
  if (how === "Error" || how === "Cancelled" || how === "The tool did not run") return { kind: "failed", why: rest };
  if (how !== undefined) return { kind: "answered", answer: rest };
  const result = jsonIn(text);
  const failed = text === "" || result?.refunded === false || (result?.error !== undefined && result.error !== null);
  if (failed) return { kind: "failed", why: text };
  return { kind: "refunded", amount: amountIn(result) ?? amountIn(jsonIn(edit?.[1] ?? "")) };
}

function introduction(tools: readonly ModelTool[]): string {
  const names = tools.map(({ name }) => name).join(", ");
  const seen = tools.length === 0 ? "This agent has no tools" : `This agent has ${names}`;
  return `I am demo/refund, a scripted model: I can only play the refund agent, with the tools get_order, get_customer and process_refund. ${seen}. Set a model such as openai/gpt-4o-mini to run it for real.`;
}

/** What the conversation says so far. */
class Story {
  readonly orderId: string;
  readonly customerId: string | undefined;
  readonly amount: number | undefined;
  private readonly calls: readonly ModelCall[];
  private readonly results: ReadonlyMap<string, string>;

  constructor(private readonly request: ModelRequest) {
    const { messages } = request;
    const asked = messages.map((message) => (message.role === "user" ? message.text : "")).join("\n");
    this.orderId = /\bORD-\d+\b/.exec(asked)?.[0] ?? "ORD-8821";
    this.customerId = /\bcust_\d+\b/.exec(asked)?.[0];
    const amount = /[$€£]\s?(\d+(?:\.\d+)?)/.exec(asked)?.[1];
    this.amount = amount === undefined ? undefined : Number(amount);
    this.calls = messages.flatMap((message) => (message.role === "assistant" ? message.calls : []));
    this.results = new Map(
      messages.flatMap((message) => (message.role === "tool" ? [[message.modelCallId, message.text] as const] : [])),
    );
  }

  tool(name: string): ModelTool | undefined {
    return this.request.tools.find((tool) => tool.name === name);
  }

  /** What the newest call of the tool brought; "" where it has no result. */
  resultOf(name: string): string | undefined {
    const call = this.calls.findLast((made) => made.name === name);
    return call === undefined ? undefined : (this.results.get(call.modelCallId) ?? "");
  }

  call(tool: ModelTool, values: Readonly<Record<string, string | number>>): ModelReply {
    const modelCallId = `demo_${this.calls.length + 1}`;
    const call = { modelCallId, name: tool.name, argumentsText: JSON.stringify(values) };
    return { text: "", calls: [call], finishReason: "TOOL_CALLS", usage: NO_TOKENS };
  }
}

const NO_TOKENS = { inputTokens: 0, outputTokens: 0 } as const;

function says(text: string): ModelReply {
  return { text, calls: [], finishReason: "STOP", usage: NO_TOKENS };
}

/** The first of the names that the tool's schema has; the first of all where it has none of them. */
function parameter(tool: ModelTool, first: string, ...others: readonly string[]): string {
  const known = propertiesOf(tool);
  return [first, ...others].find((name) => known[name] !== undefined) ?? first;
}

function typeOf(tool: ModelTool, property: string): unknown {
  const schema = propertiesOf(tool)[property];
  return isRecord(schema) ? schema.type : undefined;
}

function propertiesOf({ inputSchema }: ModelTool): Readonly<Record<string, unknown>> {
  const properties = jsonIn(inputSchema)?.properties;
  return isRecord(properties) ? properties : {};
}

/** What a lookup brought; nothing where it brought an error. */
function factsIn(result: string | undefined): Readonly<Record<string, unknown>> | undefined {
  return result === undefined || /^(Error|Cancelled|Rejected by a person|The tool did not run): /.test(result)
    ? undefined
    : jsonIn(result);
}

/** The last JSON object in a text, whatever words stand around it. */
function jsonIn(text: string): Readonly<Record<string, unknown>> | undefined {
  const end = text.lastIndexOf("}") + 1;
  let start = text.indexOf("{");
  // Few tries: a long text of nothing but braces must not take the process's time.
  for (let tries = 0; tries < 16 && start !== -1 && start < end; tries++) {
    try {
      const value: unknown = JSON.parse(text.slice(start, end));
      if (isRecord(value)) return value;
    } catch {
      // It begins at a later brace.
    }
    start = text.indexOf("{", start + 1);
  }
  return undefined;
}

function textIn(
  object: Readonly<Record<string, unknown>> | undefined,
  ...names: readonly string[]
): string | undefined {
  const value = names.map((name) => object?.[name]).find((found) => found !== undefined);
  return typeof value === "string" || typeof value === "number" ? String(value) : undefined;
}

function amountIn(object: Readonly<Record<string, unknown>> | undefined): number | undefined {
  const amount = Number.parseFloat(textIn(object, "amount", "total", "price") ?? "");
  return Number.isFinite(amount) ? amount : undefined;
}

function money(amount: number): string {
  return `$${amount.toFixed(2)}`;
}

function quoted(text: string | undefined): string {
  return text === undefined || text.trim() === "" ? "" : `I was told: ${sentence(text.trim().slice(0, 300))}`;
}

function sentence(text: string): string {
  return /[.!?]$/.test(text) ? text : `${text}.`;
}
