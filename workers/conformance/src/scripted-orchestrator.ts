// An orchestrator that says what a scenario wants said, on a real NATS server.
//
// Faithful: it listens where orchestrators listen, makes the stream and the consumers as they do, signs what it grants,
// and answers as the contract says: the nonce that was granted is granted again, another is TAKEN, a release closes a
// grant, an outcome counts once and its repetition gets the same answer.
// Not faithful: it announces only what a scenario tells it to, judges no leases and retries nothing; and whatever a
// scenario's rule makes of an answer.
import {
  ALL_TASKS,
  ALL_WORKER_REQUESTS,
  consumerName,
  digestOf,
  ORCHESTRATORS,
  type SigningKey,
  TASK_STREAM,
  taskFilter,
  taskSubject,
  type WorkerVerb,
  workerRequestsTo,
} from "@agentspan/internal";
import {
  type ClaimRequest,
  ClaimResponseSchema,
  type CompleteRequest,
  CompleteResponseSchema,
  CompletionStatus,
  type Grant,
  HeartbeatResponseSchema,
  type Refusal,
  RefusalReason,
  RefusalSchema,
  type RegisterRequest,
  RegisterResponseSchema,
  ReleaseResponseSchema,
  TaskHintSchema,
  WorkerErrorSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  AckPolicy,
  connect,
  DiscardPolicy,
  type JetStreamClient,
  type JetStreamManager,
  type Msg,
  type NatsConnection,
  RetentionPolicy,
} from "nats";
import { grantOf } from "./scripted-grant.js";
import { attemptOf, type ScriptedTask, scriptedTask } from "./scripted-task.js";
import { type Answer, readRequest, refusalOf, respond, type Seen } from "./worker-wire.js";

export const ORCHESTRATOR_ID = "orc-a";
/** It is gone: its requests are heard, and not answered. */
export const GONE_ORCHESTRATOR_ID = "orc-gone";
export const HEARTBEAT_MS = 200;

/**
 * done: as it should be. lost: carried out, but the answer never comes. deaf: not even carried out. An error: answered
 * with it. Alter: carried out, and the answer is changed.
 */
export type Fault =
  | "done"
  | "lost"
  | "deaf"
  | { readonly error: MessageInitShape<typeof WorkerErrorSchema> }
  | { readonly alter: (answer: Answer) => void };

/** Says what becomes of a request; undefined where it is none of its own. May wait before it says. */
export type Rule = (seen: Seen) => Fault | undefined | Promise<Fault | undefined>;

/** What NATS was told of a hint. */
interface HintAnswer {
  /** Of the message in the stream. */
  readonly sequence: number;
  readonly words: string;
}

interface Held {
  readonly task: ScriptedTask;
  nonce?: string;
  outcome?: CompleteRequest["outcome"];
}

export class ScriptedOrchestrator {
  /** Every request, in the order of arrival. */
  readonly seen: Seen[] = [];
  /** Nonces that heartbeats are told to stop. */
  readonly stop = new Set<string>();
  /** What was no request at all. */
  readonly faults: string[] = [];
  readonly #tasks = new Map<string, Held>();
  readonly #rules: Rule[] = [];
  readonly #sequences = new Map<number, string>();
  readonly #hintAnswers: HintAnswer[] = [];

  private constructor(
    readonly connection: NatsConnection,
    private readonly jsm: JetStreamManager,
    private readonly js: JetStreamClient,
    private readonly key: SigningKey,
  ) {
    const callback = (error: Error | null, message: Msg) => {
      if (error !== null) this.faults.push(String(error));
      else this.#receive(message).catch((fault: unknown) => this.faults.push(String(fault)));
    };
    connection.subscribe(ALL_WORKER_REQUESTS, { queue: ORCHESTRATORS, callback });
    connection.subscribe(workerRequestsTo(ORCHESTRATOR_ID), { callback });
    connection.subscribe(workerRequestsTo(GONE_ORCHESTRATOR_ID), {
      callback: (_, message) => this.seen.push(readRequest(message)),
    });
    connection.subscribe(`$JS.ACK.${TASK_STREAM}.>`, {
      // …<consumer>.<deliveries>.<sequence in the stream>.…
      callback: (_, { subject, data }) =>
        this.#hintAnswers.push({ sequence: Number(subject.split(".")[5]), words: new TextDecoder().decode(data) }),
    });
  }

  static async start(natsUrl: string, key: SigningKey): Promise<ScriptedOrchestrator> {
    const connection = await connect({ servers: natsUrl });
    const jsm = await connection.jetstreamManager();
    await jsm.streams.add({
      name: TASK_STREAM,
      subjects: [ALL_TASKS],
      retention: RetentionPolicy.Workqueue,
      max_msgs_per_subject: 1,
      discard: DiscardPolicy.New,
      discard_new_per_subject: true,
    });
    const orchestrator = new ScriptedOrchestrator(connection, jsm, connection.jetstream(), key);
    await connection.flush();
    return orchestrator;
  }

  /** The name of the key that it signs with. */
  get keyId(): string {
    return this.key.id;
  }

  /** Rules are asked in their order; the first that says something is heard. */
  rule(rule: Rule): void {
    this.#rules.push(rule);
  }

  /** Makes a task and tells workers of it. */
  async announce(init: Parameters<typeof scriptedTask>[0]): Promise<ScriptedTask> {
    const task = scriptedTask(init);
    this.#tasks.set(attemptOf(task), { task });
    await this.hint(task);
    return task;
  }

