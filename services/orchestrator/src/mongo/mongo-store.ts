// The store on MongoDB: a replica set or a sharded cluster (runs by hashed _id), versions 6 to 8. It uses guarded
// updates, upserts, finds by _id and on compound indexes, and nothing else.
import type { AuditChain, Logger, TlsFiles } from "@agentspan/internal";
import type { CreateIndexesOptions, IndexSpecification, MongoClient, MongoClientOptions } from "mongodb";
import type {
  AgedRun,
  AgentQuery,
  AgentVersionsQuery,
  ApiKey,
  AttemptEnd,
  AuditQuery,
  AuditRecord,
  Census,
  ChangedQuery,
  ChangedRun,
  ChunkRef,
  CommitOutcome,
  Delivery,
  DeliveryListQuery,
  DueDelivery,
  DueRun,
  FoundAudit,
  GrantListQuery,
  Instance,
  KeptInstances,
  KeyListQuery,
  ListedKey,
  LiveGrantQuery,
  OpenQuery,
  Page,
  RegisteredWorker,
  Revocation,
  RunQuery,
  RunStates,
  RunWrite,
  ShownPermit,
  StandingGrant,
  Store,
  StoredAgent,
  StoredRun,
  ToolRegistration,
  Webhook,
  WebhookListQuery,
  WebhookStop,
} from "../ports.js";
import { RUNS } from "../run-record.js";
import { AGENT_VERSIONS, AgentDocuments, NEWEST_AGENTS } from "./agent-documents.js";
import { AUDIT, AuditDocuments } from "./audit-documents.js";
import { takeCensus } from "./census.js";
import { connectFailure, mongoClient } from "./connect-failure.js";
import { Database, type DatabaseTimes } from "./database.js";
import { DELIVERIES, DeliveryDocuments } from "./delivery-documents.js";
import { GrantDocuments, STANDING_GRANTS } from "./grant-documents.js";
import { IdentityDocuments } from "./identity-documents.js";
import { InstanceDocuments } from "./instance-documents.js";
import { API_KEYS, KeyDocuments } from "./key-documents.js";
import { PERMITS, PermitDocuments } from "./permit-documents.js";
import { RowReader } from "./row-reader.js";
import { RunCommits } from "./run-commits.js";
import { RunReads } from "./run-reads.js";
import { RunRemovals } from "./run-removals.js";
import { ToolDocuments } from "./tool-documents.js";
import { WEBHOOKS, WebhookDocuments } from "./webhook-documents.js";

export interface MongoStoreOptions {
  /** mongodb:// or mongodb+srv://. Its write concern, its retries and the time-outs below are overruled. */
  readonly uri: string;
  readonly database: string;
  /** What is shown to MongoDB and trusted of it; with it the connection must be by TLS. */
  readonly tls?: TlsFiles | undefined;
  readonly logger?: Logger;
  /** For tests that would rather not wait. */
  readonly times?: Partial<StoreTimes>;
}

export interface StoreTimes extends Omit<DatabaseTimes, "limitMs"> {
  /** Milliseconds that a command waits for a server that can take it. */
  readonly selectionMs: number;
  /** Milliseconds that a command that was sent waits for its answer, before its outcome is unknown. */
  readonly answerMs: number;
}

/** The answer is awaited longer than the server may take, so that a slow server says so itself. */
const DEFAULT_TIMES: StoreTimes = {
  selectionMs: 2000,
  answerMs: 5000,
  readMs: 2000,
  searchMs: 4000,
  majorityMs: 4000,
};

