// Rules over a call's arguments and a run's labels, in the Common Expression Language: whether people must approve it.
//
// CEL ends by itself and has no side effects, but it can be slow; and an orchestrator that decides a run must come to
// the same verdict as any other that decides it. So a rule is never timed: how much work it can be is told from its text
// and the size of what it looks at, and where that is too much it says nothing. What could make it more than that (lists
// that a rule builds, patterns that come from a model) is refused when the rule is put.
//
// Numbers are those of JSON: the strict reading of arguments lets through only what a double holds exactly as it was
// written, so 9007199254740993 never gets here, and 0.1 is the double that every language means by it. Each is a CEL
// double. It compares with whole numbers (`args.amount > 100`), and reckons with doubles only (`args.amount * 2.0`).
import { createRequire } from "node:module";
import type { CelInput, parse } from "@bufbuild/cel";
import { Limits } from "./limits.js";
import { depthFault } from "./rule-depth.js";
import { ruleFault } from "./rule-fault.js";
import { fieldsIn } from "./rule-fields.js";
import { resultFault } from "./rule-result.js";
import { stepsOf } from "./rule-steps.js";

/** What a rule says. Where it says neither true nor false, `problem` tells why, and approval is required. */
export type RuleVerdict = { readonly asks: boolean; readonly problem?: string };

/** What a rule looks at: `args`, an object, and `labels`. */
export interface RuleInput {
  /** Canonical JSON text of an object. */
  readonly arguments: string;
  readonly labels: Readonly<Record<string, string>>;
}

type Expression = ReturnType<typeof parse>["expr"];
type Evaluate = (bindings: Readonly<Record<string, CelInput>>) => unknown;

interface Compiled {
  readonly expression: Expression;
  readonly evaluate: Evaluate;
}

/** Loaded with the first rule: most processes never see one, and each would take a tenth of a second longer to start. */
function cel() {
  loaded ??= load();
  return loaded;
}

function load() {
  const { celEnv, isCelError, parse, plan } = createRequire(import.meta.url)(
    "@bufbuild/cel",
  ) as typeof import("@bufbuild/cel");
  return { isCelError, parse, plan, environment: celEnv() };
}

let loaded: ReturnType<typeof load> | undefined;

/** Compiled rules, the last ones asked for. A rule that cannot be used is compiled again: it was refused when put. */
const COMPILED = new Map<string, Compiled>();
const MOST_COMPILED = 256;
/** Some tenths of a second of work. */
const MOST_STEPS = 200_000;

/** What is wrong with a rule, in words that follow its name; undefined where it can be used. */
export function ruleProblem(rule: string): string | undefined {
  try {
    const { expression } = compile(rule);
    // Not where a rule is asked: a definition that has such a one asks for people, as it did.
    return expression && resultFault(expression);
  } catch (thrown) {
    return told(thrown);
  }
}

/** The arguments that a rule looks at, by name, each once. Throws what ruleProblem tells of a rule that cannot be used. */
export function ruleFields(rule: string): readonly string[] {
  const { expression } = compile(rule);
  return expression === undefined ? [] : [...new Set(fieldsIn(expression))];
}

/** Asks a rule. It never throws: whatever goes wrong means that approval is required. */
export function ruleVerdict(rule: string, input: RuleInput): RuleVerdict {
  try {
    const { expression, evaluate } = compile(rule);
    const steps = stepsOf(expression, input);
    if (steps > MOST_STEPS) return failed(`it would take ${steps} steps, and may take ${MOST_STEPS}`);
    const args: unknown = JSON.parse(input.arguments);
    const said = evaluate({ args: celValue(args), labels: new Map(Object.entries(input.labels)) });
    if (cel().isCelError(said)) return failed(said.message);
    return typeof said === "boolean" ? { asks: said } : failed("it gives neither true nor false");
  } catch (thrown) {
    return failed(told(thrown));
  }
}

function failed(problem: string): RuleVerdict {
  return { asks: true, problem };
}

function told(thrown: unknown): string {
  // The stack was too short for it.
  if (thrown instanceof RangeError) return "it is nested too deeply";
  const message = thrown instanceof Error ? thrown.message : String(thrown);
  // As the parser names a place in a file. It goes on in a sentence, and some are one already.
  return message.replace(/<input>:(\d+):(\d+): /, "line $1, character $2: ").replace(/\.$/u, "");
}

function compile(rule: string): Compiled {
  const known = COMPILED.get(rule);
  if (known !== undefined) return known;
  const bytes = Buffer.byteLength(rule);
  if (bytes > Limits.ruleBytes) throw new Error(`it has ${bytes} bytes, and may have ${Limits.ruleBytes}`);
  const deep = depthFault(rule);
  if (deep !== undefined) throw new Error(deep);
  const { parse, plan, environment } = cel();
  const parsed = parse(rule);
  const fault = ruleFault(parsed.expr);
  if (fault !== undefined) throw new Error(fault);
  const compiled = { expression: parsed.expr, evaluate: plan(environment, parsed) as Evaluate };
  COMPILED.set(rule, compiled);
  const [oldest] = COMPILED.keys();
  if (COMPILED.size > MOST_COMPILED && oldest !== undefined) COMPILED.delete(oldest);
  return compiled;
}

/** Objects as maps, so that a key is what was written, `__proto__` too. */
function celValue(value: unknown): CelInput {
  if (Array.isArray(value)) return value.map(celValue);
  if (typeof value === "object" && value !== null) {
    return new Map(Object.entries(value).map(([key, part]) => [key, celValue(part)]));
  }
  return value as string | number | boolean | null;
}
