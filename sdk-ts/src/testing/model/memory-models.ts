// The scripted model as the orchestrator's port.
import { ModelCallError, type Models } from "@agentspan/orchestrator/in-process";
import type { SaidTurn } from "./model-turn.js";
import type { ScriptedModel } from "./scripted-model.js";
import type { ModelRequest } from "./told-model.js";

type Request = Parameters<Models["reply"]>[0];
type Reply = Awaited<ReturnType<Models["reply"]>>;

/** What a scripted reply is said to have cost. */
export const SCRIPTED_USAGE = { inputTokens: 10, outputTokens: 5 } as const;

export function memoryModels(model: ScriptedModel): Models {
  return {
    unusable: () => undefined,
    reply: async (request, { signal, onDelta }) => {
      signal.throwIfAborted();
      const said = await unlessAborted(model.reply(requestOf(request)), signal);
      if (said === undefined) throw failureOf(request.model, { message: SCRIPT_HAS_NOTHING, again: false });
      if (said.kind === "fails") throw failureOf(request.model, said);
      if (said.text !== "") onDelta?.(said.text);
      return replyOf(said, request.messages.filter(({ role }) => role === "assistant").length + 1);
    },
  };
}

/** The id of a call, as a scripted model gives it. */
export function scriptedCallId(turn: number, index: number): string {
  return `call_${turn}_${index + 1}`;
}

export const SCRIPT_HAS_NOTHING = "The test's script has no turn for this request.";

/** A function of the script may never end, and nobody waits for it when the call is given up. */
async function unlessAborted<T>(what: Promise<T>, signal: AbortSignal): Promise<T> {
  const over = new AbortController();
  const aborted = new Promise<never>((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true, signal: over.signal });
  });
  try {
    return await Promise.race([what, aborted]);
  } finally {
    over.abort();
  }
}

/** In the words in which the orchestrator tells of a provider that answers 503, or 400. */
function failureOf(model: string, { message, again }: { readonly message: string; readonly again: boolean }) {
  const [provider = "", ...name] = model.split("/");
  const what = again ? `${model} failed (503)` : `${provider} refused the request for ${name.join("/")} (400)`;
  const words = /[.!?]$/.test(message) ? message : `${message}.`;
  return new ModelCallError({ message: `${what}: ${words}`, retryable: again });
}

function requestOf({ messages, tools }: Request): ModelRequest {
  return {
    messages: messages.map((message) => {
      if (message.role === "tool") return { role: "tool", text: message.text, callId: message.modelCallId };
      if (message.role !== "assistant") return message;
      const calls = message.calls.map((call) => {
        return { id: call.modelCallId, toolName: call.name, argumentsJson: call.argumentsText };
      });
      return { role: "assistant", text: message.text, calls };
    }),
    toolNames: tools.map(({ name }) => name),
  };
}

function replyOf(said: Exclude<SaidTurn, { kind: "fails" }>, turn: number): Reply {
  if (said.kind === "says") {
    return { text: said.text, calls: [], finishReason: said.finishReason, usage: SCRIPTED_USAGE };
  }
  const calls = said.calls.map(({ toolName, args }, index) => ({
    modelCallId: scriptedCallId(turn, index),
    name: toolName,
    argumentsText: typeof args === "string" ? args : JSON.stringify(args),
  }));
  return { text: said.text, calls, finishReason: "TOOL_CALLS", usage: SCRIPTED_USAGE };
}
