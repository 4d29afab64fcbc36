// Where the local stack keeps its data, and whether it can.
//
//   lock/            who runs on this data, see stack-lock.ts
//   nats/            JetStream's files
//   mongod/ or secantusdb/   the runs; one kind of server cannot read what the other wrote
//   keys/            what the services sign with, and trusted-keys.json, see local-keys.ts
//   workers/         credentials of workers, where only they are let in, see worker-logins.ts
//   admin.key        of whoever runs it with authentication, see admin-key.ts
//   logs/            of each process, this start's and the one before
import { randomBytes } from "node:crypto";
import type { Stats } from "node:fs";
import { chmod, lstat, readdir, rm, statfs, writeFile } from "node:fs/promises";
import { homedir } from "node:os";
import { isAbsolute, join, resolve } from "node:path";
import { makeFolder } from "@agentspan/servers";
import { codeOf, diskFull, isAboutFullDisk, LocalStackError } from "./local-stack-error.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** AGENTSPAN_DATA; else $XDG_DATA_HOME/agentspan; else ~/.local/share/agentspan, on macOS in Application Support. */
export function defaultDataDir(env: Environment, platform: NodeJS.Platform = process.platform): string {
  const said = env.AGENTSPAN_DATA?.trim();
  if (said) return resolve(said);
  const xdg = env.XDG_DATA_HOME?.trim() ?? "";
  // The rule says that a relative one is to be passed over.
  if (isAbsolute(xdg)) return join(xdg, "agentspan");
  const home = env.HOME?.trim() || homedir();
  return platform === "darwin"
    ? join(home, "Library", "Application Support", "agentspan")
    : join(home, ".local", "share", "agentspan");
}

/** Less free space than this and nothing is started: a database that cannot write ends in the middle of something. */
const LEAST_FREE_BYTES = 64 * 1024 * 1024;

/** Bytes that this user may still write where a folder lies. */
export type FreeBytes = (folder: string) => Promise<number>;

async function freeBytesOf(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Whether too little is left there. */
export async function isNearlyFull(dataDir: string, freeBytes: FreeBytes = freeBytesOf): Promise<boolean> {
  return (await freeBytes(dataDir)) < LEAST_FREE_BYTES;
}

/** Whether nothing is kept there: the folder is missing, or empty. */
export async function isNewDataDir(dataDir: string): Promise<boolean> {
  try {
    return (await readdir(dataDir)).length === 0;
  } catch (error) {
    if (codeOf(error) === "ENOENT") return true;
    if (codeOf(error) === "ENOTDIR" || codeOf(error) === "EACCES") return false;
    throw error;
  }
}

/** Makes the folder, or closes it, for its owner alone. Throws DATA_NOT_PRIVATE, DATA_NOT_WRITABLE or DISK_FULL. */
export async function prepareDataDir(dataDir: string, freeBytes?: FreeBytes): Promise<void> {
  const probe = join(dataDir, `probe-${randomBytes(6).toString("hex")}`);
  try {
    await makeFolder(dataDir, 0o700);
    await closeToOthers(dataDir);
    await writeFile(probe, Buffer.alloc(4096));
    await rm(probe);
  } catch (error) {
    if (error instanceof LocalStackError) throw error;
    if (isAboutFullDisk(error)) throw diskFull(dataDir, error);
    throw notWritable(dataDir, error);
  }
  if (await isNearlyFull(dataDir, freeBytes)) throw diskFull(dataDir);
}

const OTHERS = 0o077;
/** What stands at the top of this file. */
const OURS: readonly string[] = ["lock", "nats", "mongod", "secantusdb", "keys", "workers", "admin.key", "logs"];

/** Why a start refuses the folder with DATA_NOT_PRIVATE. Both are words that follow its name, and stand alone. */
export interface PrivacyProblem {
  readonly why: string;
  readonly remedy: string;
}

/** Undefined where a start takes the folder, or makes or closes it. Changes nothing. */
export async function privacyProblem(dataDir: string): Promise<PrivacyProblem | undefined> {
  const found = await lstat(dataDir).catch((error: unknown) => {
    if (codeOf(error) === "ENOENT") return undefined;
    throw error;
  });
  if (found === undefined) return undefined;
  if (found.isSymbolicLink()) {
    return { why: "is a symbolic link", remedy: "Name the folder that it leads to, or another, with --data." };
  }
  const user = process.getuid?.();
  if (user === undefined) return undefined; // A system without modes.
  if (found.uid !== user) {
    // For root too, who can read it anyway: its owner could read all of it, and put other keys and links there.
    return {
      why: `belongs to another user (${found.uid}; you are ${user})`,
      remedy: `Name another with --data, run as that user (of a container: --user ${found.uid}), or make it yours with: chown -R ${user} ${dataDir}`,
    };
  }
  // A home, or a place that all use, is not closed because somebody named it here.
  if (!isOpen(found) || (await readdir(dataDir)).every((name) => OURS.includes(name))) return undefined;
  return {
    why: "is open to other users, and holds other things too",
    remedy: `Name another with --data, or close it with: chmod 700 ${dataDir}`,
  };
}

/** The servers write files that others may read: it is the folder that keeps them out. */
async function closeToOthers(dataDir: string): Promise<void> {
  const problem = await privacyProblem(dataDir);
  if (problem !== undefined) throw notPrivate(dataDir, problem);
  if (!isOpen(await lstat(dataDir))) return;
  await chmod(dataDir, 0o700);
  // Some file systems take that, and have no modes.
  if (!isOpen(await lstat(dataDir))) return;
  const why = "is open to other users, and stays so: its disk knows no modes";
  throw notPrivate(dataDir, { why, remedy: "Name another with --data." });
}

function isOpen({ mode }: Stats): boolean {
  return process.getuid !== undefined && (mode & OTHERS) !== 0;
}

function notPrivate(dataDir: string, { why, remedy }: PrivacyProblem): LocalStackError {
  return new LocalStackError("DATA_NOT_PRIVATE", `The data folder ${dataDir} ${why}. ${remedy}`);
}

function notWritable(dataDir: string, error: unknown): LocalStackError {
  const code = codeOf(error) ?? "";
  const why =
    code === "EEXIST" || code === "ENOTDIR" ? "is not a folder" : `cannot be written${code === "" ? "" : ` (${code})`}`;
  return new LocalStackError(
    "DATA_NOT_WRITABLE",
    `The data folder ${dataDir} ${why}. Name another with --data, or give yourself the right to write there.`,
    { cause: error },
  );
}
