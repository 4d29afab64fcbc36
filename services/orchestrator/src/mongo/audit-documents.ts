// Keeps the audit: one document an entry, which nothing changes or deletes once it is there.
import { type AuditChain, type AuditKind, type AuditSignature, Limits } from "@agentspan/internal";
import type { Document } from "mongodb";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { AuditLink, AuditQuery, AuditRecord, AuditStore, ChangedRun, FoundAudit, Page } from "../ports.js";
import { RUNS } from "../run-record.js";
import type { Database, Statement } from "./database.js";
import { datedRows, positionOf } from "./dated-rows.js";
import { RowReader } from "./row-reader.js";
import { auditableRun, auditCursor, auditEntry } from "./rows.js";
import type { RunDocument } from "./run-document.js";
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
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  /** Those of a newer version too: whoever cannot read them must know that they are there. */
  async listAuditable(since: number, limit: number): Promise<readonly ChangedRun[]> {
    const rows = this.#database.scan<RunDocument>(
      RUNS,
      { auditAt: { $gte: storedDate(since) } },
      { sort: { auditAt: 1 }, batchSize: limit, projection: { _id: 1, v: 1, auditAt: 1 } },
    );
    return this.#rows.first(limit, RUNS, rows, auditableRun);
  }

  async readAuditChain(run: string, chain: AuditChain): Promise<readonly AuditLink[]> {
    const links = await this.#database.all<AuditDocument>(
      AUDIT,
      { _id: idsOf(run, chain) },
      { sort: { _id: 1 }, batchSize: LOOKUP, projection: { sequence: 1, hash: 1 } },
    );
    return links.map((row) => {
      const { sequence, hash = "" } = this.#rows.read(AUDIT, row, auditEntry);
      return { sequence, hash };
    });
  }

  async newestAudit(run: string, chain: AuditChain): Promise<FoundAudit | undefined> {
    const [newest] = await this.#database.all<AuditDocument>(
      AUDIT,
      { _id: idsOf(run, chain) },
      { sort: { _id: -1 }, limit: 1 },
    );
    return newest === undefined ? undefined : this.#rows.read(AUDIT, newest, auditEntry);
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

  async listAudit(query: AuditQuery): Promise<Page<FoundAudit>> {
    const { limit, pageToken, from, to } = query;
    const after = decodePageToken("audit", pageToken);
    const rows = datedRows<AuditDocument>(this.#database, AUDIT, {
      ...{ filter: filterOf(query), field: "at", newestFirst: false, from, to, after, batchSize: limit + 1 },
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      itemOf: (row) => this.#rows.readOrLeaveOut(AUDIT, row, auditEntry),
      bytesOf: ({ text = "" }) => BASE_BYTES + Buffer.byteLength(text),
      tokenAfter: (row) => encodePageToken("audit", positionOf(row, "at")),
    });
  }

  async readAuditCursor(share: number): Promise<number | undefined> {
    const filter = { _id: cursorId(share) };
    const [cursor] = await this.#database.lookUp<CursorDocument>(AUDIT_CURSORS, { filter, limit: 1 });
    return cursor && this.#rows.readOrLeaveOut(AUDIT_CURSORS, cursor, auditCursor);
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

function filterOf({ namespace, run, who, kinds, tool }: AuditQuery): Document {
  return {
    namespace,
    ...(run === undefined ? {} : { run }),
    ...(who === undefined ? {} : { people: who }),
    ...(kinds.length === 0 ? {} : { kind: { $in: [...kinds] } }),
    ...(tool === undefined ? {} : { tool }),
  };
}

/** The guard holds for no document, so that one that is there refuses the insert. */
function insertOf(record: AuditRecord): Statement {
  return { q: { _id: record.id, sequence: { $lt: 0 } }, u: { $setOnInsert: fieldsOf(record) } };
}

function fieldsOf({ id: _, at, ...fields }: AuditRecord): Omit<AuditDocument, "_id"> {
  return { ...fields, at: storedDate(at) };
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
