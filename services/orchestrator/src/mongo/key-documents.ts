// Keeps API keys: a hash of each secret, never a secret.
import { Limits } from "@agentspan/internal";
import type { Filter } from "mongodb";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken, type Position } from "../page-token.js";
import type { ApiKey, KeyListQuery, KeySeal, KeyStore, Page, Revocation } from "../ports.js";
import type { Database } from "./database.js";
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

  constructor(database: Database) {
    this.#database = database;
  }

  async putKey(key: ApiKey): Promise<boolean> {
    const { _id, ...fields } = documentOf(key);
    const { inserted } = await this.#database.upsert(API_KEYS, [{ q: { _id }, u: { $setOnInsert: fields } }]);
    return inserted.has(0);
  }

  async getKey(keyId: string): Promise<ApiKey | undefined> {
    const [document] = await this.#database.lookUp<KeyDocument>(API_KEYS, { filter: { _id: keyId }, limit: 1 });
    return document === undefined ? undefined : keyOf(document);
  }

  async listKeys({ namespace, limit, pageToken }: KeyListQuery): Promise<Page<ApiKey>> {
    const after = decodePageToken("keys", pageToken);
    const rows = this.#database.scan<KeyDocument>(
      API_KEYS,
      { namespace, ...(after === undefined ? {} : olderThan(after)) },
      { sort: { createdAt: -1, _id: 1 }, limit: limit + 1 },
    );
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ owner, description, groups }) =>
        BASE_BYTES + owner.length + description.length + groups.join().length,
      itemOf: keyOf,
      tokenAfter: ({ createdAt, _id }) => encodePageToken("keys", { at: createdAt.getTime(), id: _id }),
    });
  }

  async revokeKey(namespace: string, keyId: string, { at, by }: Revocation): Promise<ApiKey | undefined> {
    await this.#database.change(API_KEYS, [
      {
        q: { _id: keyId, namespace, revokedAt: { $exists: false } },
        u: { $set: { revokedAt: storedDate(at), revokedBy: by } },
      },
    ]);
    const key = await this.getKey(keyId);
    return key?.namespace === namespace ? key : undefined;
  }

  async noteKeyUse(keyId: string, at: number): Promise<void> {
    const earlier = { $or: [{ lastUsedAt: { $exists: false } }, { lastUsedAt: { $lt: storedDate(at) } }] };
    await this.#database.change(API_KEYS, [
      { q: { _id: keyId, ...earlier }, u: { $set: { lastUsedAt: storedDate(at) } } },
    ]);
  }
}

function olderThan({ at, id }: Position): Filter<KeyDocument> {
  const createdAt = storedDate(at);
  return { $or: [{ createdAt: { $lt: createdAt } }, { createdAt, _id: { $gt: id } }] };
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

function keyOf(document: KeyDocument): ApiKey {
  const { _id, createdAt, expiresAt, revokedAt, revokedBy, lastUsedAt, ...same } = document;
  return {
    keyId: _id,
    ...same,
    createdAt: createdAt.getTime(),
    ...(expiresAt === undefined ? {} : { expiresAt: expiresAt.getTime() }),
    ...(revokedAt === undefined ? {} : { revoked: { at: revokedAt.getTime(), by: revokedBy ?? "" } }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: lastUsedAt.getTime() }),
  };
}
