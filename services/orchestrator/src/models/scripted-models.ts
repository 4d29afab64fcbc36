// A model for tests that says what the test wrote down. What it is asked beyond that fails, and what it was not asked
// is reported, so that a script says exactly what a run did. It is faithful where the port is: it rejects with the
// signal's reason, tells pieces of text only where they are wanted, and knows a run by its conversation alone, so that
// any number of orchestrators may share one.
import type { ModelCall, ModelFailure, ModelReply, ModelRequest, Usage } from "../core/model.js";
import { ModelCallError, type Models } from "../ports.js";
import { delay, orAborted } from "./abortable.js";

/** One request, as a script sees it. */
export interface ScriptedCall {
  /** The first message of the user. */
  readonly userText: string;
  /** From 1: one more than the replies in the conversation. */
  readonly turn: number;
  /** From 1, counted for the user's text and the turn. */
  readonly attempt: number;
  readonly request: ModelRequest;
}

/** What happens on one request. Made by `says`, `callsTools`, `fails`, `hangs`, `delayed` and `gated`. */
export type ScriptedStep =
  | { readonly kind: "reply"; readonly reply: ModelReply; readonly deltas: readonly string[] }
  | { readonly kind: "failure"; readonly failure: ModelFailure }
  | { readonly kind: "hang" }
  | { readonly kind: "delay"; readonly ms: number; readonly then: ScriptedStep }
  | { readonly kind: "gate"; readonly gate: Gate; readonly then: ScriptedStep };

/** The steps of one conversation, one for each turn; a list stands for the attempts at that turn. */
export type ScriptedTurns = readonly (ScriptedStep | readonly ScriptedStep[])[];

/**
 * Turns for every conversation, or by the user's text; each step is good for one request. A function may be asked any
 * number of times, and gives undefined where nothing was expected.
 */
export type Script =
  | ScriptedTurns
  | Readonly<Record<string, ScriptedTurns>>
  | ((call: ScriptedCall) => ScriptedStep | undefined);

interface ReplyDetails {
  readonly usage?: Usage;
  readonly finishReason?: ModelReply["finishReason"];
  /** The pieces in which the text comes; one unless said. */
  readonly deltas?: readonly string[];
}

const SOME_TOKENS: Usage = { inputTokens: 10, outputTokens: 5 };

export function says(text: string, details: ReplyDetails = {}): ScriptedStep {
  const { usage = SOME_TOKENS, finishReason = "STOP", deltas = [text] } = details;
  return { kind: "reply", reply: { text, calls: [], finishReason, usage }, deltas };
}

/** A tool call: values become JSON, text is taken as the model wrote it. The id is made from turn and place. */
export interface ScriptedToolCall {
  readonly name: string;
  readonly arguments: string | Readonly<Record<string, unknown>>;
  readonly modelCallId?: string;
}

export function callsTools(
  calls: readonly ScriptedToolCall[],
  details: ReplyDetails & { text?: string } = {},
): ScriptedStep {
  const { text = "", usage = SOME_TOKENS, finishReason = "TOOL_CALLS", deltas = [text] } = details;
  const made = calls.map(({ name, modelCallId = "", ...call }): ModelCall => {
    const argumentsText = typeof call.arguments === "string" ? call.arguments : JSON.stringify(call.arguments);
    return { modelCallId, name, argumentsText };
  });
  return { kind: "reply", reply: { text, calls: made, finishReason, usage }, deltas };
}

export function fails(failure: Partial<ModelFailure> = {}): ScriptedStep {
  return { kind: "failure", failure: { message: "The scripted model fails here.", retryable: true, ...failure } };
}

/** Never answers; ends when the call is aborted. */
export function hangs(): ScriptedStep {
  return { kind: "hang" };
}

export function delayed(ms: number, then: ScriptedStep): ScriptedStep {
  return { kind: "delay", ms, then };
}

/** Waits until the test opens the gate. */
export function gated(gate: Gate, then: ScriptedStep): ScriptedStep {
  return { kind: "gate", gate, then };
}

/** Holds scripted calls back until a test lets them go. */
export class Gate {
  /** Settles when the first call has come to the gate. */
  readonly reached: Promise<void>;
  private readonly opened: Promise<void>;
  private reach = () => {};
  private release = () => {};

  constructor() {
    this.reached = new Promise((resolve) => {
      this.reach = resolve;
    });
    this.opened = new Promise((resolve) => {
      this.release = resolve;
    });
  }

  open(): void {
    this.release();
  }

