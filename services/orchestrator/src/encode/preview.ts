// What a call would do, as public messages.
import { type Preview, PreviewPurpose, PreviewSchema, PreviewStatus } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Checkpoint, PreviewFinding, PreviewTerms, PreviewPurpose as Purpose, RunEvent } from "../core/index.js";

/** What an approval shows: the preview_taken events of it, and of what was shown before that drifted. */
export interface PreviewEvents {
  readonly preview?: RunEvent | undefined;
  readonly previewBefore?: RunEvent | undefined;
}

/** A preview that was not taken yet is pending. */
export function encodePreview({ fields }: PreviewTerms, { preview, previewBefore }: PreviewEvents): Preview {
  const taken = preview === undefined ? create(PreviewSchema, { status: PreviewStatus.PENDING }) : takenOf(preview);
  taken.fields.push(...fields);
  if (previewBefore === undefined) return taken;
  taken.previous = takenOf(previewBefore);
  taken.previous.fields.push(...fields);
  return taken;
}

/** The sequences of those events. */
export function previewSequences(checkpoint: Checkpoint): {
  readonly preview?: number | undefined;
  readonly previewBefore?: number | undefined;
} {
  const { shows, before } = checkpoint.preview ?? {};
  return { preview: shows?.kind === "pending" ? undefined : shows?.sequence, previewBefore: before };
}

function takenOf({ fact, at }: RunEvent): Preview {
  const finding = fact.type === "preview_taken" ? encodeFinding(fact.finding) : {};
  return create(PreviewSchema, { ...finding, takenAt: timestampFromMs(at) });
}

export function encodeFinding(finding: PreviewFinding) {
  return finding.kind === "found"
    ? { status: PreviewStatus.SHOWN, contentJson: finding.text, fingerprint: finding.fingerprint }
    : { status: PreviewStatus.FAILED, detail: finding.detail };
}

const PURPOSES: Readonly<Record<Purpose, PreviewPurpose>> = {
  shown: PreviewPurpose.SHOWN,
  checked: PreviewPurpose.CHECKED,
};

export function purposeOf(purpose: Purpose): PreviewPurpose {
  return PURPOSES[purpose];
}
