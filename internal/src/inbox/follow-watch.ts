// Follows a stream of the server over lost connections, from the cursor that came last.

export type Connection = "connecting" | "live" | "lost";

export interface WatchOptions<T> {
  /** Begins from a cursor; with all that there is where it is empty. */
  readonly watch: (cursor: string, signal: AbortSignal) => AsyncIterable<T>;
  readonly cursorOf: (told: T) => string;
  /** The cursor to begin from; empty unless said. */
  readonly from?: string;
  /** Asks the server whether it answers: a stream says nothing while nothing changes. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  /** What was told since the last time, in its order; `anew` where all is told from the beginning, in place of all before. */
  readonly onChanges: (changes: readonly T[], anew: boolean) => void;
  readonly onConnection: (connection: Connection) => void;
  /** What to do after an error: go on, begin anew where the cursor is no good, or stop where it is in vain. */
  readonly after: (error: unknown) => "resume" | "anew" | "stop";
  /** Whether a stream that ended by itself has no more to tell; one that goes on for ever unless said. */
  readonly isOver?: () => boolean;
  /** Resolves after so many milliseconds, or sooner where there is a reason to look at once. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Calls back soon, so that what comes until then is told in one piece. */
  readonly soon: (then: () => void) => void;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** What comes in a frame is drawn together. */
const FRAME_MS = 16;
/** While a long list comes in, drawing it again and again would take longer than the list. */
const MUCH = 40;
const REST_MS = 250;

/** Goes on until the signal is aborted, until all was told, or until there is no sense in it. */
export async function followWatch<T>(options: WatchOptions<T>): Promise<void> {
  const { watch, cursorOf, from = "", ask, onChanges, onConnection, after, isOver, pause, soon, signal } = options;
  let cursor = from;
  let anew = cursor === "";
  let failures = 0;
  let untold: T[] = [];
  const tell = (): void => {
    if (signal.aborted || untold.length === 0) return;
    const told = untold;
    untold = [];
    onChanges(told, anew);
    anew = false;
  };
  const answers = (): void => {
    failures = 0;
    onConnection("live");
  };
  onConnection("connecting");
  while (!signal.aborted) {
    const attempt = new AbortController();
    const either = AbortSignal.any([signal, attempt.signal]);
    ask(either).then(
      () => either.aborted || answers(),
      // A server that answers nothing tells no changes either.
      (error: unknown) => attempt.abort(error),
    );
    try {
      for await (const change of watch(cursor, either)) {
        if (failures > 0) answers();
        cursor = cursorOf(change);
        untold.push(change);
        if (untold.length === 1) soon(tell);
      }
      tell();
      if (isOver?.() === true) return;
    } catch (error) {
      if (signal.aborted) return;
      const next = after(attempt.signal.aborted ? attempt.signal.reason : error);
      if (next === "stop") return;
      if (next === "anew") {
        tell();
        cursor = "";
        anew = true;
      }
    } finally {
      attempt.abort();
    }
    tell();
    if (signal.aborted) return;
    failures += 1;
    onConnection("lost");
    await pause(Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** (failures - 1)), signal);
  }
}

/** For `soon`: within a frame, and less often while much comes in. `many` says how much came the last time. */
export function drawnTogether(): { readonly soon: (then: () => void) => void; readonly many: (count: number) => void } {
  let isMuch = false;
  return {
    soon: (then) => setTimeout(then, isMuch ? REST_MS : FRAME_MS),
    many: (count) => {
      isMuch = count > MUCH;
    },
  };
}
