import { describe, expect, it } from "vitest";
import type { ModelMessage, ModelRequest } from "../../src/core/model.js";
import { chatRequest } from "../../src/models/chat-request.js";
import { providersFrom } from "../../src/models/providers.js";
import { ModelCallError } from "../../src/ports.js";

const { providers } = providersFrom({});
const TOOL = { name: "get_order", description: "Look up an order.", inputSchema: '{"type":"object"}' };

function sent(provider: string, request: Partial<ModelRequest>, modelName = "m") {
  const found = providers.get(provider);
  if (found === undefined) throw new Error(`No provider ${provider}.`);
  const whole: ModelRequest = { model: `${provider}/${modelName}`, messages: [], tools: [], ...request };
  return chatRequest(whole, modelName, found);
}

const CONVERSATION: readonly ModelMessage[] = [
  { role: "system", text: "You handle refunds." },
  { role: "user", text: "Refund ORD-1." },
  {
    role: "assistant",
    text: "",
    calls: [
      { modelCallId: "c1", name: "get_order", argumentsText: '{"order_id":"ORD-1"}' },
      { modelCallId: "c2", name: "get_customer", argumentsText: "{}" },
    ],
  },
  { role: "tool", modelCallId: "c1", text: '{"amount":29.99}' },
  { role: "tool", modelCallId: "c2", text: "" },
  { role: "assistant", text: "Looking further.", calls: [{ modelCallId: "c3", name: "x", argumentsText: "{}" }] },
];

describe("a chat completion request", () => {
  it("has the conversation in order, with calls and their results", () => {
    expect(sent("openai", { messages: CONVERSATION }).messages).toEqual([
      { role: "system", content: "You handle refunds." },
      { role: "user", content: "Refund ORD-1." },
      {
        role: "assistant",
        content: null,
        tool_calls: [
          { id: "c1", type: "function", function: { name: "get_order", arguments: '{"order_id":"ORD-1"}' } },
          { id: "c2", type: "function", function: { name: "get_customer", arguments: "{}" } },
        ],
      },
      { role: "tool", tool_call_id: "c1", content: '{"amount":29.99}' },
      { role: "tool", tool_call_id: "c2", content: "" },
      {
        role: "assistant",
        content: "Looking further.",
        tool_calls: [{ id: "c3", type: "function", function: { name: "x", arguments: "{}" } }],
      },
    ]);
  });

  it("has only what was said: no tools, no temperature, no limit", () => {
    const messages: readonly ModelMessage[] = [{ role: "user", text: "Hi." }];
    expect(sent("openai", { messages })).toEqual({ model: "m", messages: [{ role: "user", content: "Hi." }] });
  });

  it("has the tools with their schemas, and one for a tool without", () => {
    const bare = { name: "ping", description: "", inputSchema: "" };
    expect(sent("openai", { tools: [TOOL, bare] }).tools).toEqual([
      {
        type: "function",
        function: { name: "get_order", description: "Look up an order.", parameters: { type: "object" } },
      },
      { type: "function", function: { name: "ping", parameters: { type: "object", properties: {} } } },
    ]);
  });

  it("names the token limit as the provider does", () => {
    const request = { temperature: 0, maxTokens: 100 };
    expect(sent("openai", request)).toMatchObject({ temperature: 0, max_completion_tokens: 100 });
    expect(sent("openai", request)).not.toHaveProperty("max_tokens");
    for (const provider of ["anthropic", "gemini", "ollama", "vllm"]) {
      expect(sent(provider, request)).toMatchObject({ max_tokens: 100 });
      expect(sent(provider, request)).not.toHaveProperty("max_completion_tokens");
    }
  });

  it("leaves out a reply that said nothing, which some providers refuse", () => {
    const messages: readonly ModelMessage[] = [
      { role: "user", text: "Hi." },
      { role: "assistant", text: "", calls: [] },
    ];
    expect(sent("anthropic", { messages }).messages).toEqual([{ role: "user", content: "Hi." }]);
  });

  it.each(["{", "", "[1]", "29.99"])("wraps past arguments that are no JSON object, such as %j", (argumentsText) => {
    const messages: readonly ModelMessage[] = [
      { role: "assistant", text: "", calls: [{ modelCallId: "c1", name: "x", argumentsText }] },
    ];
    const [message] = sent("ollama", { messages }).messages;
    const wrapped = { name: "x", arguments: JSON.stringify({ unreadable_arguments: argumentsText }) };
    expect(message).toMatchObject({ tool_calls: [{ function: wrapped }] });
  });

  it("gives Gemini 3 a thought signature with the first call of each step, and nobody else", () => {
    const signature = { extra_content: { google: { thought_signature: "skip_thought_signature_validator" } } };
    const signed = (provider: string, model: string) =>
      sent(provider, { messages: CONVERSATION }, model)
        .messages.flatMap((message) => (message.role === "assistant" ? (message.tool_calls ?? []) : []))
        .map((call) => "extra_content" in call);
    for (const model of ["gemini-3-flash-preview", "gemini-3.8-flash", "models/gemini-4-pro", "gemini-flash-latest"]) {
      expect(signed("gemini", model)).toEqual([true, false, true]);
    }
    expect(signed("gemini", "gemini-2.5-flash")).toEqual([false, false, false]);
    expect(signed("openai", "gemini-3-flash")).toEqual([false, false, false]);
    const [, , step] = sent("gemini", { messages: CONVERSATION }, "gemini-3-flash").messages;
    expect(step).toMatchObject({ tool_calls: [signature, {}] });
  });

  it.each([
    ["no JSON", "{"],
    ["no object", "[]"],
  ])("fails for good on a schema that is %s", (_, inputSchema) => {
    const build = () => sent("openai", { tools: [{ ...TOOL, inputSchema }] });
    expect(build).toThrow(ModelCallError);
    expect(build).toThrow("The input schema of the tool get_order is no JSON object.");
  });
});

