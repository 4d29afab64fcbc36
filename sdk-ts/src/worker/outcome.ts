// What a tool returned or threw, as the server is told.
import { digestOf, Limits } from "@agentspan/internal";
import type { CompleteRequest } from "@agentspan/proto";
import { ToolFailureSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { writeJson } from "../json-text.js";
import { TerminalError } from "../tool-context.js";

export type Outcome = CompleteRequest["outcome"];

/** Bytes that a request holds besides its result. */
const ENVELOPE_BYTES = 16 * 1024;
/** Of words for people. */
export const MESSAGE_BYTES = 4 * 1024;

/**
 * The outcome of a function that returned. A plain tool's result over the limit is a failure that names limit and size.
 * A guarded tool's effect has happened, so its result is never refused: what fits one message goes as it is, and the
 * server keeps digest, size and head of it; what does not goes as `{"truncated": true, "digest", "sizeBytes", "head"}`.
 */
export function returned(value: unknown, options: { readonly guarded: boolean; readonly maxPayload: number }): Outcome {
  const written = writeJson(value);
  if (!written.ok) {
    const what = options.guarded ? "The tool ran to its end" : "The tool returned";
    return failure(`${what}, but its result cannot be written as JSON: ${written.problem}`, false);
  }
  const sizeBytes = Buffer.byteLength(written.text);
  if (sizeBytes <= Limits.resultBytes) return { case: "resultJson", value: written.text };
  if (!options.guarded) {
    return failure(`The tool's result has ${sizeBytes} bytes of JSON; the limit is ${Limits.resultBytes}.`, false);
  }
  if (sizeBytes + ENVELOPE_BYTES <= options.maxPayload) return { case: "resultJson", value: written.text };
  const kept = { truncated: true, digest: digestOf(written.text), sizeBytes, head: cut(written.text, MESSAGE_BYTES) };
  return { case: "resultJson", value: JSON.stringify(kept) };
}

/** The outcome of a function that threw: tried again by the tool's policy, unless it was a TerminalError. */
export function threw(thrown: unknown): Outcome {
  const message = thrown instanceof Error ? thrown.message || thrown.name : String(thrown);
  return failure(message, !(thrown instanceof TerminalError));
}

function failure(message: string, retryable: boolean): Outcome {
  return { case: "failure", value: create(ToolFailureSchema, { message: cut(message, MESSAGE_BYTES), retryable }) };
}

/** At most so many bytes of UTF-8, never half a character. */
export function cut(text: string, bytes: number): string {
  const whole = Buffer.from(text);
  if (whole.length <= bytes) return text;
  let end = bytes;
  // A byte 10xxxxxx goes on with a character that began before it.
  while (end > 0 && ((whole[end] ?? 0) & 0xc0) === 0x80) end--;
  return whole.toString("utf8", 0, end);
}
