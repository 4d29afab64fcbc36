import type { JsonObject } from "./json-text.js";
import type { OptionKinds } from "./option-check.js";

/** What every decision may say. */
export interface DecideOptions {
  /** Which approval, where several are open; else what this handle last showed. */
  readonly approvalId?: string;
  /** One id for one human act, where a caller wants to repeat it from elsewhere; a fresh one for each call unless said. */
  readonly decisionId?: string;
  /** For whom a delegate decides. */
  readonly onBehalfOf?: string;
}

export interface ApproveOptions extends DecideOptions {
  readonly comment?: string;
  /** Runs these arguments instead; checked against the tool's schema. */
  readonly editedArguments?: JsonObject;
  /** The digest that was shown, where approvalId names an approval that this handle did not show. */
  readonly argumentsDigest?: string;
  /**
   * The fingerprint of the preview that was shown, or "" where none was in sight: refused as ARGUMENTS_CHANGED where
   * another, or one at last, is in sight by now. That of what this handle showed unless said, where it showed one.
   */
  readonly previewFingerprint?: string;
}

export interface RespondOptions extends DecideOptions {
  readonly comment?: string;
}

export interface SettleOptions extends DecideOptions {
  readonly comment?: string;
  /** With HAPPENED: the call's result. */
  readonly result?: unknown;
}

export const DECIDE_OPTIONS: OptionKinds<DecideOptions> = {
  approvalId: "text",
  decisionId: "text",
  onBehalfOf: "text",
};
export const APPROVE_OPTIONS: OptionKinds<ApproveOptions> = {
  ...DECIDE_OPTIONS,
  comment: "text",
  editedArguments: "object",
  argumentsDigest: "text",
  previewFingerprint: "text",
};
export const RESPOND_OPTIONS: OptionKinds<RespondOptions> = { ...DECIDE_OPTIONS, comment: "text" };
export const SETTLE_OPTIONS: OptionKinds<SettleOptions> = { ...RESPOND_OPTIONS, result: "anything" };
