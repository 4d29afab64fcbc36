// A NATS server in this process, for tests and for the testing kit. It is faithful where the product rests on NATS:
// messages are copied bytes and arrive later, never inside the call that sent them; a subject of the work queue holds one
// message and refuses another until that is acknowledged; what is not acknowledged comes again; a queue group gives each
// message to one member; a request that nobody takes says so; anybody may name any reply subject; during an outage
// nothing passes, and the store may be empty afterwards. It does not sync to disk, limit pending acknowledgements, check
// permissions or count bytes.
import { ALL_TASKS, consumerName, systemTime, type Time } from "@agentspan/internal";
import { type Delivery, MemoryLine } from "./memory-line.js";

export interface MemoryMessage {
  readonly subject: string;
  readonly data: Uint8Array;
  /** Empty where there is none, as is `contentType`. */
  readonly reply: string;
  readonly contentType: string;
}

export interface MemoryBrokerOptions {
  /** Hints that the work queue holds; a million unless said. */
  readonly mostHints?: number;
  /** Milliseconds; 10,000 unless said. */
  readonly ackWaitMs?: number;
  readonly time?: Time;
}

/** What the broker says when it does not carry out a request. */
export class MemoryBrokerError extends Error {
  override readonly name = "MemoryBrokerError";
  constructor(readonly code: "NO_RESPONDERS" | "TIMEOUT" | "DISCONNECTED" | "TOO_LARGE") {
    super(`The memory broker says ${code}`);
  }
}

interface Subscription {
  readonly tokens: readonly string[];
  readonly queue: string | undefined;
  readonly receive: (message: MemoryMessage) => void;
}

/** NATS' own default. */
export const MAX_PAYLOAD_BYTES = 1024 * 1024;
const TASK_PREFIX = ALL_TASKS.slice(0, -1);

export class MemoryBroker {
  readonly #options: Required<MemoryBrokerOptions>;
  readonly #subscriptions = new Set<Subscription>();
  /** By consumer name, whether the consumer exists or not. */
  readonly #lines = new Map<string, MemoryLine>();
  readonly #consumers = new Set<string>();
  readonly #onUp = new Set<() => void>();
  #up = true;
  #mark: string | undefined;
  #hints = 0;
  #inboxes = 0;
  #turn = 0;

  constructor(options: MemoryBrokerOptions = {}) {
    this.#options = { mostHints: 1_000_000, ackWaitMs: 10_000, time: systemTime, ...options };
  }

  get up(): boolean {
    return this.#up;
  }

  /** Hints in the work queue, delivered ones included. */
  get storedHints(): number {
    return this.#hints;
  }

