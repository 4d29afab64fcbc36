// An orchestrator in memory, on a real NATS server, for the worker's tests.
//
// Faithful: it listens where orchestrators listen (the shared queue group and its own last token), makes the stream and
// the consumers as they do (work queue, one message a subject, explicit acknowledgement), and answers as the contract
// says: the nonce that was granted is granted again, another is TAKEN, a release closes a grant, an outcome counts once
// and its repetition gets the same answer, a heartbeat names what should stop.
// Not faithful: nothing survives it; it announces only what a test tells it to; it judges no leases, retries nothing,
// signs nothing, and stores no claim later than it grants it.
// Faults are the test's: `fault` says for each request whether it is carried out and whether its answer is lost.
import { EventEmitter, once } from "node:events";
import {
  ALL_TASKS,
  ALL_WORKER_REQUESTS,
  consumerName,
  digestOf,
  ORCHESTRATORS,
  TASK_STREAM,
  taskFilter,
  taskSubject,
  type WorkerVerb,
  workerRequestsTo,
} from "@agentspan/internal";
import {
  type ClaimRequest,
  ClaimRequestSchema,
  ClaimResponseSchema,
  type CompleteRequest,
  CompleteRequestSchema,
  CompleteResponseSchema,
  CompletionStatus,
  type Grant,
  GrantSchema,
  type HeartbeatRequest,
  HeartbeatRequestSchema,
  HeartbeatResponseSchema,
  type PreviewAnswer,
  RefusalReason,
  type RegisterRequest,
  RegisterRequestSchema,
  RegisterResponseSchema,
  ReleaseReason,
  type ReleaseRequest,
  ReleaseRequestSchema,
  ReleaseResponseSchema,
  TaskHintSchema,
  type WorkerErrorSchema,
} from "@agentspan/proto";
import { create, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
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

/**
 * done: as it should be. lost: carried out, but the answer never comes. deaf: not even carried out. An error: answered
 * with it.
 */
export type Fault = "done" | "lost" | "deaf" | MessageInitShape<typeof WorkerErrorSchema>;

export interface FakeTask {
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
  readonly queue: string;
  readonly tool: string;
  readonly argumentsJson: string;
  readonly guarded: boolean;
  /** Changes what is granted, for grants that a worker must not accept. */
  readonly tamper?: (grant: Grant) => void;
  readonly deadlineMs?: number;
  readonly approvalId: string;
  /** Nobody knows what became of it: only its probe is asked, and of whoever asks. */
  probing?: boolean;
  /** What it would do is asked, and nothing else, for so many milliseconds. */
  previewMs?: number;
}

interface Held {
  readonly task: FakeTask;
  nonce?: string;
  outcome?: CompleteRequest["outcome"];
}

/** A request as it came. */
export type Seen =
  | { readonly verb: "register"; readonly subject: string; readonly request: RegisterRequest }
  | { readonly verb: "claim"; readonly subject: string; readonly request: ClaimRequest }
  | { readonly verb: "heartbeat"; readonly subject: string; readonly request: HeartbeatRequest }
  | { readonly verb: "complete"; readonly subject: string; readonly request: CompleteRequest }
  | { readonly verb: "release"; readonly subject: string; readonly request: ReleaseRequest };

export type CompleteSeen = Extract<Seen, { verb: "complete" }>;

export class FakeOrchestrator {
  readonly seen: Seen[] = [];
  /** Asked for each request that comes; may wait before it says. */
  fault: (seen: Seen) => Fault | Promise<Fault> = () => "done";
  /** Nonces that heartbeats are told to stop. */
  readonly stop = new Set<string>();
  readonly previews: PreviewAnswer[] = [];
  /** What follows the answer of a preview, before the worker hears of it. */
  onPreview: (task: FakeTask) => void = () => undefined;
  /** The next heartbeat is told to register again. */
  forgetWorker = false;
  readonly #tasks = new Map<string, Held>();
  readonly #changed = new EventEmitter();

  private constructor(
    readonly id: string,
    readonly connection: NatsConnection,
    readonly heartbeatMs: number,
    readonly jsm: JetStreamManager,
    readonly js: JetStreamClient,
  ) {
    this.#changed.setMaxListeners(100);
    const callback = (error: Error | null, message: Msg) => {
      if (error !== null) throw error;
      void this.#receive(message);
    };
    connection.subscribe(ALL_WORKER_REQUESTS, { queue: ORCHESTRATORS, callback });
    connection.subscribe(workerRequestsTo(id), { callback });
  }

  static async start(natsUrl: string, options: { id?: string; heartbeatMs?: number } = {}): Promise<FakeOrchestrator> {
    const connection = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    const jsm = await connection.jetstreamManager();
    await jsm.streams.add({
      name: TASK_STREAM,
      subjects: [ALL_TASKS],
      retention: RetentionPolicy.Workqueue,
      max_msgs_per_subject: 1,
      discard: DiscardPolicy.New,
      discard_new_per_subject: true,
    });
    const { id = "orch-a", heartbeatMs = 100 } = options;
    return new FakeOrchestrator(id, connection, heartbeatMs, jsm, connection.jetstream());
  }

  /** Makes a task and tells workers of it. */
  async announce(init: Partial<FakeTask> & Pick<FakeTask, "tool">): Promise<FakeTask> {
    const task: FakeTask = {
      runId: "run_1",
      callId: `call_${this.#tasks.size + 1}`,
      attempt: 1,
      queue: "refund_agent",
      argumentsJson: "{}",
      guarded: false,
      approvalId: init.guarded ? "apr_1" : "",
      ...init,
    };
    this.#tasks.set(keyOf(task), { task });
    await this.hint(task);
    return task;
  }

  /** Publishes its hint, again where that was done before; resolves when the stream has it. */
  async hint(task: FakeTask): Promise<void> {
    const { runId, callId, attempt } = task;
    const body = toBinary(TaskHintSchema, create(TaskHintSchema, { runId, callId, attempt, orchestratorId: this.id }));
    await this.js.publish(taskSubject({ namespace: "default", ...task }), body);
  }

  /** Waits until `find` gives something. */
  async until<T>(find: () => T | undefined): Promise<T> {
    for (;;) {
      const found = find();
      if (found !== undefined) return found;
      await once(this.#changed, "changed");
    }
  }

  of<V extends WorkerVerb>(verb: V): Extract<Seen, { verb: V }>[] {
    return this.seen.filter((one): one is Extract<Seen, { verb: V }> => one.verb === verb);
  }

  /** Waits for the outcome that counted. */
  outcome(task: FakeTask): Promise<CompleteRequest["outcome"]> {
    return this.until(() => this.#tasks.get(keyOf(task))?.outcome);
  }

  nonceOf(task: FakeTask): string | undefined {
    return this.#tasks.get(keyOf(task))?.nonce;
  }

  /** Tests that change what `until` looks at by themselves say so. */
  changed(): void {
    this.#changed.emit("changed");
  }

  close(): Promise<void> {
    return this.connection.close();
  }

  async #receive(message: Msg): Promise<void> {
    const seen = read(message);
    this.seen.push(seen);
    const fault = await this.fault(seen);
    if (typeof fault === "object") message.respond(answerOf(ANSWERS[seen.verb], { error: fault }));
    else if (fault !== "deaf") {
      const answer = await this.#carryOut(seen);
      if (fault === "done") message.respond(answer);
    }
    this.changed();
  }

  async #carryOut(seen: Seen): Promise<Uint8Array> {
    const orchestratorId = this.id;
    switch (seen.verb) {
      case "register":
        return this.#register(seen.request);
      case "claim":
        return answerOf(ClaimResponseSchema, { orchestratorId, ...this.#claim(seen.request) });
      case "heartbeat": {
        const register = this.forgetWorker;
        this.forgetWorker = false;
        return answerOf(HeartbeatResponseSchema, { orchestratorId, stop: [...this.stop], register });
      }
      case "complete":
        return answerOf(CompleteResponseSchema, { orchestratorId, ...this.#complete(seen.request) });
      case "release": {
        if (seen.request.reason === ReleaseReason.UNSPECIFIED) throw new Error("A release says its reason.");
        const held = this.#tasks.get(keyOf(seen.request));
        const released = held?.nonce === seen.request.nonce && held.outcome === undefined;
        if (released && held !== undefined) delete held.nonce;
        return answerOf(ReleaseResponseSchema, { orchestratorId, released });
      }
      default:
        return seen satisfies never;
    }
  }

  async #register({ namespace, tools }: RegisterRequest): Promise<Uint8Array> {
    const consumers: string[] = [];
    for (const { queue, name } of tools) {
      const consumer = consumerName(namespace, queue, name);
      consumers.push(consumer);
      await this.jsm.consumers.add(TASK_STREAM, {
        durable_name: consumer,
        filter_subject: taskFilter(namespace, queue, name),
        ack_policy: AckPolicy.Explicit,
        ack_wait: 2_000_000_000,
      });
    }
    const heartbeatInterval = durationFromMs(this.heartbeatMs);
    return answerOf(RegisterResponseSchema, {
      stream: TASK_STREAM,
      consumers,
      lease: durationFromMs(10_000),
      heartbeatInterval,
      orchestratorId: this.id,
    });
  }

  #claim(request: ClaimRequest): MessageInitShape<typeof ClaimResponseSchema> {
    const refused = (reason: RefusalReason) => ({ answer: { case: "refusal" as const, value: { reason } } });
    const held = this.#tasks.get(keyOf(request));
    if (held === undefined) return refused(RefusalReason.NOT_FOUND);
    if (held.outcome !== undefined) return refused(RefusalReason.ENDED);
    if (held.task.probing === true && request.probe) {
      return { answer: { case: "grant", value: grantOf(held.task, request) } };
    }
    if (held.task.probing === true) return refused(RefusalReason.PROBE);
    if (held.task.previewMs !== undefined) {
      if (!request.preview) return refused(RefusalReason.PREVIEW);
      return { answer: { case: "grant", value: grantOf(held.task, request) } };
    }
    if (request.probe || request.preview) return refused(RefusalReason.TAKEN);
    if (held.nonce !== undefined && held.nonce !== request.nonce) return refused(RefusalReason.TAKEN);
    held.nonce = request.nonce;
    return { answer: { case: "grant", value: grantOf(held.task, request) } };
  }

  #complete({ nonce, outcome, argumentsDigest, ...address }: CompleteRequest) {
    const held = this.#tasks.get(keyOf(address));
    if (outcome.case === "probeAnswer") {
      if (held?.task.probing !== true) return { status: CompletionStatus.STALE, detail: "nobody asks any more" };
      held.task.probing = false;
      held.outcome = outcome;
      return { status: CompletionStatus.ACCEPTED };
    }
    if (outcome.case === "previewAnswer") {
      if (held?.task.previewMs === undefined) return { status: CompletionStatus.STALE, detail: "nobody asks any more" };
      delete held.task.previewMs;
      this.previews.push(outcome.value);
      this.onPreview(held.task);
      return { status: CompletionStatus.ACCEPTED };
    }
    if (held?.nonce !== nonce || argumentsDigest !== digestOf(held.task.argumentsJson)) {
      return { status: CompletionStatus.STALE, detail: "another claim has this attempt" };
    }
    held.outcome ??= outcome;
    return { status: CompletionStatus.ACCEPTED };
  }
}

function grantOf(task: FakeTask, { nonce, workerId }: ClaimRequest): Grant {
  const { runId, callId, attempt, argumentsJson, approvalId } = task;
  const argumentsDigest = digestOf(argumentsJson);
  const now = Date.now();
  const grant = create(GrantSchema, {
    toolName: task.tool,
    argumentsJson,
    argumentsDigest,
    idempotencyKey: `${runId}/${callId}`,
    guarded: task.guarded,
    agentName: task.queue,
    probe: task.probing === true,
    ...(task.previewMs !== undefined && { preview: { number: 7, timeLeft: durationFromMs(task.previewMs) } }),
    ...(task.deadlineMs !== undefined && { deadline: timestampFromMs(now + task.deadlineMs) }),
    proof: {
      runId,
      callId,
      attempt,
      nonce,
      workerId,
      argumentsDigest,
      approvalId,
      decisionId: approvalId && "dec_1",
      grantedAt: timestampFromMs(now),
    },
  });
  if (grant.probe || grant.preview !== undefined) delete grant.proof;
  task.tamper?.(grant);
  return grant;
}

function read(message: Msg): Seen {
  const { subject } = message;
  const verb = subject.split(".")[3] as WorkerVerb;
  switch (verb) {
    case "register":
      return { verb, subject, request: fromBinary(RegisterRequestSchema, message.data) };
    case "claim":
      return { verb, subject, request: fromBinary(ClaimRequestSchema, message.data) };
    case "heartbeat":
      return { verb, subject, request: fromBinary(HeartbeatRequestSchema, message.data) };
    case "complete":
      return { verb, subject, request: fromBinary(CompleteRequestSchema, message.data) };
    case "release":
      return { verb, subject, request: fromBinary(ReleaseRequestSchema, message.data) };
    default:
      return verb satisfies never;
  }
}

const ANSWERS = {
  register: RegisterResponseSchema,
  claim: ClaimResponseSchema,
  heartbeat: HeartbeatResponseSchema,
  complete: CompleteResponseSchema,
  release: ReleaseResponseSchema,
} as const;

type AnswerSchema = (typeof ANSWERS)[WorkerVerb];

function answerOf<S extends AnswerSchema>(schema: S, init: MessageInitShape<S>): Uint8Array {
  return toBinary(schema, create(schema, init));
}

function keyOf(of: { readonly runId: string; readonly callId: string; readonly attempt: number }): string {
  return `${of.runId}/${of.callId}/${of.attempt}`;
}
