// A connection that knows whether it stands. The client itself keeps what is published during an outage and throws it
// away at the next dial, so whoever publishes asks here first.
import type { Logger } from "@agentspan/internal";
import { DebugEvents, Events, type NatsConnection, type Status } from "nats";
import { unavailable } from "./unavailable.js";

const FLUSH_LIMIT_MS = 5_000;

export class NatsLink {
  #up = true;
  #closed = false;

  constructor(
    readonly connection: NatsConnection,
    readonly logger: Logger,
    /** Called at each reconnection, after the client has made its subscriptions again. */
    private readonly onUp: () => void,
  ) {
    void this.#follow();
    void connection.closed().then(() => this.#end());
  }

  get up(): boolean {
    return this.#up && !this.#closed;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Throws BUS_UNAVAILABLE at once during an outage, instead of waiting for a time-out. */
  demand(tried: string): void {
    if (!this.up) throw unavailable(tried, new Error("there is no connection to NATS"));
  }

  /** Resolves when the server has all that was sent. Rejects with BUS_UNAVAILABLE. */
  async flush(tried: string): Promise<void> {
    this.demand(tried);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error("NATS did not answer in time")), FLUSH_LIMIT_MS);
    });
    try {
      await Promise.race([this.connection.flush(), late]);
    } catch (thrown) {
      throw unavailable(tried, thrown);
    } finally {
      clearTimeout(timer);
    }
  }

  /** Whether the server answers a ping within the time. Never rejects. */
  async answers(withinMs: number): Promise<boolean> {
    if (!this.up) return false;
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<boolean>((resolve) => {
      timer = setTimeout(() => resolve(false), withinMs);
    });
    const answered = this.connection.flush().then(
      () => true,
      () => false,
    );
    const answer = await Promise.race([answered, late]);
    clearTimeout(timer);
    return answer;
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.connection.close();
  }

  /** The client never ends this iteration, not even when it closes. */
  async #follow(): Promise<void> {
    for await (const status of this.connection.status()) this.#see(status);
  }

  #end(): void {
    // The client gave the connection up by itself: nothing will bring it back but a restart.
    if (!this.#closed) this.logger.fatal("The connection to NATS is closed for good; restart this process");
    this.#closed = true;
  }

  #see(status: Status): void {
    switch (status.type) {
      case Events.Disconnect:
        this.#up = false;
        this.logger.warn({ server: status.data }, "Lost the connection to NATS");
        return;
      case Events.Reconnect:
        this.#up = true;
        this.logger.info({ server: status.data }, "Connected to NATS again");
        this.onUp();
        return;
      case Events.Error:
        this.logger.error({ said: status.data, permission: status.permissionContext }, "NATS reported an error");
        return;
      case DebugEvents.StaleConnection:
        this.logger.warn("NATS no longer answers pings");
        return;
      default:
        this.logger.debug({ type: status.type, data: status.data }, "NATS reported a change");
    }
  }
}
