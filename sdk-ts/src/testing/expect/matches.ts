// Whether a value is what a test wrote down.
import { shown } from "../../option-check.js";
import { KitError } from "../kit-error.js";

/** What test runners' expect.anything(), expect.objectContaining() and the like are. */
interface Asymmetric {
  readonly sample?: unknown;
  asymmetricMatch(value: unknown): boolean;
}

/** What zod's schemas are, and others'. */
export interface Schema {
  safeParse(value: unknown): { readonly success: boolean; readonly error?: { readonly message: string } };
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * Deep equality of JSON values and dates. In what is expected, a RegExp stands for texts that it matches, a schema (as of
 * zod) for what fits it, a function of one value for those of which it is true, and a test runner's asymmetric matchers
 * for whatever they match.
 */
export function matches(expected: unknown, value: unknown): boolean {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(value);
  if (expected instanceof RegExp) return typeof value === "string" && isFound(expected, value);
  if (expected instanceof Date) return value instanceof Date && value.getTime() === expected.getTime();
  if (typeof expected === "function") return isTrue(expected as (value: unknown) => unknown, value);
  if (Array.isArray(expected)) {
    return (
      Array.isArray(value) && value.length === expected.length && expected.every((one, i) => matches(one, value[i]))
    );
  }
  if (isSchema(expected)) return expected.safeParse(value).success;
  if (!isObject(expected)) return Object.is(expected, value);
  if (!isObject(value) || Array.isArray(value) || value instanceof Date) return false;
  const keys = new Set([...Object.keys(expected), ...Object.keys(value)]);
  return [...keys].every((key) => matches(expected[key], value[key]));
}

/** The same, for some fields of an object: others are not looked at. */
export function matchesFields(expected: Fields, value: unknown): boolean {
  return isObject(value) && Object.entries(expected).every(([key, one]) => matches(one, value[key]));
}

/** Whether objects are what they would be if all that is not written down were left out: at any depth. */
export function matchesPartly(expected: unknown, value: unknown): boolean {
  if (!isPlain(expected) || !isObject(value) || Array.isArray(value)) return matches(expected, value);
  return Object.entries(expected).every(([key, one]) => Object.hasOwn(value, key) && matchesPartly(one, value[key]));
}

/** As String.search has it: a pattern with the flag g or y begins at the beginning each time. */
export function isFound(pattern: RegExp, text: string): boolean {
  return text.search(pattern) >= 0;
}

/** Throws KitError where a function of a test says neither true nor false, such as one that is async. */
export function isTrue(says: (value: unknown) => unknown, value: unknown): boolean {
  const said = says(value);
  if (typeof said === "boolean") return said;
  const what = isObject(said) && typeof said.then === "function" ? "a promise" : shown(said);
  throw new KitError(`A function that is expected of a value says true or false at once; this one gave ${what}.`);
}

/** Throws KitError where something in it can be compared with nothing that runs hold: that would never match, and say so of anything. */
export function requireComparable(expected: unknown, within: readonly unknown[] = []): void {
  if (within.includes(expected))
    throw new KitError("What is expected contains itself, and can be compared with nothing.");
  if (isComparedWhole(expected)) return;
  if (Array.isArray(expected) || isPlain(expected)) {
    for (const one of Object.values(expected)) requireComparable(one, [...within, expected]);
    return;
  }
  throw new KitError(
    `What is expected has ${shown(expected)} in it, and runs hold plain values and dates only: write it as such, or a function of the value.`,
  );
}

function isComparedWhole(expected: unknown): boolean {
  if (isAsymmetric(expected) || isSchema(expected) || typeof expected === "function") return true;
  if (expected instanceof RegExp || expected instanceof Date) return true;
  return expected === null || ["undefined", "string", "number", "boolean"].includes(typeof expected);
}

/** What is expected, on one line. */
export function expectedText(expected: unknown): string {
  if (typeof expected === "function") {
    return expected.name === "" ? "what a function says" : `what ${expected.name} says`;
  }
  return text(expected);
}

function text(expected: unknown): string {
  if (isAsymmetric(expected)) {
    const { sample } = expected;
    return sample === undefined ? String(expected) : `${String(expected)} ${text(sample)}`;
  }
  if (typeof expected === "function") return "(a function)";
  if (expected instanceof RegExp) return String(expected);
  if (isSchema(expected)) return "(a schema)";
  if (Array.isArray(expected)) return `[${expected.map(text).join(",")}]`;
  if (isPlain(expected)) {
    return `{${Object.entries(expected)
      .map(([key, one]) => `${JSON.stringify(key)}:${text(one)}`)
      .join(",")}}`;
  }
  return JSON.stringify(expected) ?? "undefined";
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return isObject(value) && typeof value.asymmetricMatch === "function";
}

export function isSchema(value: unknown): value is Schema {
  return isObject(value) && typeof value.safeParse === "function";
}

function isPlain(value: unknown): value is Fields {
  if (!isObject(value) || isAsymmetric(value) || isSchema(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null;
}

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}
