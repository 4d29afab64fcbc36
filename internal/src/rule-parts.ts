// The parts of a rule's syntax tree.
import type { parse } from "@bufbuild/cel";

export type RuleExpr = NonNullable<ReturnType<typeof parse>["expr"]>;

/** The expressions directly inside one, those that are evaluated once for each element of a list apart. */
export interface RuleParts {
  readonly once: readonly RuleExpr[];
  readonly each: readonly RuleExpr[];
}

export function partsOf(expr: RuleExpr): RuleParts {
  const { exprKind: kind } = expr;
  switch (kind.case) {
    case "selectExpr":
      return { once: present(kind.value.operand), each: [] };
    case "callExpr":
      return { once: [...present(kind.value.target), ...kind.value.args], each: [] };
    case "listExpr":
      return { once: kind.value.elements, each: [] };
    case "structExpr": {
      const parts = kind.value.entries.flatMap(({ keyKind, value }) => [
        ...(keyKind.case === "mapKey" ? [keyKind.value] : []),
        ...present(value),
      ]);
      return { once: parts, each: [] };
    }
    case "comprehensionExpr": {
      const { iterRange, accuInit, loopCondition, loopStep, result } = kind.value;
      const once = [...present(iterRange), ...present(accuInit), ...present(result)];
      return { once, each: [...present(loopCondition), ...present(loopStep)] };
    }
    default:
      return { once: [], each: [] };
  }
}

/** The pattern of a call of `matches`, where it is written out; null where it is not, undefined of anything else. */
export function patternOf({ exprKind: kind }: RuleExpr): string | null | undefined {
  if (kind.case !== "callExpr" || kind.value.function !== "matches") return undefined;
  const constant = kind.value.args.at(-1)?.exprKind;
  const written = constant?.case === "constExpr" ? constant.value.constantKind : undefined;
  return written?.case === "stringValue" ? written.value : null;
}

function present(expr: RuleExpr | undefined): readonly RuleExpr[] {
  return expr === undefined ? [] : [expr];
}
