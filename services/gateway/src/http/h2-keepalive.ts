import type { ServerHttp2Session } from "node:http2";

const PING_EVERY_MS = 30_000;
const ANSWER_WITHIN_MS = 20_000;

/**
 * Pings every HTTP/2 client, so that one whose machine or network is gone is noticed within 50 s, and its streams end.
 * One timer for all sessions, and none while there are none. HTTP/1.1 has no such question: there the kernel's TCP
 * keep-alive (first probe after 30 s) notices, on Linux after some 12 minutes.
 */
export class H2Keepalive {
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #everyMs: number;
  readonly #withinMs: number;
  #timer: NodeJS.Timeout | undefined;

  constructor(everyMs = PING_EVERY_MS, withinMs = ANSWER_WITHIN_MS) {
    this.#everyMs = everyMs;
    this.#withinMs = withinMs;
  }

  add(session: ServerHttp2Session): void {
    this.#sessions.add(session);
    this.#timer ??= setInterval(() => this.#pingAll(), this.#everyMs);
    session.once("close", () => {
      this.#sessions.delete(session);
      if (this.#sessions.size > 0) return;
      clearInterval(this.#timer);
      this.#timer = undefined;
    });
  }

  #pingAll(): void {
    const unanswered = new Set<ServerHttp2Session>();
    for (const session of this.#sessions) {
      if (session.closed || session.destroyed) continue;
      unanswered.add(session);
      // False where too many pings are unanswered already.
      if (!session.ping((error) => error === null && unanswered.delete(session))) session.destroy();
    }
    if (unanswered.size === 0) return;
    setTimeout(() => {
      for (const session of unanswered) session.destroy();
    }, this.#withinMs).unref();
  }
}
