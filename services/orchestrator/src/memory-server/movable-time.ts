// This machine's clocks, with a date that can be moved forward. A leap is a night in which every machine slept: the date
// goes on, and what waits for long with it; the monotonic clock and what only ticks do not notice.
import { systemTime, type Time, type Timer } from "@agentspan/internal";

interface Lasting {
  /** By the moved date. */
  due: number;
  timer: Timer;
  readonly callback: () => void;
  kept: boolean;
}

/** What waits longer than this waits for something; what waits less only ticks. Milliseconds. */
const LASTING_MS = 60_000;

export class MovableTime {
  readonly time: Time = {
    wall: () => systemTime.wall() + this.#movedMs,
    monotonic: systemTime.monotonic,
    after: (ms, callback) => (ms > LASTING_MS ? this.#last(ms, callback) : systemTime.after(ms, callback)),
    every: systemTime.every,
  };
  readonly #lasting = new Set<Lasting>();
  #movedMs = 0;

  /** Moves the date on, whole milliseconds. What is due by then goes off at once. */
  leap(ms: number): void {
    this.#movedMs += ms;
    for (const waiting of this.#lasting) {
      waiting.timer.cancel();
      this.#arm(waiting);
    }
  }

  #last(ms: number, callback: () => void): Timer {
    const waiting: Lasting = { due: this.time.wall() + ms, timer: systemTime.after(0, () => {}), callback, kept: true };
    waiting.timer.cancel();
    this.#lasting.add(waiting);
    this.#arm(waiting);
    const timer: Timer = {
      cancel: () => {
        this.#lasting.delete(waiting);
        waiting.timer.cancel();
      },
      unref: () => {
        waiting.kept = false;
        waiting.timer.unref();
        return timer;
      },
    };
    return timer;
  }

  #arm(waiting: Lasting): void {
    waiting.timer = systemTime.after(Math.max(0, waiting.due - this.time.wall()), () => {
      this.#lasting.delete(waiting);
      waiting.callback();
    });
    if (!waiting.kept) waiting.timer.unref();
  }
}
