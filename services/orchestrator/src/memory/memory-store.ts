// The store in memory, for the core's tests and for the testing kit. It keeps texts, not objects, and is held to the
// same contract suite as the one on MongoDB, so what a test sees here is what production does.
import { AgentspanError, type AuditChain, newId } from "@agentspan/internal";
import type { RunEvent } from "../core/events.js";
import type {
  AgedRun,
  AgentQuery,
  AgentVersionsQuery,
  ApiKey,
  AttemptEnd,
  AuditLink,
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
  GrantListQuery,
  Instance,
  KeptInstances,
  KeyListQuery,
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
import { chunkEventsOf, isReadable, runOf, storedRunOf } from "../run-record.js";
import { UnreadableRows } from "../unreadable-rows.js";
import * as agents from "./memory-agents.js";
import * as audit from "./memory-audit.js";
import { takeCensus } from "./memory-census.js";
import { appliedTo, emptyDatabase, keyOf, type MemoryDatabase } from "./memory-database.js";
import { type MemoryFault, nextTurn, unavailable } from "./memory-fault.js";
import * as grants from "./memory-grants.js";
import * as instances from "./memory-instances.js";
import * as keys from "./memory-keys.js";
import { countOpen, listChangedRuns, listOpenRuns, listRuns } from "./memory-lists.js";
import * as removals from "./memory-removals.js";
import * as webhooks from "./memory-webhooks.js";

export interface MemoryStoreOptions {
  /** Another store's, to be a second process beside it. */
  readonly database?: MemoryDatabase;
  /** The store's clock, milliseconds since the epoch. */
  readonly now?: () => number;
  /** Asked at each call; undefined lets it pass. */
  readonly fault?: (operation: keyof Store) => MemoryFault | undefined;
}

export class MemoryStore implements Store {
  readonly database: MemoryDatabase;
  readonly #now: () => number;
  readonly #fault: (operation: keyof Store) => MemoryFault | undefined;
  readonly #unreadable = new UnreadableRows();
  #closed = false;

  constructor({ database, now, fault }: MemoryStoreOptions = {}) {
    this.database = database ?? emptyDatabase();
    this.#now = now ?? Date.now;
    this.#fault = fault ?? (() => undefined);
  }

  load(runId: string, _consistency: "majority" | "linearizable"): Promise<StoredRun | undefined> {
    return this.#carryOut("load", () => {
      const record = this.database.runs.get(runId);
      return record === undefined ? undefined : storedRunOf(record);
    });
  }

  async commit(write: RunWrite): Promise<CommitOutcome> {
    const apply = (): CommitOutcome => {
      const { runs, removed } = this.database;
      if (removed.has(write.runId)) return "conflict";
      const before = runs.get(write.runId);
      if ((before?.version ?? 0) !== write.expectedVersion) return "conflict";
      runs.set(write.runId, appliedTo(before, write));
      return "committed";
    };
    const fault = this.#faultOf("commit");
    if (fault === "away") return unavailable();
    if (typeof fault === "object") {
      void fault.late.then(apply);
      await nextTurn();
      return "unknown";
    }
    const outcome = apply();
    await nextTurn();
    return fault === "answer_lost" ? "unknown" : outcome;
  }

  putChunk(_runId: string, chunk: ChunkRef, texts: readonly string[]): Promise<void> {
    return this.#carryOut("putChunk", () => {
      if (!this.database.chunks.has(chunk.id)) this.database.chunks.set(chunk.id, [...texts]);
    });
  }

  readChunk(chunk: ChunkRef): Promise<readonly RunEvent[]> {
    return this.#carryOut("readChunk", () => {
      const texts = this.database.chunks.get(chunk.id);
      if (texts !== undefined) return chunkEventsOf(chunk.id, texts);
      throw new AgentspanError(
        "INTERNAL",
        `The events ${chunk.from} to ${chunk.to} of a run are missing (chunk ${chunk.id}).`,
      );
    });
  }

  due(by: number, limit: number, from = Number.NEGATIVE_INFINITY): Promise<readonly DueRun[]> {
    return this.#carryOut("due", () =>
      [...this.database.runs.values()]
        .flatMap(({ runId, wakeAt, schema }) =>
          wakeAt !== undefined && wakeAt <= by && wakeAt >= from && isReadable(schema) ? [{ runId, wakeAt }] : [],
        )
        .sort((one, other) => one.wakeAt - other.wakeAt)
        .slice(0, limit),
    );
  }

  states(runIds: readonly string[]): Promise<RunStates> {
    return this.#carryOut("states", () => {
      const records = [...new Set(runIds)].flatMap((runId) => this.database.runs.get(runId) ?? []);
      const states = records.flatMap((record) => {
        const run = isReadable(record.schema) ? this.#unreadable.readOrLeaveOut(() => runOf(record)) : undefined;
        return run === undefined ? [] : [{ run, version: record.version }];
      });
      const read = new Set(states.map(({ run }) => run.runId));
      return { states, unreadable: records.map(({ runId }) => runId).filter((runId) => !read.has(runId)) };
    });
  }

  list(query: RunQuery): Promise<Page<StoredRun>> {
    return this.#carryOut("list", () => listRuns(this.database, query));
  }

  listOpen(query: OpenQuery): Promise<Page<StoredRun>> {
    return this.#carryOut("listOpen", () => listOpenRuns(this.database, query));
  }

  countOpen(query: Omit<OpenQuery, "limit" | "pageToken">, most: number): Promise<number> {
    return this.#carryOut("countOpen", () => countOpen(this.database, query, most));
  }

  listChanged(query: ChangedQuery): Promise<Page<StoredRun>> {
    return this.#carryOut("listChanged", () => listChangedRuns(this.database, query));
  }

  listAged(from: number, before: number, limit: number): Promise<readonly AgedRun[]> {
    return this.#carryOut("listAged", () => removals.listAged(this.database.runs.values(), from, before, limit));
  }

  removeRuns(runs: readonly Pick<ChangedRun, "runId" | "version">[]): Promise<number> {
    return this.#carryOut("removeRuns", () => removals.removeRuns(this.database, runs));
  }

  clearRemoved(limit: number): Promise<number> {
    return this.#carryOut("clearRemoved", () => removals.clearRemoved(this.database, limit));
  }

  putAgent(agent: StoredAgent): Promise<boolean> {
    return this.#carryOut("putAgent", () => agents.putAgent(this.database, agent));
  }

  getAgent(namespace: string, name: string, version?: string): Promise<StoredAgent | undefined> {
    return this.#carryOut("getAgent", () => agents.getAgent(this.database, namespace, name, version));
  }

  listAgents(query: AgentQuery): Promise<Page<StoredAgent>> {
    return this.#carryOut("listAgents", () => agents.listAgents(this.database, query));
  }

  listAgentVersions(query: AgentVersionsQuery): Promise<Page<StoredAgent>> {
    return this.#carryOut("listAgentVersions", () => agents.listAgentVersions(this.database, query));
  }

  putTools(tools: readonly ToolRegistration[]): Promise<void> {
    return this.#carryOut("putTools", () => {
      for (const tool of tools) this.database.tools.set(keyOf(tool.namespace, tool.queue, tool.tool), { ...tool });
    });
  }

  getTools(
    namespace: string,
    tools: readonly { readonly queue: string; readonly tool: string }[],
  ): Promise<readonly ToolRegistration[]> {
    return this.#carryOut("getTools", () => {
      const keys = new Set(tools.map(({ queue, tool }) => keyOf(namespace, queue, tool)));
      return [...keys].flatMap((key) => {
        const registration = this.database.tools.get(key);
        return registration === undefined ? [] : [{ ...registration }];
      });
    });
  }

  registerWorker(worker: RegisteredWorker): Promise<boolean> {
    return this.#carryOut("registerWorker", () =>
      instances.registerWorker(this.database.instances, worker, this.#now()),
    );
  }

  beat(told: readonly Instance[]): Promise<void> {
    return this.#carryOut("beat", () => instances.beat(this.database.instances, told, this.#now()));
  }

  readInstance(incarnation: string): Promise<Instance | undefined> {
    return this.#carryOut("readInstance", () => structuredClone(this.database.instances.get(incarnation)));
  }

  readInstances(): Promise<KeptInstances> {
    return this.#carryOut("readInstances", () => instances.readInstances(this.database.instances));
  }

  liveWorkers(namespace: string, withinMs: number): Promise<readonly Instance[]> {
    return this.#carryOut("liveWorkers", () =>
      instances.liveWorkers(this.database.instances, namespace, this.#now() - withinMs),
    );
  }

  forgetInstances(unseenForMs: number): Promise<void> {
    return this.#carryOut("forgetInstances", () =>
      instances.forgetInstances(this.database.instances, this.#now() - unseenForMs),
    );
  }

  removeInstance(incarnation: string): Promise<void> {
    return this.#carryOut("removeInstance", () => {
      this.database.instances.delete(incarnation);
    });
  }

  putKey(key: ApiKey): Promise<boolean> {
    return this.#carryOut("putKey", () => keys.putKey(this.database.keys, key));
  }

  getKey(keyId: string): Promise<ApiKey | undefined> {
    return this.#carryOut("getKey", () => keys.getKey(this.database.keys, keyId));
  }

  listKeys(query: KeyListQuery): Promise<Page<ApiKey>> {
    return this.#carryOut("listKeys", () => keys.listKeys(this.database.keys, query));
  }

  revokeKey(namespace: string, keyId: string, revocation: Revocation): Promise<ApiKey | undefined> {
    return this.#carryOut("revokeKey", () => keys.revokeKey(this.database.keys, namespace, keyId, revocation));
  }

  noteKeyUse(keyId: string, at: number): Promise<void> {
    return this.#carryOut("noteKeyUse", () => keys.noteKeyUse(this.database.keys, keyId, at));
  }

  putPermit(permit: ShownPermit): Promise<void> {
    return this.#carryOut("putPermit", () => {
      const { permits } = this.database;
      const stored = permits.get(permit.workerId);
      if (stored !== undefined && stored.at >= permit.at) return;
      permits.set(permit.workerId, structuredClone({ ...permit, seenAt: this.#now() }));
    });
  }

  listPermits(since: number): Promise<readonly ShownPermit[]> {
    return this.#carryOut("listPermits", () =>
      [...this.database.permits.values()].flatMap(({ seenAt, ...permit }) =>
        seenAt >= since ? [structuredClone(permit)] : [],
      ),
    );
  }

  putGrant(grant: StandingGrant): Promise<boolean> {
    return this.#carryOut("putGrant", () => grants.putGrant(this.database.grants, grant));
  }

  listGrants(query: GrantListQuery): Promise<Page<StandingGrant>> {
    return this.#carryOut("listGrants", () => grants.listGrants(this.database.grants, query));
  }

  liveGrants(query: LiveGrantQuery): Promise<readonly StandingGrant[]> {
    return this.#carryOut("liveGrants", () => grants.liveGrants(this.database.grants, query));
  }

  revokeGrant(namespace: string, grantId: string, revocation: Revocation): Promise<StandingGrant | undefined> {
    return this.#carryOut("revokeGrant", () =>
      grants.revokeGrant(this.database.grants, namespace, grantId, revocation),
    );
  }

  getGrant(namespace: string, grantId: string): Promise<StandingGrant | undefined> {
    return this.#carryOut("getGrant", () => grants.getGrant(this.database.grants, namespace, grantId));
  }

  noteGrantUses({ grantId }: Pick<StandingGrant, "grantId">, uses: number): Promise<void> {
    return this.#carryOut("noteGrantUses", () => grants.noteGrantUses(this.database.grants, grantId, uses));
  }

  listAuditable(since: number, limit: number): Promise<readonly ChangedRun[]> {
    return this.#carryOut("listAuditable", () => audit.listAuditable(this.database.runs.values(), since, limit));
  }

  readAuditChain(run: string, chain: AuditChain): Promise<readonly AuditLink[]> {
    return this.#carryOut("readAuditChain", () =>
      audit.chainOf(this.database.audit, run, chain).map(({ sequence, hash }) => ({ sequence, hash })),
    );
  }

  newestAudit(run: string, chain: AuditChain): Promise<AuditRecord | undefined> {
    return this.#carryOut("newestAudit", () => audit.chainOf(this.database.audit, run, chain).at(-1));
  }

  putAudit(records: readonly AuditRecord[]): Promise<ReadonlySet<string>> {
    return this.#carryOut("putAudit", () => audit.putAudit(this.database.audit, records));
  }

  appendAudit(records: readonly AuditRecord[]): Promise<number> {
    return this.#carryOut("appendAudit", () => audit.appendAudit(this.database.audit, records));
  }

  listAudit(query: AuditQuery): Promise<Page<AuditRecord>> {
    return this.#carryOut("listAudit", () => audit.listAudit(this.database.audit, query));
  }

  readAuditCursor(share: number): Promise<number | undefined> {
    return this.#carryOut("readAuditCursor", () => this.database.audit.cursors.get(share));
  }

  moveAuditCursor(share: number, at: number): Promise<void> {
    return this.#carryOut("moveAuditCursor", () => audit.moveCursor(this.database.audit, share, at));
  }

  putWebhook(webhook: Webhook): Promise<boolean> {
    return this.#carryOut("putWebhook", () => webhooks.putWebhook(this.database.webhooks, webhook));
  }

  getWebhook(webhookId: string): Promise<Webhook | undefined> {
    return this.#carryOut("getWebhook", () => webhooks.getWebhook(this.database.webhooks, webhookId));
  }

  listWebhooks(query: WebhookListQuery): Promise<Page<Webhook>> {
    return this.#carryOut("listWebhooks", () => webhooks.listWebhooks(this.database.webhooks, query));
  }

  allWebhooks(): Promise<readonly Webhook[]> {
    return this.#carryOut("allWebhooks", () => webhooks.allWebhooks(this.database.webhooks));
  }

  replaceWebhook(webhook: Webhook): Promise<boolean> {
    return this.#carryOut("replaceWebhook", () => webhooks.replaceWebhook(this.database.webhooks, webhook));
  }

  stopWebhook(webhookId: string, stop: WebhookStop): Promise<void> {
    return this.#carryOut("stopWebhook", () => webhooks.stopWebhook(this.database.webhooks, webhookId, stop));
  }

  deleteWebhook(namespace: string, webhookId: string): Promise<boolean> {
    return this.#carryOut("deleteWebhook", () => webhooks.deleteWebhook(this.database.webhooks, namespace, webhookId));
  }

  listTellable(since: number, limit: number): Promise<readonly ChangedRun[]> {
    return this.#carryOut("listTellable", () => webhooks.listTellable(this.database.runs.values(), since, limit));
  }

  readTellCursor(share: number): Promise<number | undefined> {
    return this.#carryOut("readTellCursor", () => this.database.webhooks.cursors.get(share));
  }

  moveTellCursor(share: number, at: number): Promise<void> {
    return this.#carryOut("moveTellCursor", () => webhooks.moveCursor(this.database.webhooks, share, at));
  }

  putDeliveries(deliveries: readonly Delivery[]): Promise<ReadonlySet<string>> {
    return this.#carryOut("putDeliveries", () => webhooks.putDeliveries(this.database.webhooks, deliveries));
  }

  dueDeliveries(by: number, limit: number, without: readonly string[]): Promise<readonly DueDelivery[]> {
    return this.#carryOut("dueDeliveries", () => webhooks.dueDeliveries(this.database.webhooks, by, limit, without));
  }

  takeDelivery(delivery: DueDelivery, now: number, dueAt: number): Promise<boolean> {
    return this.#carryOut("takeDelivery", () => webhooks.takeDelivery(this.database.webhooks, delivery, now, dueAt));
  }

  endAttempt(deliveryId: string, attempts: number, end: AttemptEnd): Promise<void> {
    return this.#carryOut("endAttempt", () => webhooks.endAttempt(this.database.webhooks, deliveryId, attempts, end));
  }

  getDelivery(deliveryId: string): Promise<Delivery | undefined> {
    return this.#carryOut("getDelivery", () => webhooks.getDelivery(this.database.webhooks, deliveryId));
  }

  listDeliveries(query: DeliveryListQuery): Promise<Page<Delivery>> {
    return this.#carryOut("listDeliveries", () => webhooks.listDeliveries(this.database.webhooks, query));
  }

  replayDelivery(deliveryId: string, now: number): Promise<boolean> {
    return this.#carryOut("replayDelivery", () => webhooks.replayDelivery(this.database.webhooks, deliveryId, now));
  }

  replayDead(webhookId: string, now: number): Promise<number> {
    return this.#carryOut("replayDead", () => webhooks.replayDead(this.database.webhooks, webhookId, now));
  }

  forgetDeliveries(before: number): Promise<void> {
    return this.#carryOut("forgetDeliveries", () => webhooks.forgetDeliveries(this.database.webhooks, before));
  }

  census(): Promise<Census> {
    return this.#carryOut("census", () => takeCensus(this.database));
  }

  readDatabaseId(): Promise<string | undefined> {
    return this.#carryOut("readDatabaseId", () => this.database.id);
  }

  makeDatabaseId(): Promise<string> {
    return this.#carryOut("makeDatabaseId", () => {
      this.database.id ??= newId("db");
      return this.database.id;
    });
  }

  serverTime(): Promise<number> {
    return this.#carryOut("serverTime", () => this.#now());
  }

  async prepare(): Promise<void> {
    await this.#carryOut("prepare", () => undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }

  /** Runs an operation and lets what the fault says happen to it. */
  async #carryOut<T>(operation: keyof Store, run: () => T | Promise<T>): Promise<T> {
    const fault = this.#faultOf(operation);
    if (fault !== undefined && fault !== "answer_lost") return unavailable();
    const result = await run();
    await nextTurn();
    if (fault === "answer_lost") return unavailable();
    return result;
  }

  /** A closed store is away for good. */
  #faultOf(operation: keyof Store): MemoryFault | undefined {
    return this.#closed ? "away" : this.#fault(operation);
  }
}
