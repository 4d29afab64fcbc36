// Settings from the environment: read once at the start, checked all together, typed from then on.
//
//   const config = readConfig({
//     port: setting.int("AGENTSPAN_PORT", { about: "where the gateway listens", min: 1, max: 65535, default: 6767 }),
//     mongo: setting.secret("MONGODB_URI", { about: "the MongoDB server" }),
//   }, process.env);
import { readFileSync } from "node:fs";
import { formatDuration, parseDuration } from "./duration.js";
import { nearestName } from "./nearest-name.js";

/** What a text was read as, or what it should have been: "a whole number from 1 to 65535". */
type Read<T> = { readonly value: T } | { readonly wanted: string };

/** What must stay secret of a setting: its value, the password that may be in it, or the file that it names. */
export type Secret = "value" | "password" | "file";

/** One variable of the environment and what it may hold. Made by `setting`. */
export interface Setting<T> {
  readonly variable: string;
  /** What it is for, in a few words that follow the name. */
  readonly about: string;
  /** What it must hold, in words that follow "must be". */
  readonly form: string;
  /** A value to show in a remedy. */
  readonly example: string;
  readonly read: (text: string) => Read<T>;
  /** What holds where the variable is unset or empty; without it the variable is required. */
  readonly unset: { readonly value: T } | undefined;
  /** What holds where it is unset, as it would be written; undefined where nothing does. */
  readonly defaultText: string | undefined;
  readonly secret: Secret | undefined;
}

/** What is told of a setting. */
export type SettingText = Pick<Setting<unknown>, "variable" | "about" | "form" | "unset" | "defaultText" | "secret">;

export type Spec = Readonly<Record<string, Setting<unknown>>>;
/** The values of a spec, by the same keys. */
export type Config<S extends Spec> = { readonly [K in keyof S]: S[K] extends Setting<infer T> ? T : never };

interface Common<T> {
  readonly about: string;
  readonly default?: T;
  readonly example?: string;
}

/** Names every setting that is wrong, each with what to do about it. Never holds the value of a secret. */
export class ConfigError extends Error {
  override readonly name = "ConfigError";
  /** One line for each fault. */
  readonly faults: readonly string[];

  constructor(faults: readonly string[]) {
    const count = faults.length === 1 ? "A setting is" : `${faults.length} settings are`;
    super(`${count} wrong:\n${faults.map((fault) => `  ${fault}`).join("\n")}`);
    this.faults = faults;
  }
}

/** The kinds of setting. Each has a default or is required; `setting.optional` makes a third of it. */
export const setting = {
  /** Any text that matches the pattern, if there is one; `form` says in words what the pattern wants. */
  string(variable: string, options: Common<string> & { pattern?: RegExp; form?: string }): Setting<string> {
    const { pattern, form = "a text" } = options;
    return make(variable, options, { example: "some-text", form }, (text) =>
      pattern === undefined || pattern.test(text) ? { value: text } : { wanted: form },
    );
  },

  /** A whole number from min to max, both included. */
  int(variable: string, options: Common<number> & { min: number; max: number }): Setting<number> {
    const form = `a whole number from ${options.min} to ${options.max}`;
    return make(variable, options, { example: String(options.default ?? options.min), form }, (text) => {
      const value = /^-?\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
      return value >= options.min && value <= options.max ? { value } : { wanted: form };
    });
  },

  /** A duration such as "3s", "500ms" or "10m", as milliseconds; the limits are milliseconds too. */
  duration(variable: string, options: Common<number> & { min?: number; max?: number }): Setting<number> {
    const { min = 0, max = Number.MAX_SAFE_INTEGER } = options;
    const range =
      options.max === undefined
        ? `at least ${formatDuration(min)}`
        : `from ${formatDuration(min)} to ${formatDuration(max)}`;
    const form = `a duration with its unit (ms, s, m, h or d), ${range}`;
    const example = formatDuration(options.default ?? Math.max(min, 1000));
    return make(variable, options, { example, form, written: formatDuration }, (text) => {
      const value = parseDuration(text);
      return value !== undefined && value >= min && value <= max ? { value } : { wanted: form };
    });
  },

  /** true or false; also 1 and 0, yes and no, on and off. */
  boolean(variable: string, options: Common<boolean>): Setting<boolean> {
    const form = "true or false";
    return make(variable, options, { example: String(options.default ?? true), form }, (text) => {
      const word = text.toLowerCase();
      if (["true", "1", "yes", "on"].includes(word)) return { value: true };
      if (["false", "0", "no", "off"].includes(word)) return { value: false };
      return { wanted: form };
    });
  },

  /** One of a list of words. */
  oneOf<const T extends string>(variable: string, options: Common<NoInfer<T>> & { values: readonly T[] }): Setting<T> {
    const form = `one of ${options.values.join(", ")}`;
    return make(variable, options, { example: options.default ?? options.values[0] ?? "", form }, (text) => {
      const value = options.values.find((known) => known === text);
      return value === undefined ? { wanted: form } : { value };
    });
  },

  /** A URL with one of the schemes (without the colon). It may hold credentials, so it is never shown. */
  url(variable: string, options: Common<string> & { schemes: readonly string[] }): Setting<string> {
    const form = `a URL that begins with ${options.schemes.map((scheme) => `${scheme}://`).join(" or ")}`;
    const example = options.default ?? `${options.schemes[0]}://127.0.0.1`;
    // Not `new URL`: a list of hosts, as mongodb:// and nats:// have it, is none to it.
    return make(variable, options, { example, form, secret: "password" }, (text) =>
      options.schemes.some((scheme) => text.startsWith(`${scheme}://`) && text.length > scheme.length + 3) &&
      !/\s/.test(text)
        ? { value: text }
        : { wanted: form },
    );
  },

  /** A text that no message and no log may show. */
  secret(variable: string, options: Common<string> & { minLength?: number }): Setting<string> {
    const { minLength = 1 } = options;
    const form = minLength === 1 ? "a text" : `a secret of at least ${minLength} characters`;
    return make(variable, options, { example: "...", form, secret: "value" }, (text) =>
      text.length >= minLength ? { value: text } : { wanted: form },
    );
  },

  /**
   * The path of a file, which is read at once: the value is its text. `problem` says what is wrong with a text, in words
   * that follow "another file than this one,". The text itself is never shown. `secret` says that nobody else may read it.
   */
  file(
    variable: string,
    options: Common<string> & { problem?: (text: string) => string | undefined; secret?: boolean },
  ): Setting<string> {
    const kind = { example: "/path/of/a/file", form: "the path of a file that can be read" };
    return make(variable, options, { ...kind, secret: options.secret === true ? "file" : undefined }, (path) => {
      const file = readFile(path);
      if ("why" in file) return { wanted: `${kind.form} (${file.why})` };
      const problem = options.problem?.(file.text);
      return problem === undefined
        ? { value: file.text }
        : { wanted: `the path of another file than this one, ${problem}` };
    });
  },

  /** The same setting, but undefined where the variable is unset or empty. */
  optional<T>(of: Setting<T>): Setting<T | undefined> {
    return { ...of, unset: { value: undefined }, defaultText: undefined };
  },
} as const;

