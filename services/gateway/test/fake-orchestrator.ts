// An orchestrator in memory, on a real NATS server, for the gateway's tests.
//
// Faithful: it listens where orchestrators listen (the shared queue group, and its own id as a last token), reads the
// Envelope and answers with a Reply that names it; one idempotency key makes one run, one decision id has one answer;
// events have gapless sequences and are in the history before they are published; the history is paged by count and by
// bytes; several of them over one FakeStore know the same runs, as orchestrators over one database do.
// Not faithful: nothing is decided (a run moves when a test appends events), nothing is checked, definitions are not
// resolved, and a crash loses nothing because the store is the test's.
// Faults are the test's: `on` replaces the answer to a method: a failure, silence, a delay, bytes that are no Reply.
import { createHash } from "node:crypto";
import { ALL_DELTA_WISHES, eventsSubject, Limits, ORCHESTRATORS, requestSubject, runIdOf } from "@agentspan/internal";
import {
  AgentService,
  ApprovalService,
  type Envelope,
  EnvelopeSchema,
  type Event,
  EventSchema,
  type FailureSchema,
  KeyService,
  type LiveEvents,
  LiveEventsSchema,
  NoteRefusalRequestSchema,
  NoteRefusalResponseSchema,
  PutKeyRequestSchema,
  PutKeyResponseSchema,
  ReplySchema,
  RunService,
  SequencesRequestSchema,
  SequencesResponseSchema,
  type StoredKey,
  StoredKeySchema,
  VerifyKeyRequestSchema,
  VerifyKeyResponseSchema,
  WorkerService,
} from "@agentspan/proto";
import {
  create,
  type DescMessage,
  type DescMethod,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { timestampNow } from "@bufbuild/protobuf/wkt";
import { connect, type Msg, type NatsConnection } from "nats";

export type EventInit = MessageInitShape<typeof EventSchema>["event"];

export interface FakeRun {
  readonly runId: string;
  readonly events: Event[];
  ended: boolean;
  waiting: boolean;
}

/** What orchestrators share: the runs. */
export class FakeStore {
  readonly runs = new Map<string, FakeRun>();
  readonly decisions = new Map<string, Uint8Array>();
  /** By id. */
  readonly keys = new Map<string, StoredKey>();

  run(runId: string): FakeRun {
    const run = this.runs.get(runId) ?? { runId, events: [], ended: false, waiting: false };
    this.runs.set(runId, run);
    return run;
  }
}

export interface Seen {
  readonly method: string;
  readonly subject: string;
  readonly envelope: Envelope;
  /** The public request, decoded; the SequencesRequest of "Internal/Sequences". */
  readonly request: Message;
}

/** The outcome of a Reply, or bytes to send in place of one, or silence. */
export type FakeAnswer =
  | { readonly body: Message; readonly schema: DescMessage }
  | { readonly failure: MessageInitShape<typeof FailureSchema> }
  | { readonly bytes: Uint8Array }
  | "silence"
  | "default";

type Responder = (seen: Seen) => FakeAnswer | Promise<FakeAnswer>;

const METHODS = new Map<string, DescMethod>(
  [RunService, AgentService, ApprovalService, KeyService, WorkerService].flatMap((service) =>
    service.methods.map((method) => [`${service.name}/${method.name}`, method] as const),
  ),
);

/** Methods whose messages between gateway and orchestrator are not the public ones. */
const INTERNAL = new Map<string, DescMessage>([
  ["Internal/Sequences", SequencesRequestSchema],
  ["Internal/VerifyKey", VerifyKeyRequestSchema],
  ["Internal/NoteRefusal", NoteRefusalRequestSchema],
  ["KeyService/CreateKey", PutKeyRequestSchema],
]);

export class FakeOrchestrator {
  /** Every request that came here, in order. */
  readonly seen: Seen[] = [];
  readonly id: string;
  readonly store: FakeStore;
  /** Runs whose text somebody asked for in pieces, in order, once for each time it was asked. */
  readonly wishes: string[] = [];
  /** At most so many events on a page of history. */
  pageSize = 1000;
  readonly #nats: NatsConnection;
  readonly #responders = new Map<string, Responder>();

  private constructor(nats: NatsConnection, id: string, store: FakeStore) {
    this.#nats = nats;
    this.id = id;
    this.store = store;
    const callback = (error: Error | null, message: Msg): void => {
      if (error === null) void this.#take(message);
    };
    nats.subscribe(requestSubject(), { queue: ORCHESTRATORS, callback });
    nats.subscribe(requestSubject(id), { callback });
    nats.subscribe(ALL_DELTA_WISHES, {
      callback: (error, { subject }) => {
        if (error === null) this.wishes.push(subject.split(".").at(-1) ?? "");
      },
    });
  }

  static async start(natsUrl: string, id = "orc_one", store = new FakeStore()): Promise<FakeOrchestrator> {
    const nats = await connect({ servers: natsUrl, maxReconnectAttempts: -1, reconnectTimeWait: 100 });
    const fake = new FakeOrchestrator(nats, id, store);
    await nats.flush();
    return fake;
  }

  /** Answers a method in another way until it is given back with "default". */
  on(method: string, responder: Responder): void {
    this.#responders.set(method, responder);
  }

  /** The requests of one method. */
  of(method: string): readonly Seen[] {
    return this.seen.filter((seen) => seen.method === method);
  }

  /** Appends events to a run, and publishes them as after a commit unless told not to. */
  append(
    runId: string,
    events: readonly EventInit[],
    { publish = true, ended = false }: { publish?: boolean; ended?: boolean } = {},
  ): readonly Event[] {
    const run = this.store.run(runId);
    const appended = events.map((event, at) =>
      create(EventSchema, {
        runId,
        sequence: BigInt(run.events.length + 1 + at),
        at: timestampNow(),
        ...(event === undefined ? {} : { event }),
      }),
    );
    run.events.push(...appended);
    run.ended ||= ended;
    if (publish) this.publish(runId, { events: appended });
    return appended;
  }

  /** A live message, with the run's true standing unless said otherwise. */
  publish(runId: string, message: MessageInitShape<typeof LiveEventsSchema>, namespace = "default"): void {
    const run = this.store.run(runId);
    const live: LiveEvents = create(LiveEventsSchema, {
      runId,
      lastSequence: BigInt(run.events.length),
      ended: run.ended,
      ...message,
    });
    this.#nats.publish(eventsSubject(namespace, runId), toBinary(LiveEventsSchema, live));
  }

  flush(): Promise<void> {
    return this.#nats.flush();
  }

  stop(): Promise<void> {
    return this.#nats.close();
  }

  async #take(message: Msg): Promise<void> {
    const envelope = fromBinary(EnvelopeSchema, message.data);
    const method = METHODS.get(envelope.method);
    const schema = INTERNAL.get(envelope.method) ?? method?.input;
    if (schema === undefined) throw new Error(`No such method: ${envelope.method}`);
    const sha256 = createHash("sha256").update(envelope.body).digest();
    if (!sha256.equals(envelope.bodySha256)) throw new Error(`The body of ${envelope.method} is not what was hashed`);
    const seen: Seen = {
      method: envelope.method,
      subject: message.subject,
      envelope,
      request: fromBinary(schema, envelope.body),
    };
    this.seen.push(seen);
    const said = (await this.#responders.get(envelope.method)?.(seen)) ?? "default";
    const answer = said === "default" ? this.#answer(seen) : said;
    if (answer === "silence" || answer === "default") return;
    if ("bytes" in answer) {
      message.respond(answer.bytes);
      return;
    }
    const outcome =
      "failure" in answer
        ? ({ case: "failure", value: answer.failure } as const)
        : ({ case: "body", value: toBinary(answer.schema, answer.body) } as const);
    message.respond(toBinary(ReplySchema, create(ReplySchema, { outcome, orchestratorId: this.id })));
  }

  #answer({ method, request, envelope }: Seen): FakeAnswer {
    if (method === "Internal/Sequences") return this.#sequences(request);
    if (is(request, VerifyKeyRequestSchema)) {
      const key = this.store.keys.get(request.keyId);
      return reply(VerifyKeyResponseSchema, key === undefined ? {} : { key });
    }
    if (is(request, NoteRefusalRequestSchema)) return reply(NoteRefusalResponseSchema, {});
    if (is(request, PutKeyRequestSchema)) return this.#putKey(request, envelope);
    if (is(request, KeyService.method.revokeKey.input)) {
      const key = this.store.keys.get(request.keyId);
      if (key !== undefined) key.revoked = true;
      return reply(KeyService.method.revokeKey.output, { key: { keyId: request.keyId } });
    }
    if (is(request, RunService.method.start.input)) {
      const runId = runIdOf(envelope.namespace, request.idempotencyKey);
      const created = !this.store.runs.has(runId);
      this.store.run(runId);
      return reply(RunService.method.start.output, { runId, created });
    }
    if (is(request, RunService.method.getHistory.input)) return this.#history(request);
    const output = METHODS.get(method)?.output;
    if (output === undefined) throw new Error(`No such method: ${method}`);
    if ("runId" in request && request.runId !== "" && !this.store.runs.has(String(request.runId))) {
      return { failure: { reason: "RUN_NOT_FOUND", message: `There is no run ${request.runId}.` } };
    }
    if (is(request, RunService.method.getStatus.input)) {
      const { runId, events } = this.store.run(request.runId);
      return reply(RunService.method.getStatus.output, { status: { runId, lastSequence: BigInt(events.length) } });
    }
    if (is(request, RunService.method.approve.input)) {
      const { decisionId, approvalId } = request;
      const repeated = this.store.decisions.has(decisionId);
      this.store.decisions.set(decisionId, envelope.body);
      return reply(RunService.method.approve.output, { decision: { decisionId, approvalId }, closed: true, repeated });
    }
    return { body: create(output), schema: output };
  }

  #putKey({ keyId, secretSha256, request }: MessageShape<typeof PutKeyRequestSchema>, envelope: Envelope): FakeAnswer {
    const { namespace } = envelope;
    const { owner = "", roles = [], groups = [], expiresAt } = request ?? {};
    const expires = expiresAt === undefined ? {} : { expiresAt };
    const stored = { keyId, secretSha256, owner, roles, groups, namespace, ...expires };
    this.store.keys.set(keyId, create(StoredKeySchema, stored));
    return reply(PutKeyResponseSchema, { key: { keyId, owner, roles, groups, namespace } });
  }

  #history(request: { runId: string; afterSequence: bigint; pageSize: number }): FakeAnswer {
    const run = this.store.runs.get(request.runId);
    if (run === undefined)
      return { failure: { reason: "RUN_NOT_FOUND", message: `There is no run ${request.runId}.` } };
    const after = Number(request.afterSequence);
    const size = Math.min(this.pageSize, request.pageSize || 1000);
    let bytes = 0;
    const events = run.events.slice(after, after + size).filter((event, at) => {
      bytes += toBinary(EventSchema, event).length;
      return at === 0 || bytes <= Limits.pageBytes;
    });
    return reply(RunService.method.getHistory.output, {
      events,
      more: after + events.length < run.events.length,
      lastSequence: BigInt(run.events.length),
      ended: run.ended,
    });
  }

  #sequences(request: Message): FakeAnswer {
    if (!is(request, SequencesRequestSchema)) throw new Error("Not a SequencesRequest");
    const sequences = request.runIds.flatMap((runId) => {
      const run = this.store.runs.get(runId);
      if (run === undefined) return [];
      return [{ runId, lastSequence: BigInt(run.events.length), ended: run.ended, waiting: run.waiting }];
    });
    return reply(SequencesResponseSchema, { sequences });
  }
}

/** The body of an answer. */
export function reply<Desc extends DescMessage>(schema: Desc, init: MessageInitShape<Desc>): FakeAnswer {
  return { body: create(schema, init), schema };
}

/** Whether a message is of a type. */
export function is<Desc extends DescMessage>(message: Message, schema: Desc): message is MessageShape<Desc> {
  return message.$typeName === schema.typeName;
}
