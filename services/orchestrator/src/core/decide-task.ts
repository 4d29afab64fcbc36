// Claims, outcomes, releases and the loss of workers.
//
// Invariants kept here:
//  1. A gated call is never granted without its approval.
//  2. A guarded call is granted at most once for each approval; a release gives the grant back, unless it had begun.
//  3. Each call ends with at most one outcome; a true claimant's later one is recorded and changes nothing. Each claim
//     reports one: its repetition is answered again, another one is stale.
//  4. The same nonce gets the same answer, and nobody but the process that made the claim gets it.
//  5. Whether a guarded attempt that was lost took effect is asked of its probe, then of a person (decide-probe.ts).
import { type RetryPolicy, toolOf } from "./agent.js";
import type { Checkpoint } from "./checkpoint.js";
import { type ClaimRecord, isClaimant, isSameClaim } from "./claim-record.js";
import type { Answer, Claim, ClaimAnswer, ClaimRefusal, Complete, EndClaim, Release } from "./commands.js";
import { askForApproval } from "./decide-model.js";
import { type Draft, OK, stale } from "./draft.js";
import type { AttemptFailed, Gate, UnknownAttempt } from "./events.js";
import { fitted, reportDigestOf } from "./fit-outcome.js";
import { gatingAtClaim } from "./gate.js";
import { GUARDED_TIMEOUT_MS, PROBE_MS, UNSTORED_CLAIM_MS } from "./limits.js";
import { obligationsOf } from "./obligations.js";
import { isOfEarlierTurn } from "./past-calls.js";
import { backoffAfter, REFUSED_RETRY } from "./retry.js";
import { type Call, callOf, claimedCallOf, isGuarded, openCheckpoints } from "./run.js";
import { wantedPreview } from "./wanted-preview.js";

export function claim(draft: Draft, command: Claim): ClaimAnswer {
  const call = callOf(draft.run, command.callId);
  const { phase, paused } = draft.run;
  if (phase.kind === "ended") return refused("ENDED");
  if (call === undefined) return refused(isOfEarlierTurn(draft.run, command.callId) ? "ENDED" : "NOT_FOUND");
  const { state } = call;
  if (state.kind === "claimed" && isSameClaim(state, command)) {
    return granted(call, state.deadline, true);
  }
  if (phase.kind === "ending") return refused("CANCELLED");
  if (state.kind === "finished") return refused("ENDED");
  if (state.kind === "gated" || state.kind === "checking") {
    const wanted = wantedPreview(draft.run, call) !== undefined && call.attempts === command.attempt;
    if (wanted) return refused(paused ? "PAUSED" : "PREVIEW");
    return refused(state.kind === "gated" ? "GATED" : "TAKEN");
  }
  if (state.kind === "probing" && state.attempt === command.attempt && state.nonce !== command.nonce) {
    return refused(paused ? "PAUSED" : "PROBE");
  }
  if (state.kind !== "ready" || state.attempt !== command.attempt || state.notBefore > draft.now)
    return refused("TAKEN");
  if (paused) return refused("PAUSED");
  if (command.owner.approval && (call.approval === undefined || call.spared === true)) {
    // What may have taken effect is not approved or rejected: a person says what became of it, or lets it run again.
    if (call.unsettled !== undefined) {
      draft.askWhetherItHappened(call, call.unsettled);
      return refused("TAKEN");
    }
    const gating = gatingAtClaim(draft, call.tool, command.owner);
    askForApproval(draft, call, gating);
    return refused(gating.previews === undefined ? "GATED" : "PREVIEW");
  }
  if (call.check !== undefined && call.check.until <= draft.now && call.approval !== undefined) {
    const { callId, tool, approval } = call;
    draft.emit({ type: "check_wanted", approvalId: approval.approvalId, callId, tool });
    return refused("PREVIEW");
  }
  const gate: Gate = call.gate === "plain" && command.owner.once ? "once" : call.gate;
  const deadline = deadlineOf(draft, call, gate);
  const unstored = !isGuarded(gate) && !command.store && !mustBeStored(draft, call);
  if (unstored) return granted(call, deadline, false);
  start(draft, call, command, gate, { deadline, brings: command.owner });
  return granted({ ...call, gate }, deadline, true);
}

