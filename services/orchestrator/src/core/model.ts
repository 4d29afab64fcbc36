// What the core asks of a model and what comes back, free of any provider's form.

/** One message of the conversation, oldest first. */
export type ModelMessage =
  | { readonly role: "system"; readonly text: string }
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly text: string; readonly calls: readonly ModelCall[] }
  /** The outcome of one call, as the model is told; `modelCallId` is the id the model gave the call. */
  | { readonly role: "tool"; readonly modelCallId: string; readonly text: string };

/** A tool call as the model wrote it. Nothing of it is trusted: the name may be unknown, the text no JSON. */
export interface ModelCall {
  readonly modelCallId: string;
  readonly name: string;
  readonly argumentsText: string;
}

export interface ModelTool {
  readonly name: string;
  readonly description: string;
  /** JSON Schema as JSON text. */
  readonly inputSchema: string;
}

export interface ModelRequest {
  /** "provider/model". */
  readonly model: string;
  readonly messages: readonly ModelMessage[];
  readonly tools: readonly ModelTool[];
  readonly temperature?: number;
  readonly maxTokens?: number;
  /** JSON Schema of the final answer, as JSON text. */
  readonly outputSchema?: string;
}

export interface Usage {
  readonly inputTokens: number;
  readonly outputTokens: number;
}

/** STOP: said what it had to. TOOL_CALLS: wants tools. LENGTH: cut by the token limit. REFUSED: declined, or filtered. */
export type FinishReason = "STOP" | "TOOL_CALLS" | "LENGTH" | "REFUSED";

export interface ModelReply {
  /** Empty where the model only called tools. A refusal's words stand here too. */
  readonly text: string;
  readonly calls: readonly ModelCall[];
  readonly finishReason: FinishReason;
  readonly usage: Usage;
}

/** Why a model call failed. */
export interface ModelFailure {
  readonly message: string;
  /** Whether the same request may succeed later: 429, 5xx, a time-out, a cut stream. */
  readonly retryable: boolean;
  /** What the provider asked to wait, in milliseconds. */
  readonly retryAfterMs?: number;
}
