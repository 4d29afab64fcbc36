// API keys in memory, as KeyDocuments keeps them.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { ApiKey, KeyListQuery, Page, Revocation } from "../ports.js";
import { compareIds } from "./memory-lists.js";

export type MemoryKeys = Map<string, ApiKey>;

export function putKey(keys: MemoryKeys, key: ApiKey): boolean {
  if (keys.has(key.keyId)) return false;
  keys.set(key.keyId, structuredClone(key));
  return true;
}

export function getKey(keys: MemoryKeys, keyId: string): ApiKey | undefined {
  return structuredClone(keys.get(keyId));
}

/** The newest first. */
export function listKeys(keys: MemoryKeys, { namespace, limit, pageToken }: KeyListQuery): Promise<Page<ApiKey>> {
  const after = decodePageToken("keys", pageToken);
  const rows = [...keys.values()]
    .filter((key) => key.namespace === namespace)
    .sort((one, other) => other.createdAt - one.createdAt || compareIds(one.keyId, other.keyId))
    .filter(
      ({ createdAt, keyId }) =>
        after === undefined || createdAt < after.at || (createdAt === after.at && keyId > after.id),
    );
  return collectPage(rows, {
    limit,
    maxBytes: Limits.pageBytes,
    bytesOf: (key) => JSON.stringify(key).length,
    itemOf: (key) => structuredClone(key),
    tokenAfter: ({ createdAt, keyId }) => encodePageToken("keys", { at: createdAt, id: keyId }),
  });
}

export function revokeKey(
  keys: MemoryKeys,
  namespace: string,
  keyId: string,
  revocation: Revocation,
): ApiKey | undefined {
  const key = keys.get(keyId);
  if (key === undefined || key.namespace !== namespace) return undefined;
  const revoked = { ...key, revoked: key.revoked ?? { ...revocation } };
  keys.set(keyId, revoked);
  return structuredClone(revoked);
}

export function noteKeyUse(keys: MemoryKeys, keyId: string, at: number): void {
  const key = keys.get(keyId);
  if (key !== undefined && (key.lastUsedAt ?? Number.NEGATIVE_INFINITY) < at)
    keys.set(keyId, { ...key, lastUsedAt: at });
}
