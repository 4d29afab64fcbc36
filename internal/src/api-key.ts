// API keys: agsp_<id>_<secret>. The id is shown in lists and logs; the secret is 256 random bits, so a plain hash of it
// is safe to keep: there is nothing to guess.
import { createHash, randomBytes } from "node:crypto";
import { newId } from "./ids.js";

const SECRET_BYTES = 32;
const PATTERN = /^agsp_([A-Za-z0-9-]{1,64})_([A-Za-z0-9_-]{43})$/;

/** The id of a key: one word of letters, digits and '-'. */
export const KEY_ID_PATTERN = /^[A-Za-z0-9-]{1,64}$/;

export interface NewApiKey {
  readonly keyId: string;
  /** What its holder sends. Nobody else may see it. */
  readonly text: string;
  readonly secretSha256: Uint8Array;
}

export interface PresentedApiKey {
  readonly keyId: string;
  readonly secretSha256: Uint8Array;
}

export function newApiKey(): NewApiKey {
  const keyId = newId("key").slice("key_".length);
  const secret = randomBytes(SECRET_BYTES).toString("base64url");
  return { keyId, text: `agsp_${keyId}_${secret}`, secretSha256: sha256(secret) };
}

/** Undefined where the text is no key of this form. */
export function readApiKey(text: string): PresentedApiKey | undefined {
  const [, keyId, secret] = PATTERN.exec(text) ?? [];
  return keyId === undefined || secret === undefined ? undefined : { keyId, secretSha256: sha256(secret) };
}

function sha256(secret: string): Uint8Array {
  return createHash("sha256").update(secret, "utf8").digest();
}
