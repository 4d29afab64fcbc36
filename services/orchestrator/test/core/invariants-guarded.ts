// Invariants of what must not happen twice, or without a person.
import type { Command, Fact } from "../../src/core/index.js";
import { textFunctions } from "../../src/text-functions.js";
import { definedGate, ruleOf } from "./explored-agent.js";
import { type ExploredRun, type Invariants, Violation, type Watcher } from "./explored-run.js";

/** What the record says of a call, read without the core. */
interface Witness {
  /** A person must approve: by the definition, or by the owner's word at the call or at a claim. */
  mustAsk: boolean;
  mustRunOnce: boolean;
  votes: number;
  readonly tool: string;
  /** Nothing but the definition's rule asks for people. */
  byRule: boolean;
  /** Digest of the model's arguments, or of those that people approved instead. */
  digest: string;
  /** By approval: what it asks about, and who voted for exactly that. */
  readonly asked: Map<string, { digest: string; voters: Set<string>; settlement: boolean }>;
  /** The decision that lets it run, and what it approved. */
  approved: { decisionId: string; digest: string; spared: boolean } | undefined;
  /** Claims of guarded attempts that were not given back, in order. */
  readonly begun: Begun[];
}

interface Begun {
  readonly nonce: string;
  readonly attempt: number;
  readonly under: string;
  /** Its worker registered that whoever receives the effect enforces the key. */
  readonly enforcesKey: boolean;
  /** Its grant can no longer be at work. */
  dead: boolean;
  /** Its probe said that it did not happen. */
  denied: boolean;
}

/** Whether another attempt may begin under the same approval. */
function isDisproved({ enforcesKey, dead, denied }: Begun): boolean {
  return enforcesKey && dead && denied;
}

function witnessOf(fact: Extract<Fact, { type: "tool_call" }>, explored: ExploredRun, command: Command): Witness {
  const gate = definedGate(explored.agent, fact.tool);
  const owners = command.type === "take_model_reply" ? command.owners : {};
  const owner = Object.hasOwn(owners, fact.tool) ? owners[fact.tool] : undefined;
  const says = fact.refused === undefined ? ruleOf(fact.tool, fact.arguments) : undefined;
  const ruled = says === "asks" || says === "fails";
  return {
    mustAsk: gate.approval || owner?.approval === true || ruled,
    mustRunOnce: gate.once || owner?.once === true,
    votes: gate.votes,
    tool: fact.tool,
    byRule: ruled && !gate.approval && owner?.approval !== true,
    digest: fact.digest,
    asked: new Map(),
    approved: undefined,
    begun: [],
  };
}

/**
 * 4: a gated call starts only with an approval by as many people as its policy asks for, of exactly the arguments that
 * are granted. 5: under one approval a guarded call is granted to one nonce, unless that one gave it back not begun, or a probe
 * said that it did not happen, the receiver enforces the key, and the grant is dead.
 * 15: nothing but a worker's outcome or a settlement ends a call whose guarded attempt may have begun.
 */
export function guardedCallsAreAskedFor(): Invariants {
  const witnesses = new Map<string, Witness>();
  return (explored, step) => {
    const { command, events, answer, run } = step;
    // A grant that is given again was asked for when it was given first.
    const fresh = command.type === "claim" && (events.length > 0 || (answer?.type === "granted" && !answer.stored));
    if (command.type === "claim" && answer?.type === "granted" && fresh) {
      const witness = witnesses.get(command.callId);
      if (witness !== undefined && command.owner.approval) witness.mustAsk = true;
      if (witness !== undefined && command.owner.once) witness.mustRunOnce = true;
    }
    for (const { fact } of events) {
      if (fact.type === "tool_call") witnesses.set(fact.callId, witnessOf(fact, explored, command));
      const witness = "callId" in fact ? witnesses.get(fact.callId) : undefined;
      if (witness !== undefined)
        observe(
          witness,
          fact,
          events.map((event) => event.fact),
        );
    }
    if (
      command.type === "release" &&
      command.begun === true &&
      events.some(({ fact }) => fact.type === "task_released")
    )
      throw new Violation(5, `${command.callId} was given back after it had begun`);
    if (command.type !== "claim" || answer?.type !== "granted") return;
    const witness = witnesses.get(command.callId);
    if (witness === undefined) throw new Violation(4, `${command.callId} was granted and never called`);
    const { approved, begun } = witness;
    const text = explored.events[answer.argumentsSequence - 1]?.fact;
    const shown =
      text?.type === "tool_call"
        ? text.arguments
        : text !== undefined && "edited" in text
          ? text.edited?.arguments
          : "";
    if (textFunctions.digestOf(shown ?? "") !== answer.digest) throw new Violation(4, "arguments and digest differ");
    if (witness.mustAsk) {
      if (approved === undefined) throw new Violation(4, `${command.callId} was granted without an approval`);
      if (approved.spared && command.owner.approval && fresh)
        throw new Violation(4, `${command.callId} was granted on fewer votes than its owner's gate takes`);
      if (approved.digest !== answer.digest)
        throw new Violation(4, `${command.callId} was approved with other arguments`);
      if (answer.approval?.decisionId !== approved.decisionId) throw new Violation(4, "another decision is named");
    } else if (approved === undefined && answer.digest !== witness.digest) {
      throw new Violation(4, "the model's arguments were changed without a person");
    }
    if (!witness.mustAsk && !witness.mustRunOnce) return;
    if (!answer.stored || !answer.guarded) throw new Violation(5, `${command.callId} was granted like a plain one`);
    const under = approved?.decisionId ?? "once";
    const others = begun.filter(
      (claim) => claim.under === under && claim.nonce !== command.nonce && !isDisproved(claim),
    );
    if (others.length > 0)
      throw new Violation(5, `${command.callId} was granted to ${command.nonce} and ${others[0]?.nonce}`);
    if (run?.phase.kind === "ended") throw new Violation(5, "granted after the end");
  };
}

