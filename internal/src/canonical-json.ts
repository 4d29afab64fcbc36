// The one reading of a JSON text that a person may approve: strict in, RFC 8785 out.
//
// What a person is shown, what is hashed and what a tool gets must be one text with one meaning. So whatever two
// readers could understand differently is refused, with words that tell the writer (mostly a model) what to do.
//
// JSON.parse decides the syntax and keeps `__proto__` and `constructor` as ordinary keys; canonicalize writes RFC 8785.
// Neither sees duplicate keys or what a number lost, and lossless-json, which does, accepts a duplicate key whose value
// is equal and has no hook to refuse it. So a scan of our own goes over the text that JSON.parse has already accepted:
// it may take the syntax for granted, and looks for nothing else.
import { createHash } from "node:crypto";
import canonicalize from "canonicalize";

/** Why a text was refused; stable, unlike the words. */
export type JsonProblemCode =
  | "INVALID_JSON"
  | "NOT_AN_OBJECT"
  | "DUPLICATE_KEY"
  | "LONE_SURROGATE"
  | "NUL_CHARACTER"
  | "NUMBER_NOT_EXACT"
  | "TOO_DEEP";

export type CanonicalJson =
  | {
      readonly ok: true;
      /** The RFC 8785 text: the only copy that is stored, shown, hashed, sent and executed. */
      readonly text: string;
      /** Of that text: see digestOf. */
      readonly digest: string;
      /** What the text says, with plain numbers; own keys only, `__proto__` among them. */
      readonly value: unknown;
    }
  | {
      readonly ok: false;
      readonly code: JsonProblemCode;
      /** One or two sentences for whoever wrote the text: what is wrong, where, and what to write instead. */
      readonly problem: string;
    };

/** How many objects and arrays may lie inside each other. */
export const MAX_JSON_DEPTH = 64;

/** "sha256:" and the SHA-256 of the text's UTF-8, in lowercase hex. */
export function digestOf(text: string): string {
  return `sha256:${createHash("sha256").update(text, "utf8").digest("hex")}`;
}

/** Reads any one JSON value strictly and gives its canonical text, digest and value, or says what is wrong with it. */
export function canonicalJson(text: string): CanonicalJson {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // SyntaxError is all that JSON.parse throws for a string.
    return refuse("INVALID_JSON", `This is not valid JSON: ${error instanceof Error ? error.message : String(error)}.`);
  }
  const problem = scan(text);
  if (problem !== undefined) return problem;
  const canonical = canonicalize(value);
  if (canonical === undefined) return refuse("INVALID_JSON", "This is not a JSON value.");
  // The value is read from the canonical text, so that the two never differ: not in a -0, not in the order of keys.
  return { ok: true, text: canonical, digest: digestOf(canonical), value: JSON.parse(canonical) };
}

/** The same for the arguments of a tool call: one JSON object. A blank text, which models send for no arguments, is `{}`. */
export function canonicalArguments(text: string): CanonicalJson {
  const result = canonicalJson(text.trim() === "" ? "{}" : text);
  if (!result.ok) return result;
  if (typeof result.value !== "object" || result.value === null || Array.isArray(result.value)) {
    return refuse("NOT_AN_OBJECT", 'Arguments must be one JSON object, such as {} or {"id": "a1"}.');
  }
  return result;
}

type Refusal = Extract<CanonicalJson, { ok: false }>;

function refuse(code: JsonProblemCode, problem: string): Refusal {
  // The problem quotes the text it refuses, and is itself stored and shown: it must not carry on what was refused.
  return { ok: false, code, problem: problem.replace(/[\p{Surrogate}\p{Cc}]/gu, "\uFFFD") };
}

interface Frame {
  /** Keys seen so far; undefined in an array. */
  readonly keys: Set<string> | undefined;
  /** The key or index of the value that comes next or is being read. */
  at: string | number;
  /** In an object: whether the next string is a key. */
  wantsKey: boolean;
}

