// Who is let in, over every protocol and both ports, with a real NATS and a real issuer in a process of its own.
import { newApiKey } from "@agentspan/internal";
import {
  AgentService,
  ApprovalService,
  ApproveRequestSchema,
  KeyService,
  type NoteRefusalRequest,
  RunService,
  StartRequestSchema,
} from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { KnownKey } from "../../src/auth/api-keys.js";
import { readIssuers } from "../../src/auth/auth-settings.js";
import type { Gateway } from "../../src/gateway.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { LocalIssuer, type TokenFault } from "../issuer/local-issuer.js";
import {
  connectErrorOf,
  grpcJsCall,
  openGateway,
  oursOf,
  oursOfStatus,
  ownNats,
  refusalOf,
  statusOf,
} from "./harness.js";

const START = "/agentspan.v1.RunService/Start";

function key(
  roles: readonly string[],
  more: Partial<KnownKey> = {},
): { readonly text: string; readonly known: KnownKey } {
  const { keyId, text, secretSha256 } = newApiKey();
  return { text, known: { keyId, secretSha256, owner: "alex", roles, groups: [], namespace: "default", ...more } };
}

const KEYS = {
  runner: key(["runner"]),
  approver: key(["approver"], { owner: "robin" }),
  worker: key(["worker"]),
  delegate: key(["delegate", "runner", "approver"], { owner: "chat-bot" }),
  admin: key(["admin"], { owner: "root" }),
  acme: key(["runner", "approver"], { namespace: "acme", owner: "kim" }),
  expired: key(["runner"], { expiresAt: Date.now() - 1 }),
} as const;

let issuer: LocalIssuer;
let gateway: Gateway;
let orchestrator: FakeOrchestrator;
let stop: () => Promise<void>;

beforeAll(async () => {
  const [nats, started] = await Promise.all([ownNats(), LocalIssuer.start()]);
  issuer = started;
  const settings = [
    {
      issuer: issuer.url,
      audience: "agentspan",
      groupsClaim: "groups",
      roles: { leads: ["approver"], staff: ["runner"] },
      namespaceClaim: "org",
      clockToleranceSeconds: 2,
    },
    // Trusted, but its discovery document is of another issuer.
    { issuer: `${issuer.url}/liar`, audience: "agentspan" },
    // Trusted, for signatures of another kind than it makes.
    { issuer: `${issuer.url}/rsa`, audience: "agentspan", jwksUrl: `${issuer.url}/keys`, algorithms: ["RS256"] },
    // Trusted, and away.
    { issuer: "http://127.0.0.1:1", audience: "agentspan" },
  ];
  const read = readIssuers("ISSUERS", JSON.stringify(settings));
  if ("faults" in read) throw new Error(read.faults.join());
  orchestrator = await FakeOrchestrator.start(nats.nats.url);
  gateway = await openGateway(nats.nats.url, {
    authentication: {
      keys: Object.values(KEYS).map(({ known }) => known),
      issuers: read.values,
      issuerTimes: { keepMs: 600_000, restMs: 100, answerMs: 2_000 },
    },
    allowedOrigins: ["https://desk.acme.test"],
  });
  stop = nats.stop;
});
afterAll(async () => {
  await gateway.close(100);
  await orchestrator.stop();
  await Promise.all([stop(), issuer.stop()]);
});

const PROTOCOLS = ["Connect", "JSON", "gRPC-Web", "gRPC", "gRPC on the second port"] as const;
type Protocol = (typeof PROTOCOLS)[number];

function transport(credential: string | undefined, protocol: Protocol = "Connect"): Transport {
  const baseUrl = `http://127.0.0.1:${gateway.port}`;
  const interceptors = [
    (next: Parameters<NonNullable<Parameters<typeof createConnectTransport>[0]["interceptors"]>[number]>[0]) =>
      async (request: Parameters<typeof next>[0]) => {
        if (credential !== undefined) request.header.set("authorization", `Bearer ${credential}`);
        return next(request);
      },
  ];
  switch (protocol) {
    case "Connect":
      return createConnectTransport({ baseUrl, httpVersion: "2", interceptors });
    case "JSON":
      return createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, interceptors });
    case "gRPC-Web":
      return createGrpcWebTransport({ baseUrl, httpVersion: "1.1", interceptors });
    case "gRPC":
      return createGrpcTransport({ baseUrl, interceptors });
    case "gRPC on the second port":
      return createGrpcTransport({ baseUrl: `http://127.0.0.1:${gateway.grpcPort}`, interceptors });
    default:
      return protocol satisfies never;
  }
}

function runs(credential: string | undefined, protocol?: Protocol) {
  return createClient(RunService, transport(credential, protocol));
}

