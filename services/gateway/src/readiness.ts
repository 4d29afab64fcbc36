// Whether a request can be served right now: NATS is there and an orchestrator answers. Asked by /readyz and by health
// checks; nobody asks, nothing is done.
import { AgentspanError } from "@agentspan/internal";
import { SequencesRequestSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import type { Bus } from "./bus/bus.js";
import type { Orchestrators } from "./bus/orchestrators.js";
import { DEFAULT_NAMESPACE, OURSELVES } from "./context.js";

export interface ReadinessOptions {
  readonly bus: Bus;
  readonly orchestrators: Orchestrators;
  /** Milliseconds between looks while somebody follows. */
  readonly followEveryMs?: number;
}

const FRESH_FOR_MS = 1_000;
const ANSWER_WITHIN_MS = 2_000;
const FOLLOW_EVERY_MS = 5_000;

export class Readiness {
  readonly #bus: Bus;
  readonly #orchestrators: Orchestrators;
  readonly #followEveryMs: number;
  readonly #followers = new Set<() => void>();
  #ticker: NodeJS.Timeout | undefined;
  #last: { readonly at: number; readonly answer: Promise<boolean> } | undefined;
  #stopping = false;

  constructor({ bus, orchestrators, followEveryMs }: ReadinessOptions) {
    this.#bus = bus;
    this.#orchestrators = orchestrators;
    this.#followEveryMs = followEveryMs ?? FOLLOW_EVERY_MS;
    bus.onChange(() => this.#lookAgain());
  }

  get stopping(): boolean {
    return this.#stopping;
  }

  /** Never rejects. Those who ask within a second share one look. */
  ready(): Promise<boolean> {
    if (this.#stopping || !this.#bus.connected) return Promise.resolve(false);
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.at > FRESH_FOR_MS) {
      this.#last = { at: now, answer: this.#look() };
    }
    return this.#last.answer;
  }

  /** Why it is not ready, for a person; undefined where it is. Never rejects. */
  async problem(): Promise<string | undefined> {
    return (await this.ready()) ? undefined : "NATS is away, or no orchestrator answers.";
  }

  /** Calls back when it may have changed and from time to time, until the returned function is called. */
  follow(look: () => void): () => void {
    this.#followers.add(look);
    this.#ticker ??= setInterval(() => this.#lookAgain(), this.#followEveryMs);
    return () => {
      this.#followers.delete(look);
      if (this.#followers.size > 0) return;
      clearInterval(this.#ticker);
      this.#ticker = undefined;
    };
  }

  /** From now on the answer is no, so that load balancers send nothing more. */
  stop(): void {
    this.#stopping = true;
    this.#lookAgain();
  }

  #lookAgain(): void {
    this.#last = undefined;
    for (const look of [...this.#followers]) look();
  }

  async #look(): Promise<boolean> {
    const body = toBinary(SequencesRequestSchema, create(SequencesRequestSchema, {}));
    const signal = AbortSignal.timeout(ANSWER_WITHIN_MS);
    const asker = { caller: OURSELVES, namespace: DEFAULT_NAMESPACE, signal, header: () => undefined };
    try {
      await this.#orchestrators.exchange("Internal/Sequences", body, asker);
      return true;
    } catch (error) {
      // A refusal is an answer. Silence is not, and neither is an orchestrator without its store.
      return error instanceof AgentspanError && error.code !== "UNAVAILABLE";
    }
  }
}
