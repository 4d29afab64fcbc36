// CreateGrant, ListGrants and RevokeGrant.
import { AgentspanError, Limits, newId, ruleProblem } from "@agentspan/internal";
import {
  type CreateGrantRequest,
  type CreateGrantResponse,
  CreateGrantResponseSchema,
  type ListGrantsRequest,
  type ListGrantsResponse,
  ListGrantsResponseSchema,
  type RevokeGrantRequest,
  type RevokeGrantResponse,
  RevokeGrantResponseSchema,
  type StandingGrant as StandingGrantMessage,
  StandingGrantSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import type { StandingGrant } from "../ports.js";
import { grantSeal, grantVersion } from "../standing-grants.js";
import type { RequestContext } from "./context.js";
import { pageSizeOf } from "./read.js";

export async function createGrant(context: RequestContext, request: CreateGrantRequest): Promise<CreateGrantResponse> {
  const { store, clock, namespace, caller, signing } = context;
  const { agentName, toolName, rule, expiresAt, maxUses, description, onBehalfOf } = request;
  const now = Math.floor(clock.now());
  const problem = rule === "" ? undefined : ruleProblem(rule);
  if (agentName === "" || toolName === "" || expiresAt === undefined || maxUses === 0 || problem !== undefined) {
    const what = problem === undefined ? "an agent, a tool, an end and a number of uses" : `a rule: ${problem}`;
    throw new AgentspanError("INVALID_REQUEST", `A standing grant has ${what}.`);
  }
  if (timestampMs(expiresAt) <= now) throw new AgentspanError("INVALID_REQUEST", "The grant would have ended already.");
  const made: StandingGrant = {
    ...{ grantId: newId("gra"), namespace, agentName, toolName, rule, maxUses, description, uses: 0 },
    ...{ createdAt: now, expiresAt: timestampMs(expiresAt) },
    by: {
      who: caller.subject,
      ...(onBehalfOf === "" ? {} : { onBehalfOf }),
      groups: [...caller.groups],
      authenticated: caller.method !== "none",
    },
  };
  const grant = signing === undefined ? made : { ...made, seal: grantSeal(made, signing) };
  await store.putGrant(grant);
  return create(CreateGrantResponseSchema, { grant: encodeGrant(grant) });
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
  const { store, clock, namespace, caller } = context;
  const { grantId, onBehalfOf } = request;
  const by = onBehalfOf === "" ? caller.subject : onBehalfOf;
  const revoked = await store.revokeGrant(namespace, grantId, { at: Math.floor(clock.now()), by });
  if (revoked === undefined) throw new AgentspanError("GRANT_NOT_FOUND", `There is no standing grant ${grantId} here.`);
  return create(RevokeGrantResponseSchema, { grant: encodeGrant(revoked) });
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