/** None on instances: there are few, every sign of life would move its entry, and only people and a daily clean-up search. */
const INDEXES: readonly [collection: string, keys: IndexSpecification, options: CreateIndexesOptions][] = [
  // Ended and waiting runs owe nothing and have no wakeAt: sparse keeps them out.
  [RUNS, { wakeAt: 1 }, { name: "due", sparse: true }],
  // Most runs are nobody's child.
  [RUNS, { parentRunId: 1 }, { name: "children", sparse: true }],
  [RUNS, { namespace: 1, openSince: 1, _id: 1 }, { name: "open" }],
  [RUNS, { namespace: 1, checkpointAt: 1, _id: 1 }, { name: "changed" }],
  // Runs that no person ever had to do with have no auditAt.
  [RUNS, { auditAt: 1 }, { name: "audited", sparse: true }],
  [RUNS, { namespace: 1, startedAt: -1, _id: 1 }, { name: "started" }],
  // Runs that were removed a moment ago.
  [RUNS, { clearing: 1 }, { name: "clearing", sparse: true }],
  // For figures: how many are in each state, and since when one waits.
  [RUNS, { state: 1, openSince: 1 }, { name: "standing" }],
  [NEWEST_AGENTS, { namespace: 1, name: 1 }, { name: "byName" }],
  [AGENT_VERSIONS, { namespace: 1, name: 1, createdAt: -1, _id: 1 }, { name: "versions" }],
  [API_KEYS, { namespace: 1, createdAt: -1, _id: 1 }, { name: "newest" }],
  [STANDING_GRANTS, { namespace: 1, createdAt: -1, _id: 1 }, { name: "newest" }],
  [STANDING_GRANTS, { namespace: 1, agentName: 1, toolName: 1, createdAt: 1, _id: 1 }, { name: "byTool" }],
  [PERMITS, { seenAt: 1 }, { name: "seen" }],
  // Runs in which nobody was asked and that have not ended have no tellAt.
  [RUNS, { tellAt: 1 }, { name: "told", sparse: true }],
  [WEBHOOKS, { namespace: 1, createdAt: -1, _id: 1 }, { name: "newest" }],
  // With the webhook, so that those of one whose receiver is slow are passed over in the index.
  [DELIVERIES, { state: 1, dueAt: 1, webhookId: 1 }, { name: "due" }],
  [DELIVERIES, { webhookId: 1, state: 1, at: -1, _id: 1 }, { name: "newest" }],
  [DELIVERIES, { endedAt: 1 }, { name: "ended", sparse: true }],
  [AUDIT, { namespace: 1, at: 1, _id: 1 }, { name: "oldest" }],
];

export class MongoStore implements Store {
  readonly #client: MongoClient;
  readonly #uri: string;
  readonly #options: MongoClientOptions;
  readonly #name: string;
  readonly #database: Database;
  readonly #commits: RunCommits;
  readonly #reads: RunReads;
  readonly #removals: RunRemovals;
  readonly #agents: AgentDocuments;
  readonly #tools: ToolDocuments;
  readonly #instances: InstanceDocuments;
  readonly #keys: KeyDocuments;
  readonly #grants: GrantDocuments;
  readonly #permits: PermitDocuments;
  readonly #audit: AuditDocuments;
  readonly #webhooks: WebhookDocuments;
  readonly #deliveries: DeliveryDocuments;
  readonly #identity: IdentityDocuments;

