// The steps of a made-up run as commands of the core.
import { type Call, openCheckpoints, stateOf } from "@agentspan/orchestrator/core";
import type { Agent } from "../../agent.js";
import { sentence } from "../expect/finding.js";
import { KitError } from "../kit-error.js";
import { SCRIPTED_USAGE } from "../model/memory-models.js";
import { type Brought, childEnd, jsonText, verdictOf } from "./mock-commands.js";
import type { MockEvent, MockStep } from "./mock-event.js";
import { noCall, requireName, whatWaits, whyNot } from "./mock-refusals.js";
import { PlayedRun } from "./played-run.js";

type Step<K extends MockStep["kind"]> = Extract<MockEvent, { readonly kind: K }>;
type TakenEvent = Exclude<MockEvent, { readonly kind: "kitOnly" }>;

const WORKER = { workerId: "kit", incarnation: "kit" } as const;

/** What is wrong with a step that was taken already. */
export class StepError extends KitError {
  constructor(
    message: string,
    readonly step: MockEvent | undefined,
  ) {
    super(message);
  }
}

export class MockPlay {
  readonly played: PlayedRun;
  readonly #agent: Agent;
  /** Calls that follow one another: they are one reply. */
  #calls: Step<"toolCall">[] = [];
  /** It was said that the run waits, since its last decision. */
  #saidToWait = false;
  #count = 0;

  constructor(agent: Agent, input: string, runId: string) {
    this.#agent = agent;
    this.played = new PlayedRun(agent);
    const asked = { input, startedBy: "anonymous", labels: {}, requestHash: "" };
    this.played.play({ type: "start", runId, namespace: "default", ...asked });
  }

  get lastSequence(): number {
    return this.played.run.lastSequence;
  }

