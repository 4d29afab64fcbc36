// JSON Schema of tool arguments and of final answers, by ajv.
//
// A schema comes from whoever may define an agent, a value from a model or a person, and both are checked in the
// process that serves everybody. What is done so that neither can stop it:
//  - nothing is fetched: only references inside the schema ("#...") are accepted; `$id` inside it is refused, so that
//    one schema cannot name itself into another;
//  - a check that could take exponential or quadratic time (pattern, patternProperties, uniqueItems, references, or a
//    schema over 4 KiB) runs under a time limit, which interrupts even a backtracking regular expression, and a check
//    that runs out of time fails: the answer is never "valid" by default. Nothing is checked by that schema for a minute
//    then, and where many run out of time each gets less (check-time.ts);
//  - only own properties count (`required: ["toString"]` is not met by Object.prototype);
//  - references that lead back to themselves without going into the value are refused, and a check that overflows the
//    stack fails;
//  - at most 20 faults are reported, and compiled schemas are kept in a bounded cache.
// `format` is an annotation, as the standard has it, and unknown keywords are ignored.
import { types } from "node:util";
import { createContext, Script } from "node:vm";
import { Ajv, type ErrorObject, type Options, type ValidateFunction } from "ajv";
import { Ajv2020 } from "ajv/dist/2020.js";
import { canonicalJson } from "./canonical-json.js";
import { CheckTime, REST_MS } from "./check-time.js";
import { AgentspanError } from "./errors.js";
import { endlessReference } from "./schema-loops.js";
import { survey } from "./schema-survey.js";

/** One way in which a value does not satisfy its schema. */
export interface SchemaFault {
  /** JSON Pointer into the value: "/items/0/amount"; empty for the value as a whole. */
  readonly path: string;
  readonly message: string;
}

/** Says what is wrong with a plain parsed value; an empty list means that it satisfies the schema. */
export type SchemaCheck = (value: unknown) => readonly SchemaFault[];

/** Bytes of a schema up to which a check without dangerous keywords takes no time to speak of. */
const SMALL_SCHEMA = 4096;
const MAX_FAULTS = 20;
const CACHED_SCHEMAS = 256;

const OPTIONS: Options = {
  strict: false,
  allErrors: true,
  ownProperties: true,
  validateFormats: false,
  logger: false,
  code: { regExp: Object.assign(regExp, { code: "regExp" }) },
};

const draft07 = new Ajv(OPTIONS);
const draft2020 = new Ajv2020(OPTIONS);

const DIALECTS: ReadonlyMap<string, Ajv> = new Map<string, Ajv>([
  ["http://json-schema.org/draft-07/schema", draft07],
  ["https://json-schema.org/draft-07/schema", draft07],
  ["http://json-schema.org/draft/2020-12/schema", draft2020],
  ["https://json-schema.org/draft/2020-12/schema", draft2020],
]);

/** What a schema may describe: an object, as arguments are, or any value, as an answer may be. */
export type Described = "object" | "anything";

/**
 * Says why a text is not a usable JSON Schema of what it is to describe, in a sentence for its author; undefined where it
 * is one. Draft 2020-12 is assumed unless `$schema` says draft-07.
 */
export function checkSchema(text: string, of: Described = "object"): string | undefined {
  const compiled = compiledOf(text);
  if (typeof compiled === "string") return compiled;
  return of === "anything" || compiled.ofObject ? undefined : NOT_OF_OBJECT;
}

/** The check of a schema, from a cache where it was used lately. Throws INVALID_REQUEST where checkSchema objects. */
export function compileSchema(text: string, of: Described = "object"): SchemaCheck {
  const compiled = compiledOf(text);
  if (typeof compiled === "string") throw new AgentspanError("INVALID_REQUEST", compiled);
  if (of === "object" && !compiled.ofObject) throw new AgentspanError("INVALID_REQUEST", NOT_OF_OBJECT);
  return compiled.check;
}

const NOT_OF_OBJECT = 'The schema must describe an object: write "type": "object" at its top level.';

interface Compiled {
  readonly check: SchemaCheck;
  readonly ofObject: boolean;
}

// Oldest use first. A bad schema is remembered too: telling that it is bad costs as much as compiling it.
const cache = new Map<string, Compiled | string>();

function compiledOf(text: string): Compiled | string {
  const known = cache.get(text);
  const compiled = known ?? compile(text);
  if (known !== undefined) cache.delete(text);
  cache.set(text, compiled);
  const oldest = cache.keys().next();
  if (cache.size > CACHED_SCHEMAS && !oldest.done) cache.delete(oldest.value);
  return compiled;
}

