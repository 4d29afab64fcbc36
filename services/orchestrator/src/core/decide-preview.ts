// What a gated call would do: looked at while people decide, and again right before it runs.
//
//  1. A preview only looks: several workers may take it, any number of times, and the first answer to its number counts.
//  2. A call that was approved with a preview in sight is claimed only within CHECK_VALID_MS of a check that found the
//     same; what is approved without one (none was there yet, it had failed, an edit closed it, a standing grant decided,
//     a settlement lets it run again) has nothing to be the same as, and is not checked.
//  3. A check that finds something else, or fails, asks people anew, with both; the third that finds something else ends
//     the call.
import type { Answer, AnswerPreview, ClaimAnswer, ClaimPreview, PreviewGranted, PreviewSaid } from "./commands.js";
import { askForApproval } from "./decide-model.js";
import { type Draft, OK, stale } from "./draft.js";
import type { PreviewFinding, PreviewTaken } from "./events.js";
import { headOf, MOST_DRIFTS, PREVIEW_BYTES, RUN_BYTES } from "./limits.js";
import { type Call, callOf } from "./run.js";
import { shownPreview, type WantedPreview, wantedPreview } from "./wanted-preview.js";

/** What is told of why a preview failed. UTF-16 units. */
const DETAIL_UNITS = 2_048;

export function claimPreview(
  draft: Draft,
  { callId, attempt, workerId }: ClaimPreview,
): PreviewGranted | Extract<ClaimAnswer, { type: "refused" }> {
  const { run, now } = draft;
  const call = callOf(run, callId);
  if (run.phase.kind === "ended") return { type: "refused", reason: "ENDED" };
  if (call === undefined) return { type: "refused", reason: "NOT_FOUND" };
  if (run.phase.kind === "ending") return { type: "refused", reason: "CANCELLED" };
  if (call.state.kind === "finished") return { type: "refused", reason: "ENDED" };
  const wanted = wantedPreview(run, call);
  if (wanted === undefined || call.attempts !== attempt || (wanted.until ?? now + 1) <= now) {
    return { type: "refused", reason: "TAKEN" };
  }
  if (run.paused) return { type: "refused", reason: "PAUSED" };
  const { approvalId, purpose, number, terms, argumentsSequence, digest } = wanted;
  const { tool } = call;
  const until = wanted.asked && wanted.until !== undefined ? wanted.until : now + terms.timeoutMs;
  if (!wanted.asked) {
    draft.emit({ type: "preview_asked", approvalId, callId, tool, purpose, number, workerId, until });
  }
  return { type: "preview_granted", tool, argumentsSequence, digest, number, until, leftMs: until - now };
}

export function answerPreview(draft: Draft, command: AnswerPreview): Answer {
  const call = callOf(draft.run, command.callId);
  const wanted = call === undefined ? undefined : wantedPreview(draft.run, call);
  if (call === undefined || wanted === undefined || wanted.number !== command.number || !wanted.asked) {
    return stale("Nobody asks for this preview any more.");
  }
  if (wanted.digest !== command.digest) return stale("The digest is not that of the call's arguments.");
  take(draft, call, wanted, findingOf(draft, wanted, command.said), command.workerId);
  return OK;
}

/** Nobody answered in time. */
export function giveUpPreview(draft: Draft, call: Call): void {
  const wanted = wantedPreview(draft.run, call);
  if (wanted === undefined) return;
  const { asked, terms } = wanted;
  const detail = asked ? `No answer came within ${terms.timeoutMs / 1_000} s.` : "No worker took it in time.";
  take(draft, call, wanted, { kind: "failed", detail });
}

/** Whether the time of what is asked is over. While a run is paused nobody can take what nobody has taken. */
export function isPreviewOver({ run, now }: Draft, call: Call): boolean {
  const wanted = wantedPreview(run, call);
  return wanted?.until !== undefined && wanted.until <= now && (wanted.asked || !run.paused);
}

function findingOf({ context }: Draft, { terms }: WantedPreview, said: PreviewSaid): PreviewFinding {
  if (said.kind === "failed") return failed(said.detail);
  const bytes = context.text.utf8Length(said.text);
  if (bytes > PREVIEW_BYTES) return failed(`It has ${bytes} bytes; the limit is ${PREVIEW_BYTES}.`);
  if (context.totalBytes + bytes > RUN_BYTES) return failed("The run has no room for it.");
  const preview = context.text.previewOf(said.text, terms.fields);
  if (!preview.ok) return failed(`It cannot be used: ${preview.problem}`);
  return { kind: "found", text: preview.text, fingerprint: preview.fingerprint };
}

function failed(detail: string): PreviewFinding {
  return { kind: "failed", detail: headOf(detail, DETAIL_UNITS) };
}

function take(draft: Draft, call: Call, wanted: WantedPreview, finding: PreviewFinding, workerId?: string): void {
  const { callId, tool } = call;
  const { approvalId, purpose, number } = wanted;
  const by = workerId === undefined ? {} : { workerId };
  const taken = { type: "preview_taken", approvalId, callId, tool, purpose, number, ...by, finding } as const;
  const approved = shownPreview(draft.run, call);
  if (purpose === "shown" || approved === undefined) {
    draft.emit(taken);
    return;
  }
  const verdict = verdictOf(finding, approved.fingerprint);
  const { sequence } = draft.emit({ ...taken, ...(verdict === undefined ? {} : { verdict }) });
  const checked = callOf(draft.run, callId);
  if (verdict === "same" || checked === undefined) return;
  askAgain(draft, checked, finding, { approved: approved.sequence, checked: sequence });
}

function verdictOf(finding: PreviewFinding, approved: string): PreviewTaken["verdict"] {
  if (finding.kind === "failed") return undefined;
  return finding.fingerprint === approved ? "same" : "drifted";
}

function askAgain(
  draft: Draft,
  call: Call,
  finding: PreviewFinding,
  events: { readonly approved: number; readonly checked: number },
): void {
  // What may have taken effect already is not approved or rejected: a person says what became of it.
  if (call.unsettled !== undefined) {
    draft.askWhetherItHappened(call, call.unsettled);
    return;
  }
  const before = call.approval && draft.run.checkpoints[call.approval.approvalId];
  const previews = before?.preview?.terms;
  const byRule = before?.byRule === undefined ? {} : { byRule: before.byRule };
  const again = { gate: "approval", ...byRule, ...(previews === undefined ? {} : { previews }) } as const;
  if (finding.kind === "failed") {
    const reason = `It was approved, and what it would do could not be looked at again: ${finding.detail}`;
    askForApproval(draft, call, { ...again, reason, drift: events });
    return;
  }
  const drifts = call.drifts ?? 0;
  if (drifts < MOST_DRIFTS) {
    const reason = "It was approved, and what it would do has changed since.";
    askForApproval(draft, call, { ...again, reason, drift: { ...events, fingerprint: finding.fingerprint } });
    return;
  }
  const message = `What this call would do changed ${drifts} times after people had approved it: it did not run.`;
  draft.finish(call, { kind: "error", reason: "PREVIEW_UNSTABLE", message });
}
