// What a rule may be made of. What is not named here is refused when the rule is put: a misspelt name, which would make
// every call wait for a person, and whatever could make a rule's work more than rule-steps.ts reckons with.
import { createRequire } from "node:module";
import { partsOf, patternOf, type RuleExpr } from "./rule-parts.js";

const NAMES: ReadonlySet<string> = new Set(["args", "labels"]);
const FUNCTIONS: ReadonlySet<string> = new Set([
  ...["!_", "-_", "_?_:_", "_&&_", "_||_", "_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_", "@in", "_[_]"],
  ...["_+_", "_-_", "_*_", "_/_", "_%_", "@not_strictly_false"],
  ...["size", "contains", "startsWith", "endsWith", "matches"],
  ...["int", "uint", "double", "string", "bool", "dyn", "timestamp", "duration"],
]);
const MOST_LOOPS_WITHIN = 2;
const MOST_PATTERN = 256;
/** Of a pattern: what is repeated a given number of times is written out so often. */
const MOST_REPEATED = 100;

/** A sentence about what cannot be in a rule; undefined where it can be used. */
export function ruleFault(expr: RuleExpr | undefined): string | undefined {
  return expr === undefined ? "it is empty" : faultIn(expr, NAMES, 0);
}

function faultIn(expr: RuleExpr, names: ReadonlySet<string>, loops: number): string | undefined {
  const { exprKind: kind } = expr;
  if (kind.case === "identExpr" && !names.has(kind.value.name)) {
    return `it names ${kind.value.name}, and there are args and labels`;
  }
  if (kind.case === "callExpr" && !FUNCTIONS.has(kind.value.function)) {
    return `it calls ${kind.value.function}, which no rule may`;
  }
  if (kind.case === "structExpr" && kind.value.messageName !== "") return `it makes a ${kind.value.messageName}`;
  const pattern = patternOf(expr);
  const bad = pattern === undefined ? undefined : patternFault(pattern);
  if (bad !== undefined) return bad;
  const { once, each } = partsOf(expr);
  let within = names;
  if (kind.case === "comprehensionExpr") {
    const { accuVar, accuInit, iterVar, iterVar2 } = kind.value;
    if (accuInit?.exprKind.case !== "constExpr") return "it makes a list: all, exists and exists_one do not";
    if (loops >= MOST_LOOPS_WITHIN) return `it goes through lists more than ${MOST_LOOPS_WITHIN} deep`;
    within = new Set([...names, accuVar, iterVar, ...(iterVar2 === "" ? [] : [iterVar2])]);
  }
  for (const part of once) {
    // What is looped over is of the outside; the result of a loop is of its inside.
    const inside = kind.case === "comprehensionExpr" && part !== kind.value.iterRange ? within : names;
    const fault = faultIn(part, inside, loops);
    if (fault !== undefined) return fault;
  }
  for (const part of each) {
    const fault = faultIn(part, within, loops + 1);
    if (fault !== undefined) return fault;
  }
  return undefined;
}

function patternFault(pattern: string | null): string | undefined {
  if (pattern === null) return "it matches a pattern that is not written in it";
  if (pattern.length > MOST_PATTERN) return `it has a pattern of more than ${MOST_PATTERN} characters`;
  const repeated = [...pattern.matchAll(/\{(\d+)(?:,(\d*))?\}/gu)];
  const times = repeated.reduce(
    (product, [, least = "1", most = ""]) => product * Math.max(1, Number(most || least)),
    1,
  );
  if (times > MOST_REPEATED) return `it has a pattern that repeats more than ${MOST_REPEATED} times`;
  try {
    // With the first pattern, as the language itself with the first rule.
    const { RE2JS } = createRequire(import.meta.url)("@bufbuild/re2") as typeof import("@bufbuild/re2");
    new RE2JS(pattern);
    return undefined;
  } catch (thrown) {
    return `it has a pattern that cannot be used: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
}