describe("the output schema of a request", () => {
  const closed = {
    type: "object",
    properties: { total: { type: "number" }, lines: { type: "array", items: { $ref: "#/$defs/line" } } },
    required: ["total", "lines"],
    additionalProperties: false,
    $defs: { line: { anyOf: [{ type: "string", description: "A line." }, { type: "null" }] } },
  };

  function format(schema: unknown) {
    return sent("openai", { outputSchema: JSON.stringify(schema), tools: [TOOL] }).response_format;
  }

  it("is sent as response_format, strictly where OpenAI can", () => {
    expect(format(closed)).toEqual({
      type: "json_schema",
      json_schema: { name: "output", schema: closed, strict: true },
    });
  });

  it.each([
    ["an open object", { ...closed, additionalProperties: true }],
    ["an optional property", { ...closed, required: ["total"] }],
    ["an open object inside", { ...closed, properties: { a: { type: "object" } }, required: ["a"] }],
    ["a keyword of its own", { ...closed, patternProperties: {} }],
    ["no object", { type: "array", items: { type: "string" } }],
  ])("is sent, not strictly, with %s", (_, schema) => {
    expect(format(schema)).toMatchObject({ json_schema: { schema, strict: false } });
  });

  it("is told in words, after the instructions, where the provider cannot have it beside tools", () => {
    const outputSchema = JSON.stringify(closed);
    const messages = CONVERSATION.slice(0, 2);
    for (const provider of ["gemini", "ollama", "vllm", "anthropic"]) {
      const body = sent(provider, { messages, outputSchema, tools: [TOOL] });
      expect(body).not.toHaveProperty("response_format");
      expect(body.messages.map(({ role }) => role)).toEqual(["system", "system", "user"]);
      expect(body.messages[1]?.content).toContain(outputSchema);
    }
    expect(sent("gemini", { messages, outputSchema })).toHaveProperty("response_format");
    expect(sent("anthropic", { messages, outputSchema })).not.toHaveProperty("response_format");
  });
});
