// What a button of ours carries: which approval it is about, and which arguments stood above it. It proves nothing: who
// pressed it is asked, and the digest is compared where the decision is taken.

export const APPROVE_ACTION = "agentspan_approve";
export const REJECT_ACTION = "agentspan_reject";

export interface ButtonValue {
  readonly runId: string;
  readonly approvalId: string;
  readonly digest: string;
}

export function buttonText({ runId, approvalId, digest }: ButtonValue): string {
  return JSON.stringify([runId, approvalId, digest]);
}

/** Undefined where it is none of ours. */
export function readButton(text: string): ButtonValue | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined; // It is another's.
  }
  if (!Array.isArray(value) || value.length !== 3 || !value.every((part) => typeof part === "string")) return undefined;
  const [runId, approvalId, digest] = value as [string, string, string];
  return runId === "" || approvalId === "" || digest === "" ? undefined : { runId, approvalId, digest };
}
