// This machine's clock and timers, kept from before a test puts timers of its own in place: the kit's patience, and the
// turns that it waits for, go on by these.
const { setTimeout: set, clearTimeout: clear, setImmediate: immediate } = globalThis;
const now = performance.now.bind(performance);

export const realTime = {
  /** Milliseconds since some instant. */
  now,
  /** Calls back once, so many milliseconds from now. Gives what cancels it. */
  after: (ms: number, callback: () => void): (() => void) => {
    const timer = set(callback, ms);
    return () => clear(timer);
  },
  pause: (ms: number) => new Promise<void>((resolve) => set(resolve, ms)),
  /** Resolves in the next turn of the event loop. */
  nextTurn: () => new Promise<void>((resolve) => immediate(resolve)),
  /** Whether a test has timers of its own in place now. */
  get replaced(): boolean {
    return globalThis.setTimeout !== set;
  },
} as const;