  /** An outage begins: nothing passes, and answers under way are lost. */
  stop(): void {
    this.#up = false;
    for (const line of this.#lines.values()) line.dismiss();
  }

  /** The id of the database that the work queue was marked with. */
  get mark(): string | undefined {
    return this.#mark;
  }

  /** Marks the work queue with the id of a database where it has no mark. The answer is the mark that it has then. */
  claimQueue(mark: string): string {
    this.#demandUp();
    this.#mark ??= mark;
    return this.#mark;
  }

  /** Marks the work queue, whosever it is. Those who are connected look at it again. */
  markQueue(mark: string): void {
    this.#demandUp();
    this.#mark = mark;
    this.#tellUp();
  }

  /** The outage ends; with the store lost, hints, consumers and mark are gone. */
  start(store: "kept" | "lost"): void {
    if (store === "lost") {
      for (const line of this.#lines.values()) line.lose();
      this.#lines.clear();
      this.#consumers.clear();
      this.#hints = 0;
      this.#mark = undefined;
    }
    this.#up = true;
    this.#tellUp();
  }

  /** Called at the end of each outage, and when the work queue was marked. The answer takes the listener off. */
  onUp(listener: () => void): () => void {
    this.#onUp.add(listener);
    return () => this.#onUp.delete(listener);
  }

  makeConsumer(name: string): void {
    this.#demandUp();
    this.#consumers.add(name);
  }

  /** Puts a hint in the work queue. `full` and `taken` leave the queue as it is. */
  store(subject: string, data: Uint8Array): "stored" | "taken" | "full" {
    this.#demandUp();
    const line = this.#lineOf(subject);
    if (line.has(subject)) return "taken";
    if (this.#hints >= this.#options.mostHints) return "full";
    this.#hints += 1;
    line.put(subject, data.slice());
    return "stored";
  }

  /** How many hints a consumer has, delivered ones included; undefined where it does not exist. */
  hintsOf(consumer: string): number | undefined {
    this.#demandUp();
    return this.#consumers.has(consumer) ? this.#line(consumer).size : undefined;
  }

  /** Takes out the hints whose subjects match. */
  purge(filter: string): void {
    this.#demandUp();
    const tokens = filter.split(".");
    this.#lineOf(filter).removeAll((subject) => matches(tokens, subject.split(".")));
  }

  /** The next hint of a consumer; undefined where none comes in time. Throws NO_RESPONDERS where it does not exist. */
  pull(consumer: string, expiresMs: number, signal?: AbortSignal): Promise<Delivery | undefined> {
    this.#demandUp();
    if (!this.#consumers.has(consumer)) throw new MemoryBrokerError("NO_RESPONDERS");
    return this.#line(consumer).pull(expiresMs, signal);
  }

  /** Takes messages of a subject, which may hold '*' and end in '>'. The answer ends it. */
  subscribe(subject: string, receive: (message: MemoryMessage) => void, queue?: string): () => void {
    const subscription = { tokens: subject.split("."), queue, receive };
    this.#subscriptions.add(subscription);
    return () => this.#subscriptions.delete(subscription);
  }

  /** Sends to all who listen, one of each queue group, and says whether there is any. Lost during an outage. */
  publish(subject: string, data: Uint8Array, about: { reply?: string; contentType?: string } = {}): boolean {
    if (!this.#up) return false;
    if (data.length > MAX_PAYLOAD_BYTES) throw new MemoryBrokerError("TOO_LARGE");
    const message = { subject, data: data.slice(), reply: about.reply ?? "", contentType: about.contentType ?? "" };
    const receivers = this.#receiversOf(subject);
    for (const { receive } of receivers) {
      queueMicrotask(() => {
        if (this.#up) receive(message);
      });
    }
    if (subject.startsWith(TASK_PREFIX)) this.store(subject, data);
    return receivers.length > 0 || subject.startsWith(TASK_PREFIX);
  }

  /** Asks and waits for the first answer. Rejects with MemoryBrokerError. */
  request(
    subject: string,
    data: Uint8Array,
    { timeoutMs, contentType, inboxPrefix }: { timeoutMs: number; contentType?: string; inboxPrefix: string },
  ): Promise<MemoryMessage> {
    return new Promise((resolve, reject) => {
      this.#demandUp();
      const reply = `${inboxPrefix}.${++this.#inboxes}`;
      const end = (settle: () => void) => {
        timer.cancel();
        unsubscribe();
        settle();
      };
      const unsubscribe = this.subscribe(reply, (answer) => end(() => resolve(answer)));
      const { time } = this.#options;
      const timer = time.after(timeoutMs, () => end(() => reject(new MemoryBrokerError("TIMEOUT"))));
      const taken = this.publish(subject, data, { reply, ...(contentType === undefined ? {} : { contentType }) });
      if (!taken) end(() => reject(new MemoryBrokerError("NO_RESPONDERS")));
    });
  }

  #tellUp(): void {
    for (const listener of this.#onUp) queueMicrotask(listener);
  }

  #demandUp(): void {
    if (!this.#up) throw new MemoryBrokerError("DISCONNECTED");
  }

  #receiversOf(subject: string): readonly Subscription[] {
    const tokens = subject.split(".");
    const groups = new Map<string, Subscription[]>();
    const receivers: Subscription[] = [];
    for (const subscription of this.#subscriptions) {
      if (!matches(subscription.tokens, tokens)) continue;
      if (subscription.queue === undefined) receivers.push(subscription);
      else groups.set(subscription.queue, [...(groups.get(subscription.queue) ?? []), subscription]);
    }
    this.#turn += 1;
    for (const members of groups.values()) {
      const chosen = members[this.#turn % members.length];
      if (chosen !== undefined) receivers.push(chosen);
    }
    return receivers;
  }

  #lineOf(taskSubject: string): MemoryLine {
    const [, , namespace = "", queue = "", tool = ""] = taskSubject.split(".");
    return this.#line(consumerName(namespace, queue, tool));
  }

  #line(consumer: string): MemoryLine {
    let line = this.#lines.get(consumer);
    if (line === undefined) {
      line = new MemoryLine(this.#options, () => {
        this.#hints -= 1;
      });
      this.#lines.set(consumer, line);
    }
    return line;
  }
}

/** Whether a subject is one that a pattern means; `*` stands for a token, `>` at the end for one or more. */
function matches(pattern: readonly string[], subject: readonly string[]): boolean {
  for (const [at, token] of pattern.entries()) {
    if (token === ">") return subject.length > at;
    if (at >= subject.length || (token !== "*" && token !== subject[at])) return false;
  }
  return pattern.length === subject.length;
}
