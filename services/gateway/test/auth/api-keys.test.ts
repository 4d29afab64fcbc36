import { createLogger, newApiKey } from "@agentspan/internal";
import { afterEach, describe, expect, it, vi } from "vitest";
import { ApiKeys, type KnownKey } from "../../src/auth/api-keys.js";

const log = createLogger("test", "silent");
afterEach(() => vi.useRealTimers());

function made(more: Partial<KnownKey> = {}): { readonly text: string; readonly known: KnownKey } {
  const { keyId, text, secretSha256 } = newApiKey();
  const known = {
    keyId,
    secretSha256,
    owner: "alex",
    roles: ["runner"],
    groups: ["support"],
    namespace: "acme",
    ...more,
  };
  return { text, known };
}

/** Keys that are stored, and what was asked about them. */
function store(...keys: readonly KnownKey[]) {
  const stored = new Map(keys.map((key) => [key.keyId, key]));
  const asked: string[] = [];
  const ask = async (keyId: string, used: boolean): Promise<KnownKey | undefined> => {
    asked.push(used ? `${keyId} used` : keyId);
    return stored.get(keyId);
  };
  return { stored, asked, ask };
}

describe("API keys", () => {
  it("of the environment and of the store say whose they are", async () => {
    const configured = made();
    const other = made({ owner: "robin", namespace: "default" });
    const { ask, asked } = store(other.known);
    const keys = new ApiKeys({ configured: [configured.known], ask, log });
    expect(await keys.verify(configured.text)).toMatchObject({
      caller: {
        subject: "alex",
        roles: ["runner"],
        groups: ["support"],
        method: "api_key",
        credentialId: configured.known.keyId,
      },
      namespace: "acme",
    });
    expect(asked).toEqual([]);
    expect((await keys.verify(other.text)).caller.subject).toBe("robin");
    expect(asked).toEqual([other.known.keyId, `${other.known.keyId} used`]);
  });

  it("are refused in the same words whether the id or the secret is wrong, and whatever became of the key", async () => {
    const revoked = made({ revoked: true });
    const { ask } = store(revoked.known);
    const keys = new ApiKeys({ configured: [made().known], ask, log });
    const messages = new Set<string>();
    for (const text of [made().text, `agsp_${revoked.known.keyId}_${"a".repeat(43)}`]) {
      const refusal = await keys.verify(text).catch((error: unknown) => error);
      expect(refusal).toMatchObject({ reason: "UNAUTHENTICATED", why: "unknown key" });
      messages.add(String(refusal));
    }
    expect(messages.size).toBe(1);
    await expect(keys.verify(revoked.text)).rejects.toMatchObject({ why: "revoked" });
    await expect(keys.verify("agsp_half")).rejects.toMatchObject({ why: "malformed" });
  });

  it("are refused where an older version took an owner who could be somebody's second spelling", async () => {
    const odd = made({ owner: "alex\u00a0" });
    const keys = new ApiKeys({ configured: [], ask: store(odd.known).ask, log });
    await expect(keys.verify(odd.text)).rejects.toMatchObject({ reason: "UNAUTHENTICATED", why: "name" });
  });

  it("are refused from the moment on at which they expire, also by a stream that is open", async () => {
    let now = 1_000;
    const { text, known } = made({ expiresAt: 2_000 });
    const keys = new ApiKeys({ configured: [known], ask: store().ask, log, now: () => now });
    const identity = await keys.verify(text);
    now = 1_999;
    await identity.stillGood();
    now = 2_000;
    await expect(identity.stillGood()).rejects.toMatchObject({ why: "expired" });
    await expect(keys.verify(text)).rejects.toMatchObject({ why: "expired" });
  });

  it("are asked for once in two seconds, whatever secrets come with them", async () => {
    vi.useFakeTimers();
    const { text, known } = made();
    const { ask, asked, stored } = store(known);
    const keys = new ApiKeys({ configured: [], ask, log });
    await Promise.all(Array.from({ length: 20 }, () => keys.verify(text)));
    for (let guess = 0; guess < 20; guess += 1) {
      const wrong = `agsp_${known.keyId}_${String(guess).padStart(43, "x")}`;
      await expect(keys.verify(wrong)).rejects.toMatchObject({ why: "unknown key" });
    }
    expect(asked).toEqual([known.keyId, `${known.keyId} used`]);
    stored.set(known.keyId, { ...known, revoked: true });
    await keys.verify(text);
    vi.advanceTimersByTime(2_001);
    await expect(keys.verify(text)).rejects.toMatchObject({ why: "revoked" });
  });

  it("are refused as something that nobody can tell while no orchestrator answers, and asked for again", async () => {
    const { text, known } = made();
    const { ask } = store(known);
    let away = true;
    const keys = new ApiKeys({
      configured: [],
      ask: (keyId, used) => (away ? Promise.reject(new Error("away")) : ask(keyId, used)),
      log,
    });
    await expect(keys.verify(text)).rejects.toThrow("away");
    away = false;
    expect((await keys.verify(text)).caller.subject).toBe("alex");
  });
});