  /** Publishes its hint, again where that was done before. */
  async hint(task: ScriptedTask): Promise<void> {
    const { runId, callId, attempt, orchestratorId } = task;
    const body = toBinary(TaskHintSchema, create(TaskHintSchema, { runId, callId, attempt, orchestratorId }));
    const { seq } = await this.js.publish(taskSubject({ namespace: "default", ...task }), body);
    this.#sequences.set(seq, attemptOf(task));
  }

  /** What NATS was told of the task's hints so far, in order: "+ACK", "-NAK …" or "+WPI". */
  hintAnswers(task: ScriptedTask): readonly string[] {
    const attempt = attemptOf(task);
    return this.#hintAnswers.flatMap(({ sequence, words }) =>
      this.#sequences.get(sequence) === attempt ? [words] : [],
    );
  }

  /** Takes a hint of a tool as another worker would that has room, and acknowledges it: whether one came in time. */
  async takeHint(queue: string, tool: string, withinMs: number): Promise<boolean> {
    const consumer = await this.js.consumers.get(TASK_STREAM, consumerName("default", queue, tool));
    const message = await consumer.next({ expires: withinMs });
    message?.ack();
    return message !== null;
  }

  of<V extends WorkerVerb>(verb: V): readonly Extract<Seen, { verb: V }>[] {
    return this.seen.filter((one): one is Extract<Seen, { verb: V }> => one.verb === verb);
  }

  /** The outcome that counted. */
  outcome(task: ScriptedTask): CompleteRequest["outcome"] | undefined {
    return this.#tasks.get(attemptOf(task))?.outcome;
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  async #receive(message: Msg): Promise<void> {
    const seen = readRequest(message);
    this.seen.push(seen);
    const fault = await this.#faultOf(seen);
    if (fault === "deaf") return;
    if (typeof fault === "object" && "error" in fault) {
      respond(message, seen, refusalOf(seen, create(WorkerErrorSchema, fault.error)));
      return;
    }
    const answer = await this.#carryOut(seen);
    if (fault === "lost") return;
    if (typeof fault === "object") fault.alter(answer);
    respond(message, seen, answer);
  }

  async #faultOf(seen: Seen): Promise<Fault> {
    for (const rule of this.#rules) {
      const fault = await rule(seen);
      if (fault !== undefined) return fault;
    }
    return "done";
  }

  async #carryOut(seen: Seen): Promise<Answer> {
    const orchestratorId = ORCHESTRATOR_ID;
    switch (seen.verb) {
      case "register":
        return this.#register(seen.request);
      case "claim":
        return create(ClaimResponseSchema, { orchestratorId, answer: this.#claim(seen.request) });
      case "heartbeat":
        return create(HeartbeatResponseSchema, { orchestratorId, stop: [...this.stop] });
      case "complete":
        return create(CompleteResponseSchema, { orchestratorId, ...this.#complete(seen.request) });
      case "release": {
        const held = this.#tasks.get(attemptOf(seen.request));
        const released = held?.nonce === seen.request.nonce && held.outcome === undefined;
        if (released) delete held.nonce;
        return create(ReleaseResponseSchema, { orchestratorId, released });
      }
      default:
        return seen satisfies never;
    }
  }

  async #register({ namespace, tools }: RegisterRequest): Promise<Answer> {
    const consumers = await Promise.all(
      tools.map(async ({ queue, name }) => {
        const consumer = consumerName(namespace, queue, name);
        await this.jsm.consumers.add(TASK_STREAM, {
          durable_name: consumer,
          filter_subject: taskFilter(namespace, queue, name),
          ack_policy: AckPolicy.Explicit,
          ack_wait: 10e9,
        });
        return consumer;
      }),
    );
    return create(RegisterResponseSchema, {
      ...{ stream: TASK_STREAM, consumers, lease: durationFromMs(10_000), orchestratorId: ORCHESTRATOR_ID },
      ...{ heartbeatInterval: durationFromMs(HEARTBEAT_MS), keyIds: [this.key.id] },
    });
  }

  #claim(request: ClaimRequest): { case: "grant"; value: Grant } | { case: "refusal"; value: Refusal } {
    const refused = (reason: RefusalReason) => ({ case: "refusal" as const, value: create(RefusalSchema, { reason }) });
    const held = this.#tasks.get(attemptOf(request));
    if (held === undefined) return refused(RefusalReason.NOT_FOUND);
    const { task } = held;
    if (task.refusal !== undefined) return refused(task.refusal);
    if (held.outcome !== undefined) return refused(RefusalReason.ENDED);
    if (task.kind === "probe" && !request.probe) return refused(RefusalReason.PROBE);
    if (task.kind === "preview" && !request.preview) return refused(RefusalReason.PREVIEW);
    if (task.kind === "call") {
      if (request.probe || request.preview) return refused(RefusalReason.TAKEN);
      if (held.nonce !== undefined && held.nonce !== request.nonce) return refused(RefusalReason.TAKEN);
      held.nonce = request.nonce;
    }
    return { case: "grant", value: grantOf(task, request, this.key) };
  }

  #complete({ nonce, outcome, argumentsDigest, ...address }: CompleteRequest) {
    const held = this.#tasks.get(attemptOf(address));
    const looks = outcome.case === "probeAnswer" || outcome.case === "previewAnswer";
    if (
      held === undefined ||
      (!looks && held.nonce !== nonce) ||
      argumentsDigest !== digestOf(held.task.argumentsJson)
    ) {
      return { status: CompletionStatus.STALE, detail: "another claim has this attempt" };
    }
    held.outcome ??= outcome;
    return { status: CompletionStatus.ACCEPTED };
  }
}
