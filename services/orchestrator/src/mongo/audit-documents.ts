// Keeps the audit: one document an entry, which nothing changes or deletes once it is there.
import { type AuditChain, type AuditKind, type AuditSignature, Limits } from "@agentspan/internal";
import type { Filter } from "mongodb";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken, type Position } from "../page-token.js";
import type { AuditableRun, AuditLink, AuditQuery, AuditRecord, AuditStore, Page } from "../ports.js";
import type { Database, Statement } from "./database.js";
import { RUNS, type RunDocument } from "./run-document.js";
import { storedDate } from "./stored-date.js";

export const AUDIT = "audit";
export const AUDIT_CURSORS = "auditCursors";

interface AuditDocument {
  readonly _id: string;
  readonly namespace: string;
  readonly run: string;
  readonly chain: AuditChain;
  readonly sequence: number;
  readonly at: Date;
  readonly kind: AuditKind;
  readonly people: readonly string[];
  readonly tool: string;
  /** As text: keys that a caller or a model wrote become no keys of a document. */
  readonly text: string;
  readonly hash: string;
  readonly signature?: AuditSignature;
}

interface CursorDocument {
  readonly _id: string;
  readonly at: Date;
}

/** Bytes of texts that travel in one command. */
const COMMAND_BYTES = 8 * 1024 * 1024;
/** The store does nothing else meanwhile: 130 entries in one command kept it from every run for 0.12 s. */
const COMMAND_ENTRIES = 32;
/** Roughly, of an entry without its text. */
const BASE_BYTES = 512;
/** Documents that go into one answer. */
const LOOKUP = 1_000;

export class AuditDocuments implements AuditStore {
  readonly #database: Database;

  constructor(database: Database) {
    this.#database = database;
  }

  /** Those of a newer version too: whoever cannot read them must know that they are there. */
  async listAuditable(since: number, limit: number): Promise<readonly AuditableRun[]> {
    const documents = await this.#database.all<RunDocument & { readonly auditAt: Date }>(
      RUNS,
      { auditAt: { $gte: storedDate(since) } },
      { sort: { auditAt: 1 }, limit, projection: { _id: 1, v: 1, auditAt: 1 } },
    );
    return documents.map(({ _id, v, auditAt }) => ({ runId: _id, version: v, at: auditAt.getTime() }));
  }

  async readAuditChain(run: string, chain: AuditChain): Promise<readonly AuditLink[]> {
    const links = await this.#database.all<AuditDocument>(
      AUDIT,
      { _id: idsOf(run, chain) },
      { sort: { _id: 1 }, batchSize: LOOKUP, projection: { sequence: 1, hash: 1 } },
    );
    return links.map(({ sequence, hash }) => ({ sequence, hash }));
  }

  async newestAudit(run: string, chain: AuditChain): Promise<AuditRecord | undefined> {
    const [newest] = await this.#database.all<AuditDocument>(
      AUDIT,
      { _id: idsOf(run, chain) },
      { sort: { _id: -1 }, limit: 1 },
    );
    return newest === undefined ? undefined : recordOf(newest);
  }

  async putAudit(records: readonly AuditRecord[]): Promise<ReadonlySet<string>> {
    const taken = new Set<string>();
    for (const batch of batchesOf(records)) {
      const { inserted } = await this.#database.upsert(
        AUDIT,
        batch.map((record) => ({ q: { _id: record.id }, u: { $setOnInsert: fieldsOf(record) } })),
      );
      for (const [index, { id }] of batch.entries()) if (!inserted.has(index)) taken.add(id);
    }
    return taken;
  }

  async appendAudit(records: readonly AuditRecord[]): Promise<number> {
    let written = 0;
    for (const batch of batchesOf(records)) {
      const inserted = await this.#database.insertInOrder(AUDIT, batch.map(insertOf));
      written += inserted;
      if (inserted < batch.length) break;
    }
    return written;
  }

  async listAudit(query: AuditQuery): Promise<Page<AuditRecord>> {
    const { limit, pageToken } = query;
    const rows = this.#database.scan<AuditDocument>(AUDIT, filterOf(query, decodePageToken("audit", pageToken)), {
      sort: { at: 1, _id: 1 },
      limit: limit + 1,
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ text }) => BASE_BYTES + Buffer.byteLength(text),
      itemOf: recordOf,
      tokenAfter: ({ at, _id }) => encodePageToken("audit", { at: at.getTime(), id: _id }),
    });
  }

  async readAuditCursor(share: number): Promise<number | undefined> {
    const filter = { _id: cursorId(share) };
    const [cursor] = await this.#database.lookUp<CursorDocument>(AUDIT_CURSORS, { filter, limit: 1 });
    return cursor?.at.getTime();
  }

  async moveAuditCursor(share: number, at: number): Promise<void> {
    const q = { _id: cursorId(share) };
    await this.#database.upsert(AUDIT_CURSORS, [{ q, u: { $max: { at: storedDate(at) } } }]);
  }
}

function cursorId(share: number): string {
  return `share ${share}`;
}

/** Ids of a chain begin alike; what follows the numbers in the order of characters is ":". */
function idsOf(run: string, chain: AuditChain): { readonly $gte: string; readonly $lt: string } {
  const prefix = chain === "run" ? `${run}/` : `${run}/${chain}/`;
  return { $gte: `${prefix}0`, $lt: `${prefix}:` };
}

/** The bound beside the alternatives is what lets the index begin where the page before ended. */
function filterOf(query: AuditQuery, after: Position | undefined): Filter<AuditDocument> {
  const { namespace, run, who, kinds, tool, from, to } = query;
  const time = after === undefined ? undefined : storedDate(after.at);
  const since = time ?? (from === undefined ? undefined : storedDate(from));
  const at = {
    ...(since === undefined ? {} : { $gte: since }),
    ...(to === undefined ? {} : { $lt: storedDate(to) }),
  };
  return {
    namespace,
    ...(run === undefined ? {} : { run }),
    ...(who === undefined ? {} : { people: who }),
    ...(kinds.length === 0 ? {} : { kind: { $in: [...kinds] } }),
    ...(tool === undefined ? {} : { tool }),
    ...(Object.keys(at).length === 0 ? {} : { at }),
    ...(after === undefined || time === undefined
      ? {}
      : { $or: [{ at: { $gt: time } }, { at: time, _id: { $gt: after.id } }] }),
  };
}

/** The guard holds for no document, so that one that is there refuses the insert. */
function insertOf(record: AuditRecord): Statement {
  return { q: { _id: record.id, sequence: { $lt: 0 } }, u: { $setOnInsert: fieldsOf(record) } };
}

function fieldsOf({ id: _, at, ...fields }: AuditRecord): Omit<AuditDocument, "_id"> {
  return { ...fields, at: storedDate(at) };
}

function recordOf({ _id, at, ...fields }: AuditDocument): AuditRecord {
  return { id: _id, ...fields, at: at.getTime() };
}

function batchesOf(records: readonly AuditRecord[]): readonly (readonly AuditRecord[])[] {
  const batches: AuditRecord[][] = [];
  let bytes = Number.POSITIVE_INFINITY;
  for (const record of records) {
    const size = BASE_BYTES + Buffer.byteLength(record.text);
    const batch = batches.at(-1);
    if (batch === undefined || batch.length >= COMMAND_ENTRIES || bytes + size > COMMAND_BYTES) {
      batches.push([record]);
      bytes = size;
    } else {
      batch.push(record);
      bytes += size;
    }
  }
  return batches;
}
