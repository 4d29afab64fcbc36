// The interfaces that the engine, the relay and the sweeper need. Adapters implement them; only main wires them.
import type { AuditChain, AuditKind, AuditSignature, TaskAddress } from "@agentspan/internal";
import type {
  ClaimRequest,
  ClaimResponse,
  CompleteRequest,
  CompleteResponse,
  Envelope,
  HeartbeatRequest,
  HeartbeatResponse,
  LiveEvents,
  RegisterRequest,
  RegisterResponse,
  ReleaseRequest,
  ReleaseResponse,
  Reply,
} from "@agentspan/proto";
import type { Approvers, OwnerDemand, PreviewTerms } from "./core/agent.js";
import type { CheckpointKind, RunEvent } from "./core/events.js";
import type { Voter } from "./core/index.js";
import type { ModelFailure, ModelReply, ModelRequest } from "./core/model.js";
import type { Schedule } from "./core/obligations.js";
import type { Run, RunState } from "./core/run.js";

/** Speaks to language models. */
export interface Models {
  /**
   * Makes one attempt; retrying is the core's. Rejects with ModelCallError, or with the signal's reason when aborted.
   * `onDelta` gets pieces of the text as they come.
   */
  reply(request: ModelRequest, options: { signal: AbortSignal; onDelta?: (text: string) => void }): Promise<ModelReply>;
  /** A sentence with the remedy where a model cannot be used here (unknown provider, missing key); else undefined. */
  unusable(model: string): string | undefined;
}

/** A failed attempt at a model call. */
export class ModelCallError extends Error {
  override readonly name = "ModelCallError";
  constructor(
    readonly failure: ModelFailure,
    options?: ErrorOptions,
  ) {
    super(failure.message, options);
  }
}

/** A run as it is stored. */
export interface StoredRun {
  readonly run: Run;
  /** One more with each write; 0 is not stored yet. */
  readonly version: number;
  /** The events that are still in the document, oldest first; earlier ones are in the chunks. */
  readonly events: readonly RunEvent[];
  /** Immutable history that moved out of the document, oldest first. */
  readonly chunks: readonly ChunkRef[];
  readonly schedule: Schedule;
  /** UTF-8 bytes of the events in the document, and of all events of the run. */
  readonly inlineBytes: number;
  readonly totalBytes: number;
}

