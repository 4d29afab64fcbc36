// What each role may do, and who hears of those who tried more.
import {
  AgentService,
  ApprovalService,
  ApproveRequestSchema,
  CreateGrantRequestSchema,
  CreateKeyRequestSchema,
  CredentialKind,
  GrantService,
  IdentityService,
  KeyService,
  type NoteRefusalRequest,
  RevokeGrantRequestSchema,
  RevokeKeyRequestSchema,
  WorkerService,
} from "@agentspan/proto";
import { fromBinary } from "@bufbuild/protobuf";
import { createClient } from "@connectrpc/connect";
import { describe, expect, it } from "vitest";
import { KEYS, PROTOCOLS, type Protocol, withGuardedGateway } from "./guarded-gateway.js";
import { connectErrorOf, grpcJsCall, oursOf, oursOfStatus, refusalOf, statusOf } from "./harness.js";

const guarded = withGuardedGateway();
const { transport, runs } = guarded;

describe("who may not decide", () => {
  it("is told so, and the orchestrator that they tried, with nothing that could be carried out", async () => {
    guarded.orchestrator.seen.length = 0;
    const attempt = { runId: "run_a", approvalId: "apr_b", comment: "x".repeat(1_000), argumentsDigest: "" };
    expect((await refusalOf(runs(KEYS.runner.text).approve(attempt))).reason).toBe("PERMISSION_DENIED");
    await refusalOf(runs(KEYS.delegate.text, "gRPC on the second port").reject({ ...attempt, reason: "no" }));
    expect(guarded.orchestrator.seen.map(({ method }) => method)).toEqual([
      "Internal/NoteRefusal",
      "Internal/NoteRefusal",
    ]);
    const [first, second] = guarded.orchestrator.seen;
    expect(first?.envelope.caller?.subject).toBe("alex");
    expect(first?.request).toMatchObject({
      method: "RunService/Approve",
      message: expect.stringContaining("takes the role"),
    });
    expect(second?.request).toMatchObject({
      method: "RunService/Reject",
      message: expect.stringContaining("on_behalf_of"),
    });
    const noted = first?.request as NoteRefusalRequest | undefined;
    expect(fromBinary(ApproveRequestSchema, noted?.body ?? new Uint8Array())).toMatchObject({
      runId: "run_a",
      approvalId: "apr_b",
      comment: "",
    });
  });

  it("and give nobody a right to it, is told so too, and the orchestrator who was to have which", async () => {
    guarded.orchestrator.seen.length = 0;
    const runner = transport(KEYS.runner.text);
    const grants = createClient(GrantService, runner);
    const keys = createClient(KeyService, runner);
    const owner = "eve".repeat(200);
    const refused = [
      grants.createGrant({ agentName: "desk", toolName: "pay", description: "why" }),
      grants.revokeGrant({ grantId: "gra_1" }),
      keys.createKey({ owner, roles: Array(40).fill("admin"), description: "mine" }),
      keys.revokeKey({ keyId: "k1" }),
    ];
    for (const call of refused) expect((await refusalOf(call)).reason).toBe("PERMISSION_DENIED");
    const told = guarded.orchestrator.seen.map(({ request }) => request as NoteRefusalRequest);
    const of = (method: string) => told.find((one) => one.method === method)?.body ?? new Uint8Array();
    expect(told).toHaveLength(4);
    const grant = fromBinary(CreateGrantRequestSchema, of("GrantService/CreateGrant"));
    expect(grant).toMatchObject({ agentName: "desk", toolName: "pay", description: "" });
    expect(fromBinary(RevokeGrantRequestSchema, of("GrantService/RevokeGrant"))).toMatchObject({ grantId: "gra_1" });
    const key = fromBinary(CreateKeyRequestSchema, of("KeyService/CreateKey"));
    expect(key).toMatchObject({ owner: owner.slice(0, 256), roles: Array(16).fill("admin"), description: "" });
    expect(fromBinary(RevokeKeyRequestSchema, of("KeyService/RevokeKey"))).toMatchObject({ keyId: "k1" });
  });

  it("is refused also where nobody can be told", async () => {
    guarded.orchestrator.on("Internal/NoteRefusal", () => ({
      failure: { reason: "STORE_UNAVAILABLE", message: "away" },
    }));
    expect((await refusalOf(runs(KEYS.runner.text).approve({ runId: "run_a" }))).reason).toBe("PERMISSION_DENIED");
    guarded.orchestrator.on("Internal/NoteRefusal", () => "default");
  });
});

