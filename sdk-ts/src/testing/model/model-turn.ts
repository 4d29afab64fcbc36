// What a scripted model says, written down: a turn is one reply.
import type { ToldModel } from "./told-model.js";

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
  return callsTurn([{ toolName, args }], "");
}

/** The model answers, and the run is done. An object becomes JSON, for agents with an output schema. */
export function says(
  answer: string | object,
  { finishReason = "STOP" }: { readonly finishReason?: SaysTurn["finishReason"] } = {},
): SaysTurn {
  return { kind: "says", text: typeof answer === "string" ? answer : JSON.stringify(answer), finishReason };
}

/** The model's provider fails: for good with `again: false`, else so that it is asked again after a while. */
export function fails(
  message = "The provider is overloaded.",
  { again = true }: { readonly again?: boolean } = {},
): FailsTurn {
  return { kind: "fails", message, again };
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
    and: (toolName, args = {}) => callsTurn([...made, { toolName, args }], text),
    saying: (words) => callsTurn(made, words),
  };
}
