// Sends live events without waiting and without piling up: the client buffers without bound what a slow broker does not
// take, so what is not known to have left is counted, and beyond the bound events are dropped. Watchers read history.
import type { NatsLink } from "./nats-link.js";

const CONFIRM_EVERY_BYTES = 1024 * 1024;
const MOST_UNCONFIRMED_BYTES = 32 * 1024 * 1024;

export class LiveOutlet {
  #unconfirmed = 0;
  #confirming = false;
  #dropped = 0;

  constructor(private readonly link: NatsLink) {}

  /** Never throws, and drops the message during an outage. */
  send(subject: string, data: Uint8Array): void {
    if (!this.link.up) return;
    if (this.#unconfirmed + data.length > MOST_UNCONFIRMED_BYTES) {
      this.#dropped += 1;
      return;
    }
    try {
      this.link.connection.publish(subject, data);
    } catch (err) {
      this.link.logger.warn({ err, subject, bytes: data.length }, "Live events could not be sent");
      return;
    }
    this.#unconfirmed += data.length;
    if (this.#unconfirmed > CONFIRM_EVERY_BYTES && !this.#confirming) void this.#confirm();
  }

  async #confirm(): Promise<void> {
    this.#confirming = true;
    const sent = this.#unconfirmed;
    try {
      await this.link.connection.flush();
      this.#unconfirmed -= sent;
    } catch (err) {
      // The connection is gone, and what it had not sent with it.
      this.link.logger.debug({ err }, "Live events were lost with the connection");
      this.#unconfirmed = 0;
    } finally {
      this.#confirming = false;
    }
    if (this.#dropped === 0) return;
    this.link.logger.warn({ messages: this.#dropped }, "Dropped live events: NATS takes them too slowly");
    this.#dropped = 0;
  }
}
