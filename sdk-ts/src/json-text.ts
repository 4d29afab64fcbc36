// JSON text and back, where the text is the contract and the value only a reading of it.
import { AgentspanError } from "@agentspan/internal";

/** An object as JSON.parse makes it. */
export type JsonObject = Readonly<Record<string, unknown>>;

export type JsonWriting =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string };

/**
 * JSON.stringify with `undefined` (and what stands for it, such as a function) as null, and its refusals as a value, or
 * those of `replacer`.
 */
export function writeJson(value: unknown, replacer?: (key: string, value: unknown) => unknown): JsonWriting {
  try {
    return { ok: true, text: JSON.stringify(value, replacer) ?? "null" };
  } catch (error) {
    // A BigInt, a circle, or a toJSON or getter that throws: all are the value's fault.
    return { ok: false, problem: error instanceof Error ? error.message : String(error) };
  }
}

/** The text of a value that a caller hands in. Throws INVALID_REQUEST, naming `field`, where it has no JSON form. */
export function toJsonText(value: unknown, field: string): string {
  const written = writeJson(value);
  if (written.ok) return written.text;
  throw new AgentspanError("INVALID_REQUEST", `${field} cannot be written as JSON: ${written.problem}`, {
    fields: [{ field, description: written.problem }],
  });
}

/** Reads text that the server vouches for; undefined where it is empty. */
export function readJson(text: string): unknown {
  return text === "" ? undefined : JSON.parse(text);
}

/** The same, where the contract says that it is an object; an empty one where the text is empty. */
export function readJsonObject(text: string): JsonObject {
  const value = readJson(text);
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as JsonObject) : {};
}
