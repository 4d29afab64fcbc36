// What a run keeps of the claims of its calls, and how one is known again.

/** A stored claim, and what its worker reported. Of those given back not begun, the newest is kept. */
export interface ClaimRecord {
  readonly attempt: number;
  readonly nonce: string;
  /**
   * Whose it is; absent where `outcome` tells it too, where it was given back unstored, and in documents of before this
   * was kept.
   */
  readonly workerId?: string;
  readonly incarnation?: string;
  readonly released?: true;
  readonly reported?: "ACCEPTED" | "LATE";
  /** Of who reported and what, so that a repetition is told from another report; absent in documents of before. */
  readonly outcome?: string;
}

/** A claim as whoever made it names it. */
export interface ClaimKey {
  readonly attempt: number;
  readonly nonce: string;
  readonly workerId: string;
  readonly incarnation: string;
}

/** Whether it is this very claim, and named by the process that made it: a nonce that somebody else knows is nothing. */
export function isSameClaim(kept: ClaimRecord, named: ClaimKey): boolean {
  return kept.attempt === named.attempt && kept.nonce === named.nonce && isClaimant(kept, named);
}

export function isClaimant(kept: Partial<ClaimKey>, { workerId, incarnation }: Partial<ClaimKey>): boolean {
  if (kept.workerId === undefined) return true;
  return kept.workerId === workerId && kept.incarnation === incarnation;
}
