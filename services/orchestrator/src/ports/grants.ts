// Where standing grants are kept.
import type { Voter } from "../core/index.js";
import type { KeySeal, Revocation } from "./keys.js";
import type { Page } from "./runs.js";

/** A standing grant as it is stored: its terms, which never change, and what became of it. */
export interface StandingGrant {
  readonly grantId: string;
  readonly namespace: string;
  readonly agentName: string;
  readonly toolName: string;
  /** True of the calls that it lets run; any where empty. */
  readonly rule: string;
  readonly maxUses: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  /** Who made it. */
  readonly by: Voter;
  readonly description: string;
  readonly seal?: KeySeal;
  /** Uses that were taken, as they are shown; the audit's count is what holds. */
  readonly uses: number;
  readonly revoked?: Revocation;
}

export interface GrantListQuery {
  readonly namespace: string;
  readonly agentName?: string;
  readonly toolName?: string;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

/** Which grants may let a call of a tool run. */
export interface LiveGrantQuery {
  readonly namespace: string;
  readonly agentName: string;
  readonly toolName: string;
  /** Milliseconds since the epoch: those that end after it. */
  readonly now: number;
  readonly limit: number;
}

/**
 * Keeps standing grants: their terms, and how they stand as far as lists show it. One whose row cannot be read lets nothing
 * run: lists leave it out, and by its id it rejects with ROW_UNREADABLE.
 */
export interface GrantStore {
  /** Resolves to false, and changes nothing, where a grant of this id was stored already. */
  putGrant(grant: StandingGrant): Promise<boolean>;
  /** The newest first, those that can be used no more too. */
  listGrants(query: GrantListQuery): Promise<Page<StandingGrant>>;
  /** Those that were not revoked, have not ended and have uses left; the oldest first. */
  liveGrants(query: LiveGrantQuery): Promise<readonly StandingGrant[]>;
  /** The first revocation stays. Resolves to the grant, or to undefined where that namespace has none of this id. */
  revokeGrant(namespace: string, grantId: string, revocation: Revocation): Promise<StandingGrant | undefined>;
  getGrant(namespace: string, grantId: string): Promise<StandingGrant | undefined>;
  /** Keeps the highest count. What counts is the audit: this is what lists show. */
  noteGrantUses(grant: Pick<StandingGrant, "grantId" | "maxUses">, uses: number): Promise<void>;
}
