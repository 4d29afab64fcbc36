// The signing keys of a local stack: made once, in the data folder, for its services' eyes. So whoever can write into its
// database or its NATS cannot make a worker run anything that nobody approved.
import { join } from "node:path";
import { createSigningKeys, KeyFilesError, type Signer, signingKeyIn, TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { codeOf, LocalStackError } from "./local-stack-error.js";

export interface LocalKeys {
  /** The settings of each service. */
  readonly orchestrator: NodeJS.ProcessEnv;
  readonly gateway: NodeJS.ProcessEnv;
}

/** Finds or makes them. Throws DATA_NOT_WRITABLE, also where the list of trusted keys there cannot be used. */
export function localKeys(dataDir: string, now = Date.now()): LocalKeys {
  const folder = keysFolderOf(dataDir);
  const settings = (signer: Signer): NodeJS.ProcessEnv => ({
    AGENTSPAN_SIGNING_KEY_FILE: keyFileOf(folder, signer, now),
    AGENTSPAN_TRUSTED_KEYS_FILE: trustedKeysFileOf(dataDir),
  });
  return usable(() => ({ orchestrator: settings("orchestrators"), gateway: settings("gateways") }));
}

function usable<T>(look: () => T): T {
  try {
    return look();
  } catch (error) {
    if (!(error instanceof KeyFilesError)) throw error;
    throw new LocalStackError("DATA_NOT_WRITABLE", `${error.message} Or remove the folder: keys are made anew.`, {
      cause: error,
    });
  }
}

const FOLDER = "keys";

/** Where a stack on this data keeps its keys. */
export function keysFolderOf(dataDir: string): string {
  return join(dataDir, FOLDER);
}

/**
 * Whether workers are let in by their credentials alone, which it is for good once it was `wanted`: orchestrators ask for a
 * permit wherever there is a key for permits, and it would be a trap if a start without an option took that back. Makes that
 * key where it is missing. Throws DATA_NOT_WRITABLE.
 */
export function workersNeedCredentials(dataDir: string, wanted: boolean, now = Date.now()): boolean {
  return usable(() => {
    const folder = keysFolderOf(dataDir);
    if (existing(folder, "permits", now) !== undefined) return true;
    if (wanted) createSigningKeys(folder, ["permits"]);
    return wanted;
  });
}

/** Where a stack on this data keeps the public keys of all, for workers and for receipts. */
export function trustedKeysFileOf(dataDir: string): string {
  return join(keysFolderOf(dataDir), TRUSTED_KEYS_FILE);
}

function keyFileOf(folder: string, signer: Signer, now: number): string {
  const found = existing(folder, signer, now);
  if (found !== undefined) return found;
  createSigningKeys(folder, [signer]);
  return existing(folder, signer, now) ?? "";
}

function existing(folder: string, signer: Signer, now: number): string | undefined {
  try {
    return signingKeyIn(folder, signer, now)?.path;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  }
}
