// The gateway's side of the broker in memory.

import type { Bus, Outcome } from "@agentspan/gateway/in-process";
import { INBOX_PREFIX } from "@agentspan/internal";
import { type MemoryBroker, MemoryBrokerError } from "@agentspan/orchestrator/in-process";

const INBOX = `${INBOX_PREFIX}.kit`;
/** NATS' own default. */
const MAX_PAYLOAD_BYTES = 1024 * 1024;

export class MemoryGatewayBus implements Bus {
  readonly maxPayload = MAX_PAYLOAD_BYTES;
  readonly #broker: MemoryBroker;

  constructor(broker: MemoryBroker) {
    this.#broker = broker;
  }

  get connected(): boolean {
    return this.#broker.up;
  }

  async request(subject: string, data: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return { kind: "aborted" };
    let abort = () => {};
    const aborted = new Promise<Outcome>((resolve) => {
      abort = () => resolve({ kind: "aborted" });
      signal.addEventListener("abort", abort, { once: true });
    });
    try {
      return await Promise.race([this.#ask(subject, data, timeoutMs), aborted]);
    } finally {
      signal.removeEventListener("abort", abort);
    }
  }

  publish(subject: string, data: Uint8Array): void {
    this.#broker.publish(subject, data);
  }

  subscribe(subject: string, onMessage: (data: Uint8Array) => void): () => void {
    return this.#broker.subscribe(subject, ({ data }) => onMessage(data));
  }

  /** The kit's broker is never away. */
  onChange(): () => void {
    return () => undefined;
  }

  untilConnected(): Promise<boolean> {
    return Promise.resolve(this.#broker.up);
  }

  async #ask(subject: string, data: Uint8Array, timeoutMs: number): Promise<Outcome> {
    try {
      const { data: answer } = await this.#broker.request(subject, data, { timeoutMs, inboxPrefix: INBOX });
      return { kind: "answered", data: answer };
    } catch (cause) {
      if (!(cause instanceof MemoryBrokerError)) return { kind: "failed", cause };
      const kinds = { NO_RESPONDERS: "nobody", TIMEOUT: "late", DISCONNECTED: "disconnected" } as const;
      return cause.code === "TOO_LARGE" ? { kind: "failed", cause } : { kind: kinds[cause.code] };
    }
  }
}
