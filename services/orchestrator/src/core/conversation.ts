// What the model is shown: the whole run, as messages, built from its events. Arguments that a person edited and
// answers that a person gave are told as such, so that the model does not try the first call again.
import type { Agent } from "./agent.js";
import type { CallOutcome, RunEvent } from "./events.js";
import type { ModelCall, ModelMessage, ModelRequest } from "./model.js";

export function modelRequest(agent: Agent, events: readonly RunEvent[]): ModelRequest {
  return {
    model: agent.model,
    messages: conversation(agent, events),
    tools: agent.tools.map(({ name, description, inputSchema }) => ({ name, description, inputSchema })),
    ...(agent.temperature === undefined ? {} : { temperature: agent.temperature }),
    ...(agent.maxTokens === undefined ? {} : { maxTokens: agent.maxTokens }),
    ...(agent.outputSchema === undefined ? {} : { outputSchema: agent.outputSchema }),
  };
}

interface OpenTurn {
  readonly text: string;
  readonly callIds: readonly string[];
  readonly calls: Map<string, ModelCall>;
  readonly outcomes: Map<string, string>;
}

export function conversation(agent: Agent, events: readonly RunEvent[]): readonly ModelMessage[] {
  const messages: ModelMessage[] = [];
  if (agent.instructions !== "") messages.push({ role: "system", text: agent.instructions });
  let turn: OpenTurn | undefined;
  const edits = new Map<string, string>();
  /** Calls that nobody decided in time. */
  const expired = new Set<string>();
  for (const { fact } of events) {
    switch (fact.type) {
      case "run_started":
        messages.push({ role: "user", text: fact.input });
        break;
      case "model_replied":
        close(messages, turn);
        turn = { text: fact.text, callIds: fact.callIds, calls: new Map(), outcomes: new Map() };
        break;
      case "tool_call": {
        const { modelCallId, refused } = fact;
        const call =
          refused === undefined ? { name: fact.tool, argumentsText: fact.arguments } : asWritten(fact.tool, refused);
        turn?.calls.set(fact.callId, { modelCallId, ...call });
        break;
      }
      case "voted":
      case "decided":
        if (fact.edited !== undefined) edits.set(fact.callId, fact.edited.arguments);
        else if (fact.outcome === "rejected" || fact.outcome === "responded") edits.delete(fact.callId);
        break;
      case "checkpoint_closed":
        if (fact.why !== "EXPIRED") break;
        expired.add(fact.callId);
        edits.delete(fact.callId);
        break;
      case "tool_result": {
        const { callId, outcome } = fact;
        turn?.outcomes.set(callId, outcomeText(outcome, edits.get(callId), expired.has(callId)));
        break;
      }
      case "warning":
        if (fact.reason !== "OUTPUT_INVALID") break;
        close(messages, turn);
        turn = undefined;
        messages.push({
          role: "user",
          text: `Your answer does not fit the required schema: ${fact.message}. Answer again.`,
        });
        break;
      default:
        break;
    }
  }
  close(messages, turn);
  return messages;
}

/** Providers refuse a whole conversation over a name that is none, and the model may have written anything. */
function asWritten(tool: string, { wrote }: { wrote: string }): Pick<ModelCall, "name" | "argumentsText"> {
  return { name: tool.replace(/[^A-Za-z0-9_-]/gu, "_") || "unnamed", argumentsText: wrote };
}

/** A turn is told once it is whole: the reply with its calls, then each outcome in the order of the calls. */
function close(messages: ModelMessage[], turn: OpenTurn | undefined): void {
  if (turn === undefined) return;
  const calls = turn.callIds.flatMap((callId) => turn.calls.get(callId) ?? []);
  messages.push({ role: "assistant", text: turn.text, calls });
  for (const callId of turn.callIds) {
    const call = turn.calls.get(callId);
    if (call === undefined) continue;
    messages.push({ role: "tool", modelCallId: call.modelCallId, text: turn.outcomes.get(callId) ?? "" });
  }
}

function outcomeText(outcome: CallOutcome, edited: string | undefined, expired: boolean): string {
  const text = plainText(outcome, expired);
  if (edited === undefined) return text;
  return `A person changed the arguments to ${edited}. Outcome: ${text}`;
}

function plainText(outcome: CallOutcome, expired: boolean): string {
  switch (outcome.kind) {
    case "result":
      return outcome.text;
    case "truncated":
      return `The tool succeeded. Its result has ${outcome.bytes} bytes, of which these are the first: ${outcome.head}`;
    case "error":
      return `Error${outcome.reason === undefined ? "" : ` ${outcome.reason}`}: ${outcome.message}`;
    case "rejected":
      if (expired) return `The tool did not run: ${outcome.reason}`;
      return `Rejected by a person: ${outcome.reason === "" ? "no reason given" : outcome.reason}`;
    case "responded":
      return `The tool did not run; a person answered in its place: ${outcome.text}`;
    case "cancelled":
      return `Cancelled: ${outcome.reason}`;
    default:
      return outcome satisfies never;
  }
}
