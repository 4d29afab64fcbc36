// Who may call what: one table, asked by the gateway before it forwards anything, and again by the orchestrator before
// it carries anything out. What the table does not name is for admins alone.

/** What a credential may say of its holder. */
export const ROLES = ["runner", "approver", "worker", "delegate", "admin"] as const;
export type Role = (typeof ROLES)[number];

/** The role of everybody while authentication is off: everything. No credential can have it. */
export const EVERYTHING = "*";

/** The role of our own gateways, for what they ask for themselves. No credential can have it. */
export const GATEWAY_ROLE = "gateway";

/**
 * Who may call a method: "anybody", also without a credential; "known", whoever has a valid one, whatever its roles; or
 * the holders of one of these roles. Admins may call everything.
 */
export type Access = "anybody" | "known" | readonly (Role | typeof GATEWAY_ROLE)[];

const START: Access = ["runner"];
const READ: Access = ["runner", "approver"];
const STEER: Access = ["runner", "approver"];
const DECIDE: Access = ["approver"];
const AGENTS: Access = ["runner", "worker"];
/** Whoever decides about a call may know what its tool says of it, and which arguments it takes. */
const ONE_AGENT: Access = ["runner", "approver", "worker"];
const ADMIN: Access = ["admin"];
const BETWEEN_US: Access = [GATEWAY_ROLE];

/** By service and method: ours without their package, as envelopes name them, those of others with it. */
export const PERMISSIONS: Readonly<Record<string, Access>> = {
  "RunService/Start": START,
  "RunService/GetStatus": READ,
  "RunService/StreamEvents": READ,
  "RunService/ListRuns": READ,
  "RunService/GetHistory": READ,
  "RunService/Cancel": STEER,
  "RunService/Pause": STEER,
  "RunService/Resume": STEER,
  "RunService/Approve": DECIDE,
  "RunService/Reject": DECIDE,
  "RunService/Respond": DECIDE,
  "RunService/Settle": DECIDE,
  "ApprovalService/ListApprovals": READ,
  "ApprovalService/GetApproval": READ,
  "ApprovalService/WatchApprovals": READ,
  "ApprovalService/CreateDecisionLink": DECIDE,
  "AgentService/PutAgent": START,
  "AgentService/GetAgent": ONE_AGENT,
  "AgentService/ListAgents": AGENTS,
  "AgentService/ListAgentVersions": ONE_AGENT,
  "WorkerService/ListWorkers": READ,
  "WorkerService/ListTools": READ,
  "IdentityService/WhoAmI": "known",
  "GrantService/CreateGrant": DECIDE,
  "GrantService/GetGrant": DECIDE,
  "GrantService/ListGrants": DECIDE,
  "GrantService/RevokeGrant": DECIDE,
  "KeyService/CreateKey": ADMIN,
  "KeyService/ListKeys": ADMIN,
  "KeyService/RevokeKey": ADMIN,
  "WebhookService/CreateWebhook": ADMIN,
  "WebhookService/ListWebhooks": ADMIN,
  "WebhookService/DeleteWebhook": ADMIN,
  "WebhookService/RotateWebhookSecret": ADMIN,
  "WebhookService/ListDeliveries": ADMIN,
  "WebhookService/ReplayDelivery": ADMIN,
  "WebhookService/ReplayDeadDeliveries": ADMIN,
  "AuditService/ListAudit": ADMIN,
  "AuditService/ExportAudit": ADMIN,
  // Probes and load balancers have no credential, and health tells nothing of anybody's.
  "grpc.health.v1.Health/Check": "anybody",
  "grpc.health.v1.Health/List": "anybody",
  "grpc.health.v1.Health/Watch": "anybody",
  "grpc.reflection.v1.ServerReflection/ServerReflectionInfo": "known",
  "grpc.reflection.v1alpha.ServerReflection/ServerReflectionInfo": "known",
  "Internal/Sequences": BETWEEN_US,
  "Internal/ApprovalChanges": READ,
  "Internal/VerifyKey": BETWEEN_US,
  // In the name of whoever was refused: it carries nothing out.
  "Internal/NoteRefusal": "known",
};

/** Methods by which somebody starts something or decides: a delegate must say for whom. */
const SPOKEN_FOR: ReadonlySet<string> = new Set([
  "RunService/Start",
  "RunService/Approve",
  "RunService/Reject",
  "RunService/Respond",
  "RunService/Settle",
  "GrantService/CreateGrant",
  "GrantService/RevokeGrant",
]);

/**
 * Methods by which somebody decides, gives others a right to, or says who is told: an attempt without the right to it is
 * written into the audit.
 */
const ATTEMPTS: ReadonlySet<string> = new Set([
  "RunService/Approve",
  "RunService/Reject",
  "RunService/Respond",
  "RunService/Settle",
  "ApprovalService/CreateDecisionLink",
  "GrantService/CreateGrant",
  "GrantService/RevokeGrant",
  "KeyService/CreateKey",
  "KeyService/RevokeKey",
  "WebhookService/CreateWebhook",
  "WebhookService/DeleteWebhook",
  "WebhookService/RotateWebhookSecret",
]);

/** Whether it is written down that somebody may not call a method, which takes the request to be read. */
export function refusalIsKept(method: string): boolean {
  return ATTEMPTS.has(method);
}

const OWN_PACKAGE = "agentspan.v1.";

/** The name of a method in the table and in envelopes: "RunService/Start". */
export function methodName(service: string, method: string): string {
  return `${service.startsWith(OWN_PACKAGE) ? service.slice(OWN_PACKAGE.length) : service}/${method}`;
}

/** Of a method by its name in the table. */
export function accessTo(method: string): Access {
  return Object.hasOwn(PERMISSIONS, method) ? (PERMISSIONS[method] ?? ADMIN) : ADMIN;
}

/** Whether somebody with these roles may call a method. Whether it is known who they are was asked before. */
export function mayCall(method: string, roles: readonly string[]): boolean {
  const access = accessTo(method);
  if (typeof access === "string" || roles.includes(EVERYTHING)) return true;
  if (roles.includes("admin") && !access.includes(GATEWAY_ROLE)) return true;
  return access.some((role) => roles.includes(role));
}

/** The calls of ours that somebody with these roles may make, by name: what is between our own processes is not theirs. */
export function allowedCalls(roles: readonly string[]): readonly string[] {
  return Object.keys(PERMISSIONS)
    .filter((method) => /^\w+Service\//.test(method) && mayCall(method, roles))
    .sort();
}

/** In words, for the refusal: "approver or admin". */
export function rolesFor(method: string): string {
  const access = accessTo(method);
  return typeof access === "string" ? "any role" : [...new Set([...access, "admin"])].join(" or ");
}

/**
 * What is wrong with for whom somebody says to speak, in a sentence; undefined where nothing is. `onBehalfOf` is what
 * the request says, empty where it says nothing.
 */
export function delegateProblem(method: string, roles: readonly string[], onBehalfOf: string): string | undefined {
  if (!SPOKEN_FOR.has(method) || roles.includes(EVERYTHING)) return undefined;
  const said = onBehalfOf !== "";
  if (roles.includes("delegate")) {
    return onBehalfOf.trim() !== ""
      ? undefined
      : "A delegate says for whom it speaks: set on_behalf_of to the person who asked for this.";
  }
  return said
    ? "Only a delegate may speak for somebody else: leave on_behalf_of out, or get the role delegate."
    : undefined;
}

/** Whether a text is one of the roles that a credential may have. */
export function isRole(text: string): text is Role {
  return (ROLES as readonly string[]).includes(text);
}
