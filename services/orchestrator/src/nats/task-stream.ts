// The work-queue stream and its consumers: made where they are missing, and made again after the broker lost its store.
// The stream is the duplicate check: one message a subject, and a new one is refused while one is there.
import {
  AgentspanError,
  ALL_TASKS,
  consumerName,
  DATABASE_MARK,
  type Logger,
  TASK_STREAM,
  taskFilter,
} from "@agentspan/internal";
import {
  AckPolicy,
  DeliverPolicy,
  DiscardPolicy,
  type JetStreamManager,
  nanos,
  ReplayPolicy,
  RetentionPolicy,
  StorageType,
  type StreamConfig,
} from "nats";
import type { QueueOwner } from "../bus/queue-owner.js";
import { JetStreamCodes, jetStreamError, tooFewServers, unavailable } from "./unavailable.js";

export interface TaskStreamOptions {
  /** Hints that the queue holds; a million unless said. Announcing beyond it is refused as BUS_UNAVAILABLE. */
  readonly mostHints?: number;
  /** Copies in a cluster. Unless said, 1 where this process makes the stream, and as it is where it is there. */
  readonly replicas?: number | undefined;
  /** Milliseconds after which a hint that was not acknowledged is delivered again; 10,000 unless said. */
  readonly ackWaitMs?: number;
}

export interface ToolOfQueue {
  readonly namespace: string;
  readonly queue: string;
  readonly tool: string;
}

const MOST_HINTS = 1_000_000;
const BYTES_OF_HINT = 512;
const ACK_WAIT_MS = 10_000;
const MOST_UNACKNOWLEDGED = 10_000;
// Pulls that wait at one consumer: one for each idle worker.
const MOST_WAITING_PULLS = 4_096;
// A consumer that nobody has asked for so long is taken away; the next registration makes it again.
const CONSUMER_UNUSED_MS = 7 * 24 * 3_600_000;
const CONSUMERS_AT_ONCE = 16;
const REMEMBERED_TOOLS = 10_000;
// From 2.15 on a server lets a stream that names no number have a thousand, which is one for each of a thousand tools.
const MOST_CONSUMERS = 100_000;
const TRIES_AT_LIMIT = 3;

/** What correctness rests on. The rest (limits, placement, and copies where none are set) is an operator's to change. */
const DEMANDED = {
  subjects: [ALL_TASKS],
  max_age: 0,
  max_msgs_per_subject: 1,
  discard: DiscardPolicy.New,
  discard_new_per_subject: true,
} satisfies Partial<StreamConfig>;

export class TaskStream {
  /** By consumer name; the least recently registered are forgotten first. */
  readonly #tools = new Map<string, ToolOfQueue>();
  readonly #options: TaskStreamOptions;

  constructor(
    private readonly manager: JetStreamManager,
    private readonly logger: Logger,
    options: TaskStreamOptions,
    /** Without one, the stream is taken whosever it is, and stays so. */
    private readonly owner?: QueueOwner,
  ) {
    this.#options = options;
  }

