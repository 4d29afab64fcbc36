import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { StandingGrant } from "../../../src/ports.js";
import type { UseFixture } from "./store-fixture.js";

const NOW = 1_700_000_000_000;

export function grantContract(use: UseFixture): void {
  describe("standing grants", () => {
    const grant = (namespace: string, more: Partial<StandingGrant> = {}): StandingGrant => ({
      grantId: newId("gra"),
      namespace,
      agentName: "desk",
      toolName: "refund",
      rule: "args.amount < 100 && labels['$a.b'] == 'c'",
      maxUses: 3,
      createdAt: NOW,
      expiresAt: NOW + 1_000,
      by: { who: "bot", onBehalfOf: "maria", groups: ["$x.y"], authenticated: true },
      description: "small ones",
      uses: 0,
      ...more,
    });
    const live = (namespace: string, now = NOW) => ({
      ...{ namespace, agentName: "desk", toolName: "refund" },
      ...{ now, limit: 10 },
    });

    it("are kept as they were put, and once", async () => {
      const { store } = use();
      const one = grant(newId("ns"), { seal: { signingKeyId: "0123456789abcdef", signature: "c2ln" } });
      expect(await store.putGrant(one)).toBe(true);
      expect(await store.putGrant({ ...one, maxUses: 9 })).toBe(false);
      expect((await store.listGrants({ namespace: one.namespace, limit: 9 })).items).toEqual([one]);
      expect(await (await use().connect()).liveGrants(live(one.namespace))).toEqual([one]);
    });

    it("are listed by namespace, agent and tool, the newest first, in pages", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const grants = [1, 2, 3, 3].map((createdAt) => grant(namespace, { createdAt }));
      for (const one of grants) await store.putGrant(one);
      const other = grant(namespace, { toolName: "pay" });
      await store.putGrant(other);
      await store.putGrant(grant(newId("ns")));
      const ids: string[] = [];
      let pageToken: string | undefined;
      do {
        const asked = { namespace, agentName: "desk", toolName: "refund", limit: 3 };
        const page = await store.listGrants({ ...asked, ...(pageToken === undefined ? {} : { pageToken }) });
        ids.push(...page.items.map(({ grantId }) => grantId));
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      const youngest = grants.slice(2).map(({ grantId }) => grantId);
      expect(ids).toEqual([...youngest.sort(), grants[1]?.grantId, grants[0]?.grantId]);
      expect((await store.listGrants({ namespace, limit: 1 })).items).toEqual([other]);
      await expect(store.listGrants({ namespace, limit: 1, pageToken: "forged" })).rejects.toMatchObject({
        reason: "INVALID_REQUEST",
      });
    });

    it("are live until they end, are revoked or used up, the oldest first", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [ended, revoked, used, young, old] = [
        grant(namespace, { expiresAt: NOW }),
        grant(namespace),
        grant(namespace, { maxUses: 1 }),
        grant(namespace, { createdAt: NOW + 2 }),
        grant(namespace, { createdAt: NOW + 1 }),
      ];
      for (const one of [ended, revoked, used, young, old, grant(namespace, { toolName: "pay" })]) {
        await store.putGrant(one);
      }
      await store.revokeGrant(namespace, revoked.grantId, { at: NOW, by: "maria" });
      await store.noteGrantUses(used, 1);
      expect(await store.liveGrants(live(namespace))).toEqual([old, young]);
      expect(await store.liveGrants(live(namespace, NOW + 1_000))).toEqual([]);
    });

    it("show the highest count of uses that was noted", async () => {
      const { store } = use();
      const one = grant(newId("ns"));
      await store.putGrant(one);
      for (const uses of [2, 1, 2]) await store.noteGrantUses(one, uses);
      await store.noteGrantUses(grant(one.namespace), 1);
      expect(await store.getGrant(one.namespace, one.grantId)).toEqual({ ...one, uses: 2 });
      expect(await store.getGrant(newId("ns"), one.grantId)).toBeUndefined();
    });

    it("are revoked once, and only in their namespace", async () => {
      const { store } = use();
      const one = grant(newId("ns"));
      await store.putGrant(one);
      expect(await store.revokeGrant(newId("ns"), one.grantId, { at: 1, by: "stranger" })).toBeUndefined();
      const revoked = { ...one, revoked: { at: 2, by: "maria" } };
      expect(await store.revokeGrant(one.namespace, one.grantId, { at: 2, by: "maria" })).toEqual(revoked);
      expect(await store.revokeGrant(one.namespace, one.grantId, { at: 3, by: "other" })).toEqual(revoked);
    });
  });
}
