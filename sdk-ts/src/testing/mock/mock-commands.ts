// What steps of a made-up run are in commands of the core.
import type { ChildEnd, CompletedOutcome, Verdict } from "@agentspan/orchestrator/core";
import { writeJson } from "../../json-text.js";
import { KitError } from "../kit-error.js";
import type { MockDecision, MockDecisionDetails } from "./mock-event.js";

/** What a worker brings. */
export type Brought = Extract<CompletedOutcome, { readonly kind: "result" | "error" }>;

/** Of the run that a call started. */
export function childEnd(outcome: Brought): ChildEnd {
  return outcome.kind === "result"
    ? { state: "COMPLETED", result: outcome.text }
    : { state: "FAILED", reason: "MODEL_FAILED", message: outcome.message };
}

/** Throws KitError where it has no JSON form. */
export function jsonText(value: unknown, field: string): string {
  const written = writeJson(value);
  if (written.ok) return written.text;
  throw new KitError(`${field} cannot be written as JSON: ${written.problem}`);
}

export function verdictOf(outcome: MockDecision, { args, content }: MockDecisionDetails): Verdict {
  switch (outcome) {
    case "APPROVED":
      return args === undefined
        ? { kind: "approve" }
        : { kind: "approve", editedArguments: jsonText(args, "The edited arguments") };
    case "REJECTED":
      return { kind: "reject" };
    case "RESPONDED":
      return { kind: "respond", content: jsonText(content, "The answer") };
    default:
      return outcome satisfies never;
  }
}