  /** Of several who make it at once, each with its mark, one does: the others find its stream. */
  async #make(): Promise<void> {
    const mark = await this.owner?.markFor(undefined);
    const mostHints = this.#options.mostHints ?? MOST_HINTS;
    try {
      await this.manager.streams.add({
        ...DEMANDED,
        ...(mark === undefined ? {} : { metadata: { [DATABASE_MARK]: mark } }),
        name: TASK_STREAM,
        retention: RetentionPolicy.Workqueue,
        storage: StorageType.File,
        max_msgs: mostHints,
        max_bytes: mostHints * BYTES_OF_HINT,
        max_consumers: MOST_CONSUMERS,
        num_replicas: this.#options.replicas ?? 1,
      });
    } catch (thrown) {
      if (jetStreamError(thrown)?.code !== JetStreamCodes.STREAM_EXISTS_OTHERWISE) {
        throw this.#failed("made", thrown);
      }
      const config = await this.#config();
      if (config !== undefined) await this.#adapt(config);
    }
  }

  /** Marks the stream again where its mark is gone. Rejects where it has another database's. */
  async keepMark(): Promise<void> {
    const config = await this.#config();
    if (config !== undefined) await this.#mark(config);
  }

  async #mark({ metadata }: StreamConfig): Promise<void> {
    const found = metadata?.[DATABASE_MARK];
    const mark = await this.owner?.markFor(found);
    if (mark === undefined || mark === found) return;
    await this.manager.streams.update(TASK_STREAM, { metadata: { ...metadata, [DATABASE_MARK]: mark } });
    // An orchestrator of another database may have found no mark either.
    await this.owner?.markFor((await this.#config())?.metadata?.[DATABASE_MARK]);
  }

  /** Makes the consumers where they are missing, and remembers the tools. Resolves to their names in order. */
  async ensureConsumers(tools: readonly ToolOfQueue[]): Promise<readonly string[]> {
    for (const tool of tools) this.#remember(tool);
    try {
      await this.#makeAllowed(tools, TRIES_AT_LIMIT);
    } catch (thrown) {
      if (jetStreamError(thrown)?.code !== JetStreamCodes.STREAM_NOT_FOUND) throw consumersFailed(thrown);
      await this.restore();
    }
    return tools.map(nameOf);
  }

  /** Undefined for a tool without a consumer. Rejects with BUS_UNAVAILABLE. */
  async queued(tools: readonly ToolOfQueue[]): Promise<readonly (number | undefined)[]> {
    const counts: (number | undefined)[] = [];
    for (let from = 0; from < tools.length; from += CONSUMERS_AT_ONCE) {
      counts.push(...(await Promise.all(tools.slice(from, from + CONSUMERS_AT_ONCE).map((tool) => this.#count(tool)))));
    }
    return counts;
  }

  async #count(tool: ToolOfQueue): Promise<number | undefined> {
    try {
      const { num_pending, num_ack_pending } = await this.manager.consumers.info(TASK_STREAM, nameOf(tool));
      return num_pending + num_ack_pending;
    } catch (thrown) {
      const code = jetStreamError(thrown)?.code;
      if (code === JetStreamCodes.CONSUMER_NOT_FOUND || code === JetStreamCodes.STREAM_NOT_FOUND) return undefined;
      throw unavailable(`The tasks of ${tool.queue}/${tool.tool} were to be counted`, thrown);
    }
  }

  /**
   * Makes what is missing of the stream and of the consumers of every tool remembered, and brings an older version's
   * stream up to date; several may do so at once. Resolves to whether the stream was missing. Rejects where it is another
   * database's, and changes nothing then.
   */
  async restore(): Promise<boolean> {
    const config = await this.#config();
    const lost = config === undefined;
    await (lost ? this.#make() : this.#adapt(config));
    try {
      const there = new Set<string>();
      for await (const consumer of this.manager.consumers.list(TASK_STREAM)) there.add(consumer.name);
      const missing = [...this.#tools].filter(([name]) => !there.has(name)).map(([, tool]) => tool);
      if (missing.length === 0) return lost;
      await this.#makeConsumers(missing);
      this.logger.warn({ consumers: missing.length }, "Made the consumers of tools again: the broker had lost them");
      return lost;
    } catch (thrown) {
      throw consumersFailed(thrown);
    }
  }

  /** An update of the stream by another at the same time may put the old limit back, so it is not tried only once. */
  async #makeAllowed(tools: readonly ToolOfQueue[], tries: number): Promise<void> {
    try {
      await this.#makeConsumers(tools);
    } catch (thrown) {
      const limited = jetStreamError(thrown)?.code === JetStreamCodes.MAXIMUM_CONSUMERS;
      if (!limited || tries === 1 || !(await this.#allowMore())) throw thrown;
      await this.#makeAllowed(tools, tries - 1);
    }
  }

  /** False where an operator has limited them. A stream of an earlier version names no number. */
  async #allowMore(): Promise<boolean> {
    const { config } = await this.manager.streams.info(TASK_STREAM);
    // Another may have done it since we were refused.
    if (config.max_consumers >= 0) return config.max_consumers === MOST_CONSUMERS;
    // Servers that have such a default let it be changed, which the client's types do not know.
    const more: Partial<StreamConfig> = { max_consumers: MOST_CONSUMERS };
    await this.manager.streams.update(TASK_STREAM, more);
    this.logger.warn({ stream: TASK_STREAM, consumers: MOST_CONSUMERS }, "Let the stream have more consumers");
    return true;
  }

  /** Undefined where there is no stream. */
  async #config(): Promise<StreamConfig | undefined> {
    try {
      return (await this.manager.streams.info(TASK_STREAM)).config;
    } catch (thrown) {
      if (jetStreamError(thrown)?.code === JetStreamCodes.STREAM_NOT_FOUND) return undefined;
      throw unavailable(`The stream ${TASK_STREAM} was to be looked for`, thrown);
    }
  }

  #remember(tool: ToolOfQueue): void {
    const name = nameOf(tool);
    this.#tools.delete(name);
    this.#tools.set(name, tool);
    if (this.#tools.size <= REMEMBERED_TOOLS) return;
    for (const oldest of this.#tools.keys()) {
      this.#tools.delete(oldest);
      return;
    }
  }

  async #makeConsumers(tools: readonly ToolOfQueue[]): Promise<void> {
    for (let from = 0; from < tools.length; from += CONSUMERS_AT_ONCE) {
      await Promise.all(tools.slice(from, from + CONSUMERS_AT_ONCE).map((tool) => this.#makeConsumer(tool)));
    }
  }

  async #makeConsumer(tool: ToolOfQueue): Promise<void> {
    const name = nameOf(tool);
    const delivery = { ack_wait: nanos(this.#options.ackWaitMs ?? ACK_WAIT_MS), max_deliver: -1 };
    try {
      await this.manager.consumers.add(TASK_STREAM, {
        ...delivery,
        durable_name: name,
        filter_subject: taskFilter(tool.namespace, tool.queue, tool.tool),
        ack_policy: AckPolicy.Explicit,
        deliver_policy: DeliverPolicy.All,
        replay_policy: ReplayPolicy.Instant,
        max_ack_pending: MOST_UNACKNOWLEDGED,
        max_waiting: MOST_WAITING_PULLS,
        inactive_threshold: nanos(CONSUMER_UNUSED_MS),
      });
    } catch (thrown) {
      if (jetStreamError(thrown)?.code !== JetStreamCodes.CONSUMER_EXISTS_OTHERWISE) throw thrown;
      await this.manager.consumers.update(TASK_STREAM, name, delivery);
    }
  }

  async #adapt(config: StreamConfig): Promise<void> {
    try {
      if (config.retention !== RetentionPolicy.Workqueue) {
        const text = `The stream ${TASK_STREAM} has retention "${config.retention}", which cannot be changed to "workqueue". Delete it: it holds hints only, and they are announced again.`;
        throw new AgentspanError("BUS_UNAVAILABLE", text);
      }
      await this.#mark(config);
      const { replicas } = this.#options;
      const demanded: Partial<StreamConfig> =
        replicas === undefined ? DEMANDED : { ...DEMANDED, num_replicas: replicas };
      const current = JSON.stringify(Object.keys(demanded).map((key) => config[key as keyof StreamConfig]));
      if (current === JSON.stringify(Object.values(demanded))) return;
      await this.manager.streams.update(TASK_STREAM, demanded);
      this.logger.warn({ stream: TASK_STREAM }, "Changed the stream: its settings were not those that it must have");
    } catch (thrown) {
      throw this.#failed("adapted", thrown);
    }
  }

  #failed(what: "made" | "adapted", thrown: unknown): AgentspanError {
    const tooFew = tooFewServers(this.#options.replicas ?? 1, thrown);
    return tooFew ?? unavailable(`The stream ${TASK_STREAM} was to be ${what}`, thrown);
  }
}

/** Of the consumer of a tool. */
export function nameOf({ namespace, queue, tool }: ToolOfQueue): string {
  return consumerName(namespace, queue, tool);
}

function consumersFailed(thrown: unknown): AgentspanError {
  return unavailable(`Consumers of the stream ${TASK_STREAM} were to be made`, thrown);
}
