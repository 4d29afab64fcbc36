import { randomUUID } from "node:crypto";
import { setMaxListeners } from "node:events";
import type { Time, TrustedKeys, WorkerCredentials } from "@agentspan/internal";
import type { HeartbeatResponse, RegisterResponse } from "@agentspan/proto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Agent } from "../agent.js";
import { backoffMs, pause } from "../backoff.js";
import type { Logger } from "../logger.js";
import { beat } from "./heartbeat.js";
import { register } from "./register.js";
import { type ServedTool, ServedTools } from "./served-tools.js";
import { TaskDesk } from "./task-desk.js";
import { TaskPull } from "./task-pull.js";
import type { WorkerTestHooks } from "./test-hooks.js";
import type { OpenLink } from "./worker-link.js";
import type { WorkerIdentity, WorkerParts } from "./worker-parts.js";

export interface WorkerOptions {
  readonly openLink: OpenLink;
  readonly time: Time;
  readonly workerId: string;
  readonly namespace: string;
  /** Tasks in hand at once. */
  readonly concurrency: number;
  readonly logger: Logger;
  /** Nothing begins without a signature of one of these orchestrators; absent, grants are not signed. */
  readonly trustedKeys?: TrustedKeys | undefined;
  readonly credentials?: WorkerCredentials | undefined;
  readonly hooks?: WorkerTestHooks;
}

/** How long serving waits for a server, in milliseconds. */
export interface Patience {
  /** For NATS, where it has not been reached yet. */
  readonly firstContactMs: number;
  /** For an orchestrator. */
  readonly patienceMs: number;
}

