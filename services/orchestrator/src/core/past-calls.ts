// What a run remembers of calls whose turn has closed.
//
// 1. A guarded call with a claim that has not reported is kept for the run's life: its worker may still tell what became
//    of it, and a true claimant's outcome is always recorded.
// 2. Of the others nothing can come any more but the repetition of what was answered: by a worker whose answer was lost.
//    Those of the turn that closed last, and the newest few, are kept to give it again; one of an older call is stale.
//    So the state of a run grows with its unsettled claims and not with its turns.
import { type Call, isGuarded, type PastCall, type Run } from "./run.js";

/** Settled calls that are remembered, those of the turn that closed last apart. */
const MOST_SETTLED_CALLS = 16;

/** What is remembered once the turn that is open closes. */
export function pastCallsAfterTurn({ pastCalls, turn }: Run): Readonly<Record<string, PastCall>> {
  const closing = turn.calls.filter(({ claims }) => claims.length > 0);
  const earlier = Object.entries(pastCalls);
  let surplus = earlier.filter(([, past]) => isSettled(past)).length - MOST_SETTLED_CALLS;
  // The oldest come first.
  const kept = earlier.filter(([, past]) => {
    if (surplus <= 0 || !isSettled(past)) return true;
    surplus -= 1;
    return false;
  });
  return Object.fromEntries([...kept, ...closing.map((call) => [call.callId, pastCallOf(call)] as const)]);
}

function pastCallOf({ tool, gate, digest, claims }: Call): PastCall {
  return { tool, gate, digest, claims };
}

function isSettled({ gate, claims }: PastCall): boolean {
  return !isGuarded(gate) || claims.every(({ reported }) => reported !== undefined);
}

/** Whether a call id is one that an earlier turn of the run gave, remembered or not. */
export function isOfEarlierTurn({ turn }: Run, callId: string): boolean {
  const number = /^t(\d+)c\d+$/u.exec(callId)?.[1];
  return number !== undefined && Number(number) < turn.number;
}