const asked = { source: { case: "agentName", value: "refunds" }, input: "hello" } as const;
const lastSeen = () => orchestrator.seen.findLast(({ method }) => !method.startsWith("Internal/"))?.envelope;

describe.each(PROTOCOLS)("over %s", (protocol) => {
  it("a caller without a credential reaches nothing, streams neither", async () => {
    const before = orchestrator.seen.length;
    const client = runs(undefined, protocol);
    expect((await refusalOf(client.start(asked))).reason).toBe("UNAUTHENTICATED");
    const stream = client.streamEvents({ runId: "run_a" })[Symbol.asyncIterator]();
    expect((await refusalOf(stream.next())).reason).toBe("UNAUTHENTICATED");
    expect(orchestrator.seen.length).toBe(before);
  });

  it("a stranger's large request is refused all the same, and leaves the connection to others", async () => {
    const large = { ...asked, labels: { filler: "x".repeat(1_900_000) } };
    const client = runs(undefined, protocol);
    for (const _ of [1, 2, 3]) expect((await refusalOf(client.start(large))).reason).toBe("UNAUTHENTICATED");
  });

  it("a key says who it is, from where, and in which namespace", async () => {
    await runs(KEYS.acme.text, protocol).start(asked);
    expect(lastSeen()).toMatchObject({
      namespace: "acme",
      caller: {
        subject: "kim",
        roles: ["runner", "approver"],
        method: "api_key",
        credentialId: KEYS.acme.known.keyId,
        address: "127.0.0.1",
      },
    });
  });

  it("a token says so too, with the roles of its groups", async () => {
    const token = await issuer.token({ sub: "sam", groups: ["staff", "others"], org: "acme" });
    await runs(token, protocol).start(asked);
    expect(lastSeen()).toMatchObject({
      namespace: "acme",
      caller: {
        subject: "sam",
        roles: ["runner"],
        groups: ["staff", "others"],
        method: "jwt",
        credentialId: `${issuer.url}#t1`,
      },
    });
    expect((await refusalOf(runs(token, protocol).approve({ runId: "run_a" }))).reason).toBe("PERMISSION_DENIED");
  });

  it("a role that is missing, or a wrong key, is refused by a typed error", async () => {
    const client = runs(KEYS.approver.text, protocol);
    expect((await refusalOf(client.start(asked))).reason).toBe("PERMISSION_DENIED");
    expect((await refusalOf(runs(newApiKey().text, protocol).start(asked))).reason).toBe("UNAUTHENTICATED");
    expect((await refusalOf(runs(KEYS.expired.text, protocol).start(asked))).message).toContain("expired");
    const stream = runs(KEYS.worker.text, protocol).streamEvents({ runId: "run_a" })[Symbol.asyncIterator]();
    expect((await refusalOf(stream.next())).reason).toBe("PERMISSION_DENIED");
  });

  it("a delegate says for whom it speaks, and nobody else does", async () => {
    const bot = runs(KEYS.delegate.text, protocol);
    expect((await refusalOf(bot.start(asked))).reason).toBe("PERMISSION_DENIED");
    await bot.start({ ...asked, onBehalfOf: "alex" });
    expect(lastSeen()?.caller?.subject).toBe("chat-bot");
    for (const text of [KEYS.runner.text, KEYS.admin.text]) {
      expect((await refusalOf(runs(text, protocol).start({ ...asked, onBehalfOf: "alex" }))).reason).toBe(
        "PERMISSION_DENIED",
      );
    }
    const decisions = [
      bot.approve({ runId: "run_a" }),
      bot.reject({ runId: "run_a", reason: "no" }),
      bot.respond({ runId: "run_a", contentJson: "1" }),
      bot.settle({ runId: "run_a", outcome: 1 }),
    ];
    for (const decision of decisions) expect((await refusalOf(decision)).reason).toBe("PERMISSION_DENIED");
  });
});

describe("over grpc-js", () => {
  const start = toBinary(StartRequestSchema, create(StartRequestSchema, asked));

  it.each(["port", "grpcPort"] as const)("a credential is asked for on the %s", async (port) => {
    const status = await statusOf(grpcJsCall(gateway[port], START, start));
    expect(oursOfStatus(status).reason).toBe("UNAUTHENTICATED");
    await grpcJsCall(gateway[port], START, start, { authorization: `Bearer ${KEYS.runner.text}` });
    const denied = await statusOf(
      grpcJsCall(gateway[port], START, start, { authorization: `Bearer ${KEYS.worker.text}` }),
    );
    expect(oursOfStatus(denied).reason).toBe("PERMISSION_DENIED");
  });

  it("and before the request is read, so that it tells strangers nothing", async () => {
    const junk = Buffer.from([0xff, 0xff, 0xff]);
    for (const port of [gateway.port, gateway.grpcPort]) {
      expect(oursOfStatus(await statusOf(grpcJsCall(port, START, junk))).reason).toBe("UNAUTHENTICATED");
    }
    const response = await fetch(`http://127.0.0.1:${gateway.port}${START}`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: "{not json",
    });
    expect(response.status).toBe(401);
    expect(response.headers.get("www-authenticate")).toContain("Bearer");
  });
});