/**
 * Whether the claim of a plain call must be stored at once. Another orchestrator, which cannot know of a claim that is
 * not stored, would grant the attempt to whoever it tells of it soon; and where that is long in coming, nobody would
 * look after the task if this orchestrator and the worker were both lost before it is stored.
 */
function mustBeStored({ run, now, context }: Draft, { callId }: Call): boolean {
  const owed = obligationsOf(run, context.timing).find(
    (obligation) => obligation.kind === "announce" && obligation.callId === callId,
  );
  if (owed === undefined) return false;
  const { leaseMs, announceMs } = context.timing;
  const wait = (context.schedule[owed.key] ?? owed.due) - now;
  return wait < UNSTORED_CLAIM_MS || wait > Math.max(leaseMs, announceMs);
}

function deadlineOf(draft: Draft, call: Call, gate: Gate): number | undefined {
  const timeout =
    toolOf(draft.context.agent, call.tool)?.timeoutMs ?? (isGuarded(gate) ? GUARDED_TIMEOUT_MS : undefined);
  return timeout === undefined ? undefined : draft.now + timeout;
}

function start(
  draft: Draft,
  call: Call,
  by: Pick<Claim, "attempt" | "nonce" | "workerId" | "incarnation">,
  gate: Gate,
  { deadline, brings }: { deadline?: number | undefined; brings?: Claim["owner"] } = {},
): void {
  const guarded = isGuarded(gate);
  draft.emit({
    type: "tool_started",
    callId: call.callId,
    tool: call.tool,
    attempt: by.attempt,
    nonce: by.nonce,
    workerId: by.workerId,
    incarnation: by.incarnation,
    gate,
    ...(deadline === undefined ? {} : { deadline }),
    ...(guarded && brings?.probe === true ? { probe: true } : {}),
    ...(guarded && brings?.enforcesKey === true ? { enforcesKey: true } : {}),
    ...(call.check === undefined ? {} : { checked: call.check.fingerprint }),
  });
}

function refused(reason: ClaimRefusal): ClaimAnswer {
  return { type: "refused", reason };
}

function granted(call: Call, deadline: number | undefined, stored: boolean): ClaimAnswer {
  return {
    type: "granted",
    tool: call.tool,
    argumentsSequence: call.argumentsSequence,
    digest: call.digest,
    guarded: isGuarded(call.gate),
    ...(deadline === undefined ? {} : { deadline }),
    ...(call.approval === undefined ? {} : { approval: call.approval }),
    stored,
  };
}

export function complete(draft: Draft, command: Complete): Answer {
  const { callId, attempt, nonce } = command;
  const claimed = claimedCallOf(draft.run, callId);
  if (claimed === undefined) {
    const earlier = isOfEarlierTurn(draft.run, callId);
    return stale(earlier ? "The call ended in an earlier turn." : "The call has no such claim.");
  }
  const record = claimed.claims.find((claim) => claim.nonce === nonce && claim.attempt === attempt);
  if (record !== undefined && !isClaimant(record, command)) return stale("The claim is another worker's.");
  const report = reportDigestOf(draft, command);
  if (record?.reported !== undefined && (record.outcome ?? report) === report) {
    return { type: "completed", status: record.reported };
  }
  if (claimed.digest !== command.digest) return stale("The digest is not that of the call's arguments.");
  if (record?.reported !== undefined) return stale("Another outcome of this attempt was recorded first.");
  const call = callOf(draft.run, callId);
  if (call === undefined) return lateOrStale(draft, command, record, claimed, undefined);
  const { state } = call;
  if (state.kind === "claimed" && state.nonce === nonce && state.attempt === attempt) {
    return isClaimant(state, command) ? accept(draft, call, command) : stale("The claim is another worker's.");
  }
  // A plain claim may come with its outcome: a completion that presents the grant counts as the claim.
  if (state.kind === "ready" && state.attempt === attempt && call.gate === "plain" && state.notBefore <= draft.now) {
    if (draft.run.phase.kind !== "active") return stale("The run is ending.");
    start(draft, call, command, "plain");
    return accept(draft, callOf(draft.run, callId) ?? call, command);
  }
  return lateOrStale(draft, command, record, call, call);
}