function observe(witness: Witness, fact: Fact, together: readonly Fact[]): void {
  switch (fact.type) {
    case "waiting": {
      const settlement = fact.kind === "SETTLEMENT";
      witness.asked.set(fact.approvalId, { digest: fact.digest, voters: new Set(), settlement });
      witness.mustAsk ||= !settlement;
      if (!settlement && fact.byRule !== true) witness.byRule = false;
      // What was approved before is asked about anew.
      if (!settlement) witness.approved = undefined;
      if (!settlement && fact.digest !== witness.digest) throw new Violation(4, "asked about other arguments");
      break;
    }
    case "voted":
    case "decided": {
      if (fact.type === "decided" && fact.ground !== undefined) {
        if (witness.asked.has(fact.approvalId)) throw new Violation(4, "a grant decided what people were asked");
        witness.asked.set(fact.approvalId, { digest: witness.digest, voters: new Set(), settlement: false });
      }
      const asked = witness.asked.get(fact.approvalId);
      if (asked === undefined) throw new Violation(4, `${fact.type} of ${fact.approvalId}, which nobody opened`);
      if (fact.edited !== undefined) {
        asked.digest = fact.edited.digest;
        asked.voters.clear();
      }
      asked.voters.add(fact.onBehalfOf ?? fact.who);
      const runs = fact.outcome === "approved" || fact.outcome === "run_again";
      if (fact.type === "voted" || !runs) break;
      const few = asked.voters.size < witness.votes;
      const says = fact.edited === undefined ? undefined : ruleOf(witness.tool, fact.edited.arguments);
      if (few && !(witness.byRule && says === "spares"))
        throw new Violation(4, `${fact.approvalId} was decided with too few votes`);
      witness.approved = { decisionId: fact.decisionId, digest: asked.digest, spared: few };
      // Where its owner asks for people after that, they are asked about what was approved.
      witness.digest = asked.digest;
      break;
    }
    case "tool_started":
      if (witness.mustAsk && witness.approved === undefined) throw new Violation(4, "started without an approval");
      if (fact.gate !== "plain") {
        const { nonce, attempt, enforcesKey = false } = fact;
        const under = witness.approved?.decisionId ?? "once";
        witness.begun.push({ nonce, attempt, under, enforcesKey, dead: false, denied: false });
      }
      break;
    case "probing":
      for (const claim of witness.begun) claim.dead ||= isOf(claim, fact.unknown) && fact.unknown.cause !== "TIMED_OUT";
      break;
    case "grant_ended":
      for (const claim of witness.begun) claim.dead ||= claim.attempt === fact.attempt;
      break;
    case "probe_answered":
      for (const claim of witness.begun) {
        claim.denied ||= claim.attempt === fact.attempt && fact.verdict === "DID_NOT_HAPPEN";
      }
      break;
    case "task_released": {
      const at = witness.begun.findIndex((claim) => isOf(claim, fact));
      if (at >= 0) witness.begun.splice(at, 1);
      break;
    }
    case "attempt_failed":
      if (witness.begun.length > 0) throw new Violation(5, "a guarded call was put up again by itself");
      break;
    case "tool_result": {
      const later = witness.begun.some(({ attempt }) => attempt > fact.attempt);
      if (later)
        throw new Violation(15, `attempt ${fact.attempt} ended a call whose later attempt may have taken effect`);
      if (witness.begun.length === 0 || fact.nonce !== undefined) break;
      const settled = together.some((other) => {
        if (other.type === "decided") return witness.asked.get(other.approvalId)?.settlement;
        return other.type === "probe_answered" && other.verdict === "HAPPENED" && other.attempt === fact.attempt;
      });
      if (!settled) throw new Violation(15, `a call that may have taken effect ended as ${fact.outcome.kind}`);
      break;
    }
    default:
      break;
  }
}

