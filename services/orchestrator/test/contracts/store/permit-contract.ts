import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { ShownPermit, Store } from "../../../src/ports.js";
import type { UseFixture } from "./store-fixture.js";

export function permitContract(use: UseFixture): void {
  describe("permits of workers", () => {
    const permit = (workerId: string, at: number): ShownPermit => ({
      workerId,
      workers: [workerId, "another"],
      tools: [{ namespace: "default", queue: "refunds", name: `made at ${at}` }],
      at,
      until: at + 1_000,
      keyId: "0123456789abcdef",
      signature: "c2ln",
    });
    const kept = async (store: Store, workerId: string, since = 0) =>
      (await store.listPermits(since)).filter((one) => one.workerId === workerId);

    it("are kept one of each worker, the one that was made last", async () => {
      const [store, other] = [use().store, await use().connect()];
      const [worker, beside] = [newId("w"), newId("w")];
      await store.putPermit(permit(worker, 5));
      await store.putPermit(permit(beside, 1));
      expect(await kept(other, worker)).toEqual([permit(worker, 5)]);
      await other.putPermit(permit(worker, 7));
      await store.putPermit(permit(worker, 6));
      await store.putPermit({ ...permit(worker, 7), keyId: "another" });
      expect(await kept(store, worker)).toEqual([permit(worker, 7)]);
      expect(await kept(store, beside)).toEqual([permit(beside, 1)]);
    });

    it("end at the newest when they overtake each other", async () => {
      const stores = [use().store, await use().connect(), await use().connect()];
      const worker = newId("w");
      const all = Array.from({ length: 30 }, (_, index) => permit(worker, ((index * 7) % 30) + 1));
      await Promise.all(all.map((one, index) => stores[index % stores.length]?.putPermit(one)));
      expect(await kept(use().store, worker)).toEqual([permit(worker, 30)]);
    });

    it("are found by when they were stored, by the store's clock, whenever they were made", async () => {
      const { store } = use();
      const worker = newId("w");
      const before = await store.serverTime();
      await store.putPermit(permit(worker, 5));
      const after = await store.serverTime();
      expect(await kept(store, worker, before)).toHaveLength(1);
      expect(await kept(store, worker, after + 60_000)).toEqual([]);
      // What is not newer was not stored.
      await store.putPermit(permit(worker, 4));
      expect(await kept(store, worker, before)).toEqual([permit(worker, 5)]);
    });
  });
}
