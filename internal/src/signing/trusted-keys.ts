// Whose signatures are believed, and as what: a gateway's key proves who called, an orchestrator's what was decided and
// granted, and that of permits which worker may serve which tools. Read from a file of this machine, never from NATS or MongoDB.
import { type KeyObject, verify } from "node:crypto";
import { keyIdOf, publicKeyOf } from "./signing-key.js";

export type Signer = "gateways" | "orchestrators" | "permits";

/** What was signed, and by whom it says. */
export interface SignedText {
  readonly text: string;
  readonly keyId: string;
  readonly signature: Uint8Array;
  /** When it says that it was signed, milliseconds since the epoch. */
  readonly at: number;
}

interface TrustedKey {
  readonly id: string;
  readonly key: KeyObject;
  /** Signatures of this time and later are not believed, milliseconds since the epoch. */
  readonly retiredAt?: number;
}

type Keys = Readonly<Record<Signer, ReadonlyMap<string, TrustedKey>>>;

const SIGNERS = ["gateways", "orchestrators", "permits"] as const;
const WHOSE: Readonly<Record<Signer, string>> = {
  gateways: "a gateway",
  orchestrators: "an orchestrator",
  permits: "whoever permits workers",
};

export class TrustedKeys {
  readonly #keys: Keys;

  private constructor(keys: Keys) {
    this.#keys = keys;
  }

  /**
   * Reads {"gateways": [{"id", "public", "retired_at"?}], "orchestrators": […], "permits"?: […]}: `public` is the raw
   * key in base64url, `retired_at` a date and time of ISO 8601. Gives what is wrong with the text otherwise, each fault in a few words.
   */
  static read(text: string): TrustedKeys | { readonly faults: readonly string[] } {
    let value: unknown;
    try {
      value = JSON.parse(text);
    } catch {
      return { faults: ["it is not JSON"] }; // The parser's words would quote the text.
    }
    const faults: string[] = [];
    const keys: Record<Signer, Map<string, TrustedKey>> = {
      gateways: new Map(),
      orchestrators: new Map(),
      permits: new Map(),
    };
    if (!isObject(value)) return { faults: ['it is no object with "gateways" and "orchestrators"'] };
    for (const name of Object.keys(value)) {
      if (!SIGNERS.some((signer) => signer === name))
        faults.push(`it has ${JSON.stringify(name)}, which is no list of keys`);
    }
    for (const signer of SIGNERS) {
      const list = value[signer] ?? (signer === "permits" ? [] : undefined);
      if (!Array.isArray(list)) {
        faults.push(`it has no list ${JSON.stringify(signer)}`);
        continue;
      }
      for (const [i, entry] of list.entries()) {
        const read = readKey(entry);
        if (typeof read === "string") faults.push(`${signer}[${i}] ${read}`);
        else if (SIGNERS.some((other) => keys[other].has(read.id))) {
          faults.push(`${signer}[${i}] is there twice: a key has one purpose`);
        } else keys[signer].set(read.id, read);
      }
    }
    return faults.length > 0 ? { faults } : new TrustedKeys(keys);
  }

  /** The ids of the keys that are believed at a time, in order. */
  ids(signer: Signer, at: number): readonly string[] {
    return [...this.#keys[signer].values()]
      .filter(({ retiredAt = Infinity }) => at < retiredAt)
      .map(({ id }) => id)
      .sort();
  }

  /** Whether there is a key for it at all, retired or not. */
  any(signer: Signer): boolean {
    return this.#keys[signer].size > 0;
  }

  has(signer: Signer, keyId: string): boolean {
    return this.#keys[signer].has(keyId);
  }

  /** Why a signature is not believed, in words that follow "because"; undefined where it is. */
  problem(signer: Signer, { text, keyId, signature, at }: SignedText): string | undefined {
    if (keyId === "" || signature.length === 0) return "it is not signed";
    const found = this.#keys[signer].get(keyId);
    if (found === undefined) {
      const other = SIGNERS.find((one) => one !== signer && this.#keys[one].has(keyId));
      if (other !== undefined) return `key ${shown(keyId)} is that of ${WHOSE[other]}, not of ${WHOSE[signer]}`;
      return `key ${shown(keyId)} is no trusted key of ${WHOSE[signer]}`;
    }
    const { retiredAt } = found;
    if (retiredAt !== undefined && at >= retiredAt) {
      return `key ${keyId} was retired at ${new Date(retiredAt).toISOString()}, and signed it later`;
    }
    if (!verify(null, Buffer.from(text, "utf8"), found.key, signature)) {
      return `the signature of key ${keyId} is not of what it says`;
    }
    return undefined;
  }
}

/** What is wrong with a text that should hold trusted keys, in words that follow "another file than this one,". */
export function trustedKeysProblem(text: string): string | undefined {
  const read = TrustedKeys.read(text);
  return read instanceof TrustedKeys ? undefined : `since ${read.faults.join("; ")}`;
}

function readKey(entry: unknown): TrustedKey | string {
  if (!isObject(entry)) return 'is no object with "id" and "public"';
  const { id, public: text, retired_at: retired, ...rest } = entry;
  const [unknown] = Object.keys(rest);
  if (unknown !== undefined) return `has ${JSON.stringify(unknown)}, which nobody reads`;
  if (typeof text !== "string") return 'has no "public"';
  const raw = Buffer.from(text, "base64url");
  if (raw.length !== 32) return 'has a "public" that is not 32 bytes in base64url';
  if (id !== keyIdOf(raw))
    return `has another "id" than that of its "public", which is ${JSON.stringify(keyIdOf(raw))}`;
  const key = publicKeyOf(raw);
  if (retired === undefined) return { id, key };
  const retiredAt = typeof retired === "string" && ISO.test(retired) ? Date.parse(retired) : Number.NaN;
  if (Number.isNaN(retiredAt)) return 'has a "retired_at" that is no time such as "2026-01-31T12:00:00Z"';
  return { id, key, retiredAt };
}

const ISO = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2})$/;

function shown(keyId: string): string {
  return JSON.stringify(keyId.slice(0, 32));
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
