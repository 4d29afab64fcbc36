// Names for values that are others in each run of the tests: put into requests, and put in place of the values in answers.
import { fromBinary, type JsonObject, type JsonValue } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { AGENT } from "../checks/agent.js";

/** "<x*300>" is 300 times "x". */
const REPEATED = /<(\p{L})\*(\d+)>/gu;
const NAME = /<([\w.]+)>/g;

/** Of a message that is too large: JSON and protobuf take other space for the same. */
const SIZE = /^[23]\d{6}$/;
const MILLISECONDS = /^1\d{12}$/;
const TIME = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g;
const LONG_RUN = /(\p{L})\1{99,}/gu;
const SIGNING_KEY = /^[0-9a-f]{16}$/;
const MADE_ID = /\b(run|key|dec|apr|que|set)_[0-9a-z_]{16,}\b/g;
/** Texts that only the server reads, by the field that they are in. */
const OPAQUE: ReadonlySet<string> = new Set([
  ...["nextPageToken", "cursor"],
  // Of what has another name for each stack, and of whom nobody can say more.
  ...["version", "agentVersion", "line", "entryId", "signature", "signedText"],
]);

export class Variables {
  readonly #values = new Map<string, string>();

  set(name: string, value: string): void {
    this.#values.set(name, value);
  }

  get(name: string): string {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`No answer was saved as ${name}.`);
    return value;
  }

  /** A request with its values. "<agent>" is the definition of the tests. */
  filled<T extends JsonValue>(json: T): T {
    return mapped(json, (text) => {
      if (text === "<agent>") return this.filled(AGENT);
      return text
        .replace(REPEATED, (_, letter: string, count: string) => letter.repeat(Number(count)))
        .replace(NAME, (_, name: string) => this.get(name));
    }) as T;
  }

  /** An answer with names for values. */
  normal<T extends JsonValue>(json: T): T {
    // The longest first: one may be a part of another.
    const values = [...this.#values].sort(([, a], [, b]) => b.length - a.length);
    return mapped(json, (text, field) => {
      if (field === "fileDescriptorProto") return nameOfFile(text);
      if (OPAQUE.has(field) && text !== "") return `<${field}>`;
      if (field === "keyId" && SIGNING_KEY.test(text)) return "<signing key>";
      let named = text;
      for (const [name, value] of values) if (value !== "") named = named.replaceAll(value, `<${name}>`);
      return named
        .replace(TIME, "<time>")
        .replace(SIZE, "<size>")
        .replace(MILLISECONDS, "<milliseconds>")
        .replace(MADE_ID, "<$1 id>")
        .replace(LONG_RUN, (run, letter: string) => `<${letter}*${run.length}>`);
    }) as T;
  }
}

function mapped(json: JsonValue, of: (text: string, field: string) => JsonValue, field = ""): JsonValue {
  if (typeof json === "string") return of(json, field);
  if (Array.isArray(json)) return json.map((each) => mapped(each, of, field));
  if (json === null || typeof json !== "object") return json;
  const fields: JsonObject = {};
  for (const [name, value] of Object.entries(json)) {
    const key = mapped(name, of, "");
    fields[String(key)] = mapped(value, of, name);
  }
  return fields;
}

/** Of a description that reflection gives: what it says changes with each field that is added. */
function nameOfFile(base64: string): string {
  return fromBinary(FileDescriptorProtoSchema, Buffer.from(base64, "base64")).name;
}

/** What is at a path such as "status.pendingApprovals.0.approvalId". */
export function at(json: JsonValue | undefined, path: string): JsonValue | undefined {
  return path.split(".").reduce<JsonValue | undefined>((value, name) => {
    if (value === null || typeof value !== "object") return undefined;
    return Array.isArray(value) ? value[Number(name)] : value[name];
  }, json);
}

/** Whether something has all that a pattern has; lists must be of the pattern's length. */
export function has(json: JsonValue | undefined, pattern: JsonValue): boolean {
  if (pattern === null || typeof pattern !== "object") return json === pattern;
  if (json === null || typeof json !== "object") return false;
  if (Array.isArray(pattern))
    return (
      Array.isArray(json) && json.length === pattern.length && pattern.every((each, index) => has(json[index], each))
    );
  return (
    !Array.isArray(json) &&
    Object.entries(pattern).every(([name, value]) => value !== undefined && has(json[name], value))
  );
}
