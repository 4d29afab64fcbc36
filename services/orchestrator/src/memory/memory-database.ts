// What a memory store keeps. Several stores on one database are several processes on one database.

import type { RunWrite, ShownPermit, StoredAgent, ToolRegistration } from "../ports.js";
import { indexOf, type RunIndex } from "../run-index.js";
import { type RunRecord, writeBytesOf } from "../run-record.js";
import { emptyAudit, type MemoryAudit } from "./memory-audit.js";
import type { MemoryGrants } from "./memory-grants.js";
import type { MemoryInstances } from "./memory-instances.js";
import type { MemoryKeys } from "./memory-keys.js";
import { emptyWebhooks, type MemoryWebhooks } from "./memory-webhooks.js";

export interface MemoryRun extends RunRecord {
  readonly index: RunIndex;
  readonly wakeAt: number | undefined;
}

export interface MemoryDatabase {
  /** Its own, once it has one. */
  id?: string;
  readonly runs: Map<string, MemoryRun>;
  /** Ids of runs that were removed: none begins anew under them. */
  readonly removed: Set<string>;
  /** Texts by chunk id. */
  readonly chunks: Map<string, readonly string[]>;
  /** Definitions by namespace, name and version. */
  readonly agents: Map<string, StoredAgent>;
  /** The newest of each, by namespace and name. */
  readonly newestAgents: Map<string, StoredAgent>;
  readonly tools: Map<string, ToolRegistration>;
  readonly instances: MemoryInstances;
  readonly keys: MemoryKeys;
  /** By worker id. */
  readonly permits: Map<string, ShownPermit & { readonly seenAt: number }>;
  readonly grants: MemoryGrants;
  readonly audit: MemoryAudit;
  readonly webhooks: MemoryWebhooks;
}

export function emptyDatabase(): MemoryDatabase {
  return {
    runs: new Map(),
    removed: new Set(),
    chunks: new Map(),
    agents: new Map(),
    newestAgents: new Map(),
    tools: new Map(),
    instances: new Map(),
    keys: new Map(),
    permits: new Map(),
    grants: new Map(),
    audit: emptyAudit(),
    webhooks: emptyWebhooks(),
  };
}

/** Names have no slash, so no two keys are one text. */
export function keyOf(...names: readonly string[]): string {
  return names.join("/");
}

/** The record after a write on the one before, which must be of the write's expected version. Throws as writeBytesOf. */
export function appliedTo(before: MemoryRun | undefined, write: RunWrite): MemoryRun {
  const { runId, expectedVersion, append, trim, wakeAt, inlineBytes, totalBytes } = write;
  const stored = trim?.keep ?? before?.events ?? [];
  const chunks = before?.chunks ?? [];
  const texts = append.map(({ text }) => text);
  const record = { run: JSON.stringify(write.run), schedule: JSON.stringify(write.schedule) };
  writeBytesOf(runId, [record.run, record.schedule, ...(trim?.keep ?? []), ...texts]);
  const index = indexOf(write);
  const tellAt = index.tellAt === undefined ? before?.index.tellAt : Math.max(index.tellAt, before?.index.tellAt ?? 0);
  return {
    ...record,
    runId,
    version: expectedVersion + 1,
    schema: write.run.schema,
    events: [...stored, ...texts],
    chunks: trim === undefined ? chunks : [...chunks, { id: trim.id, from: trim.from, to: trim.to }],
    inlineBytes,
    totalBytes,
    index: { ...index, ...(tellAt === undefined ? {} : { tellAt }) },
    wakeAt,
  };
}
