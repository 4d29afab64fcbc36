// What happens in a run that is made up, step by step.
import type { JsonObject } from "../../json-text.js";
import { writeJson } from "../../json-text.js";
import { shown } from "../../option-check.js";
import { KitError } from "../kit-error.js";
import type { KitEvent } from "../kit-event.js";

/** How a person decided: APPROVED or REJECTED; RESPONDED answers a question, or stands in for the tool. */
export type MockDecision = "APPROVED" | "REJECTED" | "RESPONDED";

export interface MockDecisionDetails {
  /** Which tool's call, where those of several wait; of several calls of one tool, the first. */
  readonly toolName?: string;
  /** Who decided; "somebody" unless said. */
  readonly by?: string;
  readonly groups?: readonly string[];
  /** The reason of a rejection, or a comment. */
  readonly reason?: string;
  /** With APPROVED: the arguments that run instead. */
  readonly args?: JsonObject;
  /** With RESPONDED: the answer. */
  readonly content?: unknown;
}

export type MockStep =
  | { readonly kind: "toolCall"; readonly toolName: string; readonly args: JsonObject }
  | { readonly kind: "toolResult"; readonly toolName: string; readonly value: unknown }
  | { readonly kind: "toolError"; readonly toolName: string; readonly message: string }
  | { readonly kind: "waiting"; readonly message: string }
  | { readonly kind: "decided"; readonly outcome: MockDecision; readonly details: MockDecisionDetails }
  | { readonly kind: "done"; readonly result: unknown }
  | { readonly kind: "error"; readonly message: string }
  | { readonly kind: "kitOnly"; readonly event: KitEvent };

/** One step. Made by the functions of MockEvent; `text` is how it is written. */
export type MockEvent = MockStep & { readonly text: string };

const DECISIONS: readonly MockDecision[] = ["APPROVED", "REJECTED", "RESPONDED"];

function step(made: MockStep, ...args: readonly unknown[]): MockEvent {
  const name = made.kind === "kitOnly" ? nameOf(made.event) : made.kind;
  const shown = args.filter((arg) => arg !== undefined && arg !== "").map(written);
  return { ...made, text: `MockEvent.${name}(${shown.join(", ")})` };
}

/** What has no JSON form is refused where it is played, with the step. */
function written(arg: unknown): string {
  const json = writeJson(arg);
  return json.ok ? json.text : shown(arg);
}

function nameOf({ type }: KitEvent): string {
  return type.replace(/_(.)/g, (_, letter: string) => letter.toUpperCase());
}

export const MockEvent = {
  /** The model calls a tool. Calls that follow one another are made in one reply. */
  toolCall: (toolName: string, args: JsonObject = {}): MockEvent =>
    step({ kind: "toolCall", toolName, args }, toolName, args),

  /** A worker ran the call, and this came of it. Of a gated tool: only after it was decided. */
  toolResult: (toolName: string, value: unknown = null): MockEvent =>
    step({ kind: "toolResult", toolName, value }, toolName, value),

  /** A worker ran the call, and it failed for good: the model is told the message. */
  toolError: (toolName: string, message: string): MockEvent =>
    step({ kind: "toolError", toolName, message }, toolName, message),

  /** The run waits for a person. The message is for whoever reads the test. */
  waiting: (message = ""): MockEvent => step({ kind: "waiting", message }, message),

  /** A person decided what the run waits for. */
  decided: (outcome: MockDecision = "APPROVED", details: MockDecisionDetails = {}): MockEvent => {
    if (!DECISIONS.includes(outcome)) {
      const known = DECISIONS.map((one) => JSON.stringify(one)).join(", ");
      throw new KitError(`MockEvent.decided() takes ${known}: not ${shown(outcome)}.`);
    }
    const told = Object.keys(details).length === 0 ? undefined : details;
    return step({ kind: "decided", outcome, details }, outcome, told);
  },

  /**
   * The model answers, and the run is done. Calls that have no result by then had one; what the run was said to be
   * waiting for was approved.
   */
  done: (result: unknown = ""): MockEvent => step({ kind: "done", result }, result),

  /** The model fails for good, and the run with it. */
  error: (message: string): MockEvent => step({ kind: "error", message }, message),

  /** Of the kit alone: no server tells of it. */
  thinking: (text: string): MockEvent =>
    step({ kind: "kitOnly", event: { type: "thinking", kitOnly: true, text } }, text),

  /** Of the kit alone: no server tells of it. */
  message: (text: string): MockEvent =>
    step({ kind: "kitOnly", event: { type: "message", kitOnly: true, text } }, text),

  /** Of the kit alone: no server tells of it. */
  handoff: (agentName: string): MockEvent =>
    step({ kind: "kitOnly", event: { type: "handoff", kitOnly: true, agentName } }, agentName),

  /** Of the kit alone: no server tells of it. */
  guardrailPass: (guardrail: string): MockEvent =>
    step({ kind: "kitOnly", event: { type: "guardrail_pass", kitOnly: true, guardrail } }, guardrail),

  /** Of the kit alone: no server tells of it. */
  guardrailFail: (guardrail: string, reason = ""): MockEvent =>
    step({ kind: "kitOnly", event: { type: "guardrail_fail", kitOnly: true, guardrail, reason } }, guardrail, reason),
} as const;
