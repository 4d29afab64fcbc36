// CreateGrant, GetGrant, ListGrants and RevokeGrant.
import {
  AgentspanError,
  canonicalJson,
  digestOf,
  faultPoint,
  grantIdOf,
  Limits,
  newId,
  ruleProblem,
} from "@agentspan/internal";
import {
  type CreateGrantRequest,
  CreateGrantRequestSchema,
  type CreateGrantResponse,
  CreateGrantResponseSchema,
  type GetGrantRequest,
  type GetGrantResponse,
  GetGrantResponseSchema,
  type ListGrantsRequest,
  type ListGrantsResponse,
  ListGrantsResponseSchema,
  type RevokeGrantRequest,
  type RevokeGrantResponse,
  RevokeGrantResponseSchema,
  type StandingGrant as StandingGrantMessage,
  StandingGrantSchema,
} from "@agentspan/proto";
import { create, toJson } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { Author } from "../audit/grant-ledger.js";
import { grantSeal, grantVersion } from "../grant-terms.js";
import type { StandingGrant } from "../ports.js";
import type { RequestContext } from "./context.js";
import { grantDoubts, requireFit } from "./grant-fit.js";
import { pageSizeOf } from "./read.js";

/**
 * The audit has it first, and whoever dies in between leaves an entry of a grant that is not there: the same request
 * again makes it.
 */
export async function createGrant(context: RequestContext, request: CreateGrantRequest): Promise<CreateGrantResponse> {
  const { store, ledger, clock, namespace, caller, signing } = context;
  const { agentName, toolName, rule, expiresAt, maxUses, description, onBehalfOf, idempotencyKey } = request;
  const now = Math.floor(clock.now());
  const problem = rule === "" ? undefined : ruleProblem(rule);
  if (agentName === "" || toolName === "" || expiresAt === undefined || maxUses === 0 || problem !== undefined) {
    const what = problem === undefined ? "an agent, a tool, an end and a number of uses" : `a rule: ${problem}`;
    throw new AgentspanError("INVALID_REQUEST", `A standing grant has ${what}.`);
  }
  // Asked for again once the definition has changed, it is the one that was made.
  const grantId = idempotencyKey === "" ? newId("gra") : grantIdOf(namespace, idempotencyKey);
  const known = idempotencyKey === "" ? undefined : await store.getGrant(namespace, grantId);
  if (timestampMs(expiresAt) <= now) throw new AgentspanError("INVALID_REQUEST", "The grant would have ended already.");
  const made: StandingGrant = {
    ...{ grantId, namespace, agentName, toolName, rule, maxUses, description, uses: 0 },
    ...{ createdAt: now, expiresAt: timestampMs(expiresAt) },
    by: {
      who: caller.subject,
      ...(onBehalfOf === "" ? {} : { onBehalfOf }),
      groups: [...caller.groups],
      authenticated: caller.method !== "none",
    },
  };
  const tool = known === undefined ? await requireFit(context.agents, made) : undefined;
  faultPoint("orchestrator.before-grant");
  const createdAt = await ledger.made(made, authorOf(context, onBehalfOf), requestDigest(request, caller.subject));
  faultPoint("orchestrator.after-grant-entry");
  const dated = { ...made, createdAt };
  const grant = signing === undefined ? dated : { ...dated, seal: grantSeal(dated, signing) };
  const stored = (await store.putGrant(grant)) ? grant : await store.getGrant(namespace, grant.grantId);
  const doubts = tool === undefined ? [] : grantDoubts(tool, rule);
  return create(CreateGrantResponseSchema, { grant: encodeGrant(stored ?? grant), doubts: [...doubts] });
}

export async function getGrant(context: RequestContext, { grantId }: GetGrantRequest): Promise<GetGrantResponse> {
  return create(GetGrantResponseSchema, { grant: encodeGrant(await readGrant(context, grantId)) });
}

export async function listGrants(context: RequestContext, request: ListGrantsRequest): Promise<ListGrantsResponse> {
  const { agentName, toolName, pageSize, pageToken } = request;
  const page = await context.store.listGrants({
    namespace: context.namespace,
    ...(agentName === "" ? {} : { agentName }),
    ...(toolName === "" ? {} : { toolName }),
    limit: pageSizeOf(pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
  });
  const grants = page.items.map(encodeGrant);
  return create(ListGrantsResponseSchema, { grants, nextPageToken: page.nextPageToken ?? "" });
}

export async function revokeGrant(context: RequestContext, request: RevokeGrantRequest): Promise<RevokeGrantResponse> {
  const { store, ledger, clock, namespace, caller } = context;
  const { grantId, onBehalfOf } = request;
  const grant = await readGrant(context, grantId);
  faultPoint("orchestrator.before-grant-revocation");
  await ledger.revoked(grant, authorOf(context, onBehalfOf));
  faultPoint("orchestrator.after-grant-revocation");
  const by = onBehalfOf === "" ? caller.subject : onBehalfOf;
  const revoked = await store.revokeGrant(namespace, grantId, { at: Math.floor(clock.now()), by });
  return create(RevokeGrantResponseSchema, { grant: encodeGrant(revoked ?? grant) });
}

async function readGrant({ store, namespace }: RequestContext, grantId: string): Promise<StandingGrant> {
  const grant = await store.getGrant(namespace, grantId);
  if (grant === undefined) throw new AgentspanError("GRANT_NOT_FOUND", `There is no standing grant ${grantId} here.`);
  return grant;
}

function authorOf({ caller }: RequestContext, onBehalfOf: string): Author {
  const { subject: who, method, credentialId, address } = caller;
  return { who, onBehalfOf, method, credentialId, address };
}

/** Of what was asked by whom, without its key. */
function requestDigest(request: CreateGrantRequest, who: string): string {
  const asked = toJson(CreateGrantRequestSchema, { ...request, idempotencyKey: "" });
  const canonical = canonicalJson(JSON.stringify({ who, asked }));
  if (canonical.ok) return digestOf(canonical.text);
  throw new AgentspanError("INVALID_REQUEST", `The request has no canonical form: ${canonical.problem}`);
}

function encodeGrant(grant: StandingGrant): StandingGrantMessage {
  const { grantId, agentName, toolName, rule, maxUses, uses, description, by, revoked } = grant;
  return create(StandingGrantSchema, {
    ...{ grantId, agentName, toolName, rule, maxUses, uses, description, version: grantVersion(grant) },
    createdAt: timestampFromMs(grant.createdAt),
    expiresAt: timestampFromMs(grant.expiresAt),
    createdBy: by.who,
    onBehalfOf: by.onBehalfOf ?? "",
    ...(revoked === undefined ? {} : { revokedAt: timestampFromMs(revoked.at), revokedBy: revoked.by }),
  });
}
