// What an orchestrator signs of a worker's registration, so that a row that somebody wrote into the database, or changed
// there, lets no worker have a call. Orchestrators alone read it.
import { type PermitStatement, signedText } from "./statements.js";

/** What one start of a worker serves. */
export interface RegistrationStatement {
  readonly worker: string;
  readonly incarnation: string;
  readonly namespace: string;
  readonly tools: readonly RegisteredToolStatement[];
  /** With which it was registered; no such member where no permit was asked for. */
  readonly permit?: RegistrationPermit;
  /** When it was taken. */
  readonly at: number;
}

/** A tool, with what its owner says of it. */
export interface RegisteredToolStatement {
  readonly queue: string;
  readonly tool: string;
  readonly approval: boolean;
  readonly once: boolean;
  readonly probe: boolean;
  readonly enforcesKey: boolean;
  /** No such member where it brings none. */
  readonly preview?: { readonly fields: readonly string[]; readonly timeoutMs: number };
}

/** Which permit it was: its key, and its times. */
export interface RegistrationPermit extends Pick<PermitStatement, "at" | "until"> {
  readonly keyId: string;
}

export function registrationText(statement: RegistrationStatement): string {
  return signedText("agentspan.registration.v1", statement);
}
