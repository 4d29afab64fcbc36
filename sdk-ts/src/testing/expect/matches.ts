// Whether a value is what a test wrote down.

/** What test runners' expect.anything(), expect.objectContaining() and the like are. */
interface Asymmetric {
  asymmetricMatch(value: unknown): boolean;
}

/**
 * Deep equality of JSON values. In what is expected, a RegExp stands for texts that it matches, a function of one value
 * for those of which it is true, and a test runner's asymmetric matchers for whatever they match.
 */
export function matches(expected: unknown, value: unknown): boolean {
  if (isAsymmetric(expected)) return expected.asymmetricMatch(value);
  if (expected instanceof RegExp) return typeof value === "string" && expected.test(value);
  if (typeof expected === "function") return expected(value) === true;
  if (Array.isArray(expected)) {
    return (
      Array.isArray(value) && value.length === expected.length && expected.every((one, i) => matches(one, value[i]))
    );
  }
  if (!isObject(expected)) return Object.is(expected, value);
  if (!isObject(value) || Array.isArray(value)) return false;
  const keys = new Set([...Object.keys(expected), ...Object.keys(value)]);
  return [...keys].every((key) => matches(expected[key], value[key]));
}

/** The same, for some fields of an object: others are not looked at. */
export function matchesFields(expected: Readonly<Record<string, unknown>>, value: unknown): boolean {
  return isObject(value) && Object.entries(expected).every(([key, one]) => matches(one, value[key]));
}

/** What is expected, on one line. */
export function expectedText(expected: unknown): string {
  if (typeof expected === "function")
    return expected.name === "" ? "what a function says" : `what ${expected.name} says`;
  const words = (_: string, value: unknown) => {
    if (value instanceof RegExp) return String(value);
    if (isAsymmetric(value)) return String(value);
    return typeof value === "function" ? "(a function)" : value;
  };
  return JSON.stringify(expected, words) ?? "undefined";
}

function isAsymmetric(value: unknown): value is Asymmetric {
  return isObject(value) && typeof value.asymmetricMatch === "function";
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null;
}
