// A clock that stands still until the test moves it. Two ways of moving:
//  1. Step by step, timer after timer, each at its own time: nothing can tell it from a real clock.
//  2. A leap over a time in which nothing happens, as over a night in which every machine slept: the date goes on, the
//     monotonic clock and what ticks stand still. The product holds over such nights by itself; the kit leaps only while
//     nothing is in hand, so that thirty days cost what a minute does.
import type { Time, Timer } from "@agentspan/internal";

interface Pending {
  due: number;
  readonly order: number;
  readonly callback: () => void;
  /** Of what calls back again and again. */
  readonly everyMs: number | undefined;
  /** A leap must not pass it by. */
  readonly lasting: boolean;
}

/** What waits longer than this waits for something; what waits less only ticks. Milliseconds. */
const LASTING_MS = 60_000;

export class FakeTime {
  readonly time: Time = {
    wall: () => Math.round(this.#wallAtZero + this.#monotonic),
    monotonic: () => this.#monotonic,
    after: (ms, callback) => this.#set({ ms, callback, everyMs: undefined, lasting: ms > LASTING_MS }),
    every: (ms, callback) => this.#set({ ms, callback, everyMs: ms, lasting: false }),
  };
  readonly #pending = new Set<Pending>();
  #wallAtZero: number;
  #monotonic = 0;
  #touched = 0;

  /** `startsAt` is a date, milliseconds since the epoch. */
  constructor(startsAt: number) {
    this.#wallAtZero = startsAt;
  }

  /** Rises whenever a timer is set, cancelled or goes off. */
  get touched(): number {
    return this.#touched;
  }

  /** The date of the next timer that is more than a tick; undefined where there is none. */
  get nextLasting(): number | undefined {
    const lasting = [...this.#pending].filter((timer) => timer.lasting);
    const next = lasting.length === 0 ? undefined : Math.min(...lasting.map(({ due }) => due));
    return next === undefined ? undefined : this.#wallAtZero + next;
  }

  /** Calls back once, so many milliseconds from now; no leap passes it by. */
  later(ms: number, callback: () => void): void {
    this.#set({ ms, callback, everyMs: undefined, lasting: true });
  }

  /** Lets the next timer go off, at its time; or, where none comes by that date, makes it that date. */
  step(by: number): void {
    const next = this.#next();
    const limit = Math.max(by - this.#wallAtZero, this.#monotonic);
    if (next === undefined || next.due > limit) {
      this.#monotonic = limit;
      return;
    }
    this.#goOff(next);
  }

  /** Lets the next timer go off, whenever that is. */
  stepOn(): void {
    const next = this.#next();
    if (next !== undefined) this.#goOff(next);
  }

  /** Moves the date on, and what waits for long with it. Nothing goes off. */
  leap(ms: number): void {
    this.#wallAtZero += ms;
    for (const timer of this.#pending) if (timer.lasting) timer.due = Math.max(this.#monotonic, timer.due - ms);
  }

  #set({ ms, ...rest }: Pick<Pending, "callback" | "everyMs" | "lasting"> & { readonly ms: number }): Timer {
    this.#touched += 1;
    const pending = { due: this.#monotonic + Math.max(0, ms), order: this.#touched, ...rest };
    this.#pending.add(pending);
    const timer: Timer = {
      cancel: () => {
        if (this.#pending.delete(pending)) this.#touched += 1;
      },
      unref: () => timer,
    };
    return timer;
  }

  #next(): Pending | undefined {
    let next: Pending | undefined;
    for (const timer of this.#pending) {
      if (next === undefined || timer.due < next.due || (timer.due === next.due && timer.order < next.order)) {
        next = timer;
      }
    }
    return next;
  }

  #goOff(timer: Pending): void {
    this.#touched += 1;
    this.#monotonic = Math.max(this.#monotonic, timer.due);
    if (timer.everyMs === undefined) this.#pending.delete(timer);
    else timer.due = this.#monotonic + Math.max(1, timer.everyMs);
    timer.callback();
  }
}
