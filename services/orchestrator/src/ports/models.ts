// The models that runs ask.
import type { ModelFailure, ModelReply, ModelRequest } from "../core/model.js";

/** Speaks to language models. */
export interface Models {
  /**
   * Makes one attempt; retrying is the core's. Rejects with ModelCallError, or with the signal's reason when aborted.
   * `onDelta` gets pieces of the text as they come.
   */
  reply(request: ModelRequest, options: { signal: AbortSignal; onDelta?: (text: string) => void }): Promise<ModelReply>;
  /** A sentence with the remedy where a model cannot be used here (unknown provider, missing key); else undefined. */
  unusable(model: string): string | undefined;
}

/** A failed attempt at a model call. */
export class ModelCallError extends Error {
  override readonly name = "ModelCallError";
  constructor(
    readonly failure: ModelFailure,
    options?: ErrorOptions,
  ) {
    super(failure.message, options);
  }
}