const DEFAULT_HEARTBEAT_MS = 3_000;
/** Two registrations that nobody waits for are so far apart. */
const REGISTER_EVERY_MS = 2_000;
/** After the grace, for functions to heed their signal and for last answers. */
const LAST_WORDS_MS = 3_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** Serves the tools of agents from this process. One connection, one identity, one room for all of them. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #identity: WorkerIdentity;
  readonly #tools = new ServedTools();
  readonly #desk: TaskDesk;
  readonly #ended = new AbortController();
  readonly #drained = new AbortController();
  #pulls: readonly TaskPull[] = [];
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;
  #parts: Promise<WorkerParts> | undefined;
  #registering: Promise<void> = Promise.resolve();
  #registeredVersion = 0;
  #registeredAt = Number.NEGATIVE_INFINITY;
  #registerAgain = false;
  #beating = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { workerId, namespace, concurrency } = options;
    this.#identity = { workerId, namespace, incarnation: randomUUID() };
    // Every task in hand listens to them.
    setMaxListeners(0, this.#ended.signal, this.#drained.signal);
    const draining = this.#drained.signal;
    this.#desk = new TaskDesk({ concurrency, draining, onRoom: () => this.#wakePulls(), time: options.time });
  }

  /**
   * Resolves when the server knows that these agents' tools are served here. Throws BUS_UNAVAILABLE where it could not
   * be told within the patience, or the server's reason where it refuses.
   */
  async serve(agents: readonly Agent[], { patienceMs, firstContactMs }: Patience): Promise<void> {
    const signal = this.#drained.signal;
    signal.throwIfAborted();
    this.#parts ??= this.#connect(firstContactMs).catch((error: unknown) => {
      this.#parts = undefined;
      throw error;
    });
    const parts = await this.#parts;
    this.#tools.add(agents);
    const { version } = this.#tools;
    if (this.#registeredVersion >= version) return;
    const limits = patienceMs > LONGEST_TIMER_MS ? [signal] : [signal, AbortSignal.timeout(patienceMs)];
    parts.link.hold();
    try {
      await this.#register(parts, AbortSignal.any(limits), () => this.#registeredVersion < version);
    } finally {
      parts.link.release();
    }
  }

  /** Keeps the process alive from now on, until shutdown. */
  async keepAlive(): Promise<void> {
    (await this.#parts)?.link.hold();
  }

  /**
   * Takes nothing new, hands back what has not begun, lets running functions finish within the grace, then aborts their
   * signals; reports what is done, and closes. A guarded call that is cut off here opens a settlement.
   */
  async shutdown(graceMs: number): Promise<void> {
    this.#drained.abort(new Error("The worker is shutting down."));
    // A connection that never came has nothing to close; serve has told why.
    const parts = await this.#parts?.catch(() => undefined);
    if (parts === undefined) return;
    // Whoever awaits this has nothing else to do, and must not end in the middle of it.
    parts.link.hold();
    await Promise.all(this.#pulls.map((pull) => pull.close()));
    await this.#drain(graceMs);
    for (const { runId, callId, attempt, begun } of this.#desk.inHand()) {
      parts.logger.error({ runId, callId, attempt, begun }, "Shut down with a task in hand");
    }
    this.#ended.abort(new Error("The worker has shut down."));
    await parts.link.close();
  }

  async #drain(graceMs: number): Promise<void> {
    const over = new AbortController();
    const { time } = this.#options;
    const outOfTime = async () => {
      await pause(graceMs, over.signal, { time });
      this.#desk.abort(this.#desk.inHand(), "The worker is shutting down.");
      await pause(LAST_WORDS_MS, over.signal, { time });
    };
    // Whichever comes first; what is idle first ends the waiting, which is no failure.
    await Promise.race([this.#desk.idle(), outOfTime().catch(() => undefined)]);
    over.abort();
  }

  async #connect(patienceMs: number): Promise<WorkerParts> {
    const { openLink, workerId, logger, trustedKeys, credentials, hooks = {} } = this.#options;
    const { signal } = this.#drained;
    const link = await openLink({ seed: credentials?.nkeySeed, workerId, logger, patienceMs, signal });
    const { signal: ended } = this.#ended;
    const time = { ...this.#options.time, ...hooks.clock };
    const parts: WorkerParts = {
      identity: this.#identity,
      link,
      logger,
      hooks,
      trustedKeys,
      permit: credentials?.permit,
      time,
      ended,
      registerSoon: () => this.#registerSoon(parts),
      registerNow: () => this.#registerNow(parts),
    };
    link.onReconnect = () => {
      for (const pull of this.#pulls) pull.restart();
      this.#registerSoon(parts);
    };
    return parts;
  }

  /** One at a time; not at all where, once its turn has come, it is not needed any more. */
  async #register(parts: WorkerParts, signal: AbortSignal, needed: () => boolean): Promise<void> {
    const mine = this.#registering.then(async () => {
      if (!needed()) return;
      const { version } = this.#tools;
      const tools = this.#tools.list();
      const answer = await register(parts, tools, signal);
      const { keyIds } = answer;
      await this.#pullFrom(parts, tools, answer);
      this.#registeredVersion = version;
      this.#registeredAt = parts.time.monotonic();
      this.#compareKeys(parts, keyIds);
      const served = tools.map(({ queue, tool }) => `${queue}/${tool.name}`);
      parts.logger.info({ workerId: parts.identity.workerId, tools: served }, "Serving tools");
      if (!this.#beating) void beat(parts, this.#heartbeat(parts));
      this.#beating = true;
    });
    // The next one waits for this one, whatever became of it.
    this.#registering = mine.catch(() => undefined);
    await mine;
  }

  /** What a server says of its keys proves nothing; that they are others is worth a word before the first call fails. */
  #compareKeys({ logger, trustedKeys }: WorkerParts, keyIds: readonly string[]): void {
    if (trustedKeys === undefined || keyIds.some((id) => trustedKeys.has("orchestrators", id))) return;
    const why = keyIds.length === 0 ? "the server does not sign" : `the server signs with ${keyIds.join(", ")}`;
    logger.error({ why }, "No call can begin here: the server has no key of the trusted ones");
  }

  /** In its turn, so that no older registration comes behind a newer one. */
  async #registerNow(parts: WorkerParts): Promise<void> {
    const mine = this.#registering.then(() => register(parts, this.#tools.list(), parts.ended));
    this.#registering = mine.then(
      () => undefined,
      () => undefined,
    );
    await mine;
  }

  /** Registers in the background: the server has forgotten this worker, or may have. */
  #registerSoon(parts: WorkerParts): void {
    const { signal } = this.#drained;
    if (this.#registerAgain || signal.aborted) return;
    this.#registerAgain = true;
    const again = async () => {
      const waitMs = Math.max(0, this.#registeredAt + REGISTER_EVERY_MS - parts.time.monotonic());
      await pause(waitMs + backoffMs(1, 200, 200), signal, { ref: false, time: parts.time });
      this.#registerAgain = false;
      await this.#register(parts, signal, () => true);
    };
    again().catch((error: unknown) => {
      if (!signal.aborted) parts.logger.error({ err: error }, "Registering again failed");
    });
  }

  async #pullFrom(parts: WorkerParts, tools: readonly ServedTool[], answer: RegisterResponse): Promise<void> {
    if (answer.heartbeatInterval !== undefined) this.#heartbeatMs = durationMs(answer.heartbeatInterval);
    const { stream, consumers } = answer;
    const known = new Map(this.#pulls.map((pull) => [pull.consumer, pull]));
    this.#pulls = tools.flatMap((served, i) => {
      const consumer = consumers[i];
      if (consumer === undefined) return [];
      const pull = known.get(consumer) ?? this.#pull(parts, served, { stream, consumer });
      known.delete(consumer);
      return [pull];
    });
    this.#wakePulls();
    await Promise.all([...known.values()].map((pull) => pull.close()));
  }

  #pull(
    parts: WorkerParts,
    served: ServedTool,
    from: { readonly stream: string; readonly consumer: string },
  ): TaskPull {
    return new TaskPull({
      ...from,
      link: parts.link,
      time: parts.time,
      logger: parts.logger,
      // The room is shared by all tools' requests; each may ask for one, so that no tool starves.
      batch: () => (this.#desk.room === 0 ? 0 : Math.max(1, Math.floor(this.#desk.room / this.#pulls.length))),
      onTask: (message) => this.#desk.take(parts, this.#tools.current(served), message),
      onMissing: () => this.#registerSoon(parts),
    });
  }

  #wakePulls(): void {
    if (!this.#drained.signal.aborted) for (const pull of this.#pulls) pull.wake();
  }

  #heartbeat(parts: WorkerParts) {
    return {
      intervalMs: () => this.#heartbeatMs,
      inHand: () => this.#desk.inHand(),
      onAnswer: ({ stop, register: again }: HeartbeatResponse) => {
        const stopped = this.#desk.inHand().filter(({ nonce }) => stop.includes(nonce));
        this.#desk.abort(stopped, "The server asked to stop this call.");
        if (again) this.#registerSoon(parts);
      },
    };
  }
}
