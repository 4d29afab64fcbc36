// A model's reply from what a provider answered. Providers differ, so nothing but the JSON is taken for granted.
import { randomInt } from "node:crypto";
import type { FinishReason, ModelCall, ModelReply, Usage } from "../core/model.js";
import { isRecord } from "./providers.js";

/** An answer that is no chat completion, or one that broke off. The message says what is wrong with it. */
export class BrokenAnswerError extends Error {
  override readonly name = "BrokenAnswerError";
  /** `retryable` is false where the same would come again. */
  constructor(
    message: string,
    readonly retryable = true,
  ) {
    super(message);
  }
}

/** `taken` are the ids that calls of the conversation have already. Throws BrokenAnswerError. */
export function replyFrom(completion: unknown, taken: ReadonlySet<string>): ModelReply {
  if (typeof completion === "string") throw new BrokenAnswerError(`it is no JSON but ${described(completion)}`);
  if (!isRecord(completion)) throw new BrokenAnswerError("it is no JSON object");
  const choice: unknown = Array.isArray(completion.choices) ? completion.choices[0] : undefined;
  if (!isRecord(choice) || !isRecord(choice.message)) throw new BrokenAnswerError("it has no choices");
  const { message } = choice;
  const calls = Array.isArray(message.tool_calls) ? message.tool_calls.map(draftOf) : [];
  const draft = { content: textOf(message.content), refusal: textOf(message.refusal), calls };
  return replyOf(draft, choice.finish_reason, completion.usage, taken);
}

/** Puts a streamed reply together. */
export class StreamedReply {
  private content = "";
  private refusal = "";
  private readonly calls: CallDraft[] = [];
  private finishReason: unknown;
  private usage: unknown;

  /** Takes the next chunk and gives the piece of text in it, or "". */
  add(chunk: unknown): string {
    if (!isRecord(chunk)) return "";
    this.usage = chunk.usage ?? this.usage;
    const choice: unknown = Array.isArray(chunk.choices) ? chunk.choices[0] : undefined;
    if (!isRecord(choice)) return "";
    this.finishReason = choice.finish_reason ?? this.finishReason;
    const { delta } = choice;
    if (!isRecord(delta)) return "";
    const content = textOf(delta.content);
    const refusal = textOf(delta.refusal);
    this.content += content;
    this.refusal += refusal;
    if (Array.isArray(delta.tool_calls)) for (const fragment of delta.tool_calls) this.addCall(fragment);
    return content + refusal;
  }

  /** The whole reply. Throws BrokenAnswerError where the stream ended before the model did. */
  finish(taken: ReadonlySet<string>): ModelReply {
    if (this.finishReason === undefined) throw new BrokenAnswerError("the stream ended before the reply did");
    const { content, refusal, calls, finishReason, usage } = this;
    return replyOf({ content, refusal, calls }, finishReason, usage, taken);
  }

  private addCall(fragment: unknown): void {
    const part = draftOf(fragment);
    const last = this.calls.at(-1);
    const same = part.index === undefined ? last : this.calls.findLast(({ index }) => index === part.index);
    if (same === undefined || beginsAnother(part, same)) {
      this.calls.push(part);
      return;
    }
    same.id ||= part.id;
    same.name ||= part.name;
    same.argumentsText += part.argumentsText;
  }
}

interface CallDraft {
  readonly index?: number;
  id: string;
  name: string;
  argumentsText: string;
}

/** Some providers leave the index out or number every call 0: a further name then tells that a further call begins. */
function beginsAnother(part: CallDraft, same: CallDraft): boolean {
  if (part.name === "" || same.name === "") return false;
  return part.index === undefined ? part.id === "" || part.id !== same.id : part.id !== "" && part.id !== same.id;
}

function draftOf(value: unknown): CallDraft {
  const call = isRecord(value) ? value : {};
  const named = isRecord(call.function) ? call.function : {};
  const given = named.arguments ?? "";
  if (typeof given !== "string") {
    // As an object it went through double-precision numbers: what the model wrote is lost, and must not be executed.
    throw new BrokenAnswerError(
      `it gives the arguments of ${textOf(named.name)} as ${typeof given}, not as text`,
      false,
    );
  }
  return {
    ...(typeof call.index === "number" ? { index: call.index } : {}),
    id: textOf(call.id),
    name: textOf(named.name),
    argumentsText: given,
  };
}

interface Draft {
  readonly content: string;
  readonly refusal: string;
  readonly calls: readonly CallDraft[];
}

function replyOf(draft: Draft, finish: unknown, usage: unknown, taken: ReadonlySet<string>): ModelReply {
  const finishReason = finishReasonOf(draft, finish);
  if (finishReason === "REFUSED") {
    // What was filtered or declined is not carried out in part.
    const text = draft.refusal || draft.content || "The provider's content filter withheld the reply.";
    return { text, calls: [], finishReason, usage: usageOf(usage) };
  }
  const ids = new Set(taken);
  const calls = draft.calls.map(({ id, name, argumentsText }): ModelCall => {
    const modelCallId = id === "" || ids.has(id) ? freshId(ids) : id;
    ids.add(modelCallId);
    // A tool without parameters is often called with no text at all; one that was cut off has none either.
    const whole = argumentsText === "" && finishReason !== "LENGTH" ? "{}" : argumentsText;
    return { modelCallId, name, argumentsText: whole };
  });
  return { text: draft.content, calls, finishReason, usage: usageOf(usage) };
}

function finishReasonOf({ refusal, calls }: Draft, finish: unknown): FinishReason {
  if (refusal !== "" || finish === "content_filter") return "REFUSED";
  if (finish === "length") return "LENGTH";
  if (typeof finish === "string" && /error|malformed/i.test(finish)) {
    throw new BrokenAnswerError(`the model stopped with ${JSON.stringify(finish.slice(0, 60))}`);
  }
  // "stop" with calls and "tool_calls" without any both occur.
  return calls.length > 0 ? "TOOL_CALLS" : "STOP";
}

function usageOf(usage: unknown): Usage {
  const counts = isRecord(usage) ? usage : {};
  return { inputTokens: countOf(counts.prompt_tokens), outputTokens: countOf(counts.completion_tokens) };
}

function countOf(value: unknown): number {
  return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : 0;
}

/** Text, or the text parts of a list of parts. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (!Array.isArray(value)) return "";
  return value.map((part) => (isRecord(part) && typeof part.text === "string" ? part.text : "")).join("");
}

const ID_LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789";

/** Nine letters and digits, the one form that Mistral's models take and everybody else does too. */
function freshId(ids: ReadonlySet<string>): string {
  let id: string;
  do {
    id = Array.from({ length: 9 }, () => ID_LETTERS[randomInt(ID_LETTERS.length)]).join("");
  } while (ids.has(id));
  return id;
}

function described(text: string): string {
  if (text.trim() === "") return "empty";
  return /^\s*<(!doctype|html|\?xml)/i.test(text) ? "an HTML page" : "plain text";
}
