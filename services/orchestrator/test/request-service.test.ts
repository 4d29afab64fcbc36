// What an orchestrator lets a caller do, whatever the gateway that forwards it thought of it.
import {
  createLogger,
  keyText,
  newApiKey,
  newSigningKey,
  type Signing,
  signingKey,
  TrustedKeys,
} from "@agentspan/internal";
import {
  type Caller,
  EnvelopeSchema,
  ListKeysRequestSchema,
  ListKeysResponseSchema,
  NoteRefusalRequestSchema,
  NoteRefusalResponseSchema,
  PutKeyRequestSchema,
  PutKeyResponseSchema,
  RejectRequestSchema,
  RevokeKeyRequestSchema,
  StartRequestSchema,
  VerifyKeyRequestSchema,
  VerifyKeyResponseSchema,
} from "@agentspan/proto";
import {
  create,
  type DescMessage,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../src/memory/memory-store.js";
import { RequestService } from "../src/request-service.js";
import { methods, type RequestContext } from "../src/requests/index.js";

function newSigning(): Signing {
  const { id, public: raw, pem } = newSigningKey();
  const trusted = TrustedKeys.read(JSON.stringify({ gateways: [], orchestrators: [{ id, public: raw }] }));
  if (!(trusted instanceof TrustedKeys)) throw new Error(trusted.faults.join());
  return { key: signingKey(pem), trusted };
}

type Who = Partial<Pick<Caller, "subject" | "roles" | "method">>;

/** A service whose requests get as far as what this test is about: keys, and refusals. */
function desk(authentication = true, signing?: Signing, store = new MemoryStore(), more: object = {}) {
  const clock = { now: () => 1_700_000_000_000.5 };
  const context = { store, clock, signing, ...more } as unknown as RequestContext;
  const service = new RequestService({
    orchestratorId: "orc_test",
    context,
    log: createLogger("test", "silent"),
    authentication,
  });
  const ask = async <I extends DescMessage, O extends DescMessage>(
    method: string,
    [input, output]: readonly [I, O],
    request: MessageInitShape<I>,
    who: Who = {},
    namespace = "default",
  ): Promise<MessageShape<O>> => {
    const caller = { subject: "root", roles: ["admin"], method: "api_key", ...who };
    const body = toBinary(input, create(input, request));
    const { outcome } = await service.handle(create(EnvelopeSchema, { method, namespace, caller, body }));
    if (outcome.case === "body") return fromBinary(output, outcome.value);
    throw Object.assign(new Error(outcome.value?.message), { reason: outcome.value?.reason });
  };
  return { store, ask };
}

const PUT = [PutKeyRequestSchema, PutKeyResponseSchema] as const;
const LIST = [ListKeysRequestSchema, ListKeysResponseSchema] as const;
const REVOKE = [RevokeKeyRequestSchema, PutKeyResponseSchema] as const;
const VERIFY = [VerifyKeyRequestSchema, VerifyKeyResponseSchema] as const;
const START = [StartRequestSchema, PutKeyResponseSchema] as const;
const NOTE = [NoteRefusalRequestSchema, NoteRefusalResponseSchema] as const;
const REJECT = [RejectRequestSchema, PutKeyResponseSchema] as const;
const gateway = { subject: "gateway", roles: ["gateway"], method: "none" };

describe("an orchestrator with authentication on", () => {
  it("takes nobody whom no gateway has asked", async () => {
    const { ask } = desk();
    for (const who of [{ method: "none", roles: ["admin"] }, { method: "", roles: ["admin"] }, { roles: ["*"] }]) {
      await expect(ask("KeyService/ListKeys", LIST, {}, who)).rejects.toMatchObject({ reason: "UNAUTHENTICATED" });
    }
    await expect(
      desk(false).ask("KeyService/ListKeys", LIST, {}, { method: "none", roles: ["*"] }),
    ).resolves.toBeDefined();
  });

  it("asks for the role of every method itself", async () => {
    const { ask } = desk();
    for (const method of Object.keys(methods).filter((name) => name !== "Internal/NoteRefusal")) {
      await expect(ask(method, LIST, {}, { roles: ["worker-of-nothing"] })).rejects.toMatchObject({
        reason: "PERMISSION_DENIED",
      });
    }
    await expect(ask("Internal/VerifyKey", VERIFY, {})).rejects.toMatchObject({ reason: "PERMISSION_DENIED" });
  });

  it("wants a delegate to say for whom it speaks, and nobody else", async () => {
    const { ask } = desk();
    const denied = { reason: "PERMISSION_DENIED" };
    const delegate = { roles: ["delegate", "runner", "approver"] };
    await expect(ask("RunService/Start", START, { input: "x" }, delegate)).rejects.toMatchObject(denied);
    await expect(ask("RunService/Reject", REJECT, { runId: "run_a" }, delegate)).rejects.toMatchObject(denied);
    const request = { runId: "run_a", onBehalfOf: "alex" };
    await expect(ask("RunService/Reject", REJECT, request, { roles: ["approver"] })).rejects.toMatchObject(denied);
    // It got past the rule: the request itself is refused.
    await expect(ask("RunService/Reject", REJECT, request, delegate)).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
      message: "A decision has an id.",
    });
  });

  it("believes in nobody whose name could be another's second spelling", async () => {
    const delegate = { roles: ["delegate", "approver"] };
    for (const onBehalfOf of ["alex ", "al\u200bex", "Zoe\u0308"]) {
      const asked = desk().ask("RunService/Reject", REJECT, { runId: "run_a", onBehalfOf }, delegate);
      await expect(asked).rejects.toMatchObject({
        reason: "INVALID_REQUEST",
        message: expect.stringContaining("on_behalf_of"),
      });
    }
  });
});

