import type { Logger } from "./logger.js";

/** What a tool function is told besides its arguments. */
export interface ToolContext {
  readonly runId: string;
  readonly callId: string;
  /** From 1; a plain tool that failed or whose worker was lost gets another. */
  readonly attempt: number;
  /** The same for every attempt of this call: hand it to whatever makes the effect. */
  readonly idempotencyKey: string;
  /** When this attempt must have ended, by this machine's clock; absent where it may take as long as it likes. */
  readonly deadline?: Date;
  /** Aborts when the deadline passes, the run is cancelled, or the worker shuts down and its grace is over. */
  readonly signal: AbortSignal;
  /** Says run, call and attempt with every line. */
  readonly logger: Logger;
  /** Why this call may run; absent for a plain tool. */
  readonly proof?: ToolProof;
}

/** The server's word that this attempt may run. */
export interface ToolProof {
  /** The approval that a person gave; empty where none was needed. */
  readonly approvalId: string;
  readonly decisionId: string;
  /** Of the exact text of the arguments. */
  readonly argumentsDigest: string;
  readonly grantedAt: Date | undefined;
  /** Which key signed it; empty while the server has none. */
  readonly keyId: string;
  readonly signature: Uint8Array;
}

/** Thrown by a tool whose failure is final: it is not tried again, and the model gets the message as the call's result. */
export class TerminalError extends Error {
  override readonly name = "TerminalError";
}
