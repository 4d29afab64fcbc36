// Which preview of a call is asked for, if any: while its approval is open, or between the approval and the run.
import type { PreviewTerms } from "./agent.js";
import type { PreviewPurpose } from "./events.js";
import type { Call, Run } from "./run.js";

export interface WantedPreview {
  readonly approvalId: string;
  readonly purpose: PreviewPurpose;
  readonly number: number;
  readonly terms: PreviewTerms;
  readonly since: number;
  /** A worker has taken it. */
  readonly asked: boolean;
  /** When it has failed. A check waits for a worker like any task. */
  readonly until?: number;
  /** What it is about: an edit of an open approval stands with that, and not with the call yet. */
  readonly argumentsSequence: number;
  readonly digest: string;
}

/** Undefined where nobody asks what the call would do. */
export function wantedPreview(run: Run, call: Call): WantedPreview | undefined {
  const { state, approval } = call;
  if (state.kind === "gated") {
    const checkpoint = run.checkpoints[state.approvalId];
    if (checkpoint?.closed !== undefined || checkpoint?.preview?.shows.kind !== "pending") return undefined;
    const { approvalId, argumentsSequence, digest, preview } = checkpoint;
    const { number, since, until, asked = false } = checkpoint.preview.shows;
    const about = { argumentsSequence, digest };
    return { approvalId, purpose: "shown", number, terms: preview.terms, since, asked, until, ...about };
  }
  if (state.kind !== "checking" || approval === undefined) return undefined;
  const { approvalId } = approval;
  const terms = run.checkpoints[approvalId]?.preview?.terms;
  if (terms === undefined) return undefined;
  const { argumentsSequence, digest } = call;
  const { number, since, until } = state;
  const limit = until === undefined ? { asked: false } : { asked: true, until };
  return { approvalId, purpose: "checked", number, terms, since, ...limit, argumentsSequence, digest };
}

/** What people were shown when they approved a call; undefined where they were shown nothing, or it failed. */
export function shownPreview(run: Run, { approval }: Pick<Call, "approval">): ShownPreview | undefined {
  const shows = approval === undefined ? undefined : run.checkpoints[approval.approvalId]?.preview?.shows;
  return shows?.kind === "shown" ? shows : undefined;
}

export interface ShownPreview {
  readonly sequence: number;
  readonly fingerprint: string;
}
