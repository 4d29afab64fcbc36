// Servers that a person works with, under names: a file in their configuration folder that nobody else may read.
import { randomBytes } from "node:crypto";
import { chmodSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { homedir } from "node:os";
import { dirname, isAbsolute, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import type { Lock } from "@agentspan/servers";
import { CommandError } from "../command-error.js";
import { safeText } from "../safe-text.js";

export interface Profile {
  readonly url: string;
  /** The key itself; or, as `keyFile`, where it is read with each command; or neither. */
  readonly key?: string;
  readonly keyFile?: string;
  /** For `run`, which serves tools. */
  readonly natsUrl?: string;
}

export interface Profiles {
  /** The one that is used where none is named. */
  readonly current: string | undefined;
  readonly named: ReadonlyMap<string, Profile>;
}

type Environment = Readonly<Record<string, string | undefined>>;

export const PROFILE_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

/** $XDG_CONFIG_HOME/agentspan/profiles.json; else in ~/.config. */
export function profilesFile(env: Environment): string {
  const xdg = env.XDG_CONFIG_HOME?.trim() ?? "";
  // The rule says that a relative one is to be passed over.
  const base = isAbsolute(xdg) ? xdg : join(env.HOME?.trim() || homedir(), ".config");
  return join(base, "agentspan", "profiles.json");
}

/** None where there is no file. Throws CommandError where it is none of profiles, or where others may read keys in it. */
export function readProfiles(env: Environment): Profiles {
  const file = profilesFile(env);
  let text: string;
  try {
    text = readFileSync(file, "utf8");
    requirePrivate(file, text);
  } catch (error) {
    if (isCode(error, "ENOENT")) return { current: undefined, named: new Map() };
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${file} cannot be read: ${wordsOf(error)}.`);
  }
  const profiles = parsed(text);
  if (profiles !== undefined) return profiles;
  throw new CommandError(`${file} does not hold profiles any more. Mend it, or remove it and add them again.`);
}

/** One change after the other, whoever else makes one; the file is the old one or the new one, whole. */
export async function changeProfiles(env: Environment, change: (profiles: Profiles) => Profiles): Promise<void> {
  const file = profilesFile(env);
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
    const lock = await locked(`${file}.lock`);
    try {
      write(file, change(readProfiles(env)));
    } finally {
      await lock.release();
    }
  } catch (error) {
    if (error instanceof CommandError) throw error;
    throw new CommandError(`${file} cannot be written: ${wordsOf(error)}.`);
  }
}

function write(file: string, { current, named }: Profiles): void {
  const draft = `${file}.${randomBytes(6).toString("hex")}`;
  const value = { ...(current === undefined ? {} : { current }), profiles: Object.fromEntries(named) };
  try {
    writeFileSync(draft, `${JSON.stringify(value, undefined, 2)}\n`, { mode: 0o600, flag: "wx", flush: true });
    // Whatever the process's mask takes away or leaves.
    chmodSync(draft, 0o600);
    renameSync(draft, file);
  } finally {
    rmSync(draft, { force: true });
  }
}

const LOCK_PATIENCE_MS = 20_000;
const LOOK_MS = 50;

async function locked(file: string): Promise<Lock> {
  // With it comes the driver of MongoDB: not for commands that only read.
  const { Lock } = await import("@agentspan/servers");
  const deadline = performance.now() + LOCK_PATIENCE_MS;
  for (;;) {
    const lock = await Lock.take(file);
    if (lock !== undefined) return lock;
    if (performance.now() > deadline) throw new CommandError(`Another command holds ${file}. Try again.`);
    await delay(LOOK_MS);
  }
}

/** Windows tells nothing of it in the mode. */
function requirePrivate(file: string, text: string): void {
  if (process.platform === "win32" || !text.includes('"key"')) return;
  if ((statSync(file).mode & 0o077) === 0) return;
  throw new CommandError(`${file} holds keys, and others may read it. Close it with: chmod 600 ${file}`);
}

function parsed(text: string): Profiles | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (!isRecord(value) || !isRecord(value.profiles)) return undefined;
  const { current } = value;
  const entries = Object.entries(value.profiles);
  if (current !== undefined && typeof current !== "string") return undefined;
  const named = new Map<string, Profile>();
  for (const [name, profile] of entries) {
    if (!PROFILE_NAME.test(name) || !isProfile(profile)) return undefined;
    named.set(name, profile);
  }
  return { current, named };
}

function isProfile(value: unknown): value is Profile {
  if (!isRecord(value) || typeof value.url !== "string") return false;
  return ["key", "keyFile", "natsUrl"].every((field) => ["string", "undefined"].includes(typeof value[field]));
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}

function wordsOf(error: unknown): string {
  return safeText(error instanceof Error ? error.message : String(error));
}
