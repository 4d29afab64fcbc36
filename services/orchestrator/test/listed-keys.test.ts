// What a list of API keys says of rows that nobody made here.
import {
  AgentspanError,
  createLogger,
  newSigningKey,
  type Signing,
  signingKey,
  TrustedKeys,
} from "@agentspan/internal";
import {
  ListKeysRequestSchema,
  PutKeyRequestSchema,
  RevokeKeyRequestSchema,
  VerifyKeyRequestSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MemoryStore } from "../src/memory/memory-store.js";
import type { KeyStore, UnreadableKey } from "../src/ports.js";
import type { RequestContext } from "../src/requests/context.js";
import { createKey, listKeys, revokeKey, verifyKey } from "../src/requests/keys.js";
import { rowUnreadable } from "../src/unreadable-rows.js";
import { Scene } from "./scenes/scene.js";

function signing(): Signing {
  const { pem, id, public: text } = newSigningKey();
  const trusted = TrustedKeys.read(JSON.stringify({ gateways: [], orchestrators: [{ id, public: text }] }));
  if (trusted instanceof TrustedKeys) return { key: signingKey(pem), trusted };
  throw new Error(trusted.faults.join());
}

/** One key that was made, and one that somebody wrote into the database: of each its owner, and what is said of it. */
async function listed(keys: Signing | undefined): Promise<readonly (readonly [string, string])[]> {
  const scene = new Scene();
  const store = new MemoryStore({ database: scene.database });
  const log = createLogger("test", "silent");
  const context = { store, clock: scene.clock, namespace: "default", caller: { subject: "ada" }, signing: keys, log };
  const request = { owner: "maria", roles: ["approver"] };
  const made = create(PutKeyRequestSchema, { keyId: "k1", secretSha256: new Uint8Array(32), request });
  await createKey(context as unknown as RequestContext, made);
  const stored = await store.getKey("k1");
  if (stored === undefined) throw new Error("The key was stored.");
  await store.putKey({ ...stored, keyId: "k2", owner: "eve", roles: ["admin"] });
  const answer = await listKeys(context as unknown as RequestContext, create(ListKeysRequestSchema));
  return answer.keys.map(({ owner, problem }) => [owner, problem] as const).toSorted();
}

it("where orchestrators sign, a row that was not signed as it stands is named, and a real key is not", async () => {
  const [[eve, problem], [maria, none]] = (await listed(signing())) as [[string, string], [string, string]];
  expect([eve, maria, none]).toEqual(["eve", "maria", ""]);
  expect(problem).toMatch(/signature/);
});

it("without signatures nothing is said of any row", async () => {
  expect((await listed(undefined)).map(([, problem]) => problem)).toEqual(["", ""]);
});

describe("a key whose row cannot be read", () => {
  const listedKey: UnreadableKey = {
    ...{ keyId: "k3", namespace: "default", owner: "eve", roles: [], groups: [], description: "", createdBy: "" },
    unreadable: "roles",
  };
  const problem = "its row in the database cannot be read: roles is not as Agentspan writes it";

  const contextWith = (store: Partial<KeyStore>): RequestContext => {
    const { clock } = new Scene();
    const log = createLogger("test", "silent");
    return { store, clock, namespace: "default", caller: { subject: "ada" }, log } as unknown as RequestContext;
  };

  it("is named in the list and when it is revoked, with what can be read of it", async () => {
    const context = contextWith({
      listKeys: async () => ({ items: [listedKey] }),
      revokeKey: async (_, __, revoked) => ({ ...listedKey, revoked }),
    });
    const { keys } = await listKeys(context, create(ListKeysRequestSchema));
    expect(keys).toMatchObject([{ keyId: "k3", owner: "eve", problem }]);
    expect(keys[0]?.createdAt).toBeUndefined();
    const { key } = await revokeKey(context, create(RevokeKeyRequestSchema, { keyId: "k3" }));
    expect(key).toMatchObject({ keyId: "k3", problem, revokedBy: "ada" });
  });

  it("lets nobody in", async () => {
    const getKey = () => Promise.reject(rowUnreadable("apiKeys", "k3", "roles"));
    const asked = create(VerifyKeyRequestSchema, { keyId: "k3" });
    const { reason, message } = await verifyKey(contextWith({ getKey }), asked).catch((thrown) => thrown);
    expect({ reason, message }).toEqual({
      reason: "UNAUTHENTICATED",
      message: `API key k3 is not believed, because ${problem}. Make another.`,
    });
    const away = new AgentspanError("STORE_UNAVAILABLE", "The store is away.");
    await expect(verifyKey(contextWith({ getKey: () => Promise.reject(away) }), asked)).rejects.toBe(away);
  });
});