describe("who may not decide", () => {
  it("is told so, and the orchestrator that they tried, with nothing that could be carried out", async () => {
    orchestrator.seen.length = 0;
    const attempt = { runId: "run_a", approvalId: "apr_b", comment: "x".repeat(1_000), argumentsDigest: "" };
    expect((await refusalOf(runs(KEYS.runner.text).approve(attempt))).reason).toBe("PERMISSION_DENIED");
    await refusalOf(runs(KEYS.delegate.text, "gRPC on the second port").reject({ ...attempt, reason: "no" }));
    expect(orchestrator.seen.map(({ method }) => method)).toEqual(["Internal/NoteRefusal", "Internal/NoteRefusal"]);
    const [first, second] = orchestrator.seen;
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

  it("is refused also where nobody can be told", async () => {
    orchestrator.on("Internal/NoteRefusal", () => ({ failure: { reason: "STORE_UNAVAILABLE", message: "away" } }));
    expect((await refusalOf(runs(KEYS.runner.text).approve({ runId: "run_a" }))).reason).toBe("PERMISSION_DENIED");
    orchestrator.on("Internal/NoteRefusal", () => "default");
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

  it("of the health is open, and reflection is for those who are known", async () => {
    const post = (path: string, authorization?: string) =>
      fetch(`http://127.0.0.1:${gateway.port}/${path}`, {
        method: "POST",
        headers: { "content-type": "application/json", ...(authorization === undefined ? {} : { authorization }) },
        body: "{}",
      });
    expect((await post("grpc.health.v1.Health/Check")).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${gateway.port}/healthz`)).status).toBe(200);
    const reflection = "/grpc.reflection.v1.ServerReflection/ServerReflectionInfo";
    const listing = Buffer.from([0x3a, 0x00]);
    for (const port of [gateway.port, gateway.grpcPort]) {
      expect(oursOfStatus(await statusOf(grpcJsCall(port, reflection, listing))).reason).toBe("UNAUTHENTICATED");
      await grpcJsCall(port, reflection, listing, { authorization: `Bearer ${KEYS.worker.text}` });
    }
  });
});

describe("a token", () => {
  const now = () => Math.floor(Date.now() / 1_000);
  const refusal = async (claims: Record<string, unknown>, more?: { how?: TokenFault; kid?: string }) => {
    const token = await issuer.token({ groups: ["staff"], org: "default", ...claims }, more);
    return refusalOf(runs(token).start(asked));
  };

  it.each([
    ["that has expired", { exp: now() - 10 }, /expired/],
    ["without an end", { exp: undefined }, /exp/],
    ["that is not valid yet", { nbf: now() + 3_600 }, /not valid yet/],
    ["for another audience", { aud: "payroll" }, /audience/],
    ["for no audience", { aud: undefined }, /aud/],
    ["of another issuer", { iss: "https://id.evil.test" }, /issuer/],
    ["of no issuer", { iss: undefined }, /issuer/],
    ["of nobody", { sub: undefined }, /sub/],
    ["of no namespace", { org: undefined }, /org/],
  ])("%s is refused", async (_, claims, words) => {
    expect(await refusal(claims)).toMatchObject({ reason: "UNAUTHENTICATED", message: expect.stringMatching(words) });
  });

  it.each([
    "alg none",
    "alg none with a signature",
    "signed with the public key as a secret",
    "tampered",
    "another's key under our key's name",
  ] as const)("that is forged is refused: %s", async (how) => {
    expect((await refusal({}, { how })).reason).toBe("UNAUTHENTICATED");
  });

  it("that is signed in a way that is not taken is refused, whoever signed it", async () => {
    const told = await refusal({ iss: `${issuer.url}/rsa` });
    expect(told).toMatchObject({ reason: "UNAUTHENTICATED", message: expect.stringContaining("in a way that") });
  });

  it("is taken within the tolerance of clocks", async () => {
    const token = await issuer.token({ exp: now() - 1, groups: ["staff"], org: "default" });
    await runs(token).start(asked);
  });

  it("of an issuer whose keys cannot be read, or whose discovery lies, is refused as something to try again", async () => {
    for (const iss of ["http://127.0.0.1:1", `${issuer.url}/liar`]) {
      const token = await issuer.token({ iss });
      const told = await refusalOf(runs(token).start(asked));
      expect(told).toMatchObject({ reason: "ISSUER_UNAVAILABLE", retryable: true });
    }
  });

  it("signed with a new key is taken once the keys are read again, and one of a key that was withdrawn no more", async () => {
    const old = await issuer.token({ groups: ["staff"], org: "default" });
    await runs(old).start(asked);
    expect((await refusal({}, { kid: "unheard-of" })).message).toContain("key");
    await issuer.rotate();
    await expect
      .poll(async () => {
        const token = await issuer.token({ groups: ["staff"], org: "default" });
        return runs(token)
          .start(asked)
          .then(
            () => "taken",
            () => "refused",
          );
      })
      .toBe("taken");
    expect((await refusalOf(runs(old).start(asked))).reason).toBe("UNAUTHENTICATED");
  });

  it("costs its issuer one question in a while, whatever keys tokens name, and nothing is forgotten while it is away", async () => {
    const token = await issuer.token({ groups: ["staff"], org: "default" });
    await runs(token).start(asked);
    await issuer.away(true);
    await Promise.all(Array.from({ length: 10 }, () => refusal({}, { kid: "unheard-of" })));
    await runs(token).start(asked);
    await issuer.away(false);
    const before = await issuer.asked("/keys");
    const begun = performance.now();
    await Promise.all(Array.from({ length: 40 }, () => refusal({}, { kid: "unheard-of" })));
    // Once in the 100 ms that the keys rest here, however long the machine takes.
    const most = 2 + (performance.now() - begun) / 100;
    expect((await issuer.asked("/keys")) - before).toBeLessThanOrEqual(most);
  });
});

describe("a key that is made", () => {
  it("lets its holder in at once, is sent nowhere, and is refused soon after its end", async () => {
    const admin = createClient(KeyService, transport(KEYS.admin.text));
    const { key: made, text } = await admin.createKey({ owner: "new", roles: ["runner"], groups: ["support"] });
    const [, keyId = "", secret = ""] = /^agsp_([^_]+)_(.+)$/.exec(text) ?? [];
    expect(made).toMatchObject({ keyId, owner: "new", namespace: "default" });
    for (const { envelope } of orchestrator.seen) expect(Buffer.from(envelope.body).includes(secret)).toBe(false);
    await runs(text).start(asked);
    expect(lastSeen()?.caller).toMatchObject({ subject: "new", roles: ["runner"], groups: ["support"] });

    const stream = runs(text, "gRPC on the second port").streamEvents({ runId: runIdOfLast() })[Symbol.asyncIterator]();
    const web = runs(text, "gRPC-Web").streamEvents({ runId: runIdOfLast() })[Symbol.asyncIterator]();
    const ends = [stream, web].map((one) => refusalOf(one.next()));
    await admin.revokeKey({ keyId });
    for (const end of ends) expect((await end).reason).toBe("UNAUTHENTICATED");
    expect((await refusalOf(runs(text).start(asked))).message).toContain("revoked");
  });

  it.each([
    ["an owner that is nobody", { owner: "anonymous", roles: ["runner"] }],
    ["no role", { owner: "x", roles: [] }],
    ["everybody's role", { owner: "x", roles: ["*"] }],
    ["the role delegate alone", { owner: "x", roles: ["delegate"] }],
    ["an end in the past", { owner: "x", roles: ["runner"], expiresAt: { seconds: 1n, nanos: 0 } }],
    ["an empty group", { owner: "x", roles: ["runner"], groups: [""] }],
  ])("is refused with %s", async (_, request) => {
    const admin = createClient(KeyService, transport(KEYS.admin.text));
    expect((await refusalOf(admin.createKey(request))).reason).toBe("INVALID_REQUEST");
  });
});

describe("a web page", () => {
  const ask = (origin: string, method = "POST") =>
    fetch(`http://127.0.0.1:${gateway.port}/agentspan.v1.RunService/ListRuns`, {
      method,
      headers: {
        origin,
        ...(method === "OPTIONS"
          ? { "access-control-request-method": "POST" }
          : { "content-type": "application/json", authorization: `Bearer ${KEYS.runner.text}` }),
      },
      ...(method === "OPTIONS" ? {} : { body: "{}" }),
    });

  it("of the list or of this machine may ask, and one of another origin may not, whatever credential it has", async () => {
    for (const origin of ["https://desk.acme.test", "http://localhost:3000"]) {
      expect((await ask(origin, "OPTIONS")).headers.get("access-control-allow-origin")).toBe(origin);
      expect((await ask(origin)).status).toBe(200);
    }
    for (const origin of ["https://evil.test", "null"]) {
      const preflight = await ask(origin, "OPTIONS");
      expect(preflight.headers.get("access-control-allow-origin")).toBeNull();
      expect((await ask(origin)).status).toBe(403);
    }
  });
});

/** A run that there is: the last one that was started here. */
function runIdOfLast(): string {
  return [...orchestrator.store.runs.keys()].at(-1) ?? "";
}
