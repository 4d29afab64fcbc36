// What happened to checkpoints: people were asked, voted and decided, or time did.
import type { Approvers, PreviewTerms } from "./agent.js";
import type { UnknownAttempt } from "./call-facts.js";
import type { SignedAct } from "./signed.js";

export type CheckpointKind = "APPROVAL" | "QUESTION" | "SETTLEMENT";

export interface Waiting {
  readonly type: "waiting";
  readonly approvalId: string;
  readonly kind: CheckpointKind;
  readonly callId: string;
  readonly tool: string;
  readonly digest: string;
  readonly votesRequired: number;
  /** A decision must name the approval and its digest. */
  readonly explicit: boolean;
  /** Who may decide, where not everybody; told here, asked of the definition. */
  readonly approvers?: Approvers;
  /** Why it is gated, in words. */
  readonly reason: string;
  /** Nothing but the definition's rule asks for people. */
  readonly byRule?: true;
  readonly expiresAt?: number;
  /** When people are reminded first. */
  readonly remindAt?: number;
  /** On a settlement: what is known of the attempt. */
  readonly unknown?: UnknownAttempt;
  /** What the call would do is shown, and looked at again before it runs. */
  readonly previews?: PreviewTerms;
  /** Where it was approved before, and what it would do is not, or not for certain, what was shown then. */
  readonly drift?: Drift;
}

/** Sequences of the events that have them. */
export interface Drift {
  /** What was shown when it was approved. */
  readonly approved: number;
  /** What was found right before it would have run: it is what people are shown now. */
  readonly checked: number;
  /** Of what was found; absent where the check failed. */
  readonly fingerprint?: string;
}

export type Outcome = "approved" | "rejected" | "responded" | "happened" | "run_again" | "given_up";

/** How it is known who asks. */
export interface Via {
  /** none, api_key, jwt or slack. */
  readonly method: string;
  /** Of the key or the token; empty with none. */
  readonly credentialId: string;
  /** The IP address that the request came from. */
  readonly address: string;
}

/** What a person said, and how the request is recognised when it is repeated. */
export interface Act {
  readonly approvalId: string;
  readonly callId: string;
  readonly decisionId: string;
  readonly requestHash: string;
  readonly who: string;
  readonly onBehalfOf?: string;
  readonly outcome: Outcome;
  readonly comment: string;
  /** How it was known who it is; absent in events of earlier versions. */
  readonly via?: Via;
  /** The group by which they are one of those who may decide; absent where it takes none. */
  readonly group?: string;
  /** RFC 8785 text and digest of what runs instead. */
  readonly edited?: Edited;
  /** The fingerprint of the preview that was shown, of the arguments before an edit; absent where none was. */
  readonly preview?: string;
  readonly signed?: SignedAct;
}

export interface Edited {
  readonly arguments: string;
  readonly digest: string;
  /** Why these ask for people, where that is not what the checkpoint says. */
  readonly reason?: string;
}

/** A vote that did not decide; the one that does stands in `decided`. */
export interface Voted extends Act {
  readonly type: "voted";
}

export interface Decided extends Act {
  readonly type: "decided";
  /** The standing grant that decided, in its maker's name, before anybody was asked: no waiting event opened it. */
  readonly ground?: Ground;
  /** The rule that alone asked for people does not ask for them with the edited arguments: one vote is enough. */
  readonly spared?: true;
  /** A settled result, where the run has ended and no tool_result follows. */
  readonly content?: string;
}

/** Which use of which standing grant let a call run. */
export interface Ground {
  readonly grantId: string;
  /** Of its terms. */
  readonly version: string;
  /** From 1. */
  readonly use: number;
}

export interface CheckpointClosed {
  readonly type: "checkpoint_closed";
  readonly approvalId: string;
  readonly callId: string;
  readonly why: "EXPIRED" | "CANCELLED" | "WITHDRAWN";
}

/** Nobody decided in time, and others decide from now on. The votes that were given stay. */
export interface Escalated {
  readonly type: "escalated";
  readonly approvalId: string;
  readonly callId: string;
  readonly approvers: Approvers;
  readonly expiresAt: number;
}

/** A checkpoint still waits. Nothing of it changes by that. */
export interface Reminded {
  readonly type: "reminded";
  readonly approvalId: string;
  readonly callId: string;
  /** From 1. */
  readonly number: number;
  /** When they are reminded again; absent on the last one. */
  readonly remindAt?: number;
}
