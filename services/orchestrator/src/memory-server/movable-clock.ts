// The date of a server in memory, moved for a test: never past what is due on the way, and only while nothing is in
// progress that time should wait for.
import { sleep, systemTime } from "@agentspan/internal";
import type { Timing } from "../core/index.js";
import type { MemoryDatabase } from "../memory/memory-database.js";
import type { MovableTime } from "./movable-time.js";
import { workInProgress } from "./work-in-progress.js";

export interface ClockReading {
  /** Dates are milliseconds since the epoch. */
  readonly now: number;
  /** When something happens next by itself; undefined where nothing will. */
  readonly next: number | undefined;
  /** What is in progress, a few words each. */
  readonly busy: readonly string[];
  /** Rises with each change of a run. */
  readonly commits: number;
}

export interface MovableClockOptions {
  readonly time: MovableTime;
  readonly database: MemoryDatabase;
  readonly timing: Timing;
  /** How many changes of runs there have been. */
  readonly commits: () => number;
  /** Resolves when whoever goes by the date knows of a move. */
  readonly afterMove: () => Promise<void>;
}

/** Of this machine's clock, milliseconds: between two looks, how long what a server does is waited for, and workers. */
const LOOK_MS = 5;
const SERVER_PATIENCE_MS = 10_000;
const WORKER_PATIENCE_MS = 100;
/** Nothing is in progress that has not been for so many looks: what one commit sets off begins within a moment. */
const QUIET_LOOKS = 2;

export class MovableClock {
  readonly #options: MovableClockOptions;
  /** Moves come one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  constructor(options: MovableClockOptions) {
    this.#options = options;
  }

  read(): ClockReading {
    const { time, commits } = this.#options;
    const { server, workers, next } = this.#work();
    return { now: time.time.wall(), next, busy: [...server, ...workers], commits: commits() };
  }

  /**
   * Moves to the date of what happens next, or to `notAfter` where that is earlier or nothing will happen. Only if so
   * many changes have been made as the caller knows of, and nothing is in progress; else false.
   */
  next(commits: number, notAfter: number | undefined): Promise<boolean> {
    return this.#oneByOne(async () => {
      const { busy, next, ...reading } = this.read();
      if (busy.length > 0 || reading.commits !== commits) return false;
      const date = Math.min(next ?? Number.POSITIVE_INFINITY, notAfter ?? Number.POSITIVE_INFINITY);
      if (date === Number.POSITIVE_INFINITY) return false;
      await this.#moveTo(date);
      await this.#quiet();
      return true;
    });
  }

  /** Moves on by so many milliseconds, step by step through what is due on the way, whatever workers have in hand. */
  advance(ms: number): Promise<void> {
    return this.#oneByOne(async () => {
      const target = this.#options.time.time.wall() + ms;
      for (;;) {
        await this.#quiet();
        const { now, next } = this.read();
        if (now >= target) return;
        await this.#moveTo(Math.min(next ?? target, target));
      }
    });
  }

  /**
   * Takes out what is known of a worker that has stopped. Otherwise what it demanded of its tools holds for a while: a
   * test would meet the gates of the one before.
   */
  forget(workerId: string): Promise<void> {
    return this.#oneByOne(async () => {
      const { instances } = this.#options.database;
      for (const [id, { kind, name }] of instances) if (kind === "worker" && name === workerId) instances.delete(id);
    });
  }

  async #moveTo(date: number): Promise<void> {
    const { time, database, afterMove } = this.#options;
    const ms = date - time.time.wall();
    if (ms <= 0) return;
    time.leap(ms);
    // Every machine slept, so nobody was missing meanwhile.
    for (const [id, one] of database.instances) database.instances.set(id, { ...one, seenAt: one.seenAt + ms });
    await afterMove();
  }

  /** Resolves when a server does nothing any more; workers are waited for a moment only. */
  async #quiet(): Promise<void> {
    const begun = performance.now();
    for (let looks = 0; looks < QUIET_LOOKS; ) {
      const before = this.#options.commits();
      await sleep(systemTime, LOOK_MS);
      const { server, workers } = this.#work();
      const tookMs = performance.now() - begun;
      const busy =
        (server.length > 0 && tookMs < SERVER_PATIENCE_MS) || (workers.length > 0 && tookMs < WORKER_PATIENCE_MS);
      looks = busy || this.#options.commits() !== before ? 0 : looks + 1;
    }
  }

  #work() {
    const { database, timing, time } = this.#options;
    return workInProgress(database, { timing, now: time.time.wall() });
  }

  #oneByOne<T>(move: () => Promise<T>): Promise<T> {
    const moved = this.#last.then(move);
    this.#last = moved.catch(() => undefined);
    return moved;
  }
}