  private constructor(
    client: MongoClient,
    options: MongoClientOptions,
    { uri, database, logger, times }: MongoStoreOptions,
  ) {
    this.#client = client;
    this.#uri = uri;
    this.#options = options;
    this.#name = database;
    const all = { ...DEFAULT_TIMES, ...times };
    // Later than any time-out of the driver's own.
    const limitMs = all.selectionMs + all.answerMs + 1_000;
    this.#database = new Database(client.db(database), { ...all, limitMs });
    client.on("connectionPoolCleared", () => this.#database.connectionsLost());
    this.#commits = new RunCommits(this.#database, logger);
    const rows = new RowReader(logger);
    this.#reads = new RunReads(this.#database, rows);
    this.#removals = new RunRemovals(this.#database, rows);
    this.#agents = new AgentDocuments(this.#database, rows);
    this.#tools = new ToolDocuments(this.#database, rows);
    this.#instances = new InstanceDocuments(this.#database, rows);
    this.#keys = new KeyDocuments(this.#database, rows);
    this.#grants = new GrantDocuments(this.#database, rows);
    this.#permits = new PermitDocuments(this.#database, rows);
    this.#audit = new AuditDocuments(this.#database, rows);
    this.#webhooks = new WebhookDocuments(this.#database, rows);
    this.#deliveries = new DeliveryDocuments(this.#database, rows);
    this.#identity = new IdentityDocuments(this.#database, rows);
  }

  /**
   * Rejects with AgentspanError STORE_UNAVAILABLE where no server answers in time or the login is refused, and with
   * INVALID_REQUEST where the URI cannot be read. Whoever connects closes.
   */
  static async connect(options: MongoStoreOptions): Promise<MongoStore> {
    const { selectionMs, answerMs } = { ...DEFAULT_TIMES, ...options.times };
    const clientOptions: MongoClientOptions = {
      appName: "agentspan",
      // A command is sent once, so that its answer tells what became of it; see judge-write.ts.
      retryWrites: false,
      serverSelectionTimeoutMS: selectionMs,
      connectTimeoutMS: selectionMs,
      waitQueueTimeoutMS: selectionMs,
      socketTimeoutMS: answerMs,
      heartbeatFrequencyMS: 5000,
      maxPoolSize: 32,
      readPreference: "primary",
      ...(options.tls === undefined ? {} : { tls: true, ...options.tls }),
    };
    const client = mongoClient(options.uri, clientOptions);
    try {
      await client.connect();
    } catch (error) {
      await client.close();
      throw connectFailure(error, options.uri, client);
    }
    return new MongoStore(client, clientOptions, options);
  }

  /** On a connection of its own: building an index over many runs may take longer than an answer may. */
  async prepare(): Promise<void> {
    // First as any other call: a closed store or one that is away says so here.
    await this.serverTime();
    const client = mongoClient(this.#uri, { ...this.#options, socketTimeoutMS: 0, maxPoolSize: 1 });
    try {
      for (const [collection, keys, options] of INDEXES) {
        await client.db(this.#name).collection(collection).createIndex(keys, options);
      }
    } catch (error) {
      throw connectFailure(error, this.#uri, client);
    } finally {
      await client.close();
    }
  }

  readDatabaseId(): Promise<string | undefined> {
    return this.#identity.readDatabaseId();
  }

  makeDatabaseId(): Promise<string> {
    return this.#identity.makeDatabaseId();
  }

  serverTime(): Promise<number> {
    return this.#database.serverTime();
  }

  /** What was submitted is settled first. */
  async close(): Promise<void> {
    await Promise.all([this.#commits.idle(), this.#instances.idle()]);
    await this.#client.close();
  }

  load(runId: string, consistency: "majority" | "linearizable"): Promise<StoredRun | undefined> {
    return this.#reads.load(runId, consistency);
  }

  commit(write: RunWrite): Promise<CommitOutcome> {
    return this.#commits.commit(write);
  }

  putChunk(runId: string, chunk: ChunkRef, texts: readonly string[]): Promise<void> {
    return this.#reads.putChunk(runId, chunk, texts);
  }

  readChunk(chunk: ChunkRef): ReturnType<RunReads["readChunk"]> {
    return this.#reads.readChunk(chunk);
  }

  due(by: number, limit: number, from?: number): Promise<readonly DueRun[]> {
    return this.#reads.due(by, limit, from);
  }

  states(runIds: readonly string[]): Promise<RunStates> {
    return this.#reads.states(runIds);
  }

  list(query: RunQuery): Promise<Page<StoredRun>> {
    return this.#reads.list(query);
  }

  listOpen(query: OpenQuery): Promise<Page<StoredRun>> {
    return this.#reads.listOpen(query);
  }

  countOpen(query: Omit<OpenQuery, "limit" | "pageToken">, most: number): Promise<number> {
    return this.#reads.countOpen(query, most);
  }

  listChanged(query: ChangedQuery): Promise<Page<StoredRun>> {
    return this.#reads.listChanged(query);
  }

  listAged(from: number, before: number, limit: number): Promise<readonly AgedRun[]> {
    return this.#removals.listAged(from, before, limit);
  }

  removeRuns(runs: readonly Pick<ChangedRun, "runId" | "version">[]): Promise<number> {
    return this.#removals.removeRuns(runs);
  }

  clearRemoved(limit: number): Promise<number> {
    return this.#removals.clearRemoved(limit);
  }

  putAgent(agent: StoredAgent): Promise<boolean> {
    return this.#agents.putAgent(agent);
  }

  getAgent(namespace: string, name: string, version?: string): Promise<StoredAgent | undefined> {
    return this.#agents.getAgent(namespace, name, version);
  }

  listAgents(query: AgentQuery): Promise<Page<StoredAgent>> {
    return this.#agents.listAgents(query);
  }

  listAgentVersions(query: AgentVersionsQuery): Promise<Page<StoredAgent>> {
    return this.#agents.listAgentVersions(query);
  }

  putTools(tools: readonly ToolRegistration[]): Promise<void> {
    return this.#tools.putTools(tools);
  }

  getTools(
    namespace: string,
    tools: readonly { readonly queue: string; readonly tool: string }[],
  ): Promise<readonly ToolRegistration[]> {
    return this.#tools.getTools(namespace, tools);
  }

  registerWorker(worker: RegisteredWorker): Promise<boolean> {
    return this.#instances.registerWorker(worker);
  }

  beat(instances: readonly Instance[]): Promise<void> {
    return this.#instances.beat(instances);
  }

  readInstance(incarnation: string): Promise<Instance | undefined> {
    return this.#instances.readInstance(incarnation);
  }

  readInstances(): Promise<KeptInstances> {
    return this.#instances.readInstances();
  }

  liveWorkers(namespace: string, withinMs: number): Promise<readonly Instance[]> {
    return this.#instances.liveWorkers(namespace, withinMs);
  }

  forgetInstances(unseenForMs: number): Promise<void> {
    return this.#instances.forgetInstances(unseenForMs);
  }

  removeInstance(incarnation: string): Promise<void> {
    return this.#instances.removeInstance(incarnation);
  }

  putKey(key: ApiKey): Promise<boolean> {
    return this.#keys.putKey(key);
  }

  getKey(keyId: string): Promise<ApiKey | undefined> {
    return this.#keys.getKey(keyId);
  }

  listKeys(query: KeyListQuery): Promise<Page<ListedKey>> {
    return this.#keys.listKeys(query);
  }

  revokeKey(namespace: string, keyId: string, revocation: Revocation): Promise<ListedKey | undefined> {
    return this.#keys.revokeKey(namespace, keyId, revocation);
  }

  noteKeyUse(keyId: string, at: number): Promise<void> {
    return this.#keys.noteKeyUse(keyId, at);
  }

  putPermit(permit: ShownPermit): Promise<void> {
    return this.#permits.putPermit(permit);
  }

  listPermits(since: number): Promise<readonly ShownPermit[]> {
    return this.#permits.listPermits(since);
  }

  putGrant(grant: StandingGrant): Promise<boolean> {
    return this.#grants.putGrant(grant);
  }

  listGrants(query: GrantListQuery): Promise<Page<StandingGrant>> {
    return this.#grants.listGrants(query);
  }

  liveGrants(query: LiveGrantQuery): Promise<readonly StandingGrant[]> {
    return this.#grants.liveGrants(query);
  }

  revokeGrant(namespace: string, grantId: string, revocation: Revocation): Promise<StandingGrant | undefined> {
    return this.#grants.revokeGrant(namespace, grantId, revocation);
  }

  getGrant(namespace: string, grantId: string): Promise<StandingGrant | undefined> {
    return this.#grants.getGrant(namespace, grantId);
  }

  noteGrantUses(grant: Pick<StandingGrant, "grantId" | "maxUses">, uses: number): Promise<void> {
    return this.#grants.noteGrantUses(grant, uses);
  }

  listAuditable(since: number, limit: number): ReturnType<AuditDocuments["listAuditable"]> {
    return this.#audit.listAuditable(since, limit);
  }

  readAuditChain(run: string, chain: AuditChain): ReturnType<AuditDocuments["readAuditChain"]> {
    return this.#audit.readAuditChain(run, chain);
  }

  newestAudit(run: string, chain: AuditChain): Promise<FoundAudit | undefined> {
    return this.#audit.newestAudit(run, chain);
  }

  putAudit(records: readonly AuditRecord[]): Promise<ReadonlySet<string>> {
    return this.#audit.putAudit(records);
  }

  appendAudit(records: readonly AuditRecord[]): Promise<number> {
    return this.#audit.appendAudit(records);
  }

  listAudit(query: AuditQuery): Promise<Page<FoundAudit>> {
    return this.#audit.listAudit(query);
  }

  readAuditCursor(share: number): Promise<number | undefined> {
    return this.#audit.readAuditCursor(share);
  }

  moveAuditCursor(share: number, at: number): Promise<void> {
    return this.#audit.moveAuditCursor(share, at);
  }

  putWebhook(webhook: Webhook): Promise<boolean> {
    return this.#webhooks.putWebhook(webhook);
  }

  getWebhook(webhookId: string): Promise<Webhook | undefined> {
    return this.#webhooks.getWebhook(webhookId);
  }

  listWebhooks(query: WebhookListQuery): Promise<Page<Webhook>> {
    return this.#webhooks.listWebhooks(query);
  }

  allWebhooks(): Promise<readonly Webhook[]> {
    return this.#webhooks.allWebhooks();
  }

  replaceWebhook(webhook: Webhook): Promise<boolean> {
    return this.#webhooks.replaceWebhook(webhook);
  }

  stopWebhook(webhookId: string, stop: WebhookStop): Promise<void> {
    return this.#webhooks.stopWebhook(webhookId, stop);
  }

  async deleteWebhook(namespace: string, webhookId: string): Promise<boolean> {
    if (!(await this.#webhooks.deleteWebhook(namespace, webhookId))) return false;
    await this.#deliveries.removeOf(webhookId);
    return true;
  }

  listTellable(since: number, limit: number): Promise<readonly ChangedRun[]> {
    return this.#webhooks.listTellable(since, limit);
  }

  readTellCursor(share: number): Promise<number | undefined> {
    return this.#webhooks.readTellCursor(share);
  }

  moveTellCursor(share: number, at: number): Promise<void> {
    return this.#webhooks.moveTellCursor(share, at);
  }

  putDeliveries(deliveries: readonly Delivery[]): Promise<ReadonlySet<string>> {
    return this.#deliveries.putDeliveries(deliveries);
  }

  dueDeliveries(by: number, limit: number, without: readonly string[]): Promise<readonly DueDelivery[]> {
    return this.#deliveries.dueDeliveries(by, limit, without);
  }

  takeDelivery(delivery: DueDelivery, now: number, dueAt: number): Promise<boolean> {
    return this.#deliveries.takeDelivery(delivery, now, dueAt);
  }

  endAttempt(deliveryId: string, attempts: number, end: AttemptEnd): Promise<void> {
    return this.#deliveries.endAttempt(deliveryId, attempts, end);
  }

  getDelivery(deliveryId: string): Promise<Delivery | undefined> {
    return this.#deliveries.getDelivery(deliveryId);
  }

  listDeliveries(query: DeliveryListQuery): Promise<Page<Delivery>> {
    return this.#deliveries.listDeliveries(query);
  }

  replayDelivery(deliveryId: string, now: number): Promise<boolean> {
    return this.#deliveries.replayDelivery(deliveryId, now);
  }

  replayDead(webhookId: string, now: number): Promise<number> {
    return this.#deliveries.replayDead(webhookId, now);
  }

  census(): Promise<Census> {
    return takeCensus(this.#database);
  }

  forgetDeliveries(before: number): Promise<void> {
    return this.#deliveries.forgetDeliveries(before);
  }
}
