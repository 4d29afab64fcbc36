// Keeps standing grants. Their uses and revocations are shown from here; what counts is in the audit.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import type { Voter } from "../core/index.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { GrantListQuery, GrantStore, KeySeal, LiveGrantQuery, Page, Revocation, StandingGrant } from "../ports.js";
import type { Database } from "./database.js";
import { datedRows, positionOf } from "./dated-rows.js";
import { RowReader } from "./row-reader.js";
import { standingGrant } from "./rows.js";
import { storedDate } from "./stored-date.js";

export const STANDING_GRANTS = "standingGrants";

interface GrantDocument {
  readonly _id: string;
  readonly namespace: string;
  readonly agentName: string;
  readonly toolName: string;
  readonly rule: string;
  readonly maxUses: number;
  /** What is left of maxUses. */
  readonly left: number;
  readonly createdAt: Date;
  readonly expiresAt: Date;
  readonly by: Voter;
  readonly description: string;
  readonly seal?: KeySeal;
  readonly revokedAt?: Date;
  readonly revokedBy?: string;
}

/** Roughly, of a grant without its texts. */
const BASE_BYTES = 512;

export class GrantDocuments implements GrantStore {
  readonly #database: Database;
  readonly #rows: RowReader;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
  }

  async putGrant(grant: StandingGrant): Promise<boolean> {
    const { _id, ...fields } = documentOf(grant);
    const { inserted } = await this.#database.upsert(STANDING_GRANTS, [{ q: { _id }, u: { $setOnInsert: fields } }]);
    return inserted.has(0);
  }

  async listGrants(query: GrantListQuery): Promise<Page<StandingGrant>> {
    const { namespace, agentName, toolName, limit, pageToken } = query;
    const after = decodePageToken("grants", pageToken);
    const filter = {
      namespace,
      ...(agentName === undefined ? {} : { agentName }),
      ...(toolName === undefined ? {} : { toolName }),
    };
    const rows = datedRows<GrantDocument>(this.#database, STANDING_GRANTS, {
      ...{ filter, field: "createdAt", newestFirst: true, after, batchSize: limit + 1 },
    });
    return collectPage(rows, {
      limit,
      maxBytes: Limits.pageBytes,
      bytesOf: ({ rule, description, by }) => BASE_BYTES + rule.length + description.length + by.groups.join().length,
      itemOf: (row) => this.#rows.readOrLeaveOut(STANDING_GRANTS, row, standingGrant),
      tokenAfter: (row) => encodePageToken("grants", positionOf(row, "createdAt")),
    });
  }

  async liveGrants({ namespace, agentName, toolName, now, limit }: LiveGrantQuery): Promise<readonly StandingGrant[]> {
    const rows = this.#database.scan<GrantDocument>(
      STANDING_GRANTS,
      {
        ...{ namespace, agentName, toolName },
        ...{ left: { $gt: 0 }, expiresAt: { $gt: storedDate(now) }, revokedAt: { $exists: false } },
      },
      { sort: { createdAt: 1, _id: 1 }, batchSize: limit },
    );
    return this.#rows.first(limit, STANDING_GRANTS, rows, standingGrant);
  }

  async revokeGrant(namespace: string, grantId: string, { at, by }: Revocation): Promise<StandingGrant | undefined> {
    await this.#database.change(STANDING_GRANTS, [
      {
        q: { _id: grantId, namespace, revokedAt: { $exists: false } },
        u: { $set: { revokedAt: storedDate(at), revokedBy: by } },
      },
    ]);
    return this.getGrant(namespace, grantId);
  }

  async getGrant(namespace: string, grantId: string): Promise<StandingGrant | undefined> {
    const filter = { _id: grantId };
    const [document] = await this.#database.lookUp<GrantDocument>(STANDING_GRANTS, { filter, limit: 1 });
    if (document?.namespace !== namespace) return undefined;
    return this.#rows.read(STANDING_GRANTS, document, standingGrant);
  }

  async noteGrantUses({ grantId, maxUses }: Pick<StandingGrant, "grantId" | "maxUses">, uses: number): Promise<void> {
    const left = maxUses - uses;
    await this.#database.change(STANDING_GRANTS, [{ q: { _id: grantId, left: { $gt: left } }, u: { $set: { left } } }]);
  }
}

function documentOf(grant: StandingGrant): GrantDocument {
  const { grantId, uses, createdAt, expiresAt, revoked, ...same } = grant;
  return {
    _id: grantId,
    ...same,
    left: grant.maxUses - uses,
    createdAt: storedDate(createdAt),
    expiresAt: storedDate(expiresAt),
    ...(revoked === undefined ? {} : { revokedAt: storedDate(revoked.at), revokedBy: revoked.by }),
  };
}
