// Ed25519 keys as files have them. A process has one private key of its own; its id tells which public key belongs to it.
import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject, sign } from "node:crypto";

/** The private key of this process. */
export interface SigningKey {
  /** The first 16 hexadecimal digits of the SHA-256 of the raw public key. */
  readonly id: string;
  /** The raw public key, 32 bytes in base64url. */
  readonly public: string;
  /** 64 bytes; the same for the same text. */
  sign(text: string): Uint8Array;
}

export interface NewSigningKey {
  readonly id: string;
  readonly public: string;
  /** PKCS#8, for the file that the process reads. Nobody else may see it. */
  readonly pem: string;
}

export function newSigningKey(): NewSigningKey {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const raw = rawOf(publicKey);
  return { id: keyIdOf(raw), public: raw.toString("base64url"), pem: pemOf(privateKey) };
}

/** Reads a private key of PKCS#8 PEM. Throws where it is none of Ed25519: see signingKeyProblem. */
export function signingKey(pem: string): SigningKey {
  const key = createPrivateKey(pem);
  if (key.asymmetricKeyType !== "ed25519") throw new TypeError("The key is not of Ed25519.");
  const raw = rawOf(createPublicKey(key));
  return {
    id: keyIdOf(raw),
    public: raw.toString("base64url"),
    sign: (text) => sign(null, Buffer.from(text, "utf8"), key),
  };
}

/** What is wrong with a text that should be a signing key; undefined where nothing is. */
export function signingKeyProblem(pem: string): string | undefined {
  try {
    signingKey(pem);
    return undefined;
  } catch (error) {
    if (error instanceof TypeError && error.message.includes("Ed25519")) return "whose key is not of Ed25519";
    return "which has no private key in PEM form, or one with a passphrase"; // OpenSSL's words would tell nobody more.
  }
}

/** The id of a raw public key. */
export function keyIdOf(raw: Uint8Array): string {
  return createHash("sha256").update(raw).digest("hex").slice(0, 16);
}

/** The public key of 32 raw bytes. */
export function publicKeyOf(raw: Uint8Array): KeyObject {
  const x = Buffer.from(raw).toString("base64url");
  return createPublicKey({ key: { kty: "OKP", crv: "Ed25519", x }, format: "jwk" });
}

function rawOf(key: KeyObject): Buffer {
  return Buffer.from(key.export({ format: "jwk" }).x ?? "", "base64url");
}

function pemOf(key: KeyObject): string {
  return key.export({ format: "pem", type: "pkcs8" }).toString();
}
