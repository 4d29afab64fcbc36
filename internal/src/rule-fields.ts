// Which arguments a rule looks at.
import { partsOf, type RuleExpr } from "./rule-parts.js";

/** The names right under `args`, as `args.amount` and `args["amount"]` say them, as often as they are said. */
export function fieldsIn(expr: RuleExpr): readonly string[] {
  const { once, each } = partsOf(expr);
  const named = fieldOf(expr);
  return [...(named === undefined ? [] : [named]), ...[...once, ...each].flatMap(fieldsIn)];
}

function fieldOf({ exprKind: kind }: RuleExpr): string | undefined {
  if (kind.case === "selectExpr") return isArgs(kind.value.operand) ? kind.value.field : undefined;
  if (kind.case !== "callExpr" || kind.value.function !== "_[_]") return undefined;
  const [operand, index] = kind.value.args;
  const written = index?.exprKind.case === "constExpr" ? index.exprKind.value.constantKind : undefined;
  return isArgs(operand) && written?.case === "stringValue" ? written.value : undefined;
}

function isArgs(expr: RuleExpr | undefined): boolean {
  return expr?.exprKind.case === "identExpr" && expr.exprKind.value.name === "args";
}
