// The bus without a server. It is faithful because it shares with the one over NATS everything but the carrier: names are
// checked, messages are encoded to bytes and decoded by the same code, requests are answered, refused and bounded by the
// same Responder, and the broker under it (memory-broker.ts) keeps the rules of NATS that the product rests on. One
// contract suite runs against both.
import {
  AgentspanError,
  ALL_DELTA_WISHES,
  ALL_WORKER_REQUESTS,
  callFilter,
  consumerName,
  createLogger,
  eventsSubject,
  type Logger,
  ORCHESTRATORS,
  requestSubject,
  type TaskAddress,
  taskSubject,
  workerRequestsTo,
} from "@agentspan/internal";
import { type LiveEvents, TaskHintSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { encodeLive } from "../bus/live-message.js";
import { checkCall, checkId, checkName, checkTask, checkTool } from "../bus/names.js";
import { QueueOwner } from "../bus/queue-owner.js";
import { type IncomingRequest, Responder, type ResponderLimits } from "../bus/responder.js";
import type { Bus, IdentityStore, RequestHandler, WorkerHandlers } from "../ports.js";
import { MAX_PAYLOAD_BYTES, type MemoryBroker, type MemoryMessage } from "./memory-broker.js";

export interface MemoryBusOptions {
  readonly logger?: Logger;
  readonly limits?: Partial<ResponderLimits>;
  /** Whose work queue it must be; see `connect`. */
  readonly database?: IdentityStore;
}

const RETRY_AFTER_MS = 1_000;

export class MemoryBus implements Bus {
  readonly #logger: Logger;
  readonly #listeners = new Set<() => void>();
  readonly #wishListeners = new Set<(namespace: string, runId: string) => void>();
  readonly #consumers = new Set<string>();
  readonly #owner: QueueOwner | undefined;
  readonly #stopFollowing: () => void;
  #unsubscribe: (() => void)[] = [];
  #leaveShared: (() => void)[] = [];
  #responder: Responder | undefined;
  #closed = false;

  /** Several buses at one broker are several orchestrators. */
  constructor(
    private readonly broker: MemoryBroker,
    private readonly options: MemoryBusOptions = {},
  ) {
    this.#logger = options.logger ?? createLogger("memory-bus", "silent");
    const { database } = options;
    this.#owner = database && new QueueOwner(database, (error) => this.#standBack(error));
    this.#stopFollowing = broker.onUp(() => void this.#comeBack());
  }

  /** One whose broker's work queue is this database's. Rejects with BUS_UNAVAILABLE where it is another's. */
  static async connect(broker: MemoryBroker, options: MemoryBusOptions): Promise<MemoryBus> {
    const bus = new MemoryBus(broker, options);
    try {
      await bus.#keepMark();
      return bus;
    } catch (thrown) {
      await bus.close();
      throw thrown;
    }
  }

  get standsBack(): string | undefined {
    return this.#owner?.refused?.message;
  }

  async ensureConsumers(
    namespace: string,
    tools: readonly { queue: string; tool: string }[],
  ): Promise<readonly string[]> {
    for (const tool of tools) checkTool(namespace, tool);
    this.#demandBroker();
    return tools.map(({ queue, tool }) => {
      const name = consumerName(namespace, queue, tool);
      this.#consumers.add(name);
      this.broker.makeConsumer(name);
      return name;
    });
  }

  async announce(task: TaskAddress, orchestratorId: string): Promise<"announced" | "already_there"> {
    checkTask(task);
    this.#demandBroker();
    const { runId, callId, attempt } = task;
    const hint = toBinary(TaskHintSchema, create(TaskHintSchema, { runId, callId, attempt, orchestratorId }));
    switch (this.broker.store(taskSubject(task), hint)) {
      case "stored":
        return "announced";
      case "taken":
        return "already_there";
      case "full":
        throw new AgentspanError("BUS_UNAVAILABLE", `The work queue is full; attempt ${attempt} of ${callId} waits.`, {
          retryAfterMs: RETRY_AFTER_MS,
        });
    }
  }

  async withdraw(call: Omit<TaskAddress, "attempt">): Promise<void> {
    checkCall(call);
    this.#demandBroker();
    this.broker.purge(callFilter(call));
  }

  async queued(
    namespace: string,
    tools: readonly { queue: string; tool: string }[],
  ): Promise<readonly (number | undefined)[]> {
    for (const tool of tools) checkTool(namespace, tool);
    this.#demandBroker();
    return tools.map(({ queue, tool }) => this.broker.hintsOf(consumerName(namespace, queue, tool)));
  }

  publish(namespace: string, runId: string, live: LiveEvents): void {
    try {
      checkName("namespace", namespace);
      checkId("runId", runId);
      if (!this.#closed) this.broker.publish(eventsSubject(namespace, runId), encodeLive(live));
    } catch (err) {
      this.#logger.error({ err, runId }, "Live events could not be written");
    }
  }

  async serve(orchestratorId: string, onRequest: RequestHandler, workers: WorkerHandlers): Promise<void> {
    checkId("orchestratorId", orchestratorId);
    if (this.#responder !== undefined) throw new Error("This bus serves already.");
    this.#demandBroker();
    const { limits } = this.options;
    const responder = new Responder({
      orchestratorId,
      onRequest,
      workers,
      logger: this.#logger,
      largestAnswer: () => MAX_PAYLOAD_BYTES,
      ...(limits === undefined ? {} : { limits }),
    });
    this.#responder = responder;
    const take = (message: MemoryMessage) => responder.takeRequest(this.#incoming(message));
    const takeWorkers = (message: MemoryMessage) => responder.takeWorkerRequest(this.#incoming(message));
    this.#leaveShared = [
      this.broker.subscribe(requestSubject(), take, ORCHESTRATORS),
      this.broker.subscribe(ALL_WORKER_REQUESTS, takeWorkers, ORCHESTRATORS),
    ];
    this.#unsubscribe = [
      ...this.#leaveShared,
      this.broker.subscribe(requestSubject(orchestratorId), take),
      this.broker.subscribe(workerRequestsTo(orchestratorId), takeWorkers),
      this.broker.subscribe(ALL_DELTA_WISHES, ({ subject }) => this.#wished(subject)),
    ];
  }

  onReconnect(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  onDeltaWish(listener: (namespace: string, runId: string) => void): () => void {
    this.#wishListeners.add(listener);
    return () => this.#wishListeners.delete(listener);
  }

  async answers(): Promise<boolean> {
    return this.broker.up && !this.#closed && this.standsBack === undefined;
  }

  async drain(): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    // What was sent before may still arrive: it was promised to this member.
    await Promise.resolve();
    await this.#responder?.idle();
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#listeners.clear();
    this.#wishListeners.clear();
    this.#stopFollowing();
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
  }

  async #keepMark(): Promise<void> {
    this.#demandBroker();
    const mark = await this.#owner?.markFor(this.broker.mark);
    if (mark === undefined) return;
    this.#demandBroker();
    await this.#owner?.markFor(this.broker.claimQueue(mark));
  }

  #standBack({ message }: AgentspanError): void {
    for (const unsubscribe of this.#leaveShared.splice(0)) unsubscribe();
    if (this.#responder !== undefined) this.#logger.fatal({ why: message }, "Stands back until it is started anew");
  }

  #wished(subject: string): void {
    const [namespace = "", runId = ""] = subject.split(".").slice(-2);
    for (const listener of this.#wishListeners) listener(namespace, runId);
  }

  #incoming({ subject, reply, contentType, data }: MemoryMessage): IncomingRequest {
    return {
      subject,
      reply,
      contentType,
      data,
      respond: (answer, form) => {
        this.broker.publish(reply, answer, form === undefined ? {} : { contentType: form });
      },
    };
  }

  #demandBroker(): void {
    this.#owner?.demand();
    if (this.broker.up && !this.#closed) return;
    throw new AgentspanError("BUS_UNAVAILABLE", "There is no connection to the memory broker. Try again.", {
      retryAfterMs: RETRY_AFTER_MS,
    });
  }

  async #comeBack(): Promise<void> {
    if (!this.broker.up || this.standsBack !== undefined) return;
    if (this.#owner !== undefined) {
      try {
        await this.#keepMark();
      } catch (err) {
        if (this.standsBack === undefined) this.#logger.error({ err }, "The work queue could not be marked again");
        return;
      }
    }
    for (const name of this.#consumers) this.broker.makeConsumer(name);
    for (const listener of this.#listeners) {
      try {
        listener();
      } catch (err) {
        this.#logger.error({ err }, "A listener for reconnections failed");
      }
    }
  }
}
