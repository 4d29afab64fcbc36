// Follows the server's watch over lost connections, from the cursor that came last.
import type { WatchApprovalsResponse } from "@agentspan/proto";

export type Connection = "connecting" | "live" | "lost";

export interface WatchOptions {
  /** Begins a watch from a cursor; a snapshot first where it is empty. */
  readonly watch: (cursor: string, signal: AbortSignal) => AsyncIterable<WatchApprovalsResponse>;
  /** Asks the server whether it answers: a watch says nothing while nothing changes. */
  readonly ask: (signal: AbortSignal) => Promise<unknown>;
  /** What was told since the last time, in its order; `anew` where a snapshot begins, in place of all before. */
  readonly onChanges: (changes: readonly WatchApprovalsResponse[], anew: boolean) => void;
  readonly onConnection: (connection: Connection) => void;
  /** What to do after an error: go on, begin anew where the cursor is no good, or stop where it is in vain. */
  readonly after: (error: unknown) => "resume" | "anew" | "stop";
  /** Resolves after so many milliseconds, or sooner where there is a reason to look at once. */
  readonly pause: (ms: number, signal: AbortSignal) => Promise<void>;
  /** Calls back soon, so that what comes until then is told in one piece. */
  readonly soon: (then: () => void) => void;
  readonly signal: AbortSignal;
}

const FIRST_PAUSE_MS = 250;
const LONGEST_PAUSE_MS = 10_000;

/** Goes on until the signal is aborted, or until there is no sense in it. */
export async function followWatch(options: WatchOptions): Promise<void> {
  const { watch, ask, onChanges, onConnection, after, pause, soon, signal } = options;
  let cursor = "";
  let anew = true;
  let failures = 0;
  let untold: WatchApprovalsResponse[] = [];
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
        cursor = change.cursor;
        untold.push(change);
        if (untold.length === 1) soon(tell);
      }
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
