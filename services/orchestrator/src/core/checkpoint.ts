// What a run keeps of a question to people, of what they answered, and of whose word it is.
import type { PreviewTerms } from "./agent.js";
import type { Act, CheckpointKind, Outcome, UnknownAttempt } from "./events.js";

export interface Checkpoint {
  readonly approvalId: string;
  readonly kind: CheckpointKind;
  readonly callId: string;
  readonly tool: string;
  readonly requestedAt: number;
  readonly updatedAt: number;
  /** The waiting event. */
  readonly sequence: number;
  /** The event with the arguments it asks about: tool_call, or the vote that edited them last. */
  readonly argumentsSequence: number;
  readonly digest: string;
  readonly votesRequired: number;
  readonly votes: readonly VoteRecord[];
  readonly explicit: boolean;
  readonly byRule?: true;
  readonly expiresAt?: number;
  /** The escalated event. */
  readonly escalated?: number;
  readonly remindAt?: number;
  /** How often people were reminded; absent where never. */
  readonly reminders?: number;
  readonly unknown?: UnknownAttempt;
  /** Absent where the tool brings none, or a person's edit closed it and nothing was shown of that. */
  readonly preview?: CheckpointPreview;
  readonly closed?: Closing;
}

export interface CheckpointPreview {
  readonly terms: PreviewTerms;
  readonly shows: PreviewShown;
  /** The event with what had been shown when the call was approved before. */
  readonly before?: number;
}

export type PreviewShown =
  | {
      readonly kind: "pending";
      readonly number: number;
      readonly since: number;
      /** When it has failed: while no worker has taken it, for want of one. */
      readonly until: number;
      readonly asked?: true;
    }
  /** The preview_taken event. */
  | { readonly kind: "shown"; readonly sequence: number; readonly fingerprint: string }
  | { readonly kind: "failed"; readonly sequence: number };

export interface VoteRecord {
  readonly who: string;
  /** For whom a delegate spoke: whose vote it is. */
  readonly onBehalfOf?: string;
  readonly at: number;
  readonly outcome: Outcome;
  /** The voted or decided event, which has the comment. */
  readonly sequence: number;
}

export type Closing =
  | {
      readonly how: "decided";
      readonly at: number;
      readonly sequence: number;
      readonly outcome: Outcome;
      readonly who: string;
      readonly onBehalfOf?: string;
      readonly decisionId: string;
    }
  | { readonly how: "expired" | "cancelled" | "withdrawn"; readonly at: number; readonly sequence: number };

export interface RecordedAct {
  readonly requestHash: string;
  readonly approvalId: string;
  /** The voted or decided event. */
  readonly sequence: number;
  readonly at: number;
  readonly who: string;
  readonly outcome: Outcome;
  readonly closed: boolean;
  readonly votesMissing: number;
}

/** The votes that still count beside a new one: a person has one, and an edit is about other arguments than those before. */
export function votesBeside({ votes }: Checkpoint, act: Speaker & Pick<Act, "edited">): readonly VoteRecord[] {
  return act.edited === undefined ? votes.filter((vote) => personOf(vote) !== personOf(act)) : [];
}

/** Who asked, and for whom. */
export type Speaker = Pick<Act, "who" | "onBehalfOf">;

/** The one person whose word it is, whatever it came by: persons are compared, never keys. */
export function personOf({ who, onBehalfOf }: Speaker): string {
  return onBehalfOf ?? who;
}

/** Whether a vote changed the arguments after the checkpoint was opened. */
export function wasEdited({ argumentsSequence, sequence }: Checkpoint): boolean {
  return argumentsSequence > sequence;
}
