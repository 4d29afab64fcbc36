import { ApprovalKind } from "@agentspan/proto";

/** What people call a kind of checkpoint. */
export const KIND_WORDS: Readonly<Record<ApprovalKind, string>> = {
  [ApprovalKind.UNSPECIFIED]: "Checkpoint",
  [ApprovalKind.APPROVAL]: "Approval",
  [ApprovalKind.QUESTION]: "Question",
  [ApprovalKind.SETTLEMENT]: "Outcome unknown",
};

export const KIND_COLORS: Readonly<Record<ApprovalKind, string>> = {
  [ApprovalKind.UNSPECIFIED]: "gray",
  [ApprovalKind.APPROVAL]: "blue",
  [ApprovalKind.QUESTION]: "teal",
  [ApprovalKind.SETTLEMENT]: "red",
};