function compile(text: string): Compiled | string {
  const parsed = canonicalJson(text);
  if (!parsed.ok) return `The schema cannot be read. ${parsed.problem}`;
  const schema = parsed.value;
  if (typeof schema !== "object" || schema === null || Array.isArray(schema)) {
    return 'The schema must be a JSON object, such as {"type": "object", "properties": {}}.';
  }
  const { $schema, $id: _, ...rules } = schema as Readonly<Record<string, unknown>>;
  const ajv = $schema === undefined ? draft2020 : DIALECTS.get(String($schema).replace(/#$/, ""));
  if (ajv === undefined) {
    return "The schema's $schema is not supported: use JSON Schema draft 2020-12 or draft-07, or leave $schema out.";
  }
  const findings = survey(rules);
  if (findings.problem !== undefined) return findings.problem;
  let validate: ValidateFunction;
  try {
    const endless = endlessReference(rules);
    if (endless !== undefined) {
      return `The schema's reference "${endless}" leads back to itself, and checking a value would never end. A schema may refer to itself under "properties" or "items", where it goes into the value.`;
    }
    if (ajv.validateSchema(rules) !== true) {
      const hint = ajv === draft2020 ? ' (read as draft 2020-12; declare "$schema" if it is draft-07)' : "";
      const faults = new Set((ajv.errors ?? []).map((error) => `${error.instancePath || "/"} ${error.message ?? ""}`));
      return `The schema is not valid${hint}: ${[...faults].slice(0, 3).join(", ")}.`;
    }
    validate = ajv.compile(rules);
  } catch (error) {
    return `The schema cannot be used: ${error instanceof Error ? error.message : String(error)}.`;
  } finally {
    // Ajv keeps all it has seen for ever; the cache here is the bounded one.
    ajv.removeSchema(rules);
  }
  const check: SchemaCheck = (value) =>
    validate(value) ? [] : (validate.errors ?? []).slice(0, MAX_FAULTS).map(faultOf);
  const limited = findings.costly || text.length > SMALL_SCHEMA;
  const timed = limited ? withinLimit(check) : check;
  const checked: SchemaCheck = (value) => withoutOverflow(() => timed(value));
  // What cannot even tell of an empty object is found out by its author, and not by a run.
  return checked({}).some(({ message }) => message === TOO_DEEP)
    ? `The schema cannot be used: a value ${TOO_DEEP}.`
    : { check: checked, ofObject: rules.type === "object" };
}

const TOO_DEEP = "could not be checked, since the schema refers to itself too deeply";

/** Whatever overflows the stack is a fault of the value: the answer is never "valid" by default, and never an error. */
function withoutOverflow(check: () => readonly SchemaFault[]): readonly SchemaFault[] {
  try {
    return check();
  } catch (error) {
    if (!types.isNativeError(error) || error.name !== "RangeError") throw error;
    return [{ path: "", message: TOO_DEEP }];
  }
}

// Some authors' patterns are valid only without the u flag (`\_`), and ajv asks for it always.
function regExp(pattern: string, flags: string): RegExp {
  try {
    return new RegExp(pattern, flags);
  } catch {
    return new RegExp(pattern);
  }
}

const job: { run: () => void } = { run: () => undefined };
const script = new Script("job.run()");
const context = createContext({ job });

const time = new CheckTime();

/** A check by one schema that ends in time, whatever the value. */
function withinLimit(check: SchemaCheck): SchemaCheck {
  let restsUntil = 0;
  return (value) => {
    if (performance.now() < restsUntil) return [unchecked("since a value before it took too long")];
    const limit = time.limit();
    const faults = runWithin(limit, () => check(value));
    if (faults !== undefined) return faults;
    time.spent(limit);
    restsUntil = performance.now() + REST_MS;
    return [unchecked(`within ${limit} ms`)];
  };
}

function unchecked(why: string): SchemaFault {
  return { path: "", message: `could not be checked ${why}; simplify the tool's schema` };
}

/** Runs it here and now; the vm's watchdog can end it, which nothing else can do to a regular expression. */
function runWithin<T>(limitMs: number, run: () => T): T | undefined {
  let result: T | undefined;
  job.run = () => {
    result = run();
  };
  try {
    script.runInContext(context, { timeout: limitMs });
  } catch (error) {
    if (!isTimeout(error)) throw error;
  } finally {
    job.run = () => undefined;
  }
  return result;
}

// The error belongs to the vm's context, whose Error is another one: instanceof does not know it.
function isTimeout(error: unknown): boolean {
  return types.isNativeError(error) && "code" in error && error.code === "ERR_SCRIPT_EXECUTION_TIMEOUT";
}

function faultOf(error: ErrorObject): SchemaFault {
  const message = error.message ?? `must satisfy ${error.keyword}`;
  const params: Readonly<Record<string, unknown>> = error.params;
  switch (error.keyword) {
    case "additionalProperties":
      return { path: error.instancePath, message: `${message}: ${quoted(params.additionalProperty)}` };
    case "unevaluatedProperties":
      return { path: error.instancePath, message: `${message}: ${quoted(params.unevaluatedProperty)}` };
    case "enum":
      return { path: error.instancePath, message: `${message}: ${quoted(params.allowedValues)}` };
    case "const":
      return { path: error.instancePath, message: `${message}: ${quoted(params.allowedValue)}` };
    default:
      return { path: error.instancePath, message };
  }
}

function quoted(value: unknown): string {
  const text = JSON.stringify(value) ?? "";
  return text.length <= 200 ? text : `${text.slice(0, 197).replace(/\p{Surrogate}$/u, "")}...`;
}
