// Invariants of tasks that workers hand back, read from the record without the core.
import { callOf, type ReleaseReason } from "../../src/core/index.js";
import { type Invariants, Violation, type Watcher } from "./explored-run.js";

/** 33: a call that waits for a worker says for want of what one refused it last, until a worker has it, and else nothing. */
export function refusalsAreTold(): Invariants {
  const refused = new Map<string, ReleaseReason>();
  return (_, { events, run }) => {
    for (const { fact } of events) {
      if (fact.type === "task_released") refused.set(fact.callId, fact.reason);
      if (fact.type === "tool_started") refused.delete(fact.callId);
    }
    for (const { callId, state } of run?.turn.calls ?? []) {
      const call = run === undefined ? undefined : callOf(run, callId);
      if (state.kind !== "ready" || call === undefined) continue;
      const reason = refused.get(callId);
      const told = call.unproven ? "NO_PROOF" : call.incompatible ? "INCOMPATIBLE" : undefined;
      const should = reason === "NO_PROOF" || reason === "INCOMPATIBLE" ? reason : undefined;
      if (told !== should) throw new Violation(33, `${callId} was refused as ${should}, and says ${told}`);
    }
  };
}

export const REFUSED: readonly Watcher[] = [[[33], refusalsAreTold]];
