// Standing grants in memory, as GrantDocuments keeps them.
import { Limits } from "@agentspan/internal";
import { collectPage } from "../collect-page.js";
import { decodePageToken, encodePageToken } from "../page-token.js";
import type { GrantListQuery, LiveGrantQuery, Page, Revocation, StandingGrant } from "../ports.js";
import { compareIds } from "./memory-lists.js";

export type MemoryGrants = Map<string, StandingGrant>;

export function putGrant(grants: MemoryGrants, grant: StandingGrant): boolean {
  if (grants.has(grant.grantId)) return false;
  grants.set(grant.grantId, structuredClone(grant));
  return true;
}

/** The newest first. */
export function listGrants(grants: MemoryGrants, query: GrantListQuery): Promise<Page<StandingGrant>> {
  const { namespace, agentName, toolName, limit, pageToken } = query;
  const after = decodePageToken("grants", pageToken);
  const rows = [...grants.values()]
    .filter((grant) => grant.namespace === namespace)
    .filter((grant) => agentName === undefined || grant.agentName === agentName)
    .filter((grant) => toolName === undefined || grant.toolName === toolName)
    .sort((one, other) => other.createdAt - one.createdAt || compareIds(one.grantId, other.grantId))
    .filter(
      ({ createdAt, grantId }) =>
        after === undefined || createdAt < after.at || (createdAt === after.at && grantId > after.id),
    );
  return collectPage(rows, {
    limit,
    maxBytes: Limits.pageBytes,
    bytesOf: (grant) => JSON.stringify(grant).length,
    itemOf: (grant) => structuredClone(grant),
    tokenAfter: ({ createdAt, grantId }) => encodePageToken("grants", { at: createdAt, id: grantId }),
  });
}

export function liveGrants(grants: MemoryGrants, query: LiveGrantQuery): readonly StandingGrant[] {
  const { namespace, agentName, toolName, now, limit } = query;
  return [...grants.values()]
    .filter((grant) => grant.namespace === namespace && grant.agentName === agentName && grant.toolName === toolName)
    .filter((grant) => isLive(grant, now))
    .sort((one, other) => one.createdAt - other.createdAt || compareIds(one.grantId, other.grantId))
    .slice(0, limit)
    .map((grant) => structuredClone(grant));
}

export function revokeGrant(
  grants: MemoryGrants,
  namespace: string,
  grantId: string,
  revocation: Revocation,
): StandingGrant | undefined {
  const grant = grants.get(grantId);
  if (grant === undefined || grant.namespace !== namespace) return undefined;
  const revoked = { ...grant, revoked: grant.revoked ?? { ...revocation } };
  grants.set(grantId, revoked);
  return structuredClone(revoked);
}

export function getGrant(grants: MemoryGrants, namespace: string, grantId: string): StandingGrant | undefined {
  const grant = grants.get(grantId);
  return grant?.namespace === namespace ? structuredClone(grant) : undefined;
}

export function noteGrantUses(grants: MemoryGrants, grantId: string, uses: number): void {
  const grant = grants.get(grantId);
  if (grant !== undefined && grant.uses < uses) grants.set(grantId, { ...grant, uses });
}

function isLive({ revoked, expiresAt, uses, maxUses }: StandingGrant, now: number): boolean {
  return revoked === undefined && expiresAt > now && uses < maxUses;
}
