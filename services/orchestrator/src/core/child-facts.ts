// What happened between a run and the runs that it started.
import type { CheckpointKind, Outcome } from "./checkpoint-facts.js";

/** The run that a call asked for is there. */
export interface ChildStarted {
  readonly type: "child_started";
  readonly callId: string;
  readonly childRunId: string;
  readonly agentName: string;
  readonly agentVersion: string;
}

/** What is told of a child is told in the order of the child's own sequence; what comes late is dropped. */
interface OfChild {
  /** The call that started the child. */
  readonly callId: string;
  readonly childRunId: string;
  /** The child's event since which it is so. */
  readonly childSequence: number;
}

/** A checkpoint opened in a run that this one started, or in one that that one started. It is decided there. */
export interface ChildWaiting extends OfChild {
  readonly type: "child_waiting";
  readonly checkpoint: MirroredCheckpoint;
}

/** What is mirrored of it; its arguments stand in its own run. */
export interface MirroredCheckpoint {
  /** The run whose checkpoint it is. */
  readonly runId: string;
  readonly agentName: string;
  readonly approvalId: string;
  /** Of that run. */
  readonly callId: string;
  readonly kind: CheckpointKind;
  readonly tool: string;
  readonly digest: string;
  readonly requestedAt: number;
  readonly votesRequired: number;
  readonly expiresAt?: number;
}

export interface ChildClosed extends OfChild {
  readonly type: "child_closed";
  readonly runId: string;
  readonly approvalId: string;
  readonly closing: MirroredClosing;
}

export type MirroredClosing =
  | {
      readonly how: "decided";
      readonly at: number;
      readonly outcome: Outcome;
      readonly who: string;
      readonly onBehalfOf?: string;
      readonly decisionId: string;
    }
  | { readonly how: "expired" | "cancelled" | "withdrawn"; readonly at: number };

/** A child waits for people and nothing else from now on, or no longer. */
export interface ChildReported extends OfChild {
  readonly type: "child_reported";
  readonly waits: boolean;
}