it("an attempt to decide that a gateway refused is for the audit, and carries nothing out", async () => {
  const noted: object[] = [];
  const run = { namespace: "default", checkpoints: { apr_b: { tool: "refund" } } };
  const { ask } = desk(true, undefined, undefined, {
    engine: { peek: async () => ({ run }) },
    refusals: { note: async (refusal: object) => void noted.push(refusal) },
  });
  const body = toBinary(RejectRequestSchema, create(RejectRequestSchema, { runId: "run_a", approvalId: "apr_b" }));
  const request = { method: "RunService/Reject", body, message: "no role" };
  const who = { subject: "alex", roles: ["runner"] };
  await ask("Internal/NoteRefusal", NOTE, request, who);
  await ask("Internal/NoteRefusal", NOTE, request, who, "acme");
  expect(noted).toMatchObject([{ run: "run_a", about: { approval: "apr_b" }, tool: "refund", asked: "reject" }]);
  await ask("Internal/NoteRefusal", NOTE, { ...request, method: "RunService/Cancel" }, who);
  expect(noted).toHaveLength(1);
});

describe("API keys", () => {
  const { keyId, secretSha256 } = newApiKey();
  const request = { owner: "alex", roles: ["runner"], groups: ["support"], description: "laptop" };
  const put = { keyId, secretSha256, request };

  it("are stored by hash, once, and found by gateways until they are revoked", async () => {
    const { store, ask } = desk();
    const { key } = await ask("KeyService/CreateKey", PUT, put);
    expect(key).toMatchObject({ keyId, namespace: "default", createdBy: "root", ...request });
    expect(await ask("KeyService/CreateKey", PUT, put)).toMatchObject({ key: { keyId } });
    const other = { ...put, secretSha256: newApiKey().secretSha256 };
    await expect(ask("KeyService/CreateKey", PUT, other)).rejects.toMatchObject({ reason: "CONFLICT" });
    expect((await store.getKey(keyId))?.secretSha256).toBe(Buffer.from(secretSha256).toString("hex"));

    const found = await ask("Internal/VerifyKey", VERIFY, { keyId, used: true }, gateway);
    expect(found.key).toMatchObject({ keyId, owner: "alex", namespace: "default", revoked: false });
    expect(Buffer.from(found.key?.secretSha256 ?? []).equals(secretSha256)).toBe(true);
    expect((await store.getKey(keyId))?.lastUsedAt).toBe(1_700_000_000_000);
    expect((await ask("Internal/VerifyKey", VERIFY, { keyId: "none" }, gateway)).key).toBeUndefined();

    await ask("KeyService/RevokeKey", REVOKE, { keyId });
    expect((await ask("Internal/VerifyKey", VERIFY, { keyId }, gateway)).key?.revoked).toBe(true);
    expect((await ask("KeyService/ListKeys", LIST, {})).keys).toMatchObject([{ keyId, revokedBy: "root" }]);
  });

  it("are signed as they were made, and what was changed in the database since is no key", async () => {
    const signing = newSigning();
    const { store, ask } = desk(true, signing);
    await ask("KeyService/CreateKey", PUT, put);
    const nonce = Buffer.from("nonce");
    const { key, at, signingKeyId, signature } = await ask("Internal/VerifyKey", VERIFY, { keyId, nonce }, gateway);
    expect(key?.roles).toEqual(["runner"]);
    expect({ signingKeyId, signed: signature.length, at: at !== undefined }).toEqual({
      signingKeyId: signing.key.id,
      signed: 64,
      at: true,
    });
    const stored = store.database.keys.get(keyId);
    if (stored === undefined) throw new Error("The key was not stored.");
    const { seal: _, ...unsigned } = stored;
    const changed = [
      { ...stored, roles: ["admin"] },
      { ...stored, owner: "robin" },
      { ...stored, namespace: "acme" },
      { ...stored, groups: ["leads"] },
      { ...stored, expiresAt: 9_999_999_999_999 },
      { ...stored, secretSha256: "ab".repeat(32) },
      { ...stored, createdBy: "maria" },
      { ...stored, description: "the same, said otherwise" },
      unsigned,
    ];
    for (const row of changed) {
      store.database.keys.set(keyId, row);
      await expect(ask("Internal/VerifyKey", VERIFY, { keyId }, gateway)).rejects.toMatchObject({
        reason: "UNAUTHENTICATED",
      });
    }
    // By a key that is no orchestrator's here.
    const other = desk(true, newSigning(), store);
    store.database.keys.set(keyId, stored);
    await expect(other.ask("Internal/VerifyKey", VERIFY, { keyId }, gateway)).rejects.toThrow(/not believed/);
  });

  it("that were sealed before all of a key was are held to what was sealed of them", async () => {
    const signing = newSigning();
    const { store, ask } = desk(true, signing);
    await ask("KeyService/CreateKey", PUT, put);
    const stored = store.database.keys.get(keyId);
    if (stored === undefined) throw new Error("The key was not stored.");
    const { secretSha256: hash, owner, roles, groups, namespace, createdAt, expiresAt = 0 } = stored;
    const text = keyText({ keyId, secretSha256: hash, owner, roles, groups, namespace, createdAt, expiresAt });
    const signature = Buffer.from(signing.key.sign(text)).toString("base64url");
    const before = { ...stored, seal: { signingKeyId: signing.key.id, signature } };
    store.database.keys.set(keyId, before);
    expect((await ask("Internal/VerifyKey", VERIFY, { keyId }, gateway)).key?.owner).toBe("alex");
    expect((await ask("KeyService/ListKeys", LIST, {})).keys).toMatchObject([{ keyId, problem: "" }]);
    store.database.keys.set(keyId, { ...before, owner: "robin" });
    await expect(ask("Internal/VerifyKey", VERIFY, { keyId }, gateway)).rejects.toThrow(/not believed/);
  });

  it("of another namespace are not there", async () => {
    const { ask } = desk();
    await ask("KeyService/CreateKey", PUT, put, {}, "acme");
    expect((await ask("KeyService/ListKeys", LIST, {})).keys).toEqual([]);
    await expect(ask("KeyService/RevokeKey", REVOKE, { keyId })).rejects.toMatchObject({ reason: "KEY_NOT_FOUND" });
  });

  it.each([
    ["no owner", { owner: "" }],
    ["no role", { roles: [] }],
    ["a role that there is not", { roles: ["runner", "*"] }],
  ])("with %s are refused", async (_, wrong) => {
    const { ask } = desk();
    const wanted = ask("KeyService/CreateKey", PUT, { ...put, request: { ...request, ...wrong } });
    await expect(wanted).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });
});