/** Looks for what JSON.parse accepts and two readers may understand differently. The text is known to be valid JSON. */
function scan(text: string): Refusal | undefined {
  const frames: Frame[] = [];
  let i = 0;
  while (i < text.length) {
    const char = text[i];
    const frame = frames.at(-1);
    if (char === "{" || char === "[") {
      if (frames.length === MAX_JSON_DEPTH) {
        return refuse("TOO_DEEP", `The value nests more than ${MAX_JSON_DEPTH} levels deep. Send it flatter.`);
      }
      frames.push(
        char === "{" ? { keys: new Set(), at: "", wantsKey: true } : { keys: undefined, at: 0, wantsKey: false },
      );
      i += 1;
    } else if (char === "}" || char === "]") {
      frames.pop();
      i += 1;
    } else if (char === ",") {
      if (typeof frame?.at === "number") frame.at += 1;
      else if (frame !== undefined) frame.wantsKey = true;
      i += 1;
    } else if (char === '"') {
      const end = endOfString(text, i);
      const problem = checkString(text.slice(i, end), frames);
      if (problem !== undefined) return problem;
      i = end;
    } else if (char === "-" || (char !== undefined && char >= "0" && char <= "9")) {
      const end = endOfNumber(text, i);
      const number = text.slice(i, end);
      if (!isExact(number)) {
        return refuse(
          "NUMBER_NOT_EXACT",
          `The number ${shortened(number)}${place(frames)} cannot be kept exactly: it would become ${Number(number)}. Write it as a string: the same digits between double quotes.`,
        );
      }
      i = end;
    } else i += 1; // Whitespace, a colon, or a letter of true, false and null.
  }
  return undefined;
}

function endOfString(text: string, start: number): number {
  let i = start + 1;
  while (text[i] !== '"') i += text[i] === "\\" ? 2 : 1;
  return i + 1;
}

function endOfNumber(text: string, start: number): number {
  let i = start + 1;
  while (i < text.length && "0123456789+-.eE".includes(text.charAt(i))) i += 1;
  return i;
}

function checkString(token: string, frames: readonly Frame[]): Refusal | undefined {
  const text: unknown = token.includes("\\") ? JSON.parse(token) : token.slice(1, -1);
  if (typeof text !== "string") throw new TypeError("A JSON string token did not parse to a string.");
  const frame = frames.at(-1);
  const isKey = frame?.wantsKey === true;
  const what = isKey ? "A key" : "The string";
  const where = place(isKey ? frames.slice(0, -1) : frames);
  if (/\p{Surrogate}/u.test(text)) {
    return refuse(
      "LONE_SURROGATE",
      `${what}${where} has half of a surrogate pair, which is no character. Leave it out.`,
    );
  }
  if (text.includes("\0")) {
    return refuse("NUL_CHARACTER", `${what}${where} has the character U+0000, which is not allowed. Leave it out.`);
  }
  if (isKey && frame.keys !== undefined) {
    if (frame.keys.has(text)) {
      return refuse(
        "DUPLICATE_KEY",
        `The key ${JSON.stringify(shortened(text))}${where} is there twice. Write each key once.`,
      );
    }
    frame.keys.add(text);
    frame.at = text;
    frame.wantsKey = false;
  }
  return undefined;
}

/** Whether RFC 8785, which writes the nearest double in its shortest form, denotes the decimal value that was written. */
function isExact(written: string): boolean {
  const double = Number(written);
  return Number.isFinite(double) && decimal(written) === decimal(String(double));
}

/** One spelling for each decimal value: sign, digits without zeros at either end, exponent of the last digit. */
function decimal(number: string): string {
  const [mantissa = "", exponent = "0"] = number.toLowerCase().split("e");
  const [whole = "", fraction = ""] = mantissa.replace("-", "").split(".");
  const digits = (whole + fraction).replace(/^0+/, "");
  const significant = digits.replace(/0+$/, "");
  if (significant === "") return "0"; // -0 is 0: the same decimal value.
  const last = Number(exponent) - fraction.length + (digits.length - significant.length);
  return `${mantissa.startsWith("-") ? "-" : ""}${significant}e${last}`;
}

function place(frames: readonly Frame[]): string {
  return frames.length === 0 ? "" : ` at ${shortened(frames.map((frame) => `/${frame.at}`).join(""))}`;
}

function shortened(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}...`;
}
