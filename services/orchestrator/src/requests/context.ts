// What every request is answered with.
import type { Logger, Signing } from "@agentspan/internal";
import type { Caller } from "@agentspan/proto";
import type { AgentCatalog } from "../agent-catalog.js";
import type { Auditor } from "../audit/auditor.js";
import type { GrantLedger } from "../audit/grant-ledger.js";
import type { Refusals } from "../audit/refusals.js";
import type { Clock } from "../clock.js";
import type { DecisionLinks } from "../decision-links.js";
import type { Engine } from "../engine.js";
import type { History } from "../history.js";
import type { Models, Store, StoredRun } from "../ports.js";
import { runNotFound } from "../run-record.js";
import type { UnreadableRows } from "../unreadable-rows.js";
import type { BlockedTools } from "./blocked-tools.js";
import type { Fleet } from "./fleet.js";

export interface RequestContext {
  readonly engine: Engine;
  readonly store: Store;
  readonly agents: AgentCatalog;
  readonly history: History;
  readonly models: Models;
  readonly clock: Clock;
  readonly blocked: BlockedTools;
  /** Who serves what. */
  readonly fleet: Fleet;
  /** Brings into the audit what is missing in it; absent where there is none. */
  readonly auditor?: Pick<Auditor, "catchUp"> | undefined;
  /** Writes down what becomes of standing grants. */
  readonly ledger: Pick<GrantLedger, "made" | "revoked">;
  /** Makes links by which one person decides one approval. */
  readonly links: Pick<DecisionLinks, "issue">;
  /** Keeps refused decisions; absent where there is no audit. */
  readonly refusals?: Pick<Refusals, "note"> | undefined;
  /** The key that API keys are signed with, and whose signatures are believed; absent where there are no keys. */
  readonly signing?: Signing | undefined;
  /** Sends what happens to webhooks; absent where nothing is sent. */
  readonly webhooks?: WebhookDesk | undefined;
  /** What of the database cannot be read is left out of lists. */
  readonly unreadable: UnreadableRows;
  readonly log: Logger;
  /** Whose runs the caller sees and touches. */
  readonly namespace: string;
  /** Who asks, as a gateway says. */
  readonly caller: Caller;
}

export interface WebhookDesk {
  /** Why nothing is sent to a URL, in words that follow "because"; undefined where it may be. */
  problem(url: string): Promise<string | undefined>;
  /** A webhook was made, changed or taken away. Resolves when what happens from now on is told accordingly here. */
  changed(): Promise<void>;
  /** Something may be due. */
  due(): void;
}

/** Reads a run of the caller's namespace. Rejects with RUN_NOT_FOUND, also for a run of another. */
export async function readRun({ store, namespace }: RequestContext, runId: string): Promise<StoredRun> {
  const stored = await store.load(runId, "majority");
  if (stored === undefined || stored.run.namespace !== namespace) throw runNotFound(runId);
  return stored;
}

/** Checks that a run is the caller's before anything is asked of it. */
export async function requireRun({ engine, namespace }: RequestContext, runId: string): Promise<void> {
  const stored = await engine.peek(runId);
  if (stored === undefined || stored.run.namespace !== namespace) throw runNotFound(runId);
}