/** A URL with a login, also one with characters in it that should have been encoded. */
const MAY_HOLD_CREDENTIALS = /:\/\/.*@/s;

function readFile(path: string): { readonly text: string } | { readonly why: string } {
  try {
    return { text: readFileSync(path, "utf8") };
  } catch (error) {
    return { why: error instanceof Error && "code" in error ? String(error.code) : String(error) };
  }
}

interface Kind<T> {
  readonly example: string;
  readonly form: string;
  readonly secret?: Secret | undefined;
  /** How a value is written; by String unless said. */
  readonly written?: (value: T) => string;
}

function make<T>(variable: string, options: Common<T>, kind: Kind<T>, read: (text: string) => Read<T>): Setting<T> {
  const { about, default: value } = options;
  const { form, secret, written = String } = kind;
  return {
    ...{ variable, about, form, read, secret },
    example: options.example ?? kind.example,
    unset: value === undefined ? undefined : { value },
    defaultText: value === undefined ? undefined : written(value),
  };
}

export interface ReadConfigOptions {
  /** AGENTSPAN_ variables that another process of the product reads: no fault here. */
  readonly known?: readonly string[];
}

/**
 * Reads every setting of the spec, and throws one ConfigError that names all that are missing or wrong. An AGENTSPAN_
 * variable that nobody knows is a fault too: it is a typing error that would otherwise leave a default in force.
 */
export function readConfig<S extends Spec>(
  spec: S,
  env: Readonly<Record<string, string | undefined>>,
  options: ReadConfigOptions = {},
): Config<S> {
  const faults: string[] = [];
  const values: Record<string, unknown> = {};
  for (const [key, one] of Object.entries(spec)) {
    const text = env[one.variable]?.trim() ?? "";
    const remedy = `Example: ${one.variable}=${one.example}`;
    if (text === "") {
      if (one.unset === undefined) faults.push(`${one.variable} (${one.about}) is not set. ${remedy}`);
      values[key] = one.unset?.value;
      continue;
    }
    const read = one.read(text);
    if ("value" in read) values[key] = read.value;
    else {
      const shown =
        (one.secret === undefined || one.secret === "file") && !MAY_HOLD_CREDENTIALS.test(text)
          ? `is ${JSON.stringify(text.slice(0, 100))}, but`
          : "does not hold what it must: it";
      faults.push(`${one.variable} (${one.about}) ${shown} must be ${read.wanted}. ${remedy}`);
    }
  }
  const known = new Set([...Object.values(spec).map((one) => one.variable), ...(options.known ?? [])]);
  for (const variable of Object.keys(env)) {
    if (!variable.startsWith("AGENTSPAN_") || known.has(variable)) continue;
    const meant = nearestName(variable, known, 3);
    faults.push(
      `${variable} is not a setting. ${meant === undefined ? "Remove it." : `Did you mean ${meant}? Rename or remove it.`}`,
    );
  }
  if (faults.length > 0) throw new ConfigError(faults);
  return values as Config<S>;
}
