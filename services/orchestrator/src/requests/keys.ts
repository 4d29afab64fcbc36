// CreateKey, ListKeys and RevokeKey, and what a gateway asks of a key that somebody shows it.
import { AgentspanError, isRole, Limits } from "@agentspan/internal";
import {
  type Key,
  KeySchema,
  type ListKeysRequest,
  type ListKeysResponse,
  ListKeysResponseSchema,
  type PutKeyRequest,
  type PutKeyResponse,
  PutKeyResponseSchema,
  type RevokeKeyRequest,
  type RevokeKeyResponse,
  RevokeKeyResponseSchema,
  type VerifyKeyRequest,
  type VerifyKeyResponse,
  VerifyKeyResponseSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { ApiKey } from "../ports.js";
import type { RequestContext } from "./context.js";
import { pageSizeOf } from "./read.js";

const SHA256_BYTES = 32;
/** A use is written down when the last one that was is older, so that a busy key costs a write in so long. */
const USE_TOLD_EVERY_MS = 10 * 60_000;

/** Stores what a gateway made; the same again is answered the same. */
export async function createKey(context: RequestContext, asked: PutKeyRequest): Promise<PutKeyResponse> {
  const { store, clock, namespace, caller } = context;
  const { keyId, secretSha256, request } = asked;
  if (request === undefined || keyId === "" || secretSha256.length !== SHA256_BYTES) {
    throw new AgentspanError(
      "INVALID_REQUEST",
      "A key has an id, the hash of a secret, and whatever else was asked for.",
    );
  }
  const { owner, roles, groups, description, expiresAt } = request;
  const unknown = roles.find((role) => !isRole(role));
  if (unknown !== undefined || owner === "" || roles.length === 0) {
    throw new AgentspanError("INVALID_REQUEST", "A key has an owner, and roles that there are.");
  }
  const key: ApiKey = {
    keyId,
    namespace,
    secretSha256: Buffer.from(secretSha256).toString("hex"),
    owner,
    roles: [...roles],
    groups: [...groups],
    description,
    createdAt: Math.floor(clock.now()),
    createdBy: caller.subject,
    ...(expiresAt === undefined ? {} : { expiresAt: timestampMs(expiresAt) }),
  };
  if (await store.putKey(key)) return create(PutKeyResponseSchema, { key: encodeKey(key) });
  const stored = await store.getKey(keyId);
  if (stored?.namespace !== namespace || stored.secretSha256 !== key.secretSha256) {
    throw new AgentspanError("CONFLICT", "The key could not be stored: another has its id. Create one again.");
  }
  return create(PutKeyResponseSchema, { key: encodeKey(stored) });
}

export async function listKeys(context: RequestContext, request: ListKeysRequest): Promise<ListKeysResponse> {
  const { store, namespace } = context;
  const { pageToken } = request;
  const limit = pageSizeOf(request.pageSize, Limits.defaultPageSize);
  const page = await store.listKeys({ namespace, limit, ...(pageToken === "" ? {} : { pageToken }) });
  return create(ListKeysResponseSchema, { keys: page.items.map(encodeKey), nextPageToken: page.nextPageToken ?? "" });
}

export async function revokeKey(context: RequestContext, { keyId }: RevokeKeyRequest): Promise<RevokeKeyResponse> {
  const { store, clock, namespace, caller } = context;
  const revoked = await store.revokeKey(namespace, keyId, { at: Math.floor(clock.now()), by: caller.subject });
  if (revoked === undefined) {
    throw new AgentspanError(
      "KEY_NOT_FOUND",
      `There is no key ${keyId} here. One of AGENTSPAN_API_KEYS is revoked by taking it out there.`,
    );
  }
  return create(RevokeKeyResponseSchema, { key: encodeKey(revoked) });
}

/** Of any namespace: who shows the key does not know which one is its own until this is answered. */
export async function verifyKey(
  context: RequestContext,
  { keyId, used }: VerifyKeyRequest,
): Promise<VerifyKeyResponse> {
  const { store, clock } = context;
  const key = await store.getKey(keyId);
  if (key === undefined) return create(VerifyKeyResponseSchema, {});
  const now = Math.floor(clock.now());
  if (used && now - (key.lastUsedAt ?? 0) > USE_TOLD_EVERY_MS) await store.noteKeyUse(keyId, now);
  const { secretSha256, owner, roles, groups, namespace, expiresAt, revoked } = key;
  return create(VerifyKeyResponseSchema, {
    key: {
      keyId,
      secretSha256: Buffer.from(secretSha256, "hex"),
      owner,
      roles: [...roles],
      groups: [...groups],
      namespace,
      revoked: revoked !== undefined,
      ...(expiresAt === undefined ? {} : { expiresAt: timestampFromMs(expiresAt) }),
    },
  });
}

function encodeKey(key: ApiKey): Key {
  const { keyId, owner, roles, groups, namespace, description, createdBy, expiresAt, revoked, lastUsedAt } = key;
  return create(KeySchema, {
    keyId,
    owner,
    roles: [...roles],
    groups: [...groups],
    namespace,
    description,
    createdAt: timestampFromMs(key.createdAt),
    createdBy,
    ...(expiresAt === undefined ? {} : { expiresAt: timestampFromMs(expiresAt) }),
    ...(revoked === undefined ? {} : { revokedAt: timestampFromMs(revoked.at), revokedBy: revoked.by }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: timestampFromMs(lastUsedAt) }),
  });
}