  /** Throws KitError where no run can take the step. */
  take(event: TakenEvent): void {
    const { run } = this.played;
    if (run.phase.kind === "ended") {
      throw new KitError(`${event.text} comes after the run has ended: it is ${stateOf(run)}.`);
    }
    if (event.kind === "toolCall") {
      this.#requireTool(event.toolName);
      this.#requireNothingOpen(event);
      // Here, where the step is known.
      jsonText(event.args, `The arguments of ${event.toolName}`);
      this.#calls.push(event);
      return;
    }
    this.settleTurn();
    switch (event.kind) {
      case "toolResult":
        this.#finish(this.#callOf(event), {
          kind: "result",
          text: jsonText(event.value, `The result of ${event.toolName}`),
        });
        break;
      case "toolError":
        this.#finish(this.#callOf(event), { kind: "error", message: event.message, retryable: false });
        break;
      case "waiting":
        this.#takeWaiting(event);
        break;
      case "decided":
        this.#takeDecision(event);
        break;
      case "done":
        this.#closeTurn(event);
        this.#answer(event);
        break;
      case "error":
        this.#closeTurn(event);
        this.#fail(event);
        break;
      default:
        event satisfies never;
    }
  }

  /** The model's reply is whole: what it called is taken by the core. */
  settleTurn(): void {
    const made = this.#calls;
    if (made.length === 0) return;
    this.#calls = [];
    this.#reply({ text: "", calls: made });
    const { run } = this.played;
    // The calls of this reply are the last facts of their kind.
    const facts = this.played.stored.flatMap(({ fact }) => (fact.type === "tool_call" ? [fact] : []));
    facts.slice(-made.length).forEach(({ tool, refused }, index) => {
      if (refused === undefined) return;
      throw new StepError(`The server refuses this call of ${tool}: ${refused.problem}`, made[index]);
    });
    if (run.phase.kind === "ended" && run.phase.end.state === "FAILED") {
      throw new KitError(`The run fails here: ${run.phase.end.reason}: ${run.phase.end.message}`);
    }
  }

  #reply({ text, calls }: { readonly text: string; readonly calls: readonly Step<"toolCall">[] }): void {
    const { turn } = this.played.run;
    this.played.play({
      type: "take_model_reply",
      ...this.#modelStep(),
      reply: {
        text,
        calls: calls.map(({ toolName, args }, index) => ({
          modelCallId: `call_${turn.number}_${index + 1}`,
          name: toolName,
          argumentsText: jsonText(args, `The arguments of ${toolName}`),
        })),
        finishReason: calls.length === 0 ? "STOP" : "TOOL_CALLS",
        usage: SCRIPTED_USAGE,
      },
      owners: this.played.owners,
    });
  }

  #modelStep(): { readonly turn: number; readonly attempt: number } {
    const { number, model } = this.played.run.turn;
    return { turn: number, attempt: "attempt" in model ? model.attempt : 1 };
  }

  /** The call that a step says the outcome of. */
  #callOf({ toolName, text }: Step<"toolResult" | "toolError">): Call {
    this.#requireTool(toolName);
    const call = this.#openCalls().find(({ tool }) => tool === toolName);
    if (call !== undefined) return call;
    throw new KitError(`${text} is the result of ${noCall(this.played, toolName)}.`);
  }

  /** A worker, or another run, brings the outcome; where the core lets it. */
  #finish(call: Call, outcome: Brought): void {
    const { callId, tool } = call;
    const { starts } = this.played.agent.tools.find(({ name }) => name === tool) ?? {};
    if (starts !== undefined && call.state.kind === "starting") {
      const child = {
        callId,
        childRunId: `${this.played.run.runId}_${callId}`,
        agentName: starts.agentName,
        agentVersion: "",
      };
      this.played.play({ type: "record_child", ...child });
      this.played.play({
        type: "take_report",
        ...child,
        sequence: 1,
        waits: false,
        checkpoints: [],
        end: childEnd(outcome),
      });
      return;
    }
    this.#count += 1;
    const attempt = "attempt" in call.state ? call.state.attempt : 1;
    const task = { callId, attempt, nonce: `nonce_${this.#count}`, ...WORKER };
    const owner = this.played.owners[tool] ?? { approval: false, once: false, probe: false, enforcesKey: false };
    const claimed = this.played.play({ type: "claim", ...task, owner, store: true });
    if (claimed.type !== "granted") throw new KitError(whyNot(this.played, call));
    const { digest } = claimed;
    this.played.play({ type: "complete", ...task, digest, outcome });
  }

  #takeWaiting({ text }: Step<"waiting">): void {
    if (openCheckpoints(this.played.run).length === 0) {
      throw new KitError(`${text}, but the run waits for nobody: ${whatWaits(this.#agent, this.played)}.`);
    }
    this.#saidToWait = true;
  }

  #takeDecision({ outcome, details, text }: Step<"decided">): void {
    const { toolName } = details;
    const open = openCheckpoints(this.played.run);
    const asked = [...new Set(open.map(({ tool }) => tool))];
    if (toolName === undefined && asked.length > 1) {
      throw new KitError(`${text} may be about ${asked.join(" or ")}: say which, by toolName.`);
    }
    requireName(text, details.by);
    const checkpoint = open.find(({ tool }) => toolName === undefined || tool === toolName);
    if (checkpoint === undefined) {
      const whom = toolName === undefined ? "nobody was asked" : `nobody was asked about ${toolName}`;
      throw new KitError(`${text}, but ${whom}: put the MockEvent.toolCall() of a tool that needs approval before it.`);
    }
    this.#count += 1;
    const answer = this.played.play({
      type: "decide",
      decisionId: `decision_${this.#count}`,
      requestHash: `decision_${this.#count}`,
      who: details.by ?? "somebody",
      groups: details.groups ?? [],
      authenticated: false,
      approvalId: checkpoint.approvalId,
      digest: checkpoint.digest,
      comment: details.reason ?? "",
      verdict: verdictOf(outcome, details),
    });
    if (answer.type === "rejection") throw new KitError(`${text} is refused: ${answer.reason}: ${answer.message}`);
    this.#saidToWait = false;
  }

  /** What was left out before the end: results that nobody looks at, and the approval of what was said to wait. */
  #closeTurn(event: Step<"done" | "error">): void {
    for (const call of this.#openCalls()) {
      const open = openCheckpoints(this.played.run).find(({ callId }) => callId === call.callId);
      if (open !== undefined) {
        const votes = Object.keys(open.votes).length;
        if (votes > 0) {
          const missing = `${votes} of ${open.votesRequired} votes are there: put MockEvent.decided() of others before it`;
          throw new KitError(`${event.text}, but ${call.tool} still waits for a person. ${missing}.`);
        }
        if (!this.#saidToWait || open.kind !== "APPROVAL") {
          throw new KitError(
            `${event.text}, but ${call.tool} still waits for a person: put MockEvent.waiting() and MockEvent.decided() before it.`,
          );
        }
        this.#approveUnsaid(open.approvalId, open.digest);
      }
      const now = this.#openCalls().find(({ callId }) => callId === call.callId);
      if (now !== undefined) this.#finish(now, { kind: "result", text: "null" });
    }
  }

  #approveUnsaid(approvalId: string, digest: string): void {
    this.#count += 1;
    const decisionId = `decision_${this.#count}`;
    const about = { decisionId, requestHash: decisionId, approvalId, digest, comment: "" };
    const by = { who: "somebody", groups: [], authenticated: false };
    const answer = this.played.play({ type: "decide", ...about, ...by, verdict: { kind: "approve" } });
    if (answer.type === "rejection" || (answer.type === "decided" && !answer.closed)) {
      const why = answer.type === "rejection" ? answer.message : `${answer.votesMissing} more must agree`;
      const short = sentence(`Somebody's approval is not enough here: ${why}`);
      throw new KitError(`${short} Say who decides, with MockEvent.decided().`);
    }
  }

  #answer({ result, text }: Step<"done">): void {
    const { outputSchema } = this.played.agent;
    const words = typeof result === "string" && outputSchema === undefined ? result : jsonText(result, "The result");
    this.#reply({ text: words, calls: [] });
    const { run } = this.played;
    if (run.phase.kind === "ended") return;
    const warning = this.played.stored.at(-1)?.fact;
    const why = warning?.type === "warning" ? warning.message : "the run goes on";
    throw new KitError(`${text} is no answer that the agent's output schema allows: ${why}`);
  }

  #fail({ message }: Step<"error">): void {
    this.played.play({ type: "take_model_failure", ...this.#modelStep(), failure: { message, retryable: false } });
  }

  #openCalls(): readonly Call[] {
    return this.played.run.turn.calls.filter(({ state }) => state.kind !== "finished");
  }

  #requireTool(name: string): void {
    if (this.#agent.tools.some((tool) => tool.name === name)) return;
    const known = this.#agent.tools.map((tool) => tool.name).join(", ") || "none";
    throw new KitError(`The agent ${this.#agent.name} has no tool ${name}; it has ${known}.`);
  }

  /** A model is asked again when every call of its last reply has an outcome. */
  #requireNothingOpen({ text }: MockEvent): void {
    const [open] = this.#calls.length > 0 ? [] : this.#openCalls();
    if (open === undefined) return;
    const waits = openCheckpoints(this.played.run).some(({ callId }) => callId === open.callId);
    const missing = waits
      ? "waits for a person: put MockEvent.decided() before it"
      : `has no result yet: put MockEvent.toolResult(${JSON.stringify(open.tool)}, …) before it`;
    throw new KitError(`${text} is the model's next step, but its call of ${open.tool} ${missing}.`);
  }
}
