// The key of whoever runs the local stack with authentication: made once, in the data folder, for its owner's eyes.
import { existsSync } from "node:fs";
import { chmod, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { newApiKey, readApiKey } from "@agentspan/internal";
import { codeOf, LocalStackError } from "./local-stack-error.js";

export interface AdminKey {
  /** A file that holds the key's text and nothing else. */
  readonly path: string;
  /** Just now, and not at an earlier start. */
  readonly made: boolean;
  /** As AGENTSPAN_API_KEYS has it: without the secret. */
  readonly setting: string;
}

const OWNER_ALONE = 0o600;

const FILE = "admin.key";

/** Where it is, if it was made at an earlier start. */
export function adminKeyPath(dataDir: string): string | undefined {
  const path = join(dataDir, FILE);
  return existsSync(path) ? path : undefined;
}

/** Finds or makes it. Throws DATA_NOT_WRITABLE, also where the file holds something else. */
export async function adminKey(dataDir: string): Promise<AdminKey> {
  const path = join(dataDir, FILE);
  const made = await makeOnce(path);
  await chmod(path, OWNER_ALONE);
  const key = readApiKey((await readFile(path, "utf8")).trim());
  if (key === undefined) {
    throw new LocalStackError(
      "DATA_NOT_WRITABLE",
      `${path} holds no API key. Remove it, and another is made at the next start.`,
    );
  }
  const { keyId, secretSha256 } = key;
  const sha256 = Buffer.from(secretSha256).toString("hex");
  return { path, made, setting: JSON.stringify([{ id: keyId, sha256, owner: "admin", roles: ["admin"] }]) };
}

/** Whether it was not there. */
async function makeOnce(path: string): Promise<boolean> {
  try {
    await writeFile(path, `${newApiKey().text}\n`, { flag: "wx", mode: OWNER_ALONE });
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  }
}
