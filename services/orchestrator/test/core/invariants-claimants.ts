// Invariants of whom a claim belongs to, and what of what he says is taken.
import type { Command } from "../../src/core/index.js";
import { type Invariants, type Step, Violation, type Watcher } from "./explored-run.js";

type ByClaimant = Extract<Command, { type: "claim" | "complete" | "release" }>;

function byClaimant({ command }: Step): ByClaimant | undefined {
  const { type } = command;
  return type === "claim" || type === "complete" || type === "release" ? command : undefined;
}

function keyOf({ callId, attempt, nonce }: { callId: string; attempt: number; nonce: string }): string {
  return `${callId}/${attempt}/${nonce}`;
}

/** 25: a stored claim is its process's: nobody else is granted it, says what became of it, or gives it back. */
export function onlyClaimantsAreHeard(): Invariants {
  const claimants = new Map<string, string>();
  return (_, step) => {
    const command = byClaimant(step);
    const { events, answer } = step;
    const claimant = command === undefined ? undefined : claimants.get(keyOf(command));
    if (command !== undefined && claimant !== undefined && claimant !== command.incarnation) {
      const heard =
        answer?.type === "granted" || answer?.type === "completed" || (answer?.type === "released" && answer.released);
      if (heard || events.length > 0)
        throw new Violation(25, `${command.type} by ${command.incarnation}, and it is ${claimant}'s`);
    }
    for (const { fact } of events) if (fact.type === "tool_started") claimants.set(keyOf(fact), fact.incarnation);
  };
}

/** 26: of one claim one outcome is taken: another one, or one about other arguments, is told to be stale. */
export function oneOutcomeOfAClaimIsTaken(): Invariants {
  const taken = new Map<string, string>();
  return (_, { command, answer }) => {
    if (command.type !== "complete" || answer?.type !== "completed") return;
    const key = keyOf(command);
    const said = JSON.stringify([command.digest, command.outcome]);
    const first = taken.get(key);
    if (first !== undefined && first !== said) throw new Violation(26, `${said} is ${answer.status} after ${first}`);
    taken.set(key, said);
  };
}

export const CLAIMANTS: readonly Watcher[] = [
  [[25], onlyClaimantsAreHeard],
  [[26], oneOutcomeOfAClaimIsTaken],
];
