// One command at a time on one data folder.
//
// Each owner has a file of its own, lock/<generation>.json, and the highest generation holds the lock.
//  1. A generation is taken by link(2), which only one process can win, and is complete from its first instant.
//  2. The highest file is never removed, a stop only marks it released. So generations never come back, and a process
//     that looked long ago cannot win with a number that was used meanwhile: it finds a higher one, and steps back.
//  3. An owner is dead when no process of its pid began when it began. What it started is recorded in its file before
//     anything else is done with it, so that the next owner can end exactly that.
import { randomBytes } from "node:crypto";
import { linkSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { codeOf, LocalStackError } from "./local-stack-error.js";
import { isRunning, recordOf } from "./process-birth.js";
import { type ProcessRecord, readRecord, type StackRecord } from "./stack-record.js";

const DRAFT_LOST_MS = 60_000;

export class StackLock {
  readonly #folder: string;
  readonly #generation: number;
  #record: StackRecord;
  /** What the owner before left behind; undefined for the first. */
  readonly previous: StackRecord | undefined;

  private constructor(folder: string, generation: number, record: StackRecord, previous: StackRecord | undefined) {
    this.#folder = folder;
    this.#generation = generation;
    this.#record = record;
    this.previous = previous;
  }

  /** Throws DATA_IN_USE, which names who runs. */
  static take(dataDir: string): StackLock {
    const folder = join(dataDir, "lock");
    mkdirSync(folder, { recursive: true });
    const owner = recordOf("agentspan", process.pid);
    if (owner === undefined) throw new TypeError("This process does not find itself.");
    const startedAt = new Date().toISOString();
    for (;;) {
      const newest = readNewest(folder);
      if (newest?.record !== undefined && holds(newest.record)) throw inUse(dataDir, newest.record);
      // Until they are ended they stay on record, should this process not live to do it.
      const record = { owner, startedAt, children: newest?.record?.children ?? [], released: false };
      const generation = (newest?.generation ?? 0) + 1;
      if (!claim(folder, generation, record)) continue;
      const winner = readNewest(folder);
      if (winner !== undefined && winner.generation > generation) {
        rmSync(fileOf(folder, generation), { force: true });
        continue;
      }
      removeOlder(folder, generation);
      return new StackLock(folder, generation, record, newest?.record);
    }
  }

  get record(): StackRecord {
    return this.#record;
  }

  /** Writes it down before it returns. Throws where the disk is full. */
  note(change: Partial<Pick<StackRecord, "url" | "grpcUrl" | "natsUrl" | "mongoPort" | "version">>): void {
    this.#write({ ...this.#record, ...change });
  }

  /** Notes a process that this one has just started, instead of an earlier one of that name. */
  noteChild(name: string, pid: number): void {
    const child = recordOf(name, pid);
    const others = this.#record.children.filter((known) => known.name !== name);
    this.#write({ ...this.#record, children: child === undefined ? others : [...others, child] });
  }

  /** Frees the data. What should still run stays on record, for the next owner to end. */
  release(): void {
    const children = this.#record.children.filter(isRunning);
    this.#write({ ...this.#record, children, released: true });
  }

  #write(record: StackRecord): void {
    const draft = writeDraft(this.#folder, record);
    renameSync(draft, fileOf(this.#folder, this.#generation));
    this.#record = record;
  }
}

/** Who runs on this data now; undefined where nobody does. */
export function runningStack(dataDir: string): StackRecord | undefined {
  const record = lastStack(dataDir);
  return record !== undefined && holds(record) ? record : undefined;
}

/** What the last owner of this data has on record, whether it runs or not; undefined where there was none. */
export function lastStack(dataDir: string): StackRecord | undefined {
  return readNewest(join(dataDir, "lock"))?.record;
}

function holds({ released, owner }: StackRecord): boolean {
  return !released && isRunning(owner);
}

function inUse(dataDir: string, record: StackRecord): LocalStackError {
  const { pid } = record.owner;
  const where = record.url === undefined ? "and is still starting" : `at ${record.url}`;
  return new LocalStackError(
    "DATA_IN_USE",
    `An Agentspan server runs on this data already: process ${pid} ${where} (data: ${dataDir}). Use that one, stop it (agentspan server stop --data ${dataDir}), or start this one on other data with --data.`,
    { record },
  );
}

/** In the order in which they must end: what asks before what answers. */
export function childrenToEnd(record: StackRecord): readonly (readonly ProcessRecord[])[] {
  const services = record.children.filter(({ name }) => name === "gateway" || name === "orchestrator");
  return [services, record.children.filter((child) => !services.includes(child))];
}

function claim(folder: string, generation: number, record: StackRecord): boolean {
  const draft = writeDraft(folder, record);
  try {
    linkSync(draft, fileOf(folder, generation));
    return true;
  } catch (error) {
    if (codeOf(error) === "EEXIST") return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(folder: string, record: StackRecord): string {
  const draft = join(folder, `draft-${randomBytes(8).toString("hex")}`);
  writeFileSync(draft, `${JSON.stringify(record, undefined, 2)}\n`, { mode: 0o600 });
  return draft;
}

function fileOf(folder: string, generation: number): string {
  return join(folder, `${generation}.json`);
}

interface Newest {
  readonly generation: number;
  readonly record: StackRecord | undefined;
}

function readNewest(folder: string): Newest | undefined {
  for (;;) {
    const generation = Math.max(0, ...generationsIn(folder));
    if (generation === 0) return undefined;
    try {
      return { generation, record: readRecord(readFileSync(fileOf(folder, generation), "utf8")) };
    } catch (error) {
      // Removed since, so a higher one is there.
      if (codeOf(error) !== "ENOENT") throw error;
    }
  }
}

function generationsIn(folder: string): readonly number[] {
  try {
    return readdirSync(folder).flatMap((name) => {
      const [, digits] = /^(\d{1,15})\.json$/.exec(name) ?? [];
      return digits === undefined ? [] : [Number(digits)];
    });
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ENOTDIR") return [];
    if (codeOf(error) !== "EACCES") throw error;
    const message = `${folder} cannot be read (EACCES): it is another user's. Name other data with --data.`;
    throw new LocalStackError("DATA_NOT_WRITABLE", message, { cause: error });
  }
}

function removeOlder(folder: string, generation: number): void {
  for (const older of generationsIn(folder)) {
    if (older < generation) rmSync(fileOf(folder, older), { force: true });
  }
  for (const name of readdirSync(folder)) {
    if (!name.startsWith("draft-")) continue;
    const draft = join(folder, name);
    const touched = statSync(draft, { throwIfNoEntry: false })?.mtimeMs;
    if (touched !== undefined && Date.now() - touched > DRAFT_LOST_MS) rmSync(draft, { force: true });
  }
}
