// What a caller hands over as options. In plain JavaScript nobody has checked it: a misspelt `approvalRequired` must not
// make a tool that runs without a person, and "false" must not be guessed to mean true.
import { inspect } from "node:util";
import { AgentspanError, nearestName, withoutSecrets } from "@agentspan/internal";

/** What a value may be, and the words for it. Durations are read by toMilliseconds, schemas by schemaSource. */
const KINDS = {
  text: { is: (value: unknown) => typeof value === "string", words: "text" },
  flag: { is: (value: unknown) => typeof value === "boolean", words: "true or false" },
  number: { is: (value: unknown) => Number.isFinite(value), words: "a number" },
  count: {
    is: (value: unknown) => Number.isInteger(value) && Number(value) >= 0 && Number(value) < 2 ** 31,
    words: "a whole number, 0 or more",
  },
  duration: {
    is: (value: unknown) => typeof value === "number" || typeof value === "string",
    words: 'a number of milliseconds, or text such as "30s"',
  },
  function: { is: (value: unknown) => typeof value === "function", words: "a function" },
  key: {
    is: (value: unknown) => typeof value === "string" || typeof value === "function",
    words: "text, or a function that gives it",
  },
  list: { is: (value: unknown) => Array.isArray(value), words: "a list" },
  object: { is: (value: unknown) => isObject(value), words: "an object" },
  texts: {
    is: (value: unknown) => isObject(value) && Object.values(value).every((text) => typeof text === "string"),
    words: "an object whose values are text",
  },
  signal: { is: (value: unknown) => isObject(value) && "aborted" in value, words: "an AbortSignal" },
  anything: { is: () => true, words: "anything" },
} as const;

export type OptionKind = keyof typeof KINDS;

/** Every option that there is. The type leaves none out, so that an option cannot be added and refused. */
export type OptionKinds<T> = { readonly [K in keyof Required<T>]: OptionKind };

/**
 * Throws INVALID_REQUEST, naming the field, where `options` has a key that is not in `kinds`, a value of another kind,
 * or lacks one of `required`. Undefined is the same as left out. `whose` begins the sentence: 'The tool "pay_out"'.
 */
export function requireOptions<T>(
  options: unknown,
  whose: string,
  kinds: OptionKinds<T>,
  required: readonly (keyof T & string)[] = [],
): void {
  if (!isObject(options)) throw unusable("options", `${whose} has the options ${shown(options)}`, KINDS.object.words);
  const given = new Map(Object.entries(options));
  const known = Object.keys(kinds);
  for (const key of given.keys()) if (!known.includes(key)) throw unknownOption(key, whose, known);
  for (const key of required) {
    if (given.get(key) === undefined) throw unusable(key, `${whose} has no ${key}`, KINDS[kinds[key]].words);
  }
  for (const [key, kind] of Object.entries<OptionKind>(kinds)) {
    const value = given.get(key);
    if (value === undefined || KINDS[kind].is(value)) continue;
    throw unusable(key, `${whose} has the ${key} ${shown(value)}`, KINDS[kind].words);
  }
}

/** Throws INVALID_REQUEST where one value by itself is of another kind. `what` is its name: "The input of a run". */
export function requireKind(value: unknown, kind: OptionKind, field: string, what: string): void {
  if (!KINDS[kind].is(value)) throw unusable(field, `${what} is ${shown(value)}`, KINDS[kind].words);
}

/** Throws INVALID_REQUEST where it is no URL of one of these protocols ("http:"). */
export function requireUrl(url: string, protocols: readonly string[], field: string, example: string): void {
  if (URL.canParse(url) && protocols.includes(new URL(url).protocol)) return;
  const described = `an address such as ${example}`;
  throw unusable(field, `The ${field} of the AgentRuntime is ${shown(withoutSecrets(url))}`, described);
}

/** For a sentence: on one line, and not too long. */
export function shown(value: unknown): string {
  const text = typeof value === "string" ? JSON.stringify(value) : inspect(value, { depth: 0, breakLength: Infinity });
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}

function unusable(field: string, what: string, words: string): AgentspanError {
  const description = `must be ${words}`;
  return new AgentspanError("INVALID_REQUEST", `${what}; it ${description}.`, { fields: [{ field, description }] });
}

function unknownOption(key: string, whose: string, known: readonly string[]): AgentspanError {
  const meant = nearOption(key, known);
  const remedy = meant === undefined ? `Its options are ${known.join(", ")}.` : `Did you mean ${meant}?`;
  return new AgentspanError("INVALID_REQUEST", `${whose} has no option ${JSON.stringify(key)}. ${remedy}`, {
    fields: [{ field: key, description: `is not an option. ${remedy}` }],
  });
}

/** Spelt in another way ("approval_required"), misspelt ("aprovalRequired"), or of the same word ("needsApproval"). */
function nearOption(key: string, known: readonly string[]): string | undefined {
  const letters = (name: string) => name.toLowerCase().replace(/[^a-z0-9]/g, "");
  const byLetters = new Map(known.map((name) => [letters(name), name]));
  const near = nearestName(letters(key), byLetters.keys(), key.length < 6 ? 1 : 2);
  if (near !== undefined) return byLetters.get(near);
  const words = (name: string) => name.split(/[^A-Za-z0-9]+|(?=[A-Z])/).map(letters);
  const long = words(key).filter((word) => word.length >= 5);
  return known.find((name) => words(name).some((word) => long.includes(word)));
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
