// What facts make of previews: what an open approval shows, and what a call waits for between approval and run.
import type { PreviewTerms } from "./agent.js";
import type { Checkpoint, CheckpointPreview, PreviewShown } from "./checkpoint.js";
import type { CheckWanted, Drift, PreviewAsked, PreviewTaken, Waiting } from "./events.js";
import { offered, withCall } from "./evolve-call.js";
import { CHECK_VALID_MS, PREVIEW_WAIT_MS } from "./limits.js";
import type { Call, Run } from "./run.js";
import { wantedPreview } from "./wanted-preview.js";

/** What an approval shows as it opens. */
export function previewAtOpening(
  { previews: terms, drift }: Waiting,
  call: Call | undefined,
  at: number,
): CheckpointPreview | undefined {
  if (terms === undefined) return undefined;
  if (drift === undefined) return { terms, shows: pending(numberOf(call), at) };
  return { terms, shows: foundByCheck(drift), before: drift.approved };
}

function foundByCheck({ checked, fingerprint }: Drift): PreviewShown {
  return fingerprint === undefined
    ? { kind: "failed", sequence: checked }
    : { kind: "shown", sequence: checked, fingerprint };
}

/** A call of which one more preview is asked. */
export function askedOnceMore(call: Call): Call {
  return { ...call, previews: numberOf(call) };
}

function numberOf(call: Pick<Call, "previews"> | undefined): number {
  return (call?.previews ?? 0) + 1;
}

function pending(number: number, since: number): PreviewShown {
  return { kind: "pending", number, since, until: since + PREVIEW_WAIT_MS };
}

/** The arguments that an open approval is about are others: what they would do is looked at anew. */
export function previewAfterEdit(run: Run, { callId, preview }: Checkpoint, at: number): CheckpointPreview | undefined {
  if (preview === undefined) return undefined;
  const call = run.turn.calls.find((candidate) => candidate.callId === callId);
  return { terms: preview.terms, shows: pending(numberOf(call), at) };
}

/** Of a call that was approved, or whose check is too long ago: what it would do is looked at before it may be claimed. */
export function checking(call: Call, at: number): Call {
  const { check: _, ...unchecked } = call;
  const number = numberOf(call);
  const attempt = call.attempts;
  return {
    ...unchecked,
    ...offered(call, attempt, at, at),
    previews: number,
    state: { kind: "checking", attempt, number, since: at },
  };
}

export function afterPreviewAsked(run: Run, { approvalId, callId, purpose, until }: PreviewAsked): Run {
  if (purpose === "checked") {
    return withCall(run, callId, (call) =>
      call.state.kind === "checking" ? { ...call, state: { ...call.state, until } } : call,
    );
  }
  return withShown(run, approvalId, (shows) => (shows.kind === "pending" ? { ...shows, until, asked: true } : shows));
}

export function afterPreviewTaken(run: Run, fact: PreviewTaken, sequence: number, at: number): Run {
  const { approvalId, callId, purpose, finding, verdict } = fact;
  if (purpose === "shown") {
    const shows: PreviewShown =
      finding.kind === "found"
        ? { kind: "shown", sequence, fingerprint: finding.fingerprint }
        : { kind: "failed", sequence };
    return withShown(run, approvalId, () => shows, at);
  }
  return withCall(run, callId, (call) => {
    if (verdict === "drifted") return { ...call, drifts: (call.drifts ?? 0) + 1 };
    if (verdict !== "same" || finding.kind !== "found") return call;
    const check = { sequence, fingerprint: finding.fingerprint, until: at + CHECK_VALID_MS };
    return { ...call, check, ...offered(call, call.attempts, at, at) };
  });
}

export function afterCheckWanted(run: Run, { callId }: CheckWanted, at: number): Run {
  return withCall(run, callId, (call) => checking(call, at));
}

/** While a run is paused nobody takes a preview, so the time in which one waits for a worker begins anew. */
export function previewsResumed(run: Run, at: number): Run {
  let resumed = run;
  for (const call of run.turn.calls) {
    const wanted = wantedPreview(run, call);
    if (wanted === undefined || wanted.asked) continue;
    if (wanted.purpose === "shown") {
      resumed = withShown(resumed, wanted.approvalId, () => pending(wanted.number, at));
      continue;
    }
    const { attempt, number } = { attempt: call.attempts, number: wanted.number };
    resumed = withCall(resumed, call.callId, (waiting) => ({
      ...waiting,
      ...offered(waiting, attempt, at, at),
      state: { kind: "checking", attempt, number, since: at },
    }));
  }
  return resumed;
}

function withShown(run: Run, approvalId: string, change: (shows: PreviewShown) => PreviewShown, at?: number): Run {
  const checkpoint = run.checkpoints[approvalId];
  if (checkpoint?.preview === undefined) return run;
  const preview = { ...checkpoint.preview, shows: change(checkpoint.preview.shows) };
  const told = at === undefined ? {} : { updatedAt: at };
  return { ...run, checkpoints: { ...run.checkpoints, [approvalId]: { ...checkpoint, ...told, preview } } };
}

/** What a tool brings by its definition, by its owner's word, or by both: then what either of them names counts. */
export function strictestTerms(
  defined: PreviewTerms | undefined,
  owned: PreviewTerms | undefined,
): PreviewTerms | undefined {
  if (defined === undefined || owned === undefined) return defined ?? owned;
  const all = defined.fields.length === 0 || owned.fields.length === 0;
  const fields = all ? [] : [...new Set([...defined.fields, ...owned.fields])].toSorted();
  return { fields, timeoutMs: Math.max(defined.timeoutMs, owned.timeoutMs) };
}
