import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Store } from "../../../src/ports.js";
import { following, pause, starting } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

export function raceContract(use: UseFixture): void {
  describe("races", () => {
    it("tells each of the writes that come together what became of it", async () => {
      const { store } = use();
      const ids = Array.from({ length: 40 }, () => newId("run"));
      await Promise.all(ids.map((id) => store.commit(starting(id))));
      const stored = await Promise.all(ids.map((id) => loaded(store, id)));
      const outcomes = await Promise.all(
        stored.map((one, index) => {
          const write = following(one, [pause("now")]);
          if (index % 4 === 0) return store.commit({ ...write, expectedVersion: 5 });
          return store.commit(index % 4 === 1 ? starting(one.run.runId) : write);
        }),
      );
      expect(outcomes).toEqual(ids.map((_, index) => (index % 4 < 2 ? "conflict" : "committed")));
      const { states } = await store.states(ids);
      expect(states.filter(({ run }) => run.paused)).toHaveLength(20);
    });

    it("lets one of 64 writers win a version", async () => {
      const stores = await severalStores(use);
      const [store] = stores;
      const first = starting(newId("run"));
      await store.commit(first);
      const stored = await loaded(store, first.runId);
      const outcomes = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          (stores[index % stores.length] ?? store).commit(following(stored, [pause(`writer ${index}`)])),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
      expect(outcomes.filter((outcome) => outcome === "conflict")).toHaveLength(63);
      const after = await loaded(store, first.runId);
      expect(after.version).toBe(2);
      const reason = `writer ${outcomes.indexOf("committed")}`;
      expect(after.events.at(-1)?.fact).toMatchObject({ type: "paused", reason });
    });

    it("lets one of 64 creators create", async () => {
      const stores = await severalStores(use);
      const runId = newId("run");
      const outcomes = await Promise.all(
        Array.from({ length: 64 }, (_, index) =>
          (stores[index % stores.length] ?? stores[0]).commit(starting(runId, { input: `creator ${index}` })),
        ),
      );
      expect(outcomes.filter((outcome) => outcome === "committed")).toHaveLength(1);
      const stored = await loaded(stores[0], runId);
      expect(stored.version).toBe(1);
      const input = `creator ${outcomes.indexOf("committed")}`;
      expect(stored.events[0]?.fact).toMatchObject({ type: "run_started", input });
    });

    it("loses none of the increments of writers that try again", async () => {
      const stores = await severalStores(use);
      const first = starting(newId("run"));
      await stores[0].commit(first);
      const writers = stores.flatMap((store) => [store, store]);
      await Promise.all(writers.map((store, index) => append(store, first.runId, `writer ${index}`)));
      const stored = await loaded(stores[0], first.runId);
      expect(stored.version).toBe(1 + writers.length);
      expect(stored.events.map(({ sequence }) => sequence)).toEqual(stored.events.map((_, index) => index + 1));
      const reasons = stored.events.flatMap(({ fact }) => (fact.type === "paused" ? [fact.reason] : []));
      expect(reasons.sort()).toEqual(writers.map((_, index) => `writer ${index}`).sort());
    });

    it("shows another process every write that was acknowledged", async () => {
      const { store } = use();
      const other = await use().connect();
      const first = starting(newId("run"));
      await store.commit(first);
      for (let version = 1; version < 10; version += 1) {
        const stored = await loaded(other, first.runId);
        expect(stored.version).toBe(version);
        expect(await store.commit(following(stored, [pause(`${version}`)]))).toBe("committed");
      }
    });
  });
}

/** Eight processes at the same data. */
async function severalStores(use: UseFixture): Promise<readonly [Store, ...Store[]]> {
  const others = await Promise.all(Array.from({ length: 7 }, () => use().connect()));
  return [use().store, ...others];
}

/** Decides anew on each conflict, as the engine does. */
async function append(store: Store, runId: string, reason: string): Promise<void> {
  while ((await store.commit(following(await loaded(store, runId), [pause(reason)]))) !== "committed");
}
