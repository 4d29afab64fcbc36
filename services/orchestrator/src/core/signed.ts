// What is signed of facts.

/**
 * An orchestrator's signature over what a fact says, put to it before it is stored where there is a key. The core makes
 * nothing of it; signed-facts.ts says what is signed.
 */
export interface Signed {
  readonly keyId: string;
  /** In base64url. */
  readonly signature: string;
}

/** What of an act is signed beside what it says. */
export interface SignedAct extends Signed {
  /** Of the arguments that were shown. */
  readonly digest: string;
}

/** What of a grant is signed beside what its start says. */
export interface SignedGrant extends Signed {
  readonly digest: string;
  /** Empty where no person had to decide. */
  readonly approvalId: string;
  readonly decisionId: string;
  readonly expiresAt: number;
  /** Over what the worker's tool brings, apart from the rest, since the worker reads the grant and not this. */
  readonly brought?: Signed;
}
