// One attempt at a model call as a span of OpenTelemetry's conventions for generative AI. Nothing of what is said to the
// model, or by it, stands there.
import { type Attributes, activeTraceparent, contextUnder, inSpan, SpanKind } from "@agentspan/internal";
import type { FinishReason, ModelReply, ModelRequest } from "./core/index.js";
import type { StoredRun } from "./ports.js";
import { causeOf } from "./run-trace.js";

/** A reply, and the traceparent of the span in which it was given, where there is one. */
export interface TracedReply {
  readonly reply: ModelReply;
  readonly trace: string | undefined;
}

const FINISH_REASONS: Readonly<Record<FinishReason, string>> = {
  STOP: "stop",
  TOOL_CALLS: "tool_calls",
  LENGTH: "length",
  REFUSED: "content_filter",
};

/** Rejects as `ask` does. */
export function inModelSpan(
  stored: StoredRun,
  { turn, attempt }: { readonly turn: number; readonly attempt: number },
  request: ModelRequest,
  ask: () => Promise<ModelReply>,
): Promise<TracedReply> {
  const { run } = stored;
  const slash = request.model.indexOf("/");
  const model = request.model.slice(slash + 1);
  const attributes: Attributes = {
    "gen_ai.operation.name": "chat",
    "gen_ai.provider.name": request.model.slice(0, Math.max(0, slash)),
    "gen_ai.request.model": model,
    ...(request.temperature === undefined ? {} : { "gen_ai.request.temperature": request.temperature }),
    ...(request.maxTokens === undefined ? {} : { "gen_ai.request.max_tokens": request.maxTokens }),
    "gen_ai.agent.name": run.agentName,
    "gen_ai.conversation.id": run.runId,
    "agentspan.run.id": run.runId,
    "agentspan.turn": turn,
    "agentspan.attempt": attempt,
  };
  const parent = contextUnder(causeOf(stored));
  return inSpan(`chat ${model}`, { kind: SpanKind.CLIENT, attributes, parent }, async (span) => {
    const reply = await ask();
    span.setAttributes({
      "gen_ai.response.finish_reasons": [FINISH_REASONS[reply.finishReason]],
      "gen_ai.usage.input_tokens": reply.usage.inputTokens,
      "gen_ai.usage.output_tokens": reply.usage.outputTokens,
    });
    return { reply, trace: activeTraceparent() };
  });
}
