// What people decide, written down, by the tool that is asked for.
import type { AgentHandle } from "../agent-handle.js";
import type { Approval } from "../approval.js";
import { type Duration, toMilliseconds } from "../duration.js";
import type { JsonObject } from "../json-text.js";

/** Who decides, and what they say beside. */
export interface DecisionDetails {
  /** The person in whose name it is decided. */
  readonly by?: string;
  readonly comment?: string;
}

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
  return decision("approve()", async (handle, approval) => {
    return (await handle.approve({ ...about(approval, details), argumentsDigest: approval.argumentsDigest })).closed;
  });
}

/** Lets the call run, with other arguments. */
export function approveWith(args: JsonObject, details: DecisionDetails = {}): ScriptedDecision {
  return decision(`approveWith(${JSON.stringify(args)})`, async (handle, approval) => {
    const { argumentsDigest } = approval;
    return (await handle.approve({ ...about(approval, details), argumentsDigest, editedArguments: args })).closed;
  });
}

/** Refuses the call: the model is told the reason. Of a question: declines to answer. */
export function reject(reason: string, { by }: Pick<DecisionDetails, "by"> = {}): ScriptedDecision {
  return decision(`reject(${JSON.stringify(reason)})`, async (handle, approval) => {
    await handle.reject(reason, about(approval, by === undefined ? {} : { by }));
    return true;
  });
}

/** Answers a question; or answers in place of a tool, which then does not run. */
export function respond(content: unknown, details: DecisionDetails = {}): ScriptedDecision {
  return decision(`respond(${JSON.stringify(content)})`, async (handle, approval) => {
    await handle.respond(content, about(approval, details));
    return true;
  });
}

/** Says what became of a call whose outcome nobody knows. */
export function settle(
  outcome: "HAPPENED" | "RUN_AGAIN" | "GIVE_UP",
  { result, ...details }: DecisionDetails & { readonly result?: unknown } = {},
): ScriptedDecision {
  return decision(`settle(${JSON.stringify(outcome)})`, async (handle, approval) => {
    const options = { ...about(approval, details), ...(result === undefined ? {} : { result }) };
    return (await handle.settle(outcome, options)).closed;
  });
}

/** The same, so much time after it was asked for. */
export function after(time: Duration, then: ScriptedDecision): ScriptedDecision {
  const text = `after(${JSON.stringify(time)}, ${then.text})`;
  return { ...then, text, afterMs: then.afterMs + toMilliseconds(time, "The time of after()") };
}

/** Nobody decides: it waits, or expires. */
export function nobody(): ScriptedDecision {
  return { text: "nobody()", afterMs: 0, act: undefined };
}

/** Reads a script on: each approval takes the next decision of its tool. */
export class DecisionReader {
  readonly #script: DecisionScript;
  readonly #taken = new Map<string, number>();

  constructor(script: DecisionScript) {
    this.#script = script;
  }

  /** Undefined where the script has none (any more). `again`: the one before did not decide it by itself. */
  async next(approval: Approval, again: boolean): Promise<ScriptedDecision | undefined> {
    const { toolName } = approval;
    const decisions = Object.hasOwn(this.#script, toolName) ? this.#script[toolName] : undefined;
    if (decisions === undefined) return undefined;
    if (!isList(decisions)) {
      if (again) return undefined;
      return typeof decisions === "function" ? decisions(approval) : decisions;
    }
    const taken = this.#taken.get(toolName) ?? 0;
    this.#taken.set(toolName, taken + 1);
    return decisions[taken];
  }

  /** Decisions of lists that nobody was asked for, a sentence each. */
  get unused(): readonly string[] {
    return Object.entries(this.#script).flatMap(([toolName, decisions]) => {
      if (!isList(decisions)) return [];
      const left = decisions.slice(this.#taken.get(toolName) ?? 0);
      return left.map(({ text }) => `Nobody was asked to decide ${toolName} so often: ${text} is left over.`);
    });
  }
}

function isList(decisions: ToolDecisions): decisions is readonly ScriptedDecision[] {
  return Array.isArray(decisions);
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
