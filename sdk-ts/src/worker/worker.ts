import { randomUUID } from "node:crypto";
import type { HeartbeatResponse, RegisterResponse, TaskHint } from "@agentspan/proto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { Agent } from "../agent.js";
import { backoffMs, pause } from "../backoff.js";
import type { Logger } from "../logger.js";
import { systemClock } from "./clock.js";
import { beat } from "./heartbeat.js";
import { NatsLink } from "./nats-link.js";
import { register } from "./register.js";
import { type ServedTool, ServedTools } from "./served-tools.js";
import { Slots } from "./slots.js";
import { attemptKey, joinHint, type TaskInHand, taskInHand } from "./task-in-hand.js";
import type { TaskMessage } from "./task-message.js";
import { TaskPull } from "./task-pull.js";
import { runTask } from "./task-run.js";
import type { WorkerTestHooks } from "./test-hooks.js";
import type { WorkerIdentity, WorkerParts } from "./worker-parts.js";

export interface WorkerOptions {
  readonly natsUrl: string;
  readonly workerId: string;
  readonly namespace: string;
  /** Tasks in hand at once. */
  readonly concurrency: number;
  readonly logger: Logger;
  readonly hooks?: WorkerTestHooks;
}

/** A hint waits so long for room here before another worker may have it. */
const ROOM_WAIT_MS = 1_000;
const DEFAULT_HEARTBEAT_MS = 3_000;
/** After the grace, for functions to heed their signal and for last answers. */
const LAST_WORDS_MS = 3_000;

/** Serves the tools of agents from this process. One connection, one identity, one room for all of them. */
export class Worker {
  readonly #options: WorkerOptions;
  readonly #identity: WorkerIdentity;
  readonly #tools = new ServedTools();
  readonly #slots: Slots;
  readonly #inHand = new Map<string, TaskInHand>();
  readonly #running = new Set<Promise<void>>();
  readonly #ended = new AbortController();
  readonly #drained = new AbortController();
  #pulls: readonly TaskPull[] = [];
  #heartbeatMs = DEFAULT_HEARTBEAT_MS;
  #parts: Promise<WorkerParts> | undefined;
  #registering: Promise<void> = Promise.resolve();
  #registeredVersion = 0;
  #registerAgain = false;
  #beating = false;

  constructor(options: WorkerOptions) {
    this.#options = options;
    const { workerId, namespace } = options;
    this.#identity = { workerId, namespace, incarnation: randomUUID() };
    this.#slots = new Slots(options.concurrency);
  }

