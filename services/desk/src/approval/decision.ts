// What a person decides, as one act: it is sent again under the same id until it is answered, so that a click is one
// decision however often the network fails in the middle of it.
import { type Approval, DecisionOutcome, type RunService, SettleOutcome } from "@agentspan/proto";
import type { Client } from "@connectrpc/connect";

export type Choice =
  | { readonly verb: "approve"; readonly comment: string; readonly editedArgumentsJson: string }
  | { readonly verb: "reject"; readonly reason: string }
  | { readonly verb: "respond"; readonly contentJson: string; readonly comment: string }
  | { readonly verb: "settle"; readonly outcome: SettleOutcome; readonly resultJson: string; readonly comment: string };

export interface Act {
  readonly choice: Choice;
  /** What was in sight: the decision is bound to its digest. */
  readonly shown: Approval;
  readonly decisionId: string;
  readonly onBehalfOf: string;
}

export interface Answer {
  readonly closed: boolean;
  readonly votesMissing: number;
}

/** One fresh id. */
export function newDecisionId(): string {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  return `desk_${[...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
}

export async function send(
  runs: Client<typeof RunService>,
  { choice, shown, decisionId, onBehalfOf }: Act,
): Promise<Answer> {
  const { runId, approvalId, argumentsDigest } = shown;
  const which = { runId, approvalId, decisionId, onBehalfOf };
  switch (choice.verb) {
    case "approve": {
      const { comment, editedArgumentsJson } = choice;
      const previewFingerprint = fingerprintShown(shown);
      return runs.approve({
        ...which,
        argumentsDigest,
        comment,
        editedArgumentsJson,
        ...(previewFingerprint === undefined ? {} : { previewFingerprint }),
      });
    }
    case "reject":
      await runs.reject({ ...which, argumentsDigest, reason: choice.reason });
      return { closed: true, votesMissing: 0 };
    case "respond":
      await runs.respond({ ...which, contentJson: choice.contentJson, comment: choice.comment });
      return { closed: true, votesMissing: 0 };
    case "settle":
      return runs.settle({ ...which, outcome: choice.outcome, resultJson: choice.resultJson, comment: choice.comment });
    default:
      return choice satisfies never;
  }
}

/** Of the preview that is in sight: empty where none is yet, undefined where the tool has none. */
export function fingerprintShown({ preview }: Approval): string | undefined {
  return preview?.fingerprint;
}

/** Whether what is decided about is another than what was shown: its arguments, or what the call would do. */
export function isOther(shown: Approval, now: Approval): boolean {
  return (
    shown.argumentsDigest !== now.argumentsDigest || (fingerprintShown(shown) ?? "") !== (fingerprintShown(now) ?? "")
  );
}

const OUTCOMES: Readonly<Record<DecisionOutcome, string>> = {
  [DecisionOutcome.UNSPECIFIED]: "decided",
  [DecisionOutcome.APPROVED]: "approved",
  [DecisionOutcome.REJECTED]: "rejected",
  [DecisionOutcome.RESPONDED]: "answered",
  [DecisionOutcome.HAPPENED]: "settled: it happened",
  [DecisionOutcome.RUN_AGAIN]: "settled: run it again",
  [DecisionOutcome.GIVEN_UP]: "settled: nobody will know",
};

/** "approved". */
export function outcomeWords(outcome: DecisionOutcome): string {
  return OUTCOMES[outcome];
}

/** Whose decision or vote it is: whoever a delegate spoke for, or else who decided. */
export function personOf({ by, onBehalfOf }: { readonly by: string; readonly onBehalfOf: string }): string {
  return onBehalfOf === "" ? by : onBehalfOf;
}

/** What was done, in the past tense, for whoever did it. */
export function doneWords({ verb }: Choice, { closed, votesMissing }: Answer): string {
  if (!closed)
    return `Your vote is recorded. ${votesMissing === 1 ? "One more is" : `${votesMissing} more are`} needed.`;
  switch (verb) {
    case "approve":
      return "Approved. The call runs now.";
    case "reject":
      return "Rejected. The tool does not run, and the model is told why.";
    case "respond":
      return "Answered. The run goes on with your answer.";
    case "settle":
      return "Settled.";
    default:
      return verb satisfies never;
  }
}

export const SETTLEMENTS = [
  {
    outcome: SettleOutcome.HAPPENED,
    label: "It happened",
    explanation: "The effect is there. The run goes on with the result that you write.",
  },
  {
    outcome: SettleOutcome.RUN_AGAIN,
    label: "It did not happen: run it again",
    explanation: "The call runs once more with the same idempotency key. It counts as a new approval.",
  },
  {
    outcome: SettleOutcome.GIVE_UP,
    label: "Nobody will know: give up",
    explanation: "The model is told that the outcome is unknown. The call does not run again.",
  },
] as const;
