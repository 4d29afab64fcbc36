// A worker's connection to the broker in memory. It speaks to it as the worker does to NATS: pulls by a subject of the
// JetStream API, acknowledgements by the reply subject of a message, requests as bytes.
import { setMaxListeners } from "node:events";
import { type Time, type WorkerVerb, workerInboxPrefix, workerSubject } from "@agentspan/internal";
import { type Delivery, type MemoryBroker, MemoryBrokerError } from "@agentspan/orchestrator/in-process";
import { type DescMessage, fromBinary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { LinkMessage, WorkerLink } from "../../worker/worker-link.js";

const PULL = /^\$JS\.API\.CONSUMER\.MSG\.NEXT\.[^.]+\.([^.]+)$/;
/** What JetStream answers a pull for which nothing came in time, and one from a consumer that is not there. */
const NOTHING_CAME = { code: 408, description: "Request Timeout" };
const NO_CONSUMER = { code: 503, description: "No Responders" };
const NO_BYTES = new Uint8Array();

export class MemoryLink implements WorkerLink {
  onReconnect: () => void = () => undefined;
  readonly maxPayload = 1024 * 1024;
  readonly #broker: MemoryBroker;
  readonly #workerId: string;
  readonly #time: Time;
  readonly #closed = new AbortController();
  readonly #inboxes = new Map<string, (message: LinkMessage) => void>();
  /** By the reply subject under which they are acknowledged. */
  readonly #deliveries = new Map<string, Delivery>();
  #count = 0;

  constructor(broker: MemoryBroker, workerId: string, time: Time) {
    this.#broker = broker;
    this.#time = time;
    this.#workerId = workerId;
    // Every pull listens to it.
    setMaxListeners(0, this.#closed.signal);
  }

  async ask<I extends DescMessage, O extends DescMessage>(
    verb: WorkerVerb,
    [input, output]: readonly [I, O],
    request: MessageShape<I>,
    { timeoutMs, orchestratorId }: { readonly timeoutMs: number; readonly orchestratorId?: string | undefined },
  ): Promise<MessageShape<O> | undefined> {
    const subject = workerSubject(this.#workerId, verb, orchestratorId);
    const inboxPrefix = workerInboxPrefix(this.#workerId);
    try {
      const { data } = await this.#broker.request(subject, toBinary(input, request), { timeoutMs, inboxPrefix });
      return fromBinary(output, data);
    } catch (error) {
      if (error instanceof MemoryBrokerError) return undefined;
      throw error;
    }
  }

  publish(subject: string, body: string, reply = ""): void {
    if (this.#closed.signal.aborted) return;
    const consumer = PULL.exec(subject)?.[1];
    if (consumer !== undefined) this.#pull(consumer, body, reply);
    else this.#acknowledge(subject, body);
  }

  listen(onMessage: (message: LinkMessage) => void): { readonly inbox: string; close(): Promise<void> } {
    this.#count += 1;
    const inbox = `${workerInboxPrefix(this.#workerId)}.${this.#count}`;
    this.#inboxes.set(inbox, onMessage);
    return { inbox, close: () => Promise.resolve() };
  }

  /** It keeps no process alive. */
  hold(): void {}
  release(): void {}

  async close(): Promise<void> {
    this.#closed.abort();
    this.#inboxes.clear();
  }

  #pull(consumer: string, body: string, reply: string): void {
    const { batch, expires } = JSON.parse(body) as { readonly batch: number; readonly expires: number };
    const deliver = this.#inboxes.get(reply.slice(0, reply.lastIndexOf(".")));
    if (deliver === undefined) return;
    const tell = (headers: NonNullable<LinkMessage["headers"]>) => {
      if (!this.#closed.signal.aborted) deliver({ subject: reply, data: NO_BYTES, headers });
    };
    this.#deliverAll(consumer, { batch, expiresMs: expires / 1e6 }, deliver).then(
      (all) => all || tell(NOTHING_CAME),
      () => tell(NO_CONSUMER),
    );
  }

  /** One after the other: whoever waits for several gets each as it comes. False where not all came in time. */
  async #deliverAll(
    consumer: string,
    { batch, expiresMs }: { readonly batch: number; readonly expiresMs: number },
    deliver: (message: LinkMessage) => void,
  ): Promise<boolean> {
    const endsAt = this.#time.monotonic() + expiresMs;
    for (let left = batch; left > 0; left -= 1) {
      const leftMs = Math.max(0, endsAt - this.#time.monotonic());
      const delivery = await this.#broker.pull(consumer, leftMs, this.#closed.signal);
      if (delivery === undefined) return false;
      this.#count += 1;
      const acknowledgedBy = `$JS.ACK.${this.#count}`;
      this.#deliveries.set(acknowledgedBy, delivery);
      deliver({ subject: delivery.subject, data: delivery.data, reply: acknowledgedBy });
    }
    return true;
  }

  #acknowledge(subject: string, body: string): void {
    const delivery = this.#deliveries.get(subject);
    if (delivery === undefined) return;
    const [word = "", options] = body.split(" ", 2);
    if (word === "+WPI") {
      delivery.working();
      return;
    }
    this.#deliveries.delete(subject);
    if (word === "-NAK") {
      const { delay = 0 } = JSON.parse(options ?? "{}") as { readonly delay?: number };
      delivery.giveBack(delay / 1e6);
    } else delivery.ack();
  }
}
