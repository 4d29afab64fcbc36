// What a scripted model says, written down: a turn is one reply.
import { shown } from "../../option-check.js";
import { KitError } from "../kit-error.js";
import { checkKind, checkOptions, jsonOf } from "../script-check.js";
import type { ToldModel } from "./told-model.js";

const FINISH_REASONS = ["STOP", "LENGTH", "REFUSED"] as const;
const KINDS = ["calls", "says", "fails"] as const;

/** One tool call that the model makes. */
export interface ScriptedCall {
  readonly toolName: string;
  /** Sent as JSON; text is sent as it is, for arguments that are no JSON. */
  readonly args: object | string;
}

/** The model calls tools; `and` adds another call to the same reply. */
export interface CallsTurn {
  readonly kind: "calls";
  readonly calls: readonly ScriptedCall[];
  /** What it says beside. */
  readonly text: string;
  and(toolName: string, args?: object | string): CallsTurn;
  /** With words beside the calls. */
  saying(text: string): CallsTurn;
}

/** The model gives its final answer. */
export interface SaysTurn {
  readonly kind: "says";
  readonly text: string;
  readonly finishReason: "STOP" | "LENGTH" | "REFUSED";
}

/** The model's provider fails. */
export interface FailsTurn {
  readonly kind: "fails";
  readonly message: string;
  /** Whether the server asks it again, for the next turn of the script. */
  readonly again: boolean;
}

export type SaidTurn = CallsTurn | SaysTurn | FailsTurn;

/** A turn, or a function of what the model was told that gives it. */
export type ModelTurn = SaidTurn | ((told: ToldModel) => SaidTurn | Promise<SaidTurn>);

/** The turns of every run, in order; or those of each agent's runs, by the agent's name. */
export type ModelScript = readonly ModelTurn[] | Readonly<Record<string, readonly ModelTurn[]>>;

/**
 * The model calls a tool, and perhaps others in the same reply.
 *
 * @example
 * calls("get_order", { order_id: "ORD-8821" }).and("get_customer", { customer_id: "cust_001" })
 */
export function calls(toolName: string, args: object | string = {}): CallsTurn {
  return callsTurn([callOf("calls()", toolName, args)], "");
}

/** The model answers, and the run is done. An object becomes JSON, for agents with an output schema. */
export function says(
  answer: string | object,
  options: { readonly finishReason?: SaysTurn["finishReason"] } = {},
): SaysTurn {
  checkOptions(options, "says()", { finishReason: "text" });
  const { finishReason = "STOP" } = options;
  if (!FINISH_REASONS.includes(finishReason)) {
    throw new KitError(
      `The finishReason of says() is ${shown(finishReason)}; it is one of ${FINISH_REASONS.join(", ")}.`,
    );
  }
  const text = typeof answer === "string" ? answer : jsonOf(answer, "The answer of says()");
  return { kind: "says", text, finishReason };
}

/** The model's provider fails: for good with `again: false`, else so that it is asked again after a while. */
export function fails(message = "The provider is overloaded.", options: { readonly again?: boolean } = {}): FailsTurn {
  checkKind(message, "text", "The message of fails()");
  checkOptions(options, "fails()", { again: "flag" });
  return { kind: "fails", message, again: options.again ?? true };
}

/** For a sentence about something that is no turn. */
export const SUCH_AS = "a turn, such as says(answer), calls(tool, args) or fails()";

export function isSaidTurn(value: unknown): value is SaidTurn {
  return typeof value === "object" && value !== null && "kind" in value && KINDS.some((kind) => kind === value.kind);
}

/** Throws KitError where a script is neither a list of turns nor lists of them by agent. */
export function requireModelScript(script: unknown): asserts script is ModelScript {
  if (Array.isArray(script)) return requireTurns(script, "model");
  if (typeof script !== "object" || script === null) {
    throw new KitError(`model is ${shown(script)}; it must be a list of turns, or such lists by the agents' names.`);
  }
  for (const [agentName, turns] of Object.entries(script)) {
    if (!Array.isArray(turns)) throw new KitError(`model.${agentName} is ${shown(turns)}; it must be a list of turns.`);
    requireTurns(turns, `model.${agentName}`);
  }
}

/** A turn in words, for a person. */
export function turnText(turn: ModelTurn): string {
  if (typeof turn === "function") return turn.name === "" ? "a function" : `the function ${turn.name}`;
  if (turn.kind === "says") return `says(${JSON.stringify(turn.text)})`;
  if (turn.kind === "fails") return `fails(${JSON.stringify(turn.message)})`;
  const [first, ...others] = turn.calls.map(({ toolName, args }) => {
    const text = typeof args === "string" ? args : JSON.stringify(args);
    return `(${JSON.stringify(toolName)}, ${text})`;
  });
  return `calls${first ?? ""}${others.map((other) => `.and${other}`).join("")}`;
}

function callsTurn(made: readonly ScriptedCall[], text: string): CallsTurn {
  return {
    kind: "calls",
    calls: made,
    text,
    and: (toolName, args = {}) => callsTurn([...made, callOf("and()", toolName, args)], text),
    saying: (words) => {
      checkKind(words, "text", "What saying() is given");
      return callsTurn(made, words);
    },
  };
}

function callOf(whose: string, toolName: string, args: object | string): ScriptedCall {
  checkKind(toolName, "text", `The tool's name in ${whose}`);
  // Read anew for each run: what it is by then counts.
  if (typeof args !== "string") jsonOf(args, `The arguments of ${toolName} in ${whose}`);
  return { toolName, args };
}

function requireTurns(turns: readonly unknown[], whose: string): void {
  for (const [index, turn] of turns.entries()) {
    if (typeof turn === "function" || isSaidTurn(turn)) continue;
    throw new KitError(`${whose}[${index}] is ${shown(turn)}, and not ${SUCH_AS}.`);
  }
}
