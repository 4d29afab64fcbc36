import { describe, expect, it } from "vitest";
import {
  accessTo,
  allowedCalls,
  delegateProblem,
  mayCall,
  methodName,
  PERMISSIONS,
  ROLES,
  refusalIsKept,
  rolesFor,
} from "../src/permissions.js";

/** The methods that somebody with just this role may call, of those that need one. */
const allowed = (role: string) =>
  Object.keys(PERMISSIONS)
    .filter((method) => typeof accessTo(method) !== "string" && mayCall(method, [role]))
    .sort();

const READS = [
  "ApprovalService/GetApproval",
  "ApprovalService/ListApprovals",
  "ApprovalService/WatchApprovals",
  "Internal/ApprovalChanges",
  "RunService/GetHistory",
  "RunService/GetStatus",
  "RunService/ListRuns",
  "RunService/StreamEvents",
  "WorkerService/ListTools",
  "WorkerService/ListWorkers",
];
const ONE_AGENT = ["AgentService/GetAgent", "AgentService/ListAgentVersions"];
const CONTROL = ["RunService/Cancel", "RunService/Pause", "RunService/Resume"];
const DECISIONS = ["RunService/Approve", "RunService/Reject", "RunService/Respond", "RunService/Settle"];
const LINKS = ["ApprovalService/CreateDecisionLink"];
const GRANTS = [
  "GrantService/CreateGrant",
  "GrantService/GetGrant",
  "GrantService/ListGrants",
  "GrantService/RevokeGrant",
];

describe("the table of permissions", () => {
  it("lets a runner start, read and steer, and decide nothing", () => {
    const agents = [...ONE_AGENT, "AgentService/ListAgents", "AgentService/PutAgent"];
    expect(allowed("runner")).toEqual([...READS, ...CONTROL, ...agents, "RunService/Start"].sort());
  });

  it("lets an approver decide, read and steer, know the tools that they decide about, and start nothing", () => {
    const all = [...READS, ...CONTROL, ...DECISIONS, ...LINKS, ...GRANTS, ...ONE_AGENT];
    expect(allowed("approver")).toEqual(all.sort());
  });

  it("lets a worker read definitions, and a delegate alone do nothing", () => {
    expect(allowed("worker")).toEqual([...ONE_AGENT, "AgentService/ListAgents"].sort());
    expect(allowed("delegate")).toEqual([]);
    expect(allowed("")).toEqual([]);
    expect(allowed("Admin")).toEqual([]);
  });

  it("lets an admin do everything but what is between our own processes", () => {
    const own = ["Internal/Sequences", "Internal/VerifyKey"];
    const all = Object.keys(PERMISSIONS).filter((method) => typeof accessTo(method) !== "string");
    expect(allowed("admin")).toEqual(all.filter((method) => !own.includes(method)).sort());
    expect(allowed("gateway")).toEqual(own);
    expect(allowed("*")).toEqual(all.sort());
  });

  it("leaves what it does not name to admins, also names that every object has", () => {
    for (const method of ["RunService/Erase", "toString", "__proto__", "constructor", ""]) {
      expect(ROLES.filter((role) => mayCall(method, [role]))).toEqual(["admin"]);
    }
    expect(rolesFor("RunService/Erase")).toBe("admin");
    expect(rolesFor("RunService/Approve")).toBe("approver or admin");
  });

  it("names methods as envelopes do", () => {
    expect(methodName("agentspan.v1.RunService", "Start")).toBe("RunService/Start");
    expect(methodName("grpc.health.v1.Health", "Check")).toBe("grpc.health.v1.Health/Check");
  });
});

it("tells somebody which calls they may make, and none of those between our own processes", () => {
  const who = "IdentityService/WhoAmI";
  expect(allowedCalls([])).toEqual([who]);
  expect(allowedCalls(["worker"])).toEqual([...ONE_AGENT, "AgentService/ListAgents", who].sort());
  const all = Object.keys(PERMISSIONS).filter((method) => !/^(?:grpc\.|Internal\/)/.test(method));
  expect(allowedCalls(["admin"])).toEqual(all.sort());
  expect(allowedCalls(["*"])).toEqual(all.sort());
});

it("a refusal is kept of those who may not decide, or give others a right to", () => {
  const kept = Object.keys(PERMISSIONS).filter(refusalIsKept);
  const rights = [
    "GrantService/CreateGrant",
    "GrantService/RevokeGrant",
    "KeyService/CreateKey",
    "KeyService/RevokeKey",
    "WebhookService/CreateWebhook",
    "WebhookService/DeleteWebhook",
    "WebhookService/RotateWebhookSecret",
  ];
  expect(kept.sort()).toEqual([...DECISIONS, ...LINKS, ...rights].sort());
});

describe("a delegate", () => {
  const decisions = [...DECISIONS, "RunService/Start"];

  it.each(decisions)("says for whom it speaks in %s", (method) => {
    expect(delegateProblem(method, ["delegate", "approver"], "alex@acme.test")).toBeUndefined();
    expect(delegateProblem(method, ["delegate", "approver"], "")).toMatch(/on_behalf_of/);
    expect(delegateProblem(method, ["delegate", "admin"], " \t")).toMatch(/on_behalf_of/);
  });

  it.each(decisions)("is who speaks for another in %s: nobody else may", (method) => {
    expect(delegateProblem(method, ["approver", "runner"], "")).toBeUndefined();
    expect(delegateProblem(method, ["approver", "runner"], "alex@acme.test")).toMatch(/delegate/);
    expect(delegateProblem(method, ["admin"], "alex@acme.test")).toMatch(/delegate/);
    expect(delegateProblem(method, ["approver"], " ")).toMatch(/delegate/);
  });

  it("may be anybody while authentication is off, and reads as everybody does", () => {
    expect(delegateProblem("RunService/Start", ["*"], "alex")).toBeUndefined();
    expect(delegateProblem("RunService/Start", ["*"], "")).toBeUndefined();
    expect(delegateProblem("RunService/GetStatus", ["delegate"], "")).toBeUndefined();
  });
});
