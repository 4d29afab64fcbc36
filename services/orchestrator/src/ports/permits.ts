// Where the newest permit of each worker is kept.

/** A permit as one worker showed it. */
export interface ShownPermit {
  readonly workerId: string;
  /** All that it is for. */
  readonly workers: readonly string[];
  readonly tools: readonly { readonly namespace: string; readonly queue: string; readonly name: string }[];
  /** When it was made, and from when on it is none; milliseconds since the epoch. */
  readonly at: number;
  readonly until: number;
  readonly keyId: string;
  /** In base64url. */
  readonly signature: string;
}

/** Keeps one permit of each worker. */
export interface PermitStore {
  /** Changes nothing where one is kept that was made at the same time or later. Resolves when stored. */
  putPermit(permit: ShownPermit): Promise<void>;
  /** Those that were stored at a time or later, milliseconds since the epoch, by the store's clock; what cannot be read is left out. */
  listPermits(since: number): Promise<readonly ShownPermit[]>;
}
