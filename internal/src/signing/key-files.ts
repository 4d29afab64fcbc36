// A folder of keys: the private ones, readable for their owner alone, and trusted-keys.json with the public ones of all.
import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { newSigningKey, signingKey } from "./signing-key.js";
import { type Signer, TrustedKeys } from "./trusted-keys.js";

export const TRUSTED_KEYS_FILE = "trusted-keys.json";

export interface KeyFile {
  readonly signer: Signer;
  readonly id: string;
  readonly path: string;
}

/** Why a folder of keys cannot be used, in a sentence. */
export class KeyFilesError extends Error {
  override readonly name = "KeyFilesError";
}

/**
 * Makes a key for each, in a folder that is made where it is missing, and adds it to trusted-keys.json there. What is
 * there stays: a second call makes further keys, which is how keys are changed. Throws KeyFilesError, and what the file
 * system throws.
 */
export function createSigningKeys(folder: string, signers: readonly Signer[]): readonly KeyFile[] {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const trustedPath = join(folder, TRUSTED_KEYS_FILE);
  const trusted = readLists(trustedPath);
  const made = signers.map((signer): KeyFile => {
    const key = newSigningKey();
    const path = join(folder, `${singular(signer)}-${key.id}.pem`);
    writeFileSync(path, key.pem, { mode: 0o600, flag: "wx" });
    trusted[signer] = [...(trusted[signer] ?? []), { id: key.id, public: key.public }];
    return { signer, id: key.id, path };
  });
  // Whole or not at all: a process may be starting.
  const half = `${trustedPath}.${made.map(({ id }) => id).join("-")}`;
  writeFileSync(half, `${JSON.stringify(trusted, undefined, 2)}\n`, { mode: 0o600, flag: "wx" });
  renameSync(half, trustedPath);
  return made;
}

/** The newest private key of a folder that trusted-keys.json there believes at a time; undefined where there is none. */
export function signingKeyIn(folder: string, signer: Signer, now: number): KeyFile | undefined {
  const believed = TrustedKeys.read(readFileSync(join(folder, TRUSTED_KEYS_FILE), "utf8"));
  if (!(believed instanceof TrustedKeys)) {
    throw new KeyFilesError(`${join(folder, TRUSTED_KEYS_FILE)} cannot be used: ${believed.faults.join("; ")}.`);
  }
  const paths = readdirSync(folder)
    .filter((name) => name.startsWith(`${singular(signer)}-`) && name.endsWith(".pem"))
    .map((name) => join(folder, name))
    .sort((a, b) => statSync(b).mtimeMs - statSync(a).mtimeMs || a.localeCompare(b));
  for (const path of paths) {
    const { id } = signingKey(readFileSync(path, "utf8"));
    if (!believed.ids(signer, now).includes(id)) continue;
    chmodSync(path, 0o600);
    return { signer, id, path };
  }
  return undefined;
}

type Lists = Partial<Record<Signer, { readonly id: string; readonly public: string }[]>>;

function readLists(path: string): Lists {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if (error instanceof Error && "code" in error && error.code === "ENOENT")
      return { gateways: [], orchestrators: [] };
    throw error;
  }
  const read = TrustedKeys.read(text);
  if (read instanceof TrustedKeys) return JSON.parse(text) as Lists;
  throw new KeyFilesError(`${path} cannot be used: ${read.faults.join("; ")}. Correct it, or name another folder.`);
}

function singular(signer: Signer): string {
  return signer.slice(0, -1);
}
