// What people decide, written down, by the tool that is asked for.
import type { AgentHandle } from "../agent-handle.js";
import type { Approval } from "../approval.js";
import { type Duration, toMilliseconds } from "../duration.js";
import type { JsonObject } from "../json-text.js";
import { type OptionKinds, shown } from "../option-check.js";
import { KitError } from "./kit-error.js";
import { checked, checkKind, checkOptions, jsonOf } from "./script-check.js";

/** Who decides, and what they say beside. */
export interface DecisionDetails {
  /** The person in whose name it is decided. */
  readonly by?: string;
  readonly comment?: string;
}

const DETAILS: OptionKinds<DecisionDetails> = { by: "text", comment: "text" };
const OUTCOMES = ["HAPPENED", "RUN_AGAIN", "GIVE_UP"] as const;

/** What a person does about one approval or question. */
export interface ScriptedDecision {
  /** In words, for a person who reads why a test failed. */
  readonly text: string;
  /** After so many milliseconds. */
  readonly afterMs: number;
  /** Undefined where nobody ever does anything. Resolves to whether that decided it. */
  readonly act: ((handle: AgentHandle, approval: Approval) => Promise<boolean>) | undefined;
}

/** One decision for every time that the tool is asked for, one for each time, or a function that looks at it. */
export type ToolDecisions =
  | ScriptedDecision
  | readonly ScriptedDecision[]
  | ((approval: Approval) => ScriptedDecision | Promise<ScriptedDecision>);

/** By the tool's name. */
export type DecisionScript = Readonly<Record<string, ToolDecisions>>;

/** Lets the call run, with the arguments that were shown. */
export function approve(details: DecisionDetails = {}): ScriptedDecision {
  checkOptions(details, "approve()", DETAILS);
  return decision("approve()", async (handle, approval) => {
    return (await handle.approve({ ...about(approval, details), argumentsDigest: approval.argumentsDigest })).closed;
  });
}

/** Lets the call run, with other arguments. */
export function approveWith(args: JsonObject, details: DecisionDetails = {}): ScriptedDecision {
  checkKind(args, "object", "The first argument of approveWith()");
  checkOptions(details, "approveWith()", DETAILS);
  return decision(`approveWith(${jsonOf(args, "The arguments of approveWith()")})`, async (handle, approval) => {
    const { argumentsDigest } = approval;
    return (await handle.approve({ ...about(approval, details), argumentsDigest, editedArguments: args })).closed;
  });
}

/** Refuses the call: the model is told the reason. Of a question: declines to answer. */
export function reject(reason: string, details: Pick<DecisionDetails, "by"> = {}): ScriptedDecision {
  checkKind(reason, "text", "The reason of reject()");
  checkOptions(details, "reject()", { by: "text" });
  const { by } = details;
  return decision(`reject(${JSON.stringify(reason)})`, async (handle, approval) => {
    await handle.reject(reason, about(approval, by === undefined ? {} : { by }));
    return true;
  });
}

/** Answers a question; or answers in place of a tool, which then does not run. */
export function respond(content: unknown, details: DecisionDetails = {}): ScriptedDecision {
  checkOptions(details, "respond()", DETAILS);
  return decision(`respond(${jsonOf(content, "The answer of respond()")})`, async (handle, approval) => {
    await handle.respond(content, about(approval, details));
    return true;
  });
}

/** Says what became of a call whose outcome nobody knows. */
export function settle(
  outcome: (typeof OUTCOMES)[number],
  options: DecisionDetails & { readonly result?: unknown } = {},
): ScriptedDecision {
  if (!OUTCOMES.includes(outcome)) {
    throw new KitError(
      `settle() is given ${shown(outcome)}; what may have become of a call is ${OUTCOMES.join(", ")}.`,
    );
  }
  checkOptions(options, "settle()", { ...DETAILS, result: "anything" });
  const { result, ...details } = options;
  if (result !== undefined) jsonOf(result, "The result of settle()");
  return decision(`settle(${JSON.stringify(outcome)})`, async (handle, approval) => {
    const found = result === undefined ? {} : { result };
    return (await handle.settle(outcome, { ...about(approval, details), ...found })).closed;
  });
}

/** The same, so much time after it was asked for. */
export function after(time: Duration, then: ScriptedDecision): ScriptedDecision {
  const ms = checked(() => toMilliseconds(time, "The time of after()"));
  if (!isDecision(then)) throw new KitError(`after() is given ${shown(then)}, and not ${SUCH_AS}.`);
  return { ...then, text: `after(${JSON.stringify(time)}, ${then.text})`, afterMs: then.afterMs + ms };
}

/** Nobody decides: it waits, or expires. */
export function nobody(): ScriptedDecision {
  return { text: "nobody()", afterMs: 0, act: undefined };
}

/** For a sentence about something that is no decision. */
export const SUCH_AS = "a decision, such as approve(), reject(reason) or nobody()";

export function isDecision(value: unknown): value is ScriptedDecision {
  if (typeof value !== "object" || value === null) return false;
  const { text, afterMs, act } = value as { readonly [name in keyof ScriptedDecision]?: unknown };
  return typeof text === "string" && Number.isFinite(afterMs) && (act === undefined || typeof act === "function");
}

function decision(text: string, act: (handle: AgentHandle, approval: Approval) => Promise<boolean>): ScriptedDecision {
  return { text, afterMs: 0, act };
}

function about({ approvalId }: Approval, { by, comment }: DecisionDetails) {
  return {
    approvalId,
    ...(by === undefined ? {} : { onBehalfOf: by }),
    ...(comment === undefined ? {} : { comment }),
  };
}
