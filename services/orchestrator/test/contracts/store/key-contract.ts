import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { ApiKey } from "../../../src/ports.js";
import type { UseFixture } from "./store-fixture.js";

export function keyContract(use: UseFixture): void {
  describe("API keys", () => {
    const key = (namespace: string, more: Partial<ApiKey> = {}): ApiKey => ({
      keyId: newId("key"),
      namespace,
      secretSha256: "ab".repeat(32),
      owner: "alex@acme.test",
      roles: ["runner", "approver"],
      groups: ["support $ and .dots"],
      description: "for tests",
      createdAt: 1_700_000_000_000,
      createdBy: "root",
      ...more,
    });

    it("are kept as they were put, and once", async () => {
      const { store } = use();
      const bare = key(newId("ns"));
      const seal = { signingKeyId: "0123456789abcdef", signature: "c2ln" };
      const whole = key(newId("ns"), {
        seal,
        expiresAt: 1_800_000_000_000,
        revoked: { at: 5, by: "root" },
        lastUsedAt: 6,
      });
      expect(await store.getKey(bare.keyId)).toBeUndefined();
      expect(await store.putKey(bare)).toBe(true);
      expect(await store.putKey(whole)).toBe(true);
      expect(await store.putKey({ ...bare, owner: "somebody else" })).toBe(false);
      expect(await store.getKey(bare.keyId)).toEqual(bare);
      expect(await store.getKey(whole.keyId)).toEqual(whole);
    });

    it("are put once by many at the same instant", async () => {
      const stores = [use().store, await use().connect()];
      const one = key(newId("ns"));
      const puts = Array.from({ length: 10 }, (_, index) =>
        stores[index % 2]?.putKey({ ...one, description: `${index}` }),
      );
      expect((await Promise.all(puts)).filter((isNew) => isNew)).toHaveLength(1);
    });

    it("are listed by namespace, the newest first, in pages, the revoked ones too", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const keys = [1, 2, 3, 3, 3].map((createdAt) => key(namespace, { createdAt }));
      for (const one of keys) await store.putKey(one);
      await store.putKey(key(newId("ns")));
      const revoked = await store.revokeKey(namespace, keys[0]?.keyId ?? "", { at: 9, by: "root" });
      const ids: string[] = [];
      let pageToken: string | undefined;
      do {
        const page = await store.listKeys({ namespace, limit: 2, ...(pageToken === undefined ? {} : { pageToken }) });
        ids.push(...page.items.map(({ keyId }) => keyId));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      const youngest = keys.slice(2).map(({ keyId }) => keyId);
      expect(ids).toEqual([...youngest.sort(), keys[1]?.keyId, keys[0]?.keyId]);
      expect((await store.listKeys({ namespace, limit: 10 })).items.at(-1)).toEqual(revoked);
      await expect(store.listKeys({ namespace, limit: 1, pageToken: "forged" })).rejects.toMatchObject({
        reason: "INVALID_REQUEST",
      });
    });

    it("are revoked once, and only in their namespace", async () => {
      const { store } = use();
      const one = key(newId("ns"));
      await store.putKey(one);
      expect(await store.revokeKey(newId("ns"), one.keyId, { at: 1, by: "stranger" })).toBeUndefined();
      expect(await store.revokeKey(one.namespace, newId("key"), { at: 1, by: "root" })).toBeUndefined();
      expect(await store.getKey(one.keyId)).toEqual(one);
      const revoked = { ...one, revoked: { at: 2, by: "root" } };
      expect(await store.revokeKey(one.namespace, one.keyId, { at: 2, by: "root" })).toEqual(revoked);
      expect(await store.revokeKey(one.namespace, one.keyId, { at: 3, by: "other" })).toEqual(revoked);
      expect(await (await use().connect()).getKey(one.keyId)).toEqual(revoked);
    });

    it("tell when they were used last", async () => {
      const { store } = use();
      const one = key(newId("ns"));
      await store.noteKeyUse(one.keyId, 1);
      expect(await store.getKey(one.keyId)).toBeUndefined();
      await store.putKey(one);
      await store.noteKeyUse(one.keyId, 7);
      await store.noteKeyUse(one.keyId, 5);
      expect(await store.getKey(one.keyId)).toEqual({ ...one, lastUsedAt: 7 });
    });
  });
}
