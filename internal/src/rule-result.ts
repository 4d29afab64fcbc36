// What a rule gives, as far as its text says it. A rule that can be neither true nor false says nothing about any call: every
// one would wait for people, and a standing grant would let nothing run.
import type { RuleExpr } from "./rule-parts.js";

const CALLS: Readonly<Record<string, string>> = {
  "_+_": "a sum",
  ...Object.fromEntries(["-_", "_-_", "_*_", "_/_", "_%_"].map((name) => [name, "what it reckons"])),
  ...Object.fromEntries(["size", "int", "uint", "double"].map((name) => [name, "a number"])),
  string: "a text",
  timestamp: "a time",
  duration: "a duration",
};
const CONSTANTS: Readonly<Record<string, string>> = {
  nullValue: "null",
  int64Value: "a number",
  uint64Value: "a number",
  doubleValue: "a number",
  stringValue: "a text",
  bytesValue: "bytes",
};

/** Why it can be neither true nor false, in words that follow its name; undefined where it can, or nobody knows. */
export function resultFault(expr: RuleExpr): string | undefined {
  const given = otherThanBool(expr);
  return given === undefined ? undefined : `it gives ${given}, and never true or false`;
}

function otherThanBool({ exprKind: kind }: RuleExpr): string | undefined {
  switch (kind.case) {
    case "constExpr":
      return CONSTANTS[kind.value.constantKind.case ?? ""];
    case "identExpr":
      // Those of a loop are other ones.
      return kind.value.name === "args"
        ? "all of the arguments"
        : kind.value.name === "labels"
          ? "all labels"
          : undefined;
    case "selectExpr":
      return !kind.value.testOnly && isLabels(kind.value.operand) ? "a label's text" : undefined;
    case "listExpr":
      return "a list";
    case "structExpr":
      return "an object";
    case "callExpr":
      return ofCall(kind.value.function, kind.value.args);
    default:
      return undefined;
  }
}

function ofCall(name: string, args: readonly RuleExpr[]): string | undefined {
  const [first, second, third] = args;
  if (name === "_[_]") return isLabels(first) ? "a label's text" : undefined;
  if (name === "dyn") return first && otherThanBool(first);
  if (name !== "_?_:_") return Object.hasOwn(CALLS, name) ? CALLS[name] : undefined;
  // Where one of the two may be true, so may the whole.
  const [one, other] = [second && otherThanBool(second), third && otherThanBool(third)];
  return one === undefined || other === undefined ? undefined : one;
}

function isLabels(expr: RuleExpr | undefined): boolean {
  return expr?.exprKind.case === "identExpr" && expr.exprKind.value.name === "labels";
}
