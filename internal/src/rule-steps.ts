// How much work a rule can be at most, told from its text and the size of what it looks at: the same figure on every
// machine. A step is about a microsecond.

import type { RuleInput } from "./rule.js";
import { partsOf, patternOf, type RuleExpr } from "./rule-parts.js";

/** Characters that are compared or searched in a step, and that a pattern goes through. */
const COMPARED_IN_A_STEP = 1_024;
const MATCHED_IN_A_STEP = 4;

export function stepsOf(expr: RuleExpr | undefined, { arguments: text, labels }: RuleInput): number {
  if (expr === undefined) return 0;
  const all = text.length + Object.entries(labels).reduce((sum, [key, value]) => sum + key.length + value.length, 0);
  const counts = countsOf(expr);
  // What is added up may be as long as all that is added, and be added up again in each of two loops.
  const growth = (1 + counts.sums / 3) ** 3;
  const characters = (all + counts.written) * growth;
  // Each value but the last is followed by a comma, in the arguments or in the rule.
  const values = (commasIn(text) + Object.keys(labels).length + counts.expressions) * growth;
  return Math.ceil(workOf(expr, { characters, values }));
}

interface Sizes {
  readonly characters: number;
  readonly values: number;
}

function workOf(expr: RuleExpr, sizes: Sizes): number {
  const { once, each } = partsOf(expr);
  const sum = (parts: readonly RuleExpr[]) => parts.reduce((work, part) => work + workOf(part, sizes), 0);
  const own = 1 + (expr.exprKind.case === "callExpr" ? sizes.characters / COMPARED_IN_A_STEP : 0);
  const matched = patternOf(expr) === undefined ? 0 : sizes.characters / MATCHED_IN_A_STEP;
  return own + matched + sum(once) + sizes.values * sum(each);
}

function countsOf(expr: RuleExpr): { expressions: number; sums: number; written: number } {
  const { once, each } = partsOf(expr);
  const { exprKind: kind } = expr;
  const text =
    kind.case === "constExpr" && kind.value.constantKind.case === "stringValue" ? kind.value.constantKind.value : "";
  const counts = {
    expressions: 1,
    sums: kind.case === "callExpr" && kind.value.function === "_+_" ? 1 : 0,
    written: text.length,
  };
  for (const part of [...once, ...each]) {
    const { expressions, sums, written } = countsOf(part);
    counts.expressions += expressions;
    counts.sums += sums;
    counts.written += written;
  }
  return counts;
}

function commasIn(text: string): number {
  let count = 1;
  for (let at = text.indexOf(","); at >= 0; at = text.indexOf(",", at + 1)) count += 1;
  return count;
}
