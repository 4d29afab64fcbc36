// The bus over NATS: the one file of the gateway that knows the NATS client.
import { type Logger, natsAddress, type TlsFiles } from "@agentspan/internal";
import { connect, createInbox, Events, type Msg, type NatsConnection, type NatsError } from "nats";
import type { Bus, Outcome } from "./bus.js";

export interface NatsBusOptions {
  /** nats://host:port, several joined by commas. May hold credentials. */
  readonly url: string;
  /** What is shown and trusted; with it the connection must be by TLS. tls:// alone trusts the system's authorities. */
  readonly tls?: TlsFiles | undefined;
  readonly log: Logger;
  /** Milliseconds to try for the first connection. */
  readonly connectTimeoutMs: number;
}

/** The status with which NATS answers a request that nobody listens for. */
const NO_RESPONDERS = 503;

/** A connection to NATS that comes back by itself, and says when it is gone. */
export class NatsBus implements Bus {
  readonly #nats: NatsConnection;
  readonly #log: Logger;
  readonly #inbox = `${createInbox()}.`;
  /** Requests on their way, by the last token of their reply subject. */
  readonly #inFlight = new Map<string, (outcome: Outcome) => void>();
  readonly #onChange = new Set<(connected: boolean) => void>();
  #requests = 0;
  #connected = true;
  #closed = false;

  private constructor(nats: NatsConnection, log: Logger) {
    this.#nats = nats;
    this.#log = log;
    this.#subscribe(`${this.#inbox}*`, (message) => this.#answered(message));
    void this.#follow();
  }

  /** Rejects where no server answers within the time; its message has no credentials. */
  static async connect({ url, tls, log, connectTimeoutMs }: NatsBusOptions): Promise<NatsBus> {
    const nats = await connect({
      ...natsAddress(url, tls),
      name: "agentspan-gateway",
      // Saves 9 % of a process that makes many requests, and its stacks would say nothing.
      noAsyncTraces: true,
      timeout: connectTimeoutMs,
      waitOnFirstConnect: false,
      maxReconnectAttempts: -1,
      reconnectTimeWait: 200,
      reconnectJitter: 200,
      pingInterval: 10_000,
      maxPingOut: 2,
    });
    return new NatsBus(nats, log);
  }

  get connected(): boolean {
    return this.#connected;
  }

  get maxPayload(): number {
    return this.#nats.info?.max_payload ?? 1024 * 1024;
  }

  /**
   * One subscription takes the answers to all requests: the client's own `request` does so too, but makes
   * an error, a race and two promises for each, and cannot be told that nobody waits any more.
   */
  request(subject: string, data: Uint8Array, timeoutMs: number, signal: AbortSignal): Promise<Outcome> {
    if (signal.aborted) return Promise.resolve({ kind: "aborted" });
    if (!this.#connected) return Promise.resolve({ kind: "disconnected" });
    return new Promise((resolve) => {
      this.#requests += 1;
      const token = this.#requests.toString(36);
      const settle = (outcome: Outcome): void => {
        this.#inFlight.delete(token);
        clearTimeout(timer);
        signal.removeEventListener("abort", onAbort);
        resolve(outcome);
      };
      const onAbort = (): void => settle({ kind: "aborted" });
      const timer = setTimeout(() => settle({ kind: "late" }), timeoutMs);
      signal.addEventListener("abort", onAbort);
      this.#inFlight.set(token, settle);
      try {
        this.#nats.publish(subject, data, { reply: `${this.#inbox}${token}` });
      } catch (cause) {
        settle({ kind: "failed", cause });
      }
    });
  }

  publish(subject: string, data: Uint8Array): void {
    if (this.#connected) this.#nats.publish(subject, data);
  }

  subscribe(subject: string, onMessage: (data: Uint8Array) => void): () => void {
    return this.#subscribe(subject, ({ data }) => onMessage(data));
  }

  onChange(listener: (connected: boolean) => void): () => void {
    this.#onChange.add(listener);
    return () => this.#onChange.delete(listener);
  }

  untilConnected(timeoutMs: number, signal: AbortSignal): Promise<boolean> {
    if (this.#connected || signal.aborted) return Promise.resolve(this.#connected);
    return new Promise((resolve) => {
      const settle = (): void => {
        clearTimeout(timer);
        off();
        signal.removeEventListener("abort", settle);
        resolve(this.#connected);
      };
      const timer = setTimeout(settle, timeoutMs);
      const off = this.onChange(settle);
      signal.addEventListener("abort", settle, { once: true });
    });
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#nats.close();
    this.#change(false);
  }

  async #follow(): Promise<void> {
    for await (const { type } of this.#nats.status()) {
      if (type === Events.Disconnect) this.#change(false);
      else if (type === Events.Reconnect) this.#change(true);
    }
    // The iteration ends when the connection is closed for good.
    this.#change(false);
  }

  #change(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    if (!this.#closed)
      this.#log.warn({ connected }, connected ? "NATS is back" : "NATS is gone; trying to connect again");
    if (!connected) for (const settle of [...this.#inFlight.values()]) settle({ kind: "disconnected" });
    for (const listener of [...this.#onChange]) listener(connected);
  }

  #subscribe(subject: string, onMessage: (message: Msg) => void): () => void {
    const subscription = this.#nats.subscribe(subject, {
      callback: (error: NatsError | null, message: Msg) => {
        if (error === null) onMessage(message);
        else this.#log.warn({ err: error, subject }, "A subscription failed");
      },
    });
    return () => subscription.unsubscribe();
  }

  #answered({ subject, data, headers }: Msg): void {
    const settle = this.#inFlight.get(subject.slice(this.#inbox.length));
    // An answer that nobody waits for any more: the request was given up, or another orchestrator was quicker.
    if (settle === undefined) return;
    const nobody = data.length === 0 && headers?.code === NO_RESPONDERS;
    settle(nobody ? { kind: "nobody" } : { kind: "answered", data });
  }
}
