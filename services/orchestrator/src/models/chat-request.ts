// A model request in the form of OpenAI's chat completions.
import type OpenAI from "openai";
import type { ModelCall, ModelMessage, ModelRequest, ModelTool } from "../core/model.js";
import { ModelCallError } from "../ports.js";
import { fitsStrictMode } from "./output-schema.js";
import { isRecord, type Provider } from "./providers.js";

export type ChatRequest = OpenAI.Chat.ChatCompletionCreateParamsNonStreaming;
type ChatMessage = OpenAI.Chat.ChatCompletionMessageParam;

/** Throws a final ModelCallError where a schema of the request is no JSON object. */
export function chatRequest(request: ModelRequest, modelName: string, provider: Provider): ChatRequest {
  const { temperature, maxTokens, tools } = request;
  const unsigned = provider.unsignedCalls?.test(modelName) ?? false;
  const messages = request.messages.flatMap((message) => chatMessage(message, unsigned));
  const body: ChatRequest = { model: modelName, messages };
  if (tools.length > 0) body.tools = tools.map(chatTool);
  if (temperature !== undefined) body.temperature = temperature;
  if (maxTokens !== undefined) body[provider.maxTokensField] = maxTokens;
  if (request.outputSchema === undefined) return body;
  const schema = parsedSchema(request.outputSchema, "The output schema");
  const inWords = provider.outputSchema === "never" || (provider.outputSchema === "without_tools" && tools.length > 0);
  if (inWords) {
    const firstOther = messages.findIndex(({ role }) => role !== "system");
    messages.splice(firstOther === -1 ? messages.length : firstOther, 0, schemaInWords(request.outputSchema));
  } else {
    body.response_format = {
      type: "json_schema",
      json_schema: { name: "output", schema, strict: fitsStrictMode(schema) },
    };
  }
  return body;
}

function chatMessage(message: ModelMessage, unsigned: boolean): ChatMessage[] {
  switch (message.role) {
    case "system":
    case "user":
      return [{ role: message.role, content: message.text }];
    case "tool":
      return [{ role: "tool", tool_call_id: message.modelCallId, content: message.text }];
    case "assistant": {
      const { text, calls } = message;
      // Some providers refuse an empty text block, and it says nothing.
      if (calls.length === 0) return text === "" ? [] : [{ role: "assistant", content: text }];
      const tool_calls = calls.map((call, index) => chatToolCall(call, unsigned && index === 0));
      return [{ role: "assistant", content: text === "" ? null : text, tool_calls }];
    }
    default:
      return message satisfies never;
  }
}

// Gemini 3 wants the thought signature of each step's first call back. It is not kept, and this is the value that its
// documentation names for calls without one; the model loses its thoughts of the step, not the conversation.
const NO_SIGNATURE = { extra_content: { google: { thought_signature: "skip_thought_signature_validator" } } };

function chatToolCall(call: ModelCall, unsigned: boolean): OpenAI.Chat.ChatCompletionMessageFunctionToolCall {
  return {
    id: call.modelCallId,
    type: "function",
    function: { name: call.name, arguments: readableArguments(call.argumentsText) },
    ...(unsigned ? NO_SIGNATURE : {}),
  };
}

/** Several servers parse the arguments of past calls and refuse the whole request where one is no JSON object. */
function readableArguments(text: string): string {
  try {
    if (isRecord(JSON.parse(text))) return text;
  } catch {
    // No JSON: told below.
  }
  return JSON.stringify({ unreadable_arguments: text });
}

function chatTool({ name, description, inputSchema }: ModelTool): OpenAI.Chat.ChatCompletionFunctionTool {
  const parameters = parsedSchema(inputSchema, `The input schema of the tool ${name}`);
  return { type: "function", function: { name, ...(description === "" ? {} : { description }), parameters } };
}

function parsedSchema(text: string, what: string): Record<string, unknown> {
  if (text.trim() === "") return { type: "object", properties: {} };
  try {
    const schema: unknown = JSON.parse(text);
    if (isRecord(schema)) return { ...schema };
  } catch {
    // No JSON: told below.
  }
  throw new ModelCallError({ message: `${what} is no JSON object.`, retryable: false });
}

function schemaInWords(schema: string): ChatMessage {
  const content = `Write your final answer as JSON that fits this JSON Schema, with nothing before or after it:\n${schema}`;
  return { role: "system", content };
}