function accept(draft: Draft, call: Call, command: Complete): Answer {
  const { outcome, attempt, nonce } = command;
  const from = { attempt, nonce, report: reportDigestOf(draft, command) };
  if (outcome.kind === "error" && outcome.retryable && !isGuarded(call.gate)) {
    if (retry(draft, call, from, "TOOL_FAILED", outcome.message)) return { type: "completed", status: "ACCEPTED" };
  }
  draft.finish(call, fitted(draft, call.gate, outcome), from);
  return { type: "completed", status: "ACCEPTED" };
}

/** A true claimant's outcome of a guarded call is always recorded; anybody else's is dropped. */
function lateOrStale(
  draft: Draft,
  command: Complete,
  record: ClaimRecord | undefined,
  { gate, tool, claims }: Pick<Call, "gate" | "tool" | "claims">,
  call: Call | undefined,
): Answer {
  if (record === undefined) return stale("This claim is not the call's.");
  if (!isGuarded(gate)) return stale("The attempt was given up, and the call has gone on without it.");
  const { callId, attempt, nonce } = command;
  const from = { attempt, nonce, report: reportDigestOf(draft, command) };
  const outcome = fitted(draft, gate, command.outcome);
  // An earlier attempt's outcome does not tell what a later one did.
  const newest = isNewest(claims, record);
  const settlement = newest ? settlementOf(draft, callId) : undefined;
  const wanted = settlement !== undefined || (newest && call !== undefined && isUnanswered(call));
  if (call !== undefined && draft.run.phase.kind !== "ended" && wanted) {
    withdraw(draft, settlement);
    draft.finish(call, outcome, from);
    return { type: "completed", status: "ACCEPTED" };
  }
  const settles = settlement === undefined ? {} : { settles: settlement.approvalId };
  draft.emit({ type: "late_outcome", callId, tool, ...from, outcome, ...settles });
  return { type: "completed", status: "LATE" };
}

function settlementOf(draft: Draft, callId: string): Checkpoint | undefined {
  return openCheckpoints(draft.run).find((open) => open.callId === callId && open.kind === "SETTLEMENT");
}

/** The worker itself answers the settlement. */
function withdraw(draft: Draft, settlement: Checkpoint | undefined): void {
  if (settlement === undefined) return;
  const { approvalId, callId } = settlement;
  draft.emit({ type: "checkpoint_closed", approvalId, callId, why: "WITHDRAWN" });
}

/** Whether no later claim of the call may have begun. */
function isNewest(claims: readonly ClaimRecord[], record: ClaimRecord): boolean {
  return claims.slice(claims.indexOf(record) + 1).every(({ released }) => released === true);
}

/** A rerun that nobody has claimed, or a probe that is still asked. */
function isUnanswered({ state: { kind } }: Call): boolean {
  return kind === "rerun" || kind === "ready" || kind === "probing" || kind === "checking";
}

/** Puts a plain call up for another attempt; false where its attempts are used up. */
function retry(
  draft: Draft,
  call: Call,
  from: Pick<AttemptFailed, "attempt" | "nonce" | "report">,
  reason: AttemptFailed["reason"],
  message: string,
): boolean {
  if (draft.run.phase.kind !== "active") return false;
  const policy: RetryPolicy | undefined = toolOf(draft.context.agent, call.tool)?.retry;
  const backoff = policy && backoffAfter(policy, call.failures + 1, draft.context.jitter);
  if (backoff === undefined) return false;
  const retryAt = draft.now + backoff;
  draft.emit({ type: "attempt_failed", callId: call.callId, ...from, reason, message, retryAt });
  return true;
}