describe("who am I", () => {
  const ask = (text: string | undefined, protocol: Protocol = "Connect") =>
    createClient(IdentityService, transport(text, protocol)).whoAmI({});

  it.each(PROTOCOLS)("is answered whoever has a good key, without an orchestrator, over %s", async (protocol) => {
    guarded.orchestrator.seen.length = 0;
    expect(await ask(KEYS.approver.text, protocol)).toMatchObject({
      ...{ subject: "robin", displayName: "robin", roles: ["approver"], namespace: "default" },
      ...{ credentialKind: CredentialKind.API_KEY, credentialId: KEYS.approver.known.keyId },
      allowedCalls: expect.arrayContaining(["RunService/Approve", "IdentityService/WhoAmI"]),
    });
    const worker = await ask(KEYS.worker.text, protocol);
    expect(worker.allowedCalls).not.toContain("RunService/Approve");
    expect(worker.expiresAt).toBeUndefined();
    expect(guarded.orchestrator.seen.map(({ method }) => method)).not.toContain("IdentityService/WhoAmI");
    expect(await refusalOf(ask(undefined, protocol))).toMatchObject({ reason: "UNAUTHENTICATED" });
    expect(await refusalOf(ask(KEYS.expired.text, protocol))).toMatchObject({ reason: "UNAUTHENTICATED" });
  });

  it("names a person as their token does, also one who may do nothing, and not in a way that hides anything", async () => {
    const exp = Math.floor(Date.now() / 1_000) + 600;
    const nobody = await ask(
      await guarded.issuer.token({ sub: "u1", name: "Kim Ek", groups: ["guests"], org: "acme", exp }),
    );
    expect(nobody).toMatchObject({
      ...{ subject: "u1", displayName: "Kim Ek", roles: [], groups: ["guests"], namespace: "acme" },
      ...{ credentialKind: CredentialKind.TOKEN, allowedCalls: ["IdentityService/WhoAmI"] },
    });
    expect(nobody.expiresAt?.seconds).toBe(BigInt(exp));
    expect(nobody.credentialId).toContain(guarded.issuer.url);
    const odd = await ask(await guarded.issuer.token({ sub: "u1", name: "root\u202e", groups: [], org: "acme" }));
    expect(odd.displayName).toBe("u1");
  });
});

describe("each method", () => {
  it.each([
    [
      "runner",
      ["getStatus", "cancel", "pause", "resume", "listRuns", "getHistory"],
      ["approve", "reject", "respond", "settle"],
    ],
    ["approver", ["getStatus", "cancel", "pause", "resume", "listRuns", "getHistory", "approve", "reject"], ["start"]],
    ["worker", [], ["start", "getStatus", "cancel", "pause", "resume", "listRuns", "getHistory", "approve", "settle"]],
  ] as const)("asks a %s for its role", async (who, may, mayNot) => {
    const client = runs(KEYS[who].text);
    const call = async (name: keyof typeof client): Promise<string> => {
      const request = { runId: "run_none", contentJson: "1", outcome: 1, reason: "no", input: "x" };
      const method = client[name] as (request: object) => Promise<unknown>;
      return method(request).then(
        () => "answered",
        async (error: unknown) => oursOf(await connectErrorOf(Promise.reject(error))).reason,
      );
    };
    for (const name of may) expect(await call(name), name).not.toBe("PERMISSION_DENIED");
    for (const name of mayNot) expect(await call(name), name).toBe("PERMISSION_DENIED");
  });

  it("of agents, approvals and keys does so too", async () => {
    const denied = { reason: "PERMISSION_DENIED" };
    const of = (text: string) => ({
      agents: createClient(AgentService, transport(text)),
      approvals: createClient(ApprovalService, transport(text)),
      keys: createClient(KeyService, transport(text)),
    });
    const agent = { name: "a", model: "demo/refund" };
    await of(KEYS.worker.text).agents.listAgents({});
    await of(KEYS.admin.text).agents.putAgent({ agent });
    expect(await refusalOf(of(KEYS.worker.text).agents.putAgent({ agent }))).toMatchObject(denied);
    expect(await refusalOf(of(KEYS.approver.text).agents.listAgents({}))).toMatchObject(denied);
    expect(await refusalOf(of(KEYS.worker.text).approvals.listApprovals({}))).toMatchObject(denied);
    for (const text of [KEYS.runner.text, KEYS.approver.text, KEYS.delegate.text]) {
      expect(await refusalOf(of(text).keys.listKeys({}))).toMatchObject(denied);
      expect(await refusalOf(of(text).keys.createKey({ owner: "x", roles: ["admin"] }))).toMatchObject(denied);
      expect(await refusalOf(of(text).keys.revokeKey({ keyId: "x" }))).toMatchObject(denied);
    }
  });

  it("of workers is for those who start and decide", async () => {
    const of = (text: string) => createClient(WorkerService, transport(text));
    for (const text of [KEYS.runner.text, KEYS.approver.text, KEYS.admin.text]) {
      await of(text).listWorkers({});
      await of(text).listTools({});
    }
    const refused = [of(KEYS.worker.text).listWorkers({}), of(KEYS.worker.text).listTools({})];
    for (const call of refused) expect(await refusalOf(call)).toMatchObject({ reason: "PERMISSION_DENIED" });
    expect(await refusalOf(of(KEYS.runner.text).listTools({ pageSize: 1001 }))).toMatchObject({
      reason: "INVALID_REQUEST",
    });
  });

  it("of the health is open, and reflection is for those who are known", async () => {
    const post = (path: string, authorization?: string) =>
      fetch(`http://127.0.0.1:${guarded.gateway.port}/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
        body: "{}",
      });
    expect((await post("grpc.health.v1.Health/Check")).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${guarded.gateway.port}/healthz`)).status).toBe(200);
    const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const listing = Buffer.from([0x3a, 0x00]);
    for (const port of [guarded.gateway.port, guarded.gateway.grpcPort]) {
      expect(oursOfStatus(await statusOf(grpcJsCall(port, reflection, listing))).reason).toBe("UNAUTHENTICATED");
      await grpcJsCall(port, reflection, listing, { authorization: `Bearer ${KEYS.worker.text}` });
    }
  });
});
