// Invariants of the record: replay, order, the one end, the one outcome of a call, the one closing of a checkpoint.
import type { Fact, Run, RunEvent } from "../../src/core/index.js";
import { type Invariants, Violation, type Watcher } from "./explored-run.js";

/** 1: an orchestrator that reads the stored run and the stored events comes to the same run. */
export function replays(): Invariants {
  let stored: Run | undefined;
  return ({ core }, { before, run, events }) => {
    if (events.length === 0) {
      if (run !== before) throw new Violation(1, "no event, and another run");
      return;
    }
    for (const event of events) stored = core.evolve(stored, JSON.parse(JSON.stringify(event)) as RunEvent);
    const text = JSON.stringify(run);
    const copy = JSON.stringify(stored);
    if (copy !== text) throw new Violation(1, `folding gives ${copy}, not ${text}`);
    stored = JSON.parse(text) as Run;
  };
}

/** 2: sequences are gapless from 1, and time never runs backwards. */
export function sequencesAreGapless(): Invariants {
  let sequence = 0;
  let at = 0;
  return (_, { events, run }) => {
    for (const event of events) {
      if (event.sequence !== sequence + 1) throw new Violation(2, `${event.sequence} follows ${sequence}`);
      if (!(event.at >= at)) throw new Violation(2, `event ${event.sequence} is of ${event.at}, after ${at}`);
      ({ sequence, at } = event);
    }
    if (run !== undefined && run.lastSequence !== sequence) throw new Violation(2, "the run does not count its events");
  };
}

/** 3: one terminal event; after it only a settlement decided, or a late outcome. */
export function endsOnce(): Invariants {
  let ended = false;
  return (_, { events, run }) => {
    for (const { fact } of events) {
      if (ended) {
        const settles = fact.type === "decided" && run?.checkpoints[fact.approvalId]?.kind === "SETTLEMENT";
        const mirrors = fact.type === "child_closed" && run?.mirrors?.[fact.approvalId]?.kind === "SETTLEMENT";
        if (!settles && !mirrors && fact.type !== "late_outcome")
          throw new Violation(3, `${fact.type} after the terminal event`);
      }
      if (fact.type === "ended") ended = true;
    }
    if (run !== undefined && (run.phase.kind === "ended") !== ended) throw new Violation(3, "phase and record differ");
  };
}

/** 6: each call has at most one outcome, its tool_call comes first, and nothing of it starts after. */
export function callsHaveOneOutcome(): Invariants {
  const called = new Set<string>();
  const finished = new Set<string>();
  return (_, { events }) => {
    for (const { fact } of events) {
      if (fact.type === "tool_call") called.add(fact.callId);
      if (!("callId" in fact)) continue;
      if (!called.has(fact.callId)) throw new Violation(6, `${fact.type} of ${fact.callId} before its tool_call`);
      const late = ["late_outcome", "decided", "child_closed"].includes(fact.type);
      if (finished.has(fact.callId) && !late)
        throw new Violation(6, `${fact.type} of ${fact.callId} after its outcome`);
      if (fact.type === "tool_result") finished.add(fact.callId);
    }
  };
}

/** 12: a settlement is closed by its three answers, by its worker's outcome or release, and by nothing else. */
export function settlementsStayOpen(): Invariants {
  const settlements = new Set<string>();
  return (_, { events, command }) => {
    for (const { fact } of events) {
      if (fact.type === "waiting" && fact.kind === "SETTLEMENT") settlements.add(fact.approvalId);
      // Of another run.
      if (fact.type === "child_closed") continue;
      if (!("approvalId" in fact) || fact.type === "waiting" || fact.type === "reminded") continue;
      if (isAboutPreview(fact)) {
        if (settlements.has(fact.approvalId))
          throw new Violation(12, `${fact.approvalId} shows what may have happened`);
        continue;
      }
      if (fact.type === "escalated") {
        if (settlements.has(fact.approvalId)) throw new Violation(12, `${fact.approvalId} went to others`);
        continue;
      }
      const settles = fact.type !== "checkpoint_closed" && ["happened", "run_again", "given_up"].includes(fact.outcome);
      if (fact.type === "checkpoint_closed") {
        if (!settlements.has(fact.approvalId)) continue;
        const worker = command.type === "complete" || command.type === "release";
        if (fact.why !== "WITHDRAWN" || !worker) throw new Violation(12, `${command.type} closed ${fact.approvalId}`);
      } else if (settles !== settlements.has(fact.approvalId)) {
        throw new Violation(12, `${fact.approvalId} was answered ${fact.outcome}`);
      }
    }
  };
}

const STAYS_OPEN: readonly Fact["type"][] = [
  "waiting",
  "voted",
  "escalated",
  "reminded",
  "preview_asked",
  "preview_taken",
];

function isAboutPreview(
  fact: Fact,
): fact is Extract<Fact, { type: "preview_asked" | "preview_taken" | "check_wanted" }> {
  return fact.type === "preview_asked" || fact.type === "preview_taken" || fact.type === "check_wanted";
}

/** It comes after the approval that it names. */
function checksWhatWasApproved(fact: Fact): boolean {
  return isAboutPreview(fact) && (fact.type === "check_wanted" || fact.purpose === "checked");
}

/** 16: a checkpoint closes once, and a person's act touches no other checkpoint than its own. */
export function checkpointsCloseOnce(): Invariants {
  const closed = new Set<string>();
  return (_, { before, events, run, command }) => {
    for (const { fact } of events) {
      const id = fact.type === "late_outcome" ? fact.settles : "approvalId" in fact ? fact.approvalId : undefined;
      if (id === undefined || checksWhatWasApproved(fact)) continue;
      if (closed.has(id)) throw new Violation(16, `${fact.type} of ${id}, which is closed`);
      if (!STAYS_OPEN.includes(fact.type)) closed.add(id);
    }
    if (command.type !== "decide" || before === undefined || run === undefined) return;
    const changed = Object.keys(run.checkpoints).filter((id) => run.checkpoints[id] !== before.checkpoints[id]);
    if (changed.length > 1) throw new Violation(16, `one act changed ${changed.join(" and ")}`);
    const [only] = changed;
    const meant = command.approvalId;
    if (only !== undefined && meant !== undefined && only !== meant)
      throw new Violation(16, `${meant} changed ${only}`);
  };
}

/** 18: each attempt is claimed by one nonce at most, and numbers grow. */
export function attemptsAreClaimedOnce(): Invariants {
  const last = new Map<string, number>();
  return (_, { events }) => {
    for (const { fact } of events) {
      if (fact.type !== "tool_started") continue;
      const before = last.get(fact.callId) ?? 0;
      if (fact.attempt <= before) throw new Violation(18, `attempt ${fact.attempt} of ${fact.callId} after ${before}`);
      last.set(fact.callId, fact.attempt);
    }
  };
}

export const RECORD: readonly Watcher[] = [
  [[1], replays],
  [[2], sequencesAreGapless],
  [[3], endsOnce],
  [[6], callsHaveOneOutcome],
  [[12], settlementsStayOpen],
  [[16], checkpointsCloseOnce],
  [[18], attemptsAreClaimedOnce],
];
