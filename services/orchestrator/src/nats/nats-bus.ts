// The bus over NATS: hints in a JetStream work queue, requests and live events over core NATS. Nothing here is a record;
// what an outage loses is announced again by the sweeper and read again by watchers.
import {
  AgentspanError,
  ALL_DELTA_WISHES,
  ALL_WORKER_REQUESTS,
  createLogger,
  eventsSubject,
  type Logger,
  ORCHESTRATORS,
  requestSubject,
  type TaskAddress,
  workerRequestsTo,
} from "@agentspan/internal";
import type { LiveEvents } from "@agentspan/proto";
import type { JetStreamManager, Msg, NatsConnection, Subscription } from "nats";
import { encodeLive } from "../bus/live-message.js";
import { checkCall, checkId, checkName, checkTask, checkTool } from "../bus/names.js";
import { type IncomingRequest, Responder, type ResponderLimits } from "../bus/responder.js";
import type { Bus, RequestHandler, WorkerHandlers } from "../ports.js";
import { CONNECT_TIMEOUT_MS, connectNats, type NatsOptions } from "./connect-nats.js";
import { incomingOf } from "./incoming-message.js";
import { LiveOutlet } from "./live-outlet.js";
import { NatsLink } from "./nats-link.js";
import { QueueWatch } from "./queue-watch.js";
import { TaskQueue } from "./task-queue.js";
import { TaskStream, type TaskStreamOptions } from "./task-stream.js";

export interface NatsBusOptions extends NatsOptions {
  readonly logger?: Logger;
  readonly tasks?: TaskStreamOptions;
  readonly limits?: Partial<ResponderLimits>;
  /** Told, while the first connection is made, why the work queue is not there yet. */
  readonly waiting?: (why: string) => void;
}

const API_LIMIT_MS = 5_000;
const RESTORE_AGAIN_MS = 250;
/** Tries between two lines in the log. */
const TOLD_EVERY = 20;
const RESTORE_AGAIN_AT_MOST_MS = 5_000;
/** Between two looks at the queue, however often somebody takes from it. */
const LOOK_AGAIN_MS = 1_000;
// Of a broker that has not said what it takes; NATS' own default.
const PAYLOAD_BYTES = 1024 * 1024;

export class NatsBus implements Bus {
  readonly #link: NatsLink;
  readonly #stream: TaskStream;
  readonly #queue: TaskQueue;
  readonly #live: LiveOutlet;
  readonly #listeners = new Set<() => void>();
  readonly #wishListeners = new Set<(namespace: string, runId: string) => void>();
  readonly #subscriptions: Subscription[] = [];
  #responder: Responder | undefined;
  #restoring: Promise<boolean> | undefined;
  #looking: Promise<void> | undefined;
  #lookAsked = false;
  /** The queue was not there when this process came: hints of earlier ones are gone. */
  #queueIsNew = false;

