// Streams outlive the credentials they were opened with: from time to time each is held to its own again, and ended
// where it is not good any more. One timer for all, and none while there are none.
import { AgentspanError } from "@agentspan/internal";
import type { Identity } from "./identity.js";

/** With the two seconds that a key is remembered, a revocation ends streams within five. */
const EVERY_MS = 2_500;

export class OpenStreams {
  readonly #everyMs: number;
  readonly #open = new Map<AbortController, Identity>();
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs = EVERY_MS) {
    this.#everyMs = everyMs;
  }

  /** Aborted when the call has ended, or with UNAUTHENTICATED when its credential is not good any more. */
  follow(identity: Identity, call: AbortSignal): AbortSignal {
    const ending = new AbortController();
    if (call.aborted) return call;
    this.#open.set(ending, identity);
    this.#timer ??= setInterval(() => this.#look(), this.#everyMs);
    call.addEventListener(
      "abort",
      () => {
        this.#forget(ending);
        ending.abort(call.reason);
      },
      { once: true },
    );
    return ending.signal;
  }

  #forget(ending: AbortController): void {
    this.#open.delete(ending);
    if (this.#open.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  #look(): void {
    for (const [ending, identity] of this.#open) {
      identity.stillGood().catch((error: unknown) => {
        // Where nobody can tell, the stream goes on: it has nothing to give either.
        if (!(error instanceof AgentspanError) || error.reason !== "UNAUTHENTICATED") return;
        this.#forget(ending);
        ending.abort(error);
      });
    }
  }
}
