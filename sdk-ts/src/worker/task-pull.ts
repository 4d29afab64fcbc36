// Pulls hints from one durable consumer. One request is out at a time, for no more than there is room for, so that what
// this worker cannot take stays for others.
import type { Time, Timer } from "@agentspan/internal";
import type { Logger } from "../logger.js";
import { type TaskMessage, taskMessage } from "./task-message.js";
import type { LinkMessage, WorkerLink } from "./worker-link.js";

/** How long a request may wait at the server; after it, it is made anew. */
const EXPIRES_MS = 20_000;
const LOST_AFTER_MS = EXPIRES_MS + 3_000;
const AFTER_REFUSAL_MS = 500;

export interface TaskPullOptions {
  readonly link: WorkerLink;
  readonly time: Time;
  readonly logger: Logger;
  readonly stream: string;
  readonly consumer: string;
  /** How many to ask for now; 0 for none. */
  readonly batch: () => number;
  readonly onTask: (message: TaskMessage) => void;
  /** The consumer is not there (any more): the worker should register again. */
  readonly onMissing: () => void;
}

export class TaskPull {
  readonly #options: TaskPullOptions;
  readonly #inbox: { readonly inbox: string; close(): Promise<void> };
  /** Where the request that is out is answered; earlier ones do not count any more. */
  #request = 0;
  /** Messages that it still owes. */
  #owed = 0;
  #timer: Timer | undefined;
  #closed = false;

  constructor(options: TaskPullOptions) {
    this.#options = options;
    this.#inbox = options.link.listen((message) => this.#receive(message));
  }

  get consumer(): string {
    return this.#options.consumer;
  }

  /** Asks for tasks where there is room and no request is out. */
  wake(): void {
    if (this.#closed || this.#owed > 0) return;
    const batch = this.#options.batch();
    if (batch === 0) return;
    this.#owed = batch;
    const { stream, consumer, link } = this.#options;
    const subject = `$JS.API.CONSUMER.MSG.NEXT.${stream}.${consumer}`;
    this.#request++;
    link.publish(subject, JSON.stringify({ batch, expires: EXPIRES_MS * 1_000_000 }), this.#replyTo());
    this.#wakeAfter(LOST_AFTER_MS);
  }

  /** The connection is new: the server has forgotten the request. */
  restart(): void {
    this.#owed = 0;
    this.wake();
  }

  /** Takes nothing more; what is on its way is given back. */
  close(): Promise<void> {
    this.#closed = true;
    this.#timer?.cancel();
    return this.#inbox.close();
  }

  #replyTo(): string {
    return `${this.#inbox.inbox}.${this.#request}`;
  }

  #receive(message: LinkMessage): void {
    const status = message.headers?.code ?? 0;
    if (this.#closed) {
      if (status === 0) taskMessage(message, this.#options.link).giveBack();
    } else if (status === 0) {
      this.#owed = Math.max(0, this.#owed - 1);
      this.#options.onTask(taskMessage(message, this.#options.link));
      this.wake();
    } else if (message.subject !== this.#replyTo()) {
      return;
    } else if (status === 408 || status === 404) {
      this.restart();
    } else if (status !== 100) {
      const description = message.headers?.description ?? "";
      this.#options.logger.warn({ consumer: this.consumer, status, description }, "A pull for tasks was refused");
      // 503: no such consumer or no JetStream; 409: it was deleted, moved, or has too much unacknowledged.
      this.#owed = 1;
      this.#wakeAfter(AFTER_REFUSAL_MS);
      if (status === 503 || status === 409) this.#options.onMissing();
    }
  }

  #wakeAfter(ms: number): void {
    this.#timer?.cancel();
    this.#timer = this.#options.time.after(ms, () => this.restart()).unref();
  }
}