function isOf(claim: Begun, { nonce, attempt }: { readonly nonce: string; readonly attempt: number }): boolean {
  return claim.nonce === nonce && claim.attempt === attempt;
}

/** 15: a run does not end over a claimed call; one that may have taken effect keeps its settlement open. */
export function runsEndOverNothing(): Invariants {
  return (_, { run, events }) => {
    if (run === undefined || !events.some(({ fact }) => fact.type === "ended")) return;
    for (const { callId, state } of run.turn.calls) {
      const open = state.kind === "unknown" && run.checkpoints[state.approvalId]?.closed === undefined;
      if (state.kind !== "finished" && !open) throw new Violation(15, `the run ended over ${callId}, ${state.kind}`);
    }
  };
}

/**
 * 19: the outcome of a true claimant of a guarded call is recorded, whenever it comes; while its probe is asked, it ends
 * the call.
 */
export function lateOutcomesAreKept(): Invariants {
  /** The process of each claim of a guarded attempt. */
  const claimants = new Map<string, string>();
  const kept = new Set<string>();
  return ({ core }, { before, command, events, answer }) => {
    const recordedFirst =
      command.type === "complete" && kept.has(`${command.callId}/${command.attempt}/${command.nonce}`);
    for (const { fact } of events) {
      if (fact.type === "tool_started" && fact.gate !== "plain") {
        claimants.set(`${fact.callId}/${fact.attempt}/${fact.nonce}`, fact.incarnation);
      }
      const reported = fact.type === "tool_result" || fact.type === "late_outcome";
      if (reported && fact.nonce !== undefined) kept.add(`${fact.callId}/${fact.attempt}/${fact.nonce}`);
    }
    if (command.type !== "complete" || before === undefined) return;
    const key = `${command.callId}/${command.attempt}/${command.nonce}`;
    if (recordedFirst && answer?.type === "stale") return;
    const claimed = core.claimedCallOf(before, command.callId);
    const remembered = claimed?.claims.some(
      ({ nonce, attempt }) => nonce === command.nonce && attempt === command.attempt,
    );
    // Of those given back only the newest is remembered.
    if (claimants.get(key) !== command.incarnation || remembered !== true || claimed?.digest !== command.digest) return;
    if (answer?.type !== "completed" || !kept.has(key)) throw new Violation(19, `the outcome of ${key} was dropped`);
    const state = core.callOf(before, command.callId)?.state;
    const { nonce, attempt } = command;
    const askedOf = state?.kind === "probing" && state.nonce === nonce && state.attempt === attempt;
    if (askedOf && answer.status !== "ACCEPTED") throw new Violation(19, `${key} answered, and its probe is asked on`);
  };
}

/** 22: a paused run starts nothing, and asks for nothing to be started. */
export function pausedRunsStartNothing(): Invariants {
  return (_, { before, command, effects, answer, events }) => {
    if (before?.paused !== true || command.type === "resume") return;
    const begins = effects.find(
      ({ kind }) => !["withdraw", "cancel_child", "steer_child", "tell_parent"].includes(kind),
    );
    if (begins !== undefined) throw new Violation(22, `${begins.kind} while paused`);
    // A plain task that was begun before the pause is stored with what became of it.
    const ends = command.type === "complete" || (command.type === "release" && command.begun === true);
    const fresh = events.some(({ fact }) => fact.type === "tool_started") && !ends;
    const looks = answer?.type === "probe_granted" || answer?.type === "preview_granted";
    const granted = (answer?.type === "granted" && !answer.stored) || looks;
    if (fresh || granted) throw new Violation(22, "granted while paused");
  };
}

export const GUARDED: readonly Watcher[] = [
  [[4, 5, 15], guardedCallsAreAskedFor],
  [[15], runsEndOverNothing],
  [[19], lateOutcomesAreKept],
  [[22], pausedRunsStartNothing],
];
