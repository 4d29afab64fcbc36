// Invariant of what is asked anew of a call that begins, where its state is not believed: it must never stand in the way
// of what the core lets run, and lets nothing run by itself that people had to decide.
import type { Decided, Run, RunEvent, TextFunctions, Voted } from "../../src/core/index.js";
import { definedGate, isHuman, ruleOf } from "./explored-agent.js";
import { type ExploredRun, type Invariants, Violation, type Watcher } from "./explored-run.js";

/** 37: a call begins on what its definition asks by its arguments and the recorded acts alone, and on nothing less. */
export function definitionsAreAskedAnew(): Invariants {
  return (explored, { before, events, context }) => {
    for (const { fact } of events) {
      if (before === undefined) continue;
      if (fact.type === "tool_started" || fact.type === "child_started")
        check(explored, before, fact.callId, context.text);
    }
  };
}

function check({ core, agent, events }: ExploredRun, run: Run, callId: string, text: TextFunctions): void {
  const call = core.callOf(run, callId);
  if (call === undefined) return;
  const args = argumentsAt(events, call.argumentsSequence);
  const acts = call.approval === undefined ? [] : actsOf(run, events, call.approval.approvalId);
  const about = { agent, run, call, arguments: args, text };
  const problem = core.entitlementProblem({ ...about, acts });
  if (problem !== undefined) throw new Violation(37, `${callId} began, although ${problem}`);
  const { approval, votes } = definedGate(agent, call.tool);
  const asks = approval || ["asks", "fails"].includes(ruleOf(call.tool, args) ?? "");
  const nobody = core.entitlementProblem({ ...about, acts: [] });
  if (asks !== (nobody !== undefined)) throw new Violation(37, `${callId} begins by itself: ${nobody}`);
  const alone = acts.slice(-1);
  const few = asks && votes > 1 && core.entitlementProblem({ ...about, acts: alone }) === undefined;
  if (few) throw new Violation(37, `${callId} begins on one vote of ${votes}`);
  if (isHuman(call.tool)) throw new Violation(37, `${callId} is a person's`);
}

function argumentsAt(events: readonly RunEvent[], sequence: number): string {
  const fact = events.find((event) => event.sequence === sequence)?.fact;
  if (fact?.type === "tool_call") return fact.arguments;
  return fact?.type === "voted" || fact?.type === "decided" ? (fact.edited?.arguments ?? "") : "";
}

function actsOf(run: Run, events: readonly RunEvent[], approvalId: string): readonly (Voted | Decided)[] {
  const sequences = run.checkpoints[approvalId]?.votes.map(({ sequence }) => sequence) ?? [];
  return events.flatMap(({ sequence, fact }) =>
    sequences.includes(sequence) && (fact.type === "voted" || fact.type === "decided") ? [fact] : [],
  );
}

export const ENTITLEMENT: readonly Watcher[] = [[[37], definitionsAreAskedAnew]];
