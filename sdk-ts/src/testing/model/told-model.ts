// What a model is told in one request, as a test reads it.

/** One message of the conversation. */
export interface ToldMessage {
  readonly role: "system" | "user" | "assistant" | "tool";
  readonly text: string;
  /** Of an assistant's: the calls that it made. */
  readonly calls?: readonly { readonly id: string; readonly toolName: string; readonly argumentsJson: string }[];
  /** Of a tool's: the call that it answers. */
  readonly callId?: string;
}

/** One request, from whatever server it came. */
export interface ModelRequest {
  readonly messages: readonly ToldMessage[];
  readonly toolNames: readonly string[];
}

/** What became of a call, as the model is told. */
export interface ToldResult {
  readonly toolName: string;
  readonly text: string;
  /** A reading of the text, where it is JSON; else the text. */
  readonly value: unknown;
}

export interface ToldModel {
  /** The agent's instructions; empty where it has none. */
  readonly instructions: string;
  /** What the run was started with. */
  readonly input: string;
  /** From 1: one more than the replies before. */
  readonly turn: number;
  /** What became of the calls of the turn before, in their order. */
  readonly results: readonly ToldResult[];
  readonly messages: readonly ToldMessage[];
  readonly toolNames: readonly string[];
  /** What became of the last call of a tool in the whole run; undefined where it has none. */
  resultOf(toolName: string): ToldResult | undefined;
}

export function toldModel({ messages, toolNames }: ModelRequest): ToldModel {
  const names = new Map(messages.flatMap(({ calls = [] }) => calls.map(({ id, toolName }) => [id, toolName] as const)));
  const resultOf = ({ text, callId = "" }: ToldMessage): ToldResult => {
    return { toolName: names.get(callId) ?? "", text, value: readingOf(text) };
  };
  const all = messages.filter(({ role }) => role === "tool").map(resultOf);
  const lastReply = messages.findLastIndex(({ role }) => role === "assistant");
  const last = lastReply === -1 ? [] : messages.slice(lastReply).filter(({ role }) => role === "tool");
  return {
    instructions: messages.find(({ role }) => role === "system")?.text ?? "",
    input: messages.find(({ role }) => role === "user")?.text ?? "",
    turn: messages.filter(({ role }) => role === "assistant").length + 1,
    results: last.map(resultOf),
    messages,
    toolNames,
    resultOf: (toolName) => all.findLast((result) => result.toolName === toolName),
  };
}

function readingOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Words of the server, or a tool that returned text.
    return text;
  }
}
