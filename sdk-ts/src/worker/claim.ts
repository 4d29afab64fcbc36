import { ClaimRequestSchema, ClaimResponseSchema, type Grant, RefusalReason, ReleaseReason } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { askUntilAnswered, isUnregistered } from "./ask-until-answered.js";
import { type Instant, instantOf } from "./clock.js";
import { release } from "./report.js";
import { holdHints, type TaskInHand } from "./task-in-hand.js";
import type { WorkerParts } from "./worker-parts.js";

/** What became of a claim. */
export type Claimed =
  | {
      readonly kind: "granted";
      readonly grant: Grant;
      /** Asked first from now on. */
      readonly orchestratorId: string;
      /** When the claim was first sent; a guarded grant ages from then. */
      readonly sentAt: Instant;
    }
  | { readonly kind: "refused"; readonly reason: string }
  /** The server knows of no registration of this tool here (any more). It is told again, and then may grant it. */
  | { readonly kind: "unregistered" }
  /** Nobody knows whether this attempt took effect, and all that is asked is its tool's probe. */
  | { readonly kind: "probe" }
  /** What the call would do is asked, and nothing else. */
  | { readonly kind: "preview" };

export interface ClaimOptions {
  /** Asks for what a probe needs, and never for a start. */
  readonly probe?: boolean;
  /** Asks for what a preview needs, and never for a start. */
  readonly preview?: boolean;
}

/**
 * Claims with the task's nonce until there is an answer: to a repeated claim the server gives the same one. Throws the
 * signal's reason where the worker has ended first.
 */
export async function claim(
  parts: WorkerParts,
  task: TaskInHand,
  { probe = false, preview = false }: ClaimOptions = {},
): Promise<Claimed> {
  const { runId, callId, attempt, nonce } = task;
  const request = create(ClaimRequestSchema, { ...parts.identity, runId, callId, attempt, nonce, probe, preview });
  const sentAt = instantOf(parts.time);
  let repeated = false;
  const answer = await askUntilAnswered(parts, "claim", [ClaimRequestSchema, ClaimResponseSchema], request, {
    first: task.announcedBy,
    signal: parts.ended,
    onRepeat: () => {
      repeated = true;
      holdHints(task);
    },
  });
  const { orchestratorId } = answer;
  if (answer.error !== undefined) {
    // An earlier try may have been granted and its answer lost: nobody may count on this claim.
    const detail = `the claim was refused: ${answer.error.reason}`;
    if (repeated && !probe && !preview)
      await release(parts, task, { reason: ReleaseReason.TOO_LATE, detail, orchestratorId });
    if (isUnregistered(answer.error)) {
      parts.logger.warn(
        { runId, callId, attempt, why: answer.error.message },
        "A claim was refused; registering again",
      );
      parts.registerSoon();
      return { kind: "unregistered" };
    }
    return { kind: "refused", reason: `${answer.error.reason}: ${answer.error.message}` };
  }
  switch (answer.answer.case) {
    case "grant":
      return { kind: "granted", grant: answer.answer.value, orchestratorId, sentAt };
    case "refusal": {
      const { reason } = answer.answer.value;
      if (reason === RefusalReason.PROBE) return { kind: "probe" };
      if (reason === RefusalReason.PREVIEW) return { kind: "preview" };
      return { kind: "refused", reason: RefusalReason[reason] ?? "UNSPECIFIED" };
    }
    case undefined:
      return { kind: "refused", reason: "an answer that this version does not know" };
    default:
      return answer.answer satisfies never;
  }
}
