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

/** What can be read of a key's row that is not as a key is stored. It lets nobody in, and is here to be named. */
export interface UnreadableKey {
  readonly keyId: string;
  readonly namespace: string;
  readonly owner: string;
  readonly roles: readonly string[];
  readonly groups: readonly string[];
  readonly description: string;
  readonly createdAt?: number | undefined;
  readonly createdBy: string;
  readonly expiresAt?: number | undefined;
  readonly revoked?: Revocation;
  readonly lastUsedAt?: number | undefined;
  /** The place in the row that cannot be read. */
  readonly unreadable: string;
}

export type ListedKey = ApiKey | UnreadableKey;

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

/** Keeps API keys. One whose row cannot be read is named to people, and is nobody's key. */
export interface KeyStore {
  /** Resolves to false, and changes nothing, where a key of this id was stored already. */
  putKey(key: ApiKey): Promise<boolean>;
  /** Rejects with ROW_UNREADABLE. */
  getKey(keyId: string): Promise<ApiKey | undefined>;
  /** The newest first, revoked and expired ones too; last those that do not say when they were made. */
  listKeys(query: KeyListQuery): Promise<Page<ListedKey>>;
  /** The first revocation stays. Resolves to the key, or to undefined where that namespace has none of this id. */
  revokeKey(namespace: string, keyId: string, revocation: Revocation): Promise<ListedKey | undefined>;
  /** Keeps the latest use. */
  noteKeyUse(keyId: string, at: number): Promise<void>;
}
