// CreateKey, ListKeys and RevokeKey, and what a gateway asks of a key that somebody shows it.
import {
  AgentspanError,
  faultPoint,
  isRole,
  type KeyStatement,
  keyAnswerText,
  keyText,
  Limits,
  madeKeyText,
  type Signing,
} from "@agentspan/internal";
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
import type { ApiKey, KeySeal, ListedKey } from "../ports.js";
import { isUnreadable } from "../unreadable-rows.js";
import type { RequestContext } from "./context.js";
import { pageSizeOf } from "./read.js";

const SHA256_BYTES = 32;
/** A use is written down when the last one that was is older, so that a busy key costs a write in so long. */
const USE_TOLD_EVERY_MS = 10 * 60_000;

/** Stores what a gateway made; the same again is answered the same. */
export async function createKey(context: RequestContext, asked: PutKeyRequest): Promise<PutKeyResponse> {
  const { store, clock, namespace, caller, signing } = context;
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
  const made: ApiKey = {
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
  const key = signing === undefined ? made : { ...made, seal: sealOf(made, signing) };
  faultPoint("orchestrator.before-key");
  const isNew = await store.putKey(key);
  faultPoint("orchestrator.after-key");
  if (isNew) return create(PutKeyResponseSchema, { key: encodeKey(key) });
  const stored = await store.getKey(keyId);
  if (stored?.namespace !== namespace || stored.secretSha256 !== key.secretSha256) {
    throw new AgentspanError("CONFLICT", "The key could not be stored: another has its id. Create one again.");
  }
  return create(PutKeyResponseSchema, { key: encodeKey(stored) });
}

export async function listKeys(context: RequestContext, request: ListKeysRequest): Promise<ListKeysResponse> {
  const { store, namespace, signing, log } = context;
  const { pageToken } = request;
  const limit = pageSizeOf(request.pageSize, Limits.defaultPageSize);
  const page = await store.listKeys({ namespace, limit, ...(pageToken === "" ? {} : { pageToken }) });
  const keys = page.items.map((key) => {
    if ("unreadable" in key) return encodeKey(key);
    const problem = signing && sealProblem(key, signing);
    if (problem === undefined) return encodeKey(key);
    log.warn({ keyId: key.keyId, problem }, "A stored API key is not believed, and lets nobody in");
    return encodeKey(key, problem);
  });
  return create(ListKeysResponseSchema, { keys, nextPageToken: page.nextPageToken ?? "" });
}

export async function revokeKey(context: RequestContext, { keyId }: RevokeKeyRequest): Promise<RevokeKeyResponse> {
  const { store, clock, namespace, caller } = context;
  faultPoint("orchestrator.before-key-revocation");
  const revoked = await store.revokeKey(namespace, keyId, { at: Math.floor(clock.now()), by: caller.subject });
  faultPoint("orchestrator.after-key-revocation");
  if (revoked === undefined) {
    throw new AgentspanError(
      "KEY_NOT_FOUND",
      `There is no key ${keyId} here. One of AGENTSPAN_API_KEYS is revoked by taking it out there.`,
    );
  }
  return create(RevokeKeyResponseSchema, { key: encodeKey(revoked) });
}

/**
 * Of any namespace: who shows the key does not know which one is its own until this is answered. Rejects with
 * UNAUTHENTICATED where the key is not as it was made.
 */
export async function verifyKey(context: RequestContext, request: VerifyKeyRequest): Promise<VerifyKeyResponse> {
  const { store, clock, signing } = context;
  const { keyId, used, nonce } = request;
  const key = await store.getKey(keyId).catch((thrown) => {
    if (isUnreadable(thrown)) throw notBelieved(keyId, rowProblem(thrown.metadata.place ?? ""), thrown);
    throw thrown;
  });
  if (key === undefined) return create(VerifyKeyResponseSchema, {});
  const problem = signing && sealProblem(key, signing);
  if (problem !== undefined) throw notBelieved(keyId, problem);
  const now = Math.floor(clock.now());
  if (used && now - (key.lastUsedAt ?? 0) > USE_TOLD_EVERY_MS) await store.noteKeyUse(keyId, now);
  const { secretSha256, owner, roles, groups, namespace, createdAt, expiresAt } = key;
  const revoked = key.revoked !== undefined;
  const answer = keyAnswerText({ key: statementOf(key), revoked, nonce: Buffer.from(nonce).toString("hex"), at: now });
  return create(VerifyKeyResponseSchema, {
    key: {
      keyId,
      secretSha256: Buffer.from(secretSha256, "hex"),
      owner,
      roles: [...roles],
      groups: [...groups],
      namespace,
      revoked,
      createdAt: timestampFromMs(createdAt),
      ...(expiresAt === undefined ? {} : { expiresAt: timestampFromMs(expiresAt) }),
    },
    at: timestampFromMs(now),
    ...(signing && { signingKeyId: signing.key.id, signature: Uint8Array.from(signing.key.sign(answer)) }),
  });
}

function statementOf(key: ApiKey): KeyStatement {
  const { keyId, secretSha256, owner, roles, groups, namespace, createdAt, expiresAt = 0 } = key;
  return { keyId, secretSha256, owner, roles, groups, namespace, createdAt, expiresAt };
}

function sealOf(key: ApiKey, { key: by }: Signing): KeySeal {
  return { signingKeyId: by.id, signature: Buffer.from(by.sign(madeTextOf(key))).toString("base64url") };
}

/** A seal of before is held to what was sealed then; one of today is none of those. */
function sealProblem(key: ApiKey, { trusted }: Signing): string | undefined {
  const { signingKeyId: keyId = "", signature: text = "" } = key.seal ?? {};
  const seal = { keyId, signature: Buffer.from(text, "base64url"), at: key.createdAt };
  const problem = trusted.problem("orchestrators", { ...seal, text: madeTextOf(key) });
  if (problem === undefined) return undefined;
  const isOfBefore = trusted.problem("orchestrators", { ...seal, text: keyText(statementOf(key)) }) === undefined;
  return isOfBefore ? undefined : problem;
}

function madeTextOf(key: ApiKey): string {
  const { createdBy, description } = key;
  return madeKeyText({ ...statementOf(key), createdBy, description });
}

function notBelieved(keyId: string, problem: string, cause?: unknown): AgentspanError {
  const text = `API key ${keyId} is not believed, because ${problem}. Make another.`;
  return new AgentspanError("UNAUTHENTICATED", text, { cause });
}

function rowProblem(place: string): string {
  return `its row in the database cannot be read: ${place} is not as Agentspan writes it`;
}

function encodeKey(key: ListedKey, said = ""): Key {
  const { keyId, owner, roles, groups, namespace, description, createdBy, expiresAt, revoked, lastUsedAt } = key;
  const problem = "unreadable" in key ? rowProblem(key.unreadable) : said;
  return create(KeySchema, {
    keyId,
    owner,
    roles: [...roles],
    groups: [...groups],
    namespace,
    description,
    createdBy,
    problem,
    ...(key.createdAt === undefined ? {} : { createdAt: timestampFromMs(key.createdAt) }),
    ...(expiresAt === undefined ? {} : { expiresAt: timestampFromMs(expiresAt) }),
    ...(revoked === undefined ? {} : { revokedAt: timestampFromMs(revoked.at), revokedBy: revoked.by }),
    ...(lastUsedAt === undefined ? {} : { lastUsedAt: timestampFromMs(lastUsedAt) }),
  });
}