  private constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    private readonly options: NatsBusOptions,
    private readonly logger: Logger,
  ) {
    this.#link = new NatsLink(connection, logger, () => this.#lookAgain());
    this.#stream = new TaskStream(manager, logger, options.tasks ?? {});
    this.#queue = new TaskQueue(this.#link, connection.jetstream(), manager, () => this.#restoreLostQueue(), logger);
    this.#live = new LiveOutlet(this.#link);
    new QueueWatch(connection, logger, () => this.#lookAgain());
  }

  /**
   * Connects and makes the stream. Rejects with BUS_UNAVAILABLE where that does not succeed within `connectTimeoutMs`
   * (30 s unless said); later outages end by themselves.
   */
  static async connect(options: NatsBusOptions): Promise<NatsBus> {
    const limit = performance.now() + (options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS);
    const connection = await connectNats(options);
    try {
      const manager = await connection.jetstreamManager({ checkAPI: false, timeout: API_LIMIT_MS });
      const bus = new NatsBus(connection, manager, options, options.logger ?? createLogger("nats", "silent"));
      await bus.#makeQueue(limit);
      return bus;
    } catch (thrown) {
      await connection.close();
      throw thrown;
    }
  }

  /** False during an outage; for health checks. */
  get connected(): boolean {
    return this.#link.up;
  }

  async ensureConsumers(
    namespace: string,
    tools: readonly { queue: string; tool: string }[],
  ): Promise<readonly string[]> {
    for (const tool of tools) checkTool(namespace, tool);
    this.#link.demand("Consumers were to be made");
    return this.#stream.ensureConsumers(tools.map(({ queue, tool }) => ({ namespace, queue, tool })));
  }

  async announce(task: TaskAddress, orchestratorId: string): Promise<"announced" | "already_there"> {
    checkTask(task);
    return this.#queue.announce(task, orchestratorId);
  }

  async withdraw(call: Omit<TaskAddress, "attempt">): Promise<void> {
    checkCall(call);
    await this.#queue.withdraw(call);
  }

  async queued(
    namespace: string,
    tools: readonly { queue: string; tool: string }[],
  ): Promise<readonly (number | undefined)[]> {
    for (const tool of tools) checkTool(namespace, tool);
    this.#link.demand("The tasks of tools were to be counted");
    return this.#stream.queued(tools.map(({ queue, tool }) => ({ namespace, queue, tool })));
  }

  publish(namespace: string, runId: string, live: LiveEvents): void {
    try {
      checkName("namespace", namespace);
      checkId("runId", runId);
      this.#live.send(eventsSubject(namespace, runId), encodeLive(live));
    } catch (err) {
      this.logger.error({ err, runId }, "Live events could not be written");
    }
  }

  async serve(orchestratorId: string, onRequest: RequestHandler, workers: WorkerHandlers): Promise<void> {
    checkId("orchestratorId", orchestratorId);
    if (this.#responder !== undefined) throw new Error("This bus serves already.");
    const responder = new Responder({
      orchestratorId,
      onRequest,
      workers,
      logger: this.logger,
      largestAnswer: () => this.#link.connection.info?.max_payload ?? PAYLOAD_BYTES,
      ...(this.options.limits === undefined ? {} : { limits: this.options.limits }),
    });
    this.#responder = responder;
    const take = (incoming: IncomingRequest) => responder.takeRequest(incoming);
    const takeWorkers = (incoming: IncomingRequest) => responder.takeWorkerRequest(incoming);
    this.#subscribe(requestSubject(), take, ORCHESTRATORS);
    this.#subscribe(requestSubject(orchestratorId), take);
    this.#subscribe(ALL_WORKER_REQUESTS, takeWorkers, ORCHESTRATORS);
    this.#subscribe(workerRequestsTo(orchestratorId), takeWorkers);
    this.#subscribe(ALL_DELTA_WISHES, ({ subject }) => this.#wished(subject));
    await this.#link.flush("Requests were to be subscribed to");
    if (this.#queueIsNew) this.#tellListeners();
  }

  onReconnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onDeltaWish(listener: (namespace: string, runId: string) => void): () => void {
    this.#wishListeners.add(listener);
    return () => this.#wishListeners.delete(listener);
  }

  answers(withinMs: number): Promise<boolean> {
    return this.#link.answers(withinMs);
  }

  async drain(): Promise<void> {
    const subscriptions = this.#subscriptions.splice(0);
    if (this.#link.up) {
      // Resolves when the server has confirmed that nothing more comes, and what came has been handed over.
      const open = subscriptions.filter((subscription) => !subscription.isClosed());
      await Promise.all(open.map((subscription) => subscription.drain()));
    } else if (!this.#link.closed) {
      for (const subscription of subscriptions) subscription.unsubscribe();
    }
    await this.#responder?.idle();
    if (this.#link.up) await this.#link.flush("The last answers were to be sent");
  }

  async close(): Promise<void> {
    this.#listeners.clear();
    this.#wishListeners.clear();
    await this.#link.close();
  }

  #wished(subject: string): void {
    const [namespace = "", runId = ""] = subject.split(".").slice(-2);
    for (const listener of this.#wishListeners) listener(namespace, runId);
  }

  #subscribe(subject: string, take: (incoming: IncomingRequest) => void, queue?: string): void {
    const callback = (error: Error | null, message: Msg) => {
      try {
        if (error !== null)
          this.logger.fatal({ err: error, subject }, "NATS does not let this orchestrator take requests");
        else take(incomingOf(message));
      } catch (err) {
        // Headers that are none throw on reading, and what is thrown here would end the client's reading altogether.
        this.logger.warn(
          { err, subject: message.subject.slice(0, 200) },
          "Left a request unanswered that cannot be read",
        );
      }
    };
    const options = queue === undefined ? { callback } : { callback, queue };
    this.#subscriptions.push(this.#link.connection.subscribe(subject, options));
  }

  /** JetStream may still be starting; what will not mend by itself has no retryAfterMs. */
  async #makeQueue(limit: number): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        this.#queueIsNew = await this.#restore();
        return;
      } catch (thrown) {
        const error = AgentspanError.from(thrown);
        if (error.retryAfterMs === undefined || performance.now() > limit) throw thrown;
        this.options.waiting?.(error.message);
        // The first refusal is a JetStream that is starting; what goes on, such as a disk without room, is said.
        if (tries % TOLD_EVERY === 2) this.logger.warn({ why: error.message }, "The work queue is not there yet");
      }
      await pause(RESTORE_AGAIN_MS);
    }
  }

  /** One at a time, whoever asks for it. Resolves to whether the stream had been lost. */
  #restore(): Promise<boolean> {
    this.#restoring ??= this.#stream.restore().finally(() => {
      this.#restoring = undefined;
    });
    return this.#restoring;
  }

  async #restoreLostQueue(): Promise<void> {
    const first = this.#restoring === undefined;
    const lost = await this.#restore();
    if (first) this.#restored(lost);
  }

  /** After a reconnection, and where somebody took from the queue. One at a time, and one after the last time of asking. */
  #lookAgain(): void {
    this.#lookAsked = true;
    this.#looking ??= this.#lookWhileAsked().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#lookAsked && this.#link.up) {
      this.#lookAsked = false;
      await this.#comeBack();
      await pause(LOOK_AGAIN_MS);
    }
  }

  /** JetStream may take a while to start, so it is tried until it succeeds. */
  async #comeBack(): Promise<void> {
    for (let waitMs = RESTORE_AGAIN_MS; this.#link.up; waitMs = Math.min(waitMs * 2, RESTORE_AGAIN_AT_MOST_MS)) {
      try {
        this.#restored(await this.#restore());
        return;
      } catch (err) {
        this.logger.warn({ err: AgentspanError.from(err), againInMs: waitMs }, "The work queue is not back yet");
      }
      await pause(waitMs);
    }
  }

  #restored(lost: boolean): void {
    if (lost) this.logger.warn("Made the work queue again: the broker had lost it, and the hints in it");
    this.#tellListeners();
  }

  #tellListeners(): void {
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (err) {
        this.logger.error({ err }, "A listener for reconnections failed");
      }
    }
  }
}

/** About so long; with jitter, and without keeping the process alive. */
function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms * (0.5 + Math.random())).unref());
}