  async pass(signal: AbortSignal): Promise<void> {
    this.reach();
    await orAborted(this.opened, signal);
  }
}

type Options = Parameters<Models["reply"]>[1];

export class ScriptedModels implements Models {
  /** Every request, in the order in which they came. */
  readonly calls: ScriptedCall[] = [];
  private readonly unexpected: string[] = [];
  private readonly attempts = new Map<string, number>();

  constructor(
    private readonly script: Script,
    private readonly options: { readonly unusable?: (model: string) => string | undefined } = {},
  ) {}

  unusable(model: string): string | undefined {
    return this.options.unusable?.(model);
  }

  async reply(request: ModelRequest, options: Options): Promise<ModelReply> {
    options.signal.throwIfAborted();
    const problem = this.unusable(request.model);
    if (problem !== undefined) throw new ModelCallError({ message: problem, retryable: false });
    const call = this.count(request);
    const step = this.stepFor(call);
    if (step !== undefined) return play(step, call, options);
    const message = `The script has nothing for ${named(call.userText, call.turn, call.attempt)}.`;
    this.unexpected.push(message);
    throw new ModelCallError({ message, retryable: false });
  }

  /** Throws an Error that names every step that was not asked for and every request that had none. */
  assertUsed(): void {
    const faults = [...this.unexpected, ...this.unused()];
    if (faults.length > 0) throw new Error(faults.join("\n"));
  }

  private count(request: ModelRequest): ScriptedCall {
    const userText = request.messages.find(({ role }) => role === "user")?.text ?? "";
    const turn = request.messages.filter(({ role }) => role === "assistant").length + 1;
    const key = JSON.stringify([userText, turn]);
    const attempt = (this.attempts.get(key) ?? 0) + 1;
    this.attempts.set(key, attempt);
    const call = { userText, turn, attempt, request };
    this.calls.push(call);
    return call;
  }

  private stepFor(call: ScriptedCall): ScriptedStep | undefined {
    const { script } = this;
    if (typeof script === "function") return script(call);
    const turns = isTurns(script) ? script : Object.hasOwn(script, call.userText) ? script[call.userText] : undefined;
    return attemptsOf(turns?.[call.turn - 1])[call.attempt - 1];
  }

  private unused(): string[] {
    const { script } = this;
    if (typeof script === "function") return [];
    if (!isTurns(script)) return Object.entries(script).flatMap(([text, turns]) => this.unusedOf(text, turns));
    const texts = new Set(this.calls.map(({ userText }) => userText));
    if (texts.size === 0) texts.add("any text");
    return [...texts].flatMap((text) => this.unusedOf(text, script));
  }

  private unusedOf(userText: string, turns: ScriptedTurns): string[] {
    return turns.flatMap((turn, index) => {
      const made = this.attempts.get(JSON.stringify([userText, index + 1])) ?? 0;
      const left = attemptsOf(turn).length - made;
      return Array.from({ length: Math.max(0, left) }, (_, more) => {
        return `The script's ${named(userText, index + 1, made + more + 1)} was not asked for.`;
      });
    });
  }
}

async function play(step: ScriptedStep, call: ScriptedCall, options: Options): Promise<ModelReply> {
  const { signal, onDelta } = options;
  switch (step.kind) {
    case "reply": {
      for (const delta of step.deltas) if (delta !== "") onDelta?.(delta);
      const calls = step.reply.calls.map((made, index) => {
        return made.modelCallId === "" ? { ...made, modelCallId: `scripted_${call.turn}_${index + 1}` } : made;
      });
      return { ...step.reply, calls };
    }
    case "failure":
      throw new ModelCallError(step.failure);
    case "hang":
      return orAborted(new Promise<never>(() => {}), signal);
    case "delay":
      await delay(step.ms, signal);
      return play(step.then, call, options);
    case "gate":
      await step.gate.pass(signal);
      return play(step.then, call, options);
    default:
      return step satisfies never;
  }
}

function isTurns(script: Exclude<Script, (call: ScriptedCall) => unknown>): script is ScriptedTurns {
  return Array.isArray(script);
}

function attemptsOf(turn: ScriptedStep | readonly ScriptedStep[] | undefined): readonly ScriptedStep[] {
  if (turn === undefined) return [];
  return "kind" in turn ? [turn] : turn;
}

function named(userText: string, turn: number, attempt: number): string {
  return `turn ${turn}, attempt ${attempt} of ${JSON.stringify(userText.slice(0, 80))}`;
}
