import { AgentspanError } from "@agentspan/internal";
import type {
  DescMessage,
  DescMethodServerStreaming,
  DescMethodUnary,
  MessageInitShape,
  MessageShape,
} from "@bufbuild/protobuf";
import { create } from "@bufbuild/protobuf";
import { backoffMs, pause } from "../backoff.js";
import { isUnreachable } from "./call-error.js";
import type { RpcTransport } from "./transport.js";

/** One try waits this long for its answer; the last one, at the end of the patience, at least so long. */
const ATTEMPT_MS = 10_000;
const LAST_ATTEMPT_MS = 1_000;
/** A server that never answered this client is given up on after this long: a person is waiting for the sentence. */
export const FIRST_CONTACT_MS = 2_000;

/**
 * Calls of the contract, repeated while repeating can help: UNAVAILABLE, RATE_LIMITED and CONFLICT, with backoff,
 * honouring the server's RetryInfo, until `patienceMs` have passed in all. Safe for every call, since those that change
 * something carry a key (idempotency key, decision id) or may be said twice.
 */
export class RunClient {
  /** Each call asks for its API key or token anew: one that was refused says nothing of the next. */
  readonly renewsKey: boolean;
  readonly #transport: RpcTransport;
  readonly #patienceMs: number;
  #reached = false;
  #closed = false;

  constructor(transport: RpcTransport, options: { readonly patienceMs: number; readonly renewsKey?: boolean }) {
    this.#transport = transport;
    this.#patienceMs = options.patienceMs;
    this.renewsKey = options.renewsKey === true;
  }

  /** What it speaks to. */
  get address(): string {
    return this.#transport.address;
  }

  /** Whether a server has ever answered this client. */
  get reached(): boolean {
    return this.#reached;
  }

  /** Throws the last AgentspanError, or the signal's reason. */
  async call<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    init: MessageInitShape<I>,
    signal?: AbortSignal,
  ): Promise<MessageShape<O>> {
    const request = create(method.input, init);
    const begun = performance.now();
    for (let failed = 1; ; failed++) {
      const left = this.#patienceMs - (performance.now() - begun);
      try {
        this.#requireOpen();
        const timeoutMs = Math.ceil(Math.max(LAST_ATTEMPT_MS, Math.min(ATTEMPT_MS, left)));
        const answer = await this.#transport.unary(method, request, { timeoutMs, signal });
        this.#reached = true;
        return answer;
      } catch (error) {
        if (!(error instanceof AgentspanError)) throw error;
        if (!isUnreachable(error)) this.#reached = true;
        const waitMs = error.retryAfterMs ?? backoffMs(failed, 100, 5_000);
        const patienceMs = this.#reached ? this.#patienceMs : Math.min(FIRST_CONTACT_MS, this.#patienceMs);
        if (!error.retryable || performance.now() - begun + waitMs >= patienceMs) throw error;
        await pause(waitMs, signal);
      }
    }
  }

  /** One try at a stream of answers. Throws as `call` does, without repeating. */
  async *stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    init: MessageInitShape<I>,
    signal: AbortSignal,
  ): AsyncGenerator<MessageShape<O>> {
    this.#requireOpen();
    for await (const answer of this.#transport.stream(method, create(method.input, init), signal)) {
      this.#reached = true;
      yield answer;
    }
  }

  /** Breaks what is under way and refuses what comes. */
  close(): void {
    this.#closed = true;
    this.#transport.close();
  }

  #requireOpen(): void {
    if (this.#closed) throw new AgentspanError("INVALID_REQUEST", "This runtime has been shut down; make another.");
  }
}
