// Auditors at the database of a scene, and what an export of its audit would say.
import {
  type AuditReport,
  auditLine,
  newSigningKey,
  type SealedEntry,
  signingKey,
  TrustedKeys,
  verifyAudit,
} from "@agentspan/internal";
import { Auditor } from "../../src/audit/auditor.js";
import { Refusals } from "../../src/audit/refusals.js";
import { History } from "../../src/history.js";
import type { MemoryDatabase } from "../../src/memory/memory-database.js";
import type { AuditRecord } from "../../src/ports.js";
import { approves, claim, completes, type Desk, type DeskOptions, replies, Scene } from "../scenes/scene.js";

const made = newSigningKey();
export const KEY = signingKey(made.pem);
export const TRUSTED = trusted();

function trusted(): TrustedKeys {
  const key = { id: made.id, public: made.public };
  const read = TrustedKeys.read(JSON.stringify({ gateways: [], orchestrators: [key] }));
  if (read instanceof TrustedKeys) return read;
  throw new Error(read.faults.join());
}

/** Whose decisions are signed. */
export class SignedScene extends Scene {
  override desk(name?: string, options: DeskOptions = {}): Desk {
    return super.desk(name, { signing: { key: KEY, trusted: TRUSTED }, ...options });
  }
}

/** Whoever lives beside it is asked at each look. */
export function auditorAt(desk: Desk, others: () => readonly string[] = () => []): Auditor {
  const { store, scene, name } = desk;
  const { clock, log } = scene;
  return new Auditor({
    store,
    history: new History(store),
    clock,
    orchestratorId: name,
    orchestrators: others,
    key: KEY,
    log,
  });
}

export function refusalsAt({ store, scene: { clock, log } }: Desk): Refusals {
  return new Refusals({ store, clock, key: KEY, log });
}

/** In the order of an export. */
export function recordsIn({ audit }: MemoryDatabase): readonly AuditRecord[] {
  return [...audit.entries.values()].sort((one, other) => one.at - other.at || (one.id < other.id ? -1 : 1));
}

export function entryOf({ text, hash, signature }: AuditRecord): SealedEntry {
  return { entry: JSON.parse(text), hash, ...(signature === undefined ? {} : { signature }) };
}

export function kindsOf(database: MemoryDatabase, run?: string): readonly string[] {
  return recordsIn(database)
    .filter((record) => run === undefined || record.run === run)
    .map(({ kind }) => kind);
}

export function reportOn(database: MemoryDatabase): Promise<AuditReport> {
  return verifyAudit(
    recordsIn(database).map((record) => auditLine(entryOf(record))),
    TRUSTED,
  );
}

/** A refund that somebody approves and a worker pays, to the run's end. */
export async function paidRefund(desk: Desk, runId: string): Promise<void> {
  const waiting = await desk.startWith(["refund"], runId);
  await desk.execute(approves(waiting, "t1c1", `decision of ${runId}`), { runId });
  await desk.execute(claim("t1c1", `nonce of ${runId}`), { runId });
  await desk.execute(completes(await desk.stored(runId), "t1c1", `nonce of ${runId}`), { runId });
  await desk.execute(replies(2, []), { runId });
}

export const PAID = ["requested", "decided", "granted", "settled", "ended"] as const;
