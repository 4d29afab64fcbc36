import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { AgedRun, Store } from "../../../src/ports.js";
import { close, end, following, gatedTurn, pause, starting } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

const CALL = { callId: "t1c1", tool: "refund" };

export function removalContract(use: UseFixture): void {
  describe("runs that are taken away", () => {
    /** Far from what other tests stored, and from each other. */
    let next = Date.UTC(2001, 0, 1);
    const anHour = (): number => {
      next += 3_600_000;
      return next;
    };
    const ended = async (store: Store, at: number): Promise<string> => {
      const runId = newId("run");
      await store.commit(starting(runId, { at }));
      await store.commit(following(await loaded(store, runId), [end], { at }));
      return runId;
    };
    /** Those of this suite, by what they are said to be. */
    const aged = async (store: Store, from: number, before: number, limit = 100) =>
      (await store.listAged(from, before, limit)).map(({ runId, at, isEnded, isQuiet }: AgedRun) => ({
        ...{ runId, at },
        is: isEnded ? (isQuiet ? "over" : "ended") : "going",
      }));

    it("are looked for by when they ended, the longest ago first, and what is owed of them or open is said", async () => {
      const { store } = use();
      const at = anHour();
      const [second, first] = [await ended(store, at + 20), await ended(store, at + 10)];
      const owing = newId("run");
      await store.commit(starting(owing, { at }));
      await store.commit(following(await loaded(store, owing), [end], { at: at + 30, wakeAt: at + 90_000 }));
      const waiting = newId("run");
      await store.commit(starting(waiting, { at }));
      await store.commit(following(await loaded(store, waiting), gatedTurn([CALL]), { at: at + 40 }));
      const running = newId("run");
      await store.commit(starting(running, { at: at + 50 }));
      await ended(store, at + 60);
      const found = [
        { runId: first, at: at + 10, is: "over" },
        { runId: second, at: at + 20, is: "over" },
        { runId: owing, at: at + 30, is: "ended" },
        { runId: waiting, at: at + 40, is: "going" },
      ];
      expect(await aged(store, at, at + 60)).toEqual(found);
      expect(await aged(store, at + 20, at + 40)).toEqual(found.slice(1, 3));
      expect(await aged(store, at, at + 60, 1)).toEqual(found.slice(0, 1));
      // Changed since: it is to stay for as long again.
      await store.commit(following(await loaded(store, first), [pause("late")], { at: at + 70 }));
      expect(await aged(store, at, at + 60, 1)).toEqual([{ runId: first, at: at + 10, is: "ended" }]);
    });

    it("are nowhere found, and none begins anew under their ids", async () => {
      const { store } = use();
      const other = await use().connect();
      const [at, namespace, runId] = [anHour(), newId("ns"), newId("run")];
      await store.commit(starting(runId, { at, namespace }));
      const waiting = following(await loaded(store, runId), gatedTurn([CALL]), { at });
      await store.commit(waiting);
      await store.commit(following(await loaded(store, runId), [close(CALL.callId), end], { at }));
      const { version } = await loaded(store, runId);
      expect(await store.removeRuns([{ runId, version }])).toBe(1);
      expect(await store.removeRuns([{ runId, version }])).toBe(0);
      for (const each of [store, other]) {
        expect(await each.load(runId, "linearizable")).toBeUndefined();
        expect(await each.states([runId])).toEqual({ states: [], unreadable: [] });
        const query = { namespace, labels: {}, limit: 10 };
        expect((await each.list({ ...query, states: [] })).items).toEqual([]);
        expect((await each.listChanged({ ...query, since: 0 })).items).toEqual([]);
        expect(await aged(each, at, at + 1)).toEqual([]);
        const followed = [...(await each.listAuditable(at, 10)), ...(await each.listTellable(at, 10))];
        expect(followed.filter((one) => one.runId === runId)).toEqual([]);
      }
      expect(await other.commit(starting(runId, { at, namespace }))).toBe("conflict");
      expect(await other.commit(waiting)).toBe("conflict");
      while ((await store.clearRemoved(10)) > 0);
      expect(await other.commit(starting(runId, { at, namespace }))).toBe("conflict");
      expect(await store.load(runId, "linearizable")).toBeUndefined();
    });

    it("stay where they changed meanwhile, and of a race one side wins", async () => {
      const { store } = use();
      const other = await use().connect();
      const ids = await Promise.all(Array.from({ length: 20 }, () => ended(store, anHour())));
      const stored = await Promise.all(ids.map((id) => loaded(store, id)));
      const [outcomes, removed] = await Promise.all([
        Promise.all(stored.map((one) => other.commit(following(one, [pause("late")])))),
        Promise.all(stored.map(({ run: { runId }, version }) => store.removeRuns([{ runId, version }]))),
      ]);
      expect(outcomes.map((outcome) => (outcome === "committed" ? 0 : 1))).toEqual(removed);
      const { states } = await store.states(ids);
      expect(states).toHaveLength(removed.filter((count) => count === 0).length);
    });

    it("leave their events until these are cleared, whoever does that, and those of others for ever", async () => {
      const { store } = use();
      const other = await use().connect();
      const runId = await ended(store, anHour());
      const [own, anothers] = [runId, `${runId}x`].map((id) => ({ id: `${id}/1-1/0`, from: 1, to: 1 }));
      if (own === undefined || anothers === undefined) throw new Error("There are two.");
      const texts = (await loaded(store, runId)).events.slice(0, 1).map((event) => JSON.stringify(event));
      for (const chunk of [own, anothers]) await store.putChunk(runId, chunk, texts);
      const { version } = await loaded(store, runId);
      await store.removeRuns([{ runId, version }]);
      expect(await store.readChunk(own)).toHaveLength(1);
      while ((await other.clearRemoved(1)) > 0);
      await expect(store.readChunk(own)).rejects.toMatchObject({ reason: "INTERNAL" });
      expect(await store.readChunk(anothers)).toHaveLength(1);
      expect(await store.clearRemoved(1)).toBe(0);
      expect(await store.removeRuns([])).toBe(0);
    });
  });
}
