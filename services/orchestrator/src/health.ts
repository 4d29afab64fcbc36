// Whether this orchestrator can do its work, for the probes of whoever runs it. Alive it is as long as it answers at all:
// a restart of it brings no store and no bus back, so that only readiness falls with them.
import { healthAnswer, type ManagementPages, sleep, systemTime } from "@agentspan/internal";
import type { Bus, Store } from "./ports.js";

export interface HealthOptions {
  /** How long the store and the bus may take to answer, milliseconds; 2,000 unless said. */
  readonly answerWithinMs?: number;
}

const FRESH_FOR_MS = 1_000;
const ANSWER_WITHIN_MS = 2_000;

type Ports = { readonly store: Pick<Store, "serverTime">; readonly bus: Pick<Bus, "answers" | "standsBack"> };

export class Health {
  readonly #answerWithinMs: number;
  #ports: Ports | undefined;
  #stopping = false;
  #starting = "It is starting.";
  #last: { readonly at: number; readonly problem: Promise<string | undefined> } | undefined;

  constructor({ answerWithinMs = ANSWER_WITHIN_MS }: HealthOptions = {}) {
    this.#answerWithinMs = answerWithinMs;
  }

  /** `/healthz`: it lives. `/startupz`: it has started. `/readyz`: it works now. */
  get pages(): ManagementPages {
    return {
      "/healthz": () => healthAnswer(undefined),
      "/startupz": () => healthAnswer(this.#ports === undefined ? this.#starting : undefined),
      "/readyz": async () => healthAnswer(await this.problem()),
    };
  }

  /** What keeps it from having started, in a sentence. */
  waits(why: string): void {
    this.#starting = `It is starting. ${why}`;
  }

  /** From now on it takes part. */
  started(ports: Ports): void {
    this.#ports = ports;
  }

  /** From now on it is not ready, though it lives until its work is handed back. */
  stopping(): void {
    this.#stopping = true;
  }

  /** Why it is not ready; undefined where it is. Never rejects. Those who ask within a second share one look. */
  problem(): Promise<string | undefined> {
    if (this.#stopping) return Promise.resolve("It is stopping.");
    if (this.#ports === undefined) return Promise.resolve(this.#starting);
    const now = performance.now();
    if (this.#last === undefined || now - this.#last.at > FRESH_FOR_MS) {
      this.#last = { at: now, problem: this.#look(this.#ports) };
    }
    return this.#last.problem;
  }

  async #look({ store, bus }: Ports): Promise<string | undefined> {
    if (bus.standsBack !== undefined) return bus.standsBack;
    const [storeAnswers, busAnswers] = await Promise.all([this.#answers(store), bus.answers(this.#answerWithinMs)]);
    const away = [...(storeAnswers ? [] : ["MongoDB"]), ...(busAnswers ? [] : ["NATS"])];
    return away.length === 0 ? undefined : `No answer from ${away.join(" and ")}.`;
  }

  async #answers(store: Ports["store"]): Promise<boolean> {
    const late = new AbortController();
    const answered = store.serverTime().then(
      () => true,
      () => false,
    );
    const given = sleep(systemTime, this.#answerWithinMs, late.signal).then(() => false);
    try {
      return await Promise.race([answered, given]);
    } finally {
      late.abort();
    }
  }
}
