// Where API keys are kept.
import type { Page } from "./runs.js";

/** An API key as it is stored: with a hash of its secret, never the secret. */
export interface ApiKey {
  readonly keyId: string;
  readonly namespace: string;
  /** In hexadecimal. */
  readonly secretSha256: string;
  readonly owner: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly description: string;
  /** Milliseconds since the epoch, as all times here. */
  readonly createdAt: number;
  readonly createdBy: string;
  readonly expiresAt?: number;
  readonly revoked?: Revocation;
  readonly lastUsedAt?: number;
  /** Of what it was made as, by the orchestrator that stored it; absent where orchestrators have no keys. */
  readonly seal?: KeySeal;
}

export interface KeySeal {
  readonly signingKeyId: string;
  /** In base64url. */
  readonly signature: string;
}

export interface Revocation {
  readonly at: number;
  readonly by: string;
}

export interface KeyListQuery {
  readonly namespace: string;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

/** Keeps API keys. */
export interface KeyStore {
  /** Resolves to false, and changes nothing, where a key of this id was stored already. */
  putKey(key: ApiKey): Promise<boolean>;
  getKey(keyId: string): Promise<ApiKey | undefined>;
  /** The newest first, revoked and expired ones too. */
  listKeys(query: KeyListQuery): Promise<Page<ApiKey>>;
  /** The first revocation stays. Resolves to the key, or to undefined where that namespace has none of this id. */
  revokeKey(namespace: string, keyId: string, revocation: Revocation): Promise<ApiKey | undefined>;
  /** Keeps the latest use. */
  noteKeyUse(keyId: string, at: number): Promise<void>;
}
