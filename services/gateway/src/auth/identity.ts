// Who a credential says is calling, once it has been found good.
import { AgentspanError, personNameProblem } from "@agentspan/internal";
import type { Caller, ShownIdentity } from "../context.js";

export interface Identity {
  readonly caller: Omit<Caller, "address">;
  /** Whose runs, definitions and keys the caller sees and touches. */
  readonly namespace: string;
  readonly shown?: ShownIdentity | undefined;
  /**
   * Asks again whether the credential is good. Rejects with UNAUTHENTICATED where it is not any more, and with another
   * error where nobody can tell. Streams ask it from time to time.
   */
  readonly stillGood: () => Promise<void>;
}

/** Verifies one kind of credential. */
export interface Verifier {
  /** Whether a text has the form of this kind. */
  readonly takes: (credential: string) => boolean;
  /** Rejects with Refused, or with an UNAVAILABLE error where nobody can tell. */
  readonly verify: (credential: string) => Promise<Identity>;
}

/** Why a credential is refused, in a word for logs and counts. */
export type RefusedFor =
  | "missing"
  | "malformed"
  | "unknown key"
  | "revoked"
  | "expired"
  | "not yet valid"
  | "issuer"
  | "audience"
  | "algorithm"
  | "signature"
  | "claims"
  | "name";

/** A credential that is not good. The message is for whoever sent it, and never holds any of it. */
export class Refused extends AgentspanError {
  constructor(
    readonly why: RefusedFor,
    message: string,
    cause?: unknown,
  ) {
    super("UNAUTHENTICATED", message, { cause });
  }
}

/** Names that no person or service can have: ours, and nobody's. */
const RESERVED: ReadonlySet<string> = new Set(["anonymous", "gateway"]);

/** What is wrong with the name of a person or service, in words that follow its name; undefined where nothing is. */
export function subjectProblem(subject: string): string | undefined {
  if (RESERVED.has(subject)) return `is "${subject}", which is nobody's name`;
  return personNameProblem(subject);
}
