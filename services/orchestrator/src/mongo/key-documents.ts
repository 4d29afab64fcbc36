// Keeps API keys: a hash of each secret, never a secret.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { ApiKey, KeyListQuery, KeySeal, KeyStore, ListedKey, Page, Revocation } from "../ports.js";
import type { Database } from "./database.js";
import { datedRows, positionOf } from "./dated-rows.js";
import { RowReader } from "./row-reader.js";
import { apiKey, listedKey } from "./rows.js";
import { storedDate } from "./stored-date.js";

export const API_KEYS = "apiKeys";

interface KeyDocument {
  readonly _id: string;
  readonly namespace: string;
  readonly secretSha256: string;
  readonly owner: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly description: string;
  readonly createdAt: Date;
  readonly createdBy: string;
  readonly expiresAt?: Date;
  readonly revokedAt?: Date;
  readonly revokedBy?: string;
  readonly lastUsedAt?: Date;
  readonly seal?: KeySeal;
}

/** Roughly, of a key without its texts. */
const BASE_BYTES = 512;

export class KeyDocuments implements KeyStore {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async putKey(key: ApiKey): Promise<boolean> {
    const { _id, ...fields } = documentOf(key);
    const { inserted } = await this.#database.upsert(API_KEYS, [{ q: { _id }, u: { $setOnInsert: fields } }]);
    return inserted.has(0);
  }

  async getKey(keyId: string): Promise<ApiKey | undefined> {
    const [document] = await this.#database.lookUp<KeyDocument>(API_KEYS, { filter: { _id: keyId }, limit: 1 });
    return document === undefined ? undefined : this.#rows.read(API_KEYS, document, apiKey);
  }

  async listKeys({ namespace, limit, pageToken }: KeyListQuery): Promise<Page<ListedKey>> {
    const after = decodePageToken("keys", pageToken);
    const rows = datedRows<KeyDocument>(this.#database, API_KEYS, {
      ...{ filter: { namespace }, field: "createdAt", newestFirst: true, after, batchSize: limit + 1 },
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ owner, description, groups }) =>
        BASE_BYTES + owner.length + description.length + groups.join().length,
      itemOf: (row) => this.#listed(row),
      tokenAfter: (row) => encodePageToken("keys", positionOf(row, "createdAt")),
    });
  }

  async revokeKey(namespace: string, keyId: string, { at, by }: Revocation): Promise<ListedKey | undefined> {
    await this.#database.change(API_KEYS, [
      {
        q: { _id: keyId, namespace, revokedAt: { $exists: false } },
        u: { $set: { revokedAt: storedDate(at), revokedBy: by } },
      },
    ]);
    const filter = { _id: keyId };
    const [document] = await this.#database.lookUp<KeyDocument>(API_KEYS, { filter, limit: 1 });
    return document?.namespace === namespace ? this.#listed(document) : undefined;
  }

  async noteKeyUse(keyId: string, at: number): Promise<void> {
    const earlier = { $or: [{ lastUsedAt: { $exists: false } }, { lastUsedAt: { $lt: storedDate(at) } }] };
    await this.#database.change(API_KEYS, [
      { q: { _id: keyId, ...earlier }, u: { $set: { lastUsedAt: storedDate(at) } } },
    ]);
  }

  #listed(row: KeyDocument): ListedKey | undefined {
    const key = this.#rows.readOrLeaveOut(API_KEYS, row, apiKey);
    return key ?? this.#rows.readOrLeaveOut(API_KEYS, row, listedKey);
  }
}

function documentOf(key: ApiKey): KeyDocument {
  const { keyId, createdAt, expiresAt, revoked, lastUsedAt, ...same } = key;
  return {
    _id: keyId,
    ...same,
    createdAt: storedDate(createdAt),
    ...(expiresAt === undefined ? {} : { expiresAt: storedDate(expiresAt) }),
    ...(revoked === undefined ? {} : { revokedAt: storedDate(revoked.at), revokedBy: revoked.by }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: storedDate(lastUsedAt) }),
  };
}