export function release(draft: Draft, command: Release): Answer {
  const { callId, attempt, nonce, reason, detail } = command;
  const known = claimedCallOf(draft.run, callId)?.claims.find(
    (claim) => claim.nonce === nonce && claim.attempt === attempt,
  );
  if (known !== undefined && !isClaimant(known, command)) return { type: "released", released: false };
  if (known?.released) return { type: "released", released: true };
  // Whoever reported an outcome had begun, whatever is asked about that attempt by now.
  if (known?.reported !== undefined) return { type: "released", released: false };
  const call = callOf(draft.run, callId);
  if (call === undefined || draft.run.phase.kind === "ended") return { type: "released", released: false };
  const { state } = call;
  const stored = "nonce" in state && state.nonce === nonce && state.attempt === attempt;
  const unstored = state.kind === "ready" && state.attempt === attempt && call.gate === "plain";
  if (!stored && !unstored) return { type: "released", released: false };
  if (state.kind === "claimed" && !isClaimant(state, command)) return { type: "released", released: false };
  if (command.begun === true) {
    if (unstored) start(draft, call, command, "plain");
    endClaim(draft, { type: "end_claim", callId, attempt, nonce, how: "DISOWNED" });
    return { type: "released", released: false };
  }
  // Not begun is an answer to whether it happened.
  withdraw(draft, settlementOf(draft, callId));
  // What one worker refuses the next one may refuse too.
  const refuses = reason === "INCOMPATIBLE" || reason === "NO_PROOF";
  const wait = refuses ? backoffAfter(REFUSED_RETRY, call.releases + 1, draft.context.jitter) : 0;
  const retryAt = draft.now + (wait ?? 0);
  draft.emit({ type: "task_released", callId, attempt, nonce, reason, detail, retryAt });
  const after = callOf(draft.run, callId);
  if (draft.run.phase.kind === "ending" && after !== undefined) {
    draft.drop(after, { kind: "cancelled", reason: "The run ended before the tool began." });
  }
  return { type: "released", released: true };
}

export function endClaim(draft: Draft, command: EndClaim): Answer {
  const { callId, attempt, nonce, how } = command;
  const call = callOf(draft.run, callId);
  if (draft.run.phase.kind === "ended") return stale("The run has ended.");
  if (call === undefined || !("nonce" in call.state)) return stale("The claim has ended already.");
  const { state } = call;
  if (state.nonce !== nonce || state.attempt !== attempt) return stale("The claim has ended already.");
  if (state.kind === "claimed") lose(draft, call, { ...command, cause: how });
  else if (state.kind === "rerun" || !state.grantDead) draft.emit({ type: "grant_ended", callId, attempt, how });
  return OK;
}

/** The claim's process is lost, or the attempt ran past its time-out. */
export function lose(
  draft: Draft,
  call: Call,
  { cause, lastHeartbeatAt }: Pick<UnknownAttempt, "cause"> & { readonly lastHeartbeatAt?: number | undefined },
): void {
  const { state } = call;
  if (state.kind !== "claimed") return;
  const { attempt, nonce, workerId, incarnation, since } = state;
  if (isGuarded(call.gate)) {
    const seen = lastHeartbeatAt === undefined ? {} : { lastHeartbeatAt };
    const unknown: UnknownAttempt = { attempt, nonce, workerId, incarnation, grantedAt: since, cause, ...seen };
    // A run that is ending asks nobody but people.
    if (state.probe !== true || draft.run.phase.kind !== "active") draft.askWhetherItHappened(call, unknown);
    else {
      const { callId, tool } = call;
      draft.emit({ type: "probing", callId, tool, unknown, until: draft.now + PROBE_MS });
    }
    return;
  }
  const reasons = { LEASE_ENDED: "TOOL_LOST", DISOWNED: "TOOL_DISOWNED", TIMED_OUT: "TOOL_TIMED_OUT" } as const;
  const texts = {
    LEASE_ENDED: "The worker was lost.",
    DISOWNED: "The worker no longer had the task.",
    TIMED_OUT: "The tool ran past its time-out.",
  };
  if (retry(draft, call, { attempt, nonce }, reasons[cause], texts[cause])) return;
  draft.finish(call, { kind: "error", message: `${texts[cause]} It was tried ${call.failures + 1} times.` });
}