  /**
   * Resolves when the server knows that these agents' tools are served here. Throws BUS_UNAVAILABLE where it could not
   * be told within the patience, or the server's reason where it refuses.
   */
  async serve(agents: readonly Agent[], patienceMs: number): Promise<void> {
    const signal = this.#drained.signal;
    signal.throwIfAborted();
    this.#parts ??= this.#connect(patienceMs).catch((error: unknown) => {
      this.#parts = undefined;
      throw error;
    });
    const parts = await this.#parts;
    this.#tools.add(agents);
    const { version } = this.#tools;
    const limit = AbortSignal.any([signal, this.#timeLimit(patienceMs)]);
    parts.link.hold();
    try {
      await this.#register(parts, limit, () => this.#registeredVersion < version);
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
    const { link, logger } = parts;
    await Promise.all(this.#pulls.map((pull) => pull.close()));
    const allDone = async () => {
      while (this.#running.size > 0) await Promise.all(this.#running);
    };
    const over = new AbortController();
    const graceOver = pause(graceMs, over.signal).then(async () => {
      for (const task of this.#inHand.values()) task.abort.abort(new Error("The worker is shutting down."));
      await pause(LAST_WORDS_MS, over.signal);
    });
    await Promise.race([allDone(), graceOver.catch(() => undefined)]);
    over.abort();
    for (const { runId, callId, attempt, begun } of this.#inHand.values()) {
      logger.error({ runId, callId, attempt, begun }, "Shut down with a task in hand");
    }
    this.#ended.abort(new Error("The worker has shut down."));
    await link.close();
  }

  async #connect(patienceMs: number): Promise<WorkerParts> {
    const { natsUrl: url, workerId, logger, hooks = {} } = this.#options;
    const link = await NatsLink.open({ url, workerId, logger, patienceMs, signal: this.#drained.signal });
    const { signal: ended } = this.#ended;
    const parts = { identity: this.#identity, link, logger, hooks, clock: hooks.clock ?? systemClock, ended };
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
      await this.#pullFrom(parts, tools, await register(parts, tools, signal));
      this.#registeredVersion = version;
      const served = tools.map(({ queue, tool }) => `${queue}/${tool.name}`);
      parts.logger.info({ workerId: parts.identity.workerId, tools: served }, "Serving tools");
      if (!this.#beating) void beat(parts, this.#heartbeat(parts));
      this.#beating = true;
    });
    // The next one waits for this one, whatever became of it.
    this.#registering = mine.catch(() => undefined);
    await mine;
  }

  /** Registers in the background: the server has forgotten this worker, or may have. */
  #registerSoon(parts: WorkerParts): void {
    if (this.#registerAgain || this.#drained.signal.aborted) return;
    this.#registerAgain = true;
    void (async () => {
      await pause(backoffMs(1, 200, 200), this.#drained.signal, false);
      this.#registerAgain = false;
      await this.#register(parts, this.#drained.signal, () => true);
    })().catch((error: unknown) => {
      if (!this.#drained.signal.aborted) parts.logger.error({ err: error }, "Registering again failed");
    });
  }

  async #pullFrom(parts: WorkerParts, tools: readonly ServedTool[], answer: RegisterResponse): Promise<void> {
    if (answer.heartbeatInterval !== undefined) this.#heartbeatMs = durationMs(answer.heartbeatInterval);
    const { stream, consumers } = answer;
    const known = new Map(this.#pulls.map((pull) => [pull.consumer, pull]));
    const pulls = tools.flatMap((served, i) => {
      const consumer = consumers[i];
      if (consumer === undefined) return [];
      const pull = known.get(consumer) ?? this.#pull(parts, served, { stream, consumer });
      known.delete(consumer);
      return [pull];
    });
    this.#pulls = pulls;
    for (const pull of pulls) pull.wake();
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
      logger: parts.logger,
      // Rooms are shared by the tools' requests; each may ask for one, so that no tool starves.
      batch: () => (this.#slots.free === 0 ? 0 : Math.max(1, Math.floor(this.#slots.free / this.#pulls.length))),
      onTask: (message) => this.#track(this.#take(parts, served, message)),
      onMissing: () => this.#registerSoon(parts),
    });
  }

  #track(task: Promise<void>): void {
    const tracked = task.finally(() => this.#running.delete(tracked));
    this.#running.add(tracked);
  }

  #joined(hint: TaskHint, message: TaskMessage): boolean {
    const known = this.#inHand.get(attemptKey(hint));
    if (known !== undefined) joinHint(known, message);
    return known !== undefined;
  }

  async #take(parts: WorkerParts, served: ServedTool, message: TaskMessage): Promise<void> {
    const { hint } = message;
    if (hint === undefined) {
      parts.logger.error({ tool: served.tool.name }, "A message in the task stream is no task hint; dropped it");
      return message.drop();
    }
    if (this.#joined(hint, message)) return;
    if (!(await this.#slots.take(ROOM_WAIT_MS))) return message.giveBack();
    try {
      if (this.#drained.signal.aborted) message.giveBack();
      else if (!this.#joined(hint, message))
        await this.#run(parts, taskInHand(hint, this.#tools.current(served), message));
    } finally {
      this.#slots.give();
      if (!this.#drained.signal.aborted) for (const pull of this.#pulls) pull.wake();
    }
  }

  async #run(parts: WorkerParts, task: TaskInHand): Promise<void> {
    this.#inHand.set(attemptKey(task), task);
    parts.link.hold();
    try {
      await runTask(parts, task, { draining: () => this.#drained.signal.aborted });
    } catch (error) {
      const { runId, callId, attempt } = task;
      // Only the end of the worker and a test's hook come here: whatever can go on goes on.
      parts.logger.error({ runId, callId, attempt, err: error }, "A task was left unanswered");
    } finally {
      this.#inHand.delete(attemptKey(task));
      parts.link.release();
    }
  }

  #heartbeat(parts: WorkerParts) {
    return {
      intervalMs: () => this.#heartbeatMs,
      inHand: () => this.#inHand.values(),
      onAnswer: (answer: HeartbeatResponse) => {
        const stop = new Set(answer.stop);
        for (const task of this.#inHand.values()) {
          if (stop.has(task.nonce)) task.abort.abort(new Error("The server asked to stop this call."));
        }
        if (answer.register) this.#registerSoon(parts);
      },
    };
  }

  #timeLimit(patienceMs: number): AbortSignal {
    return patienceMs >= 2 ** 31 ? this.#drained.signal : AbortSignal.timeout(patienceMs);
  }
}
