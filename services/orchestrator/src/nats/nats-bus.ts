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
import { QueueOwner } from "../bus/queue-owner.js";
import { type IncomingRequest, Responder, type ResponderLimits } from "../bus/responder.js";
import type { Bus, IdentityStore, RequestHandler, WorkerHandlers } from "../ports.js";
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
  /** Whose work queue it must be. Without one, the queue is taken whosever it is, as versions did that marked none. */
  readonly database?: IdentityStore;
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
  readonly #owner: QueueOwner | undefined;
  readonly #stream: TaskStream;
  readonly #queue: TaskQueue;
  readonly #live: LiveOutlet;
  readonly #listeners = new Set<() => void>();
  readonly #wishListeners = new Set<(namespace: string, runId: string) => void>();
  readonly #subscriptions: Subscription[] = [];
  /** Those of them by which one of all orchestrators is asked. */
  readonly #shared: Subscription[] = [];
  #responder: Responder | undefined;
  #restoring: Promise<boolean> | undefined;
  #looking: Promise<void> | undefined;
  #lookAsked: "everything" | "mark" | undefined;
  /** Its first look at the queue was good. */
  #begun = false;
  /** The queue was not there when this process came: hints of earlier ones are gone. */
  #queueIsNew = false;

  private constructor(
    connection: NatsConnection,
    manager: JetStreamManager,
    private readonly options: NatsBusOptions,
    private readonly logger: Logger,
  ) {
    this.#link = new NatsLink(connection, logger, () => this.#lookAgain());
    const { database } = options;
    this.#owner = database && new QueueOwner(database, (error) => this.#standBack(error));
    this.#stream = new TaskStream(manager, logger, options.tasks ?? {}, this.#owner);
    this.#queue = new TaskQueue(this.#link, connection.jetstream(), manager, () => this.#restoreLostQueue(), logger);
    this.#live = new LiveOutlet(this.#link);
    new QueueWatch(
      connection,
      logger,
      () => this.#lookAgain(),
      () => this.#lookAgain("mark"),
    );
  }

  /**
   * Connects and makes the stream. Rejects with BUS_UNAVAILABLE where that does not succeed within `connectTimeoutMs`
   * (30 s unless said); later outages end by themselves. Where the stream is another database's it rejects at once, and
   * has changed nothing.
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

  /** False during an outage, and while it stands back; for health checks. */
  get connected(): boolean {
    return this.#link.up && this.standsBack === undefined;
  }

  get standsBack(): string | undefined {
    return this.#owner?.refused?.message;
  }

  async ensureConsumers(
    namespace: string,
    tools: readonly { queue: string; tool: string }[],
  ): Promise<readonly string[]> {
    for (const tool of tools) checkTool(namespace, tool);
    this.#demand("Consumers were to be made");
    return this.#stream.ensureConsumers(tools.map(({ queue, tool }) => ({ namespace, queue, tool })));
  }

  async announce(task: TaskAddress, orchestratorId: string): Promise<"announced" | "already_there"> {
    checkTask(task);
    this.#owner?.demand();
    return this.#queue.announce(task, orchestratorId);
  }

  async withdraw(call: Omit<TaskAddress, "attempt">): Promise<void> {
    checkCall(call);
    this.#owner?.demand();
    await this.#queue.withdraw(call);
  }

  async queued(
    namespace: string,
    tools: readonly { queue: string; tool: string }[],
  ): Promise<readonly (number | undefined)[]> {
    for (const tool of tools) checkTool(namespace, tool);
    this.#demand("The tasks of tools were to be counted");
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
    this.#owner?.demand();
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
    this.#shared.push(
      this.#subscribe(requestSubject(), take, ORCHESTRATORS),
      this.#subscribe(ALL_WORKER_REQUESTS, takeWorkers, ORCHESTRATORS),
    );
    this.#subscribe(requestSubject(orchestratorId), take);
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

  async answers(withinMs: number): Promise<boolean> {
    return this.standsBack === undefined && this.#link.answers(withinMs);
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

  #demand(tried: string): void {
    this.#owner?.demand();
    this.#link.demand(tried);
  }

  /** Who asks by name is of this database, and is answered on: a worker with a task in hand can still bring its outcome. */
  #standBack({ message }: AgentspanError): void {
    // What was on its way to it is asked again by whoever gets no answer.
    for (const subscription of this.#shared.splice(0)) subscription.unsubscribe();
    // At a start it is not serving yet, and its end tells why.
    if (this.#responder !== undefined) this.logger.fatal({ why: message }, "Stands back until it is started anew");
  }

  #wished(subject: string): void {
    const [namespace = "", runId = ""] = subject.split(".").slice(-2);
    for (const listener of this.#wishListeners) listener(namespace, runId);
  }

  #subscribe(subject: string, take: (incoming: IncomingRequest) => void, queue?: string): Subscription {
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
    const subscription = this.#link.connection.subscribe(subject, options);
    this.#subscriptions.push(subscription);
    return subscription;
  }

  /** JetStream may still be starting; what will not mend by itself has no retryAfterMs. */
  async #makeQueue(limit: number): Promise<void> {
    for (let tries = 1; ; tries += 1) {
      try {
        this.#queueIsNew = await this.#restore();
        this.#begun = true;
        if (this.#lookAsked !== undefined) this.#lookAgain(this.#lookAsked);
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

  /**
   * After a reconnection, and where somebody took from the queue; after a change of its settings at its mark alone, lest
   * two that want other settings answer each other for ever. One at a time, and one after the last time of asking; none
   * beside the first, which may be about to put its mark in the place of another's.
   */
  #lookAgain(at: "everything" | "mark" = "everything"): void {
    if (this.#lookAsked !== "everything") this.#lookAsked = at;
    if (!this.#begun) return;
    this.#looking ??= this.#lookWhileAsked().finally(() => {
      this.#looking = undefined;
    });
  }

  async #lookWhileAsked(): Promise<void> {
    while (this.#lookAsked !== undefined && this.connected) {
      const asked = this.#lookAsked;
      this.#lookAsked = undefined;
      await this.#untilDone(asked === "mark" ? () => this.#stream.keepMark() : () => this.#comeBack());
      await pause(LOOK_AGAIN_MS);
    }
  }

  async #comeBack(): Promise<void> {
    this.#restored(await this.#restore());
  }

  /** JetStream may take a while to start, so it is tried until it succeeds. */
  async #untilDone(look: () => Promise<void>): Promise<void> {
    for (let waitMs = RESTORE_AGAIN_MS; this.connected; waitMs = Math.min(waitMs * 2, RESTORE_AGAIN_AT_MOST_MS)) {
      try {
        await look();
        return;
      } catch (err) {
        if (this.standsBack !== undefined) return;
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