/** Names one immutable piece of history: events `from` to `to`. */
export interface ChunkRef {
  /** From the run, the range and a hash of the content, so that writing it twice is writing it once. */
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** One transition: state, new events and obligations together, or nothing. */
export interface RunWrite {
  readonly runId: string;
  /** The version it was decided on; 0 creates the run. */
  readonly expectedVersion: number;
  readonly run: Run;
  /** Who may decide its open checkpoints, by approval, where not everybody may: only to find them by. */
  readonly approvers?: Readonly<Record<string, Approvers>>;
  /** New events and their stored text (JSON). */
  readonly append: readonly { readonly sequence: number; readonly text: string }[];
  readonly schedule: Schedule;
  /** Milliseconds since the epoch; absent where nothing is owed. */
  readonly wakeAt?: number;
  readonly inlineBytes: number;
  readonly totalBytes: number;
  /** Takes events up to the chunk's end out of the document. The chunk is written already. */
  readonly trim?: Trim;
}

export interface Trim extends ChunkRef {
  /** Texts of the events after the chunk's end that are stored already; the document then holds these and `append`. */
  readonly keep: readonly string[];
}

/**
 * committed: this very write is in the document. conflict: it is not, and never will be. unknown: the answer was lost;
 * whoever asked reads the run again and decides again.
 */
export type CommitOutcome = "committed" | "conflict" | "unknown";

/** Keeps runs. Rejects with AgentspanError STORE_UNAVAILABLE while the store is away. */
export interface RunStore {
  /** `linearizable` sees every write that was acknowledged before it began; it has a time limit. */
  load(runId: string, consistency: "majority" | "linearizable"): Promise<StoredRun | undefined>;
  /** Majority and journaled. Writes that come together are committed together. */
  commit(write: RunWrite): Promise<CommitOutcome>;
  /** Writes one chunk; writing the same again is no error. Resolves when it is durable. */
  putChunk(runId: string, chunk: ChunkRef, texts: readonly string[]): Promise<void>;
  readChunk(chunk: ChunkRef): Promise<readonly RunEvent[]>;
  /** Runs whose wakeAt has come by a time, most overdue first; not those whose wakeAt was before `from`, where given. */
  due(by: number, limit: number, from?: number): Promise<readonly DueRun[]>;
  /** The states of several runs, without events; unknown ids are left out. */
  states(runIds: readonly string[]): Promise<readonly { readonly run: Run; readonly version: number }[]>;
  list(query: RunQuery): Promise<Page<StoredRun>>;
  /** Runs with an open checkpoint, the longest waiting first. */
  listOpen(query: OpenQuery): Promise<Page<StoredRun>>;
  /** How many open checkpoints listOpen would find, counted up to `most`. */
  countOpen(query: Omit<OpenQuery, "limit" | "pageToken">, most: number): Promise<number>;
  /** Runs of which a checkpoint changed since a time, that time included; the longest ago first. */
  listChanged(query: ChangedQuery): Promise<Page<StoredRun>>;
}

export interface DueRun {
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly wakeAt: number;
}

export interface RunQuery {
  readonly namespace: string;
  readonly states: readonly RunState[];
  readonly agentName?: string;
  /** Of runs that this one started. */
  readonly parentRunId?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

export interface OpenQuery extends Omit<RunQuery, "states" | "parentRunId"> {
  readonly kinds: readonly CheckpointKind[];
  readonly tool?: string;
  readonly runId?: string;
  readonly assignee?: Assignee;
}

/** Whose checkpoints are asked for: those that this person or one of these groups may decide, and those of anybody. */
export interface Assignee {
  readonly person?: string;
  readonly groups: readonly string[];
}

export interface ChangedQuery extends Omit<RunQuery, "states" | "parentRunId"> {
  /** Milliseconds since the epoch, by the runs' own times. */
  readonly since: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}

/** A stored definition: protobuf-JSON text of agentspan.v1.AgentDefinition. */
export interface StoredAgent {
  readonly namespace: string;
  readonly name: string;
  readonly version: string;
  readonly definition: string;
  readonly createdAt: number;
}

/** Keeps agent definitions, immutable by version. The newest put is the newest version, also when it is an old one again. */
export interface AgentStore {
  /** Resolves to false where this version was stored already. */
  putAgent(agent: StoredAgent): Promise<boolean>;
  getAgent(namespace: string, name: string, version?: string): Promise<StoredAgent | undefined>;
  /** The newest version of each agent, by name. */
  listAgents(query: { namespace: string; limit: number; pageToken?: string }): Promise<Page<StoredAgent>>;
}

/** What the owner of a tool said when a worker registered it. */
export interface ToolRegistration extends OwnerDemand {
  readonly namespace: string;
  readonly queue: string;
  readonly tool: string;
  readonly inputSchema: string;
}

/** Keeps what tools' owners say of them. */
export interface ToolStore {
  /** The newest registration of a tool replaces the one before. */
  putTools(tools: readonly ToolRegistration[]): Promise<void>;
  getTools(namespace: string, tools: readonly { queue: string; tool: string }[]): Promise<readonly ToolRegistration[]>;
}

/** A tool as one incarnation of a worker serves it. */
export interface ServedTool {
  readonly queue: string;
  readonly tool: string;
  /** What it demands and brings, as OwnerDemand has it. */
  readonly approval?: true;
  readonly once?: true;
  readonly probe?: true;
  readonly enforcesKey?: true;
  readonly preview?: PreviewTerms;
}

/** One incarnation of a process, as the judge of leases sees it. */
export interface Instance {
  /** Fresh for each start of a process. */
  readonly incarnation: string;
  readonly kind: "orchestrator" | "worker";
  /** Worker id or orchestrator id, for people. */
  readonly name: string;
  readonly namespace: string;
  /** One more with each sign of life. */
  readonly counter: number;
  /** Nonces of the tasks in hand, or keys of the model calls in hand. */
  readonly inHand: readonly string[];
  /** What a worker serves. */
  readonly tools: readonly ServedTool[];
  /** Of an orchestrator that signs. */
  readonly keys?: InstanceKeys;
  /** By the store's clock, milliseconds; set by the adapter on reading. Shown to people, never judged by. */
  readonly seenAt?: number;
}

/** A worker as it registered. */
export type RegisteredWorker = Pick<Instance, "incarnation" | "name" | "namespace" | "tools">;

/** Key ids: which an orchestrator signs with, and whose signatures as an orchestrator it believes. */
export interface InstanceKeys {
  readonly signing: string;
  readonly trusted: readonly string[];
}

/** Keeps signs of life, apart from the runs' writes. */
export interface InstanceStore {
  /**
   * Keeps what a worker serves from now on, whatever it has in hand; one that is not there yet begins at the counter 0.
   * Resolves to false, and changes nothing, where the incarnation is that of another process.
   */
  registerWorker(worker: RegisteredWorker): Promise<boolean>;
  /**
   * Writes each; a lower counter than the stored one changes nothing. What it is and serves is taken of one alone that is
   * not there yet: whoever takes a sign of life may know of an older registration. Resolves when stored.
   */
  beat(instances: readonly Instance[]): Promise<void>;
  /** Every instance that is kept, or the named ones. */
  readInstances(incarnations?: readonly string[]): Promise<readonly Instance[]>;
  /** Those seen within the time, for people. */
  liveWorkers(namespace: string, withinMs: number): Promise<readonly Instance[]>;
  /** Takes out what was not seen for the time. */
  forgetInstances(unseenForMs: number): Promise<void>;
  removeInstance(incarnation: string): Promise<void>;
}

/** An API key as it is stored: with a hash of its secret, never the secret. */
export interface ApiKey {
  readonly keyId: string;
  readonly namespace: string;
  /** In hexadecimal. */
  readonly secretSha256: string;
  readonly owner: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly description: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt?: number;
  readonly revoked?: Revocation;
  readonly lastUsedAt?: number;
  /** Of what it was made as, by the orchestrator that stored it; absent where orchestrators have no keys. */
  readonly seal?: KeySeal;
}

export interface KeySeal {
  readonly signingKeyId: string;
  /** In base64url. */
  readonly signature: string;
}

export interface Revocation {
  readonly at: number;
  readonly by: string;
}

export interface KeyListQuery {
  readonly namespace: string;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

/** Keeps API keys. */
export interface KeyStore {
  /** Resolves to false, and changes nothing, where a key of this id was stored already. */
  putKey(key: ApiKey): Promise<boolean>;
  getKey(keyId: string): Promise<ApiKey | undefined>;
  /** The newest first, revoked and expired ones too. */
  listKeys(query: KeyListQuery): Promise<Page<ApiKey>>;
  /** The first revocation stays. Resolves to the key, or to undefined where that namespace has none of this id. */
  revokeKey(namespace: string, keyId: string, revocation: Revocation): Promise<ApiKey | undefined>;
  /** Keeps the latest use. */
  noteKeyUse(keyId: string, at: number): Promise<void>;
}

/** An entry of the audit as it is stored: its text, and what it is found by. */
export interface AuditRecord {
  /** As auditEntryId has it. */
  readonly id: string;
  readonly namespace: string;
  readonly run: string;
  readonly chain: AuditChain;
  readonly sequence: number;
  /** Milliseconds since the epoch; within a chain never less than that of the entry before. */
  readonly at: number;
  readonly kind: AuditKind;
  /** Whoever it is about, and for whom they spoke. */
  readonly people: readonly string[];
  /** Empty where it is about no tool. */
  readonly tool: string;
  /** The RFC 8785 text of the entry. */
  readonly text: string;
  /** Of that text. */
  readonly hash: string;
  readonly signature?: AuditSignature;
}

/** A run that there is something about in the audit, or should be. */
export interface AuditableRun {
  readonly runId: string;
  readonly version: number;
  /** When it changed last, by its own times. */
  readonly at: number;
}

export interface AuditQuery {
  readonly namespace: string;
  readonly run?: string;
  /** Of this person, by themselves or by a delegate. */
  readonly who?: string;
  readonly kinds: readonly AuditKind[];
  readonly tool?: string;
  /** From then on, and before then. Milliseconds since the epoch. */
  readonly from?: number;
  readonly to?: number;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

/** Keeps the audit. What is in it stays as it is: nothing changes or deletes an entry. */
export interface AuditStore {
  /** Runs that had a checkpoint and changed since a time, that time included; the longest ago first. Of all namespaces. */
  listAuditable(since: number, limit: number): Promise<readonly AuditableRun[]>;
  /** Sequence and hash of the entries of a chain, oldest first. */
  readAuditChain(run: string, chain: AuditChain): Promise<readonly AuditLink[]>;
  /** The newest entry of a chain; undefined where it has none. */
  newestAudit(run: string, chain: AuditChain): Promise<AuditRecord | undefined>;
  /** Writes each whose id is not taken, in any order. Resolves to the ids that are. */
  putAudit(records: readonly AuditRecord[]): Promise<ReadonlySet<string>>;
  /** Writes in order until one's id is taken. Resolves to how many were written. */
  appendAudit(records: readonly AuditRecord[]): Promise<number>;
  /** The oldest first. */
  listAudit(query: AuditQuery): Promise<Page<AuditRecord>>;
  /** Up to when everything of a share is in the audit; undefined where nobody has begun. */
  readAuditCursor(share: number): Promise<number | undefined>;
  /** Moves it forward; an earlier time changes nothing. */
  moveAuditCursor(share: number, at: number): Promise<void>;
}

export type AuditLink = Pick<AuditRecord, "sequence" | "hash">;

/** A standing grant as it is stored: its terms, which never change, and what became of it. */
export interface StandingGrant {
  readonly grantId: string;
  readonly namespace: string;
  readonly agentName: string;
  readonly toolName: string;
  /** True of the calls that it lets run; any where empty. */
  readonly rule: string;
  readonly maxUses: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who made it. */
  readonly by: Voter;
  readonly description: string;
  readonly seal?: KeySeal;
  /** Uses that were taken, as they are shown; the audit's count is what holds. */
  readonly uses: number;
  readonly revoked?: Revocation;
}

export interface GrantListQuery {
  readonly namespace: string;
  readonly agentName?: string;
  readonly toolName?: string;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

/** Which grants may let a call of a tool run. */
export interface LiveGrantQuery {
  readonly namespace: string;
  readonly agentName: string;
  readonly toolName: string;
  /** Milliseconds since the epoch: those that end after it. */
  readonly now: number;
  readonly limit: number;
}

/** Keeps standing grants: their terms, and how they stand as far as lists show it. */
export interface GrantStore {
  /** Resolves to false, and changes nothing, where a grant of this id was stored already. */
  putGrant(grant: StandingGrant): Promise<boolean>;
  /** The newest first, those that can be used no more too. */
  listGrants(query: GrantListQuery): Promise<Page<StandingGrant>>;
  /** Those that were not revoked, have not ended and have uses left; the oldest first. */
  liveGrants(query: LiveGrantQuery): Promise<readonly StandingGrant[]>;
  /** The first revocation stays. Resolves to the grant, or to undefined where that namespace has none of this id. */
  revokeGrant(namespace: string, grantId: string, revocation: Revocation): Promise<StandingGrant | undefined>;
  getGrant(namespace: string, grantId: string): Promise<StandingGrant | undefined>;
  /** Keeps the highest count. What counts is the audit: this is what lists show. */
  noteGrantUses(grant: Pick<StandingGrant, "grantId" | "maxUses">, uses: number): Promise<void>;
}

export interface Store extends GrantStore, RunStore, AgentStore, ToolStore, InstanceStore, KeyStore, AuditStore {
  /** The store's clock, milliseconds since the epoch; used to correct ours. */
  serverTime(): Promise<number>;
  /** Makes indexes; safe to call from several processes at once. */
  prepare(): Promise<void>;
  close(): Promise<void>;
}

/** Answers one request of a gateway. Never rejects: failures are in the reply. */
export type RequestHandler = (envelope: Envelope) => Promise<Reply>;

/** Answers one request of a worker: the message of the verb, and its response message. */
export interface WorkerHandlers {
  register(workerId: string, request: RegisterRequest): Promise<RegisterResponse>;
  claim(workerId: string, request: ClaimRequest): Promise<ClaimResponse>;
  heartbeat(workerId: string, request: HeartbeatRequest): Promise<HeartbeatResponse>;
  complete(workerId: string, request: CompleteRequest): Promise<CompleteResponse>;
  release(workerId: string, request: ReleaseRequest): Promise<ReleaseResponse>;
}

/** Carries hints, requests and live events. Rejects with AgentspanError BUS_UNAVAILABLE while the bus is away. */
export interface Bus {
  /** Makes the stream, and the durable consumer of each tool; resolves to their names in order. */
  ensureConsumers(namespace: string, tools: readonly { queue: string; tool: string }[]): Promise<readonly string[]>;
  /** Puts a hint in the work queue, or finds that it is there already. */
  announce(task: TaskAddress, orchestratorId: string): Promise<"announced" | "already_there">;
  /** Takes the hints of a call out of the work queue. */
  withdraw(call: Omit<TaskAddress, "attempt">): Promise<void>;
  /** Tells watchers of a run. Not awaited, may be lost: they fill gaps by reading. */
  publish(namespace: string, runId: string, live: LiveEvents): void;
  /** Begins to answer requests, shared with the other orchestrators and those to this one by name. */
  serve(orchestratorId: string, onRequest: RequestHandler, workers: WorkerHandlers): Promise<void>;
  /**
   * Tells when the bus is back after an outage, or its queue had been lost and is there again: what was announced may
   * be gone. The answer takes the listener off.
   */
  onReconnect(listener: () => void): () => void;
  /** Tells, while this bus serves, which runs' text somebody wants in pieces. The answer takes the listener off. */
  onDeltaWish(listener: (namespace: string, runId: string) => void): () => void;
  /** Whether the broker itself answers within the time: what does not come then is not on its way. Never rejects. */
  answers(withinMs: number): Promise<boolean>;
  /** Takes no new requests and resolves when the answers of those taken have been sent. */
  drain(): Promise<void>;
  close(): Promise<void>;
}
