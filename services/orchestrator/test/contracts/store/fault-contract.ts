import { newId } from "@agentspan/internal";
import { describe, expect, it, onTestFinished } from "vitest";
import type { CommitOutcome, Store, StoredRun } from "../../../src/ports.js";
import { following, pause, starting } from "./sample-runs.js";
import { loaded, type UseFixture, whenBack } from "./store-fixture.js";

const BARE = { approval: false, once: false, probe: false, enforcesKey: false };
const away = { reason: "STORE_UNAVAILABLE", retryAfterMs: expect.any(Number) };

export function faultContract(use: UseFixture): void {
  describe("faults", () => {
    it("calls a write whose answer was lost committed or unknown, and keeps it once", async () => {
      const { store, loseNextAnswer } = use();
      const first = starting(newId("run"));
      loseNextAnswer();
      expect(["committed", "unknown"]).toContain(await store.commit(first));
      const stored = await whenBack(() => loaded(store, first.runId));
      expect(stored).toMatchObject({ version: 1, run: first.run });
      expect(await store.commit(first)).toBe("conflict");

      loseNextAnswer();
      const second = following(stored, [pause("once")]);
      expect(["committed", "unknown"]).toContain(await store.commit(second));
      expect(await whenBack(() => loaded(store, first.runId))).toMatchObject({ version: 2, run: second.run });
      expect(await store.commit(second)).toBe("conflict");
    });

    it("calls a write unknown when nobody can tell what became of it", async () => {
      const { store, loseNextAnswerAndLeave, comeBack } = use();
      const first = starting(newId("run"));
      await store.commit(first);
      const second = following(await loaded(store, first.runId), [pause("once")]);
      onTestFinished(comeBack);
      loseNextAnswerAndLeave();
      expect(await store.commit(second)).toBe("unknown");
      await comeBack();
      expect(await loaded(store, first.runId)).toMatchObject({ version: 2, run: second.run });
    });

    it("calls a write unknown while it may still be carried out, not a conflict", async () => {
      const { store, holdNextCommit } = use();
      const other = await use().connect();
      const first = starting(newId("run"));
      await store.commit(first);
      const second = following(await loaded(store, first.runId), [pause("late")]);
      const letGo = holdNextCommit();
      expect(await store.commit(second)).toBe("unknown");
      expect(await loaded(other, first.runId)).toMatchObject({ version: 1 });
      letGo();
      const version = async () => (await loaded(other, first.runId)).version;
      await expect.poll(version).toBe(2);
      expect(await loaded(other, first.runId)).toMatchObject({ run: second.run });
    });

    it("lets a late write lose against one that was decided after it", async () => {
      const { store, holdNextCommit } = use();
      const other = await use().connect();
      const first = starting(newId("run"));
      await store.commit(first);
      const stored = await loaded(store, first.runId);
      const letGo = holdNextCommit();
      expect(await store.commit(following(stored, [pause("late")]))).toBe("unknown");
      const winner = following(stored, [pause("in time")]);
      expect(await other.commit(winner)).toBe("committed");
      letGo();
      const marker = starting(newId("run"));
      expect(await store.commit(marker)).toBe("committed");
      expect(await loaded(other, first.runId)).toMatchObject({ version: 2, run: winner.run });
    });

    it("rejects with STORE_UNAVAILABLE while it is away and serves again afterwards", async () => {
      const { store, leave, comeBack } = use();
      const first = starting(newId("run"));
      await store.commit(first);
      const stored = await loaded(store, first.runId);
      onTestFinished(comeBack);
      await leave();
      await rejectsEverything(store, first.runId);
      await commitsNothing(store, stored);
      await comeBack();
      expect(await loaded(store, first.runId)).toEqual(stored);
      expect(await store.commit(following(stored, [pause("back")]))).toBe("committed");
    });

    it("does not hang on a database that takes everything and answers nothing", async () => {
      const { store, freeze, comeBack } = use();
      const first = starting(newId("run"));
      await store.commit(first);
      const stored = await loaded(store, first.runId);
      onTestFinished(comeBack);
      await freeze();
      const write = following(stored, [pause("frozen")]);
      const outcome = settled(store.commit(write));
      await rejectsEverything(store, first.runId);
      // Away where it still had to open a connection, and so had certainly sent nothing.
      expect(["unknown", "away"]).toContain(await outcome);
      await comeBack();
      const after = await loaded(store, first.runId);
      expect([1, 2]).toContain(after.version);
      const next = following(after, [pause("thawed")]);
      await expect.poll(() => settled(store.commit(next))).toMatch(/committed|conflict/);
    });

    it("has every acknowledged write after a crash, and each write whole or not at all", async () => {
      const { store, crash } = use();
      const ids = Array.from({ length: 16 }, () => newId("run"));
      const acknowledged = new Map<string, number>();
      let going = true;
      const writers = ids.map(async (id) => {
        let outcome: CommitOutcome | "away" = await settled(store.commit(starting(id)));
        while (going) {
          const stored = await store.load(id, "linearizable").catch(() => undefined);
          if (stored === undefined) return;
          if (outcome === "committed") acknowledged.set(id, stored.version);
          outcome = await settled(store.commit(following(stored, [pause("a"), pause("b")])));
          if (outcome === "committed") acknowledged.set(id, stored.version + 1);
        }
      });
      await expect.poll(() => acknowledged.size).toBe(ids.length);
      await crash();
      going = false;
      await Promise.all(writers);
      for (const [id, version] of acknowledged) {
        const stored = await loaded(store, id);
        expect(stored.version).toBeGreaterThanOrEqual(version);
        expect(stored.run.lastSequence).toBe(stored.version * 2 - 1);
        expect(stored.events.map(({ sequence }) => sequence)).toEqual(stored.events.map((_, index) => index + 1));
        expect(stored.events).toHaveLength(stored.run.lastSequence);
      }
    });

    it("counts each of many increments once, through lost answers and races", async () => {
      const fixture = use();
      const stores = [fixture.store, await fixture.connect()];
      const first = starting(newId("run"));
      await fixture.store.commit(first);
      const keys = Array.from({ length: 24 }, (_, index) => `key ${index}`);
      await Promise.all(
        keys.map(async (key, index) => {
          if (index % 5 === 0) fixture.loseNextAnswer();
          await once(stores[index % 2] ?? fixture.store, first.runId, key);
        }),
      );
      const { events, version } = await whenBack(() => loaded(fixture.store, first.runId));
      const seen = events.flatMap(({ fact }) => (fact.type === "paused" ? [fact.reason] : []));
      expect(seen.sort()).toEqual([...keys].sort());
      expect(version).toBe(1 + keys.length);
    });

    it("is away for good once it is closed", async () => {
      const store = await use().connect();
      await store.close();
      await rejectsEverything(store, newId("run"));
      await expect(store.commit(starting(newId("run")))).rejects.toMatchObject(away);
    });
  });
}

async function settled(commit: Promise<CommitOutcome>): Promise<CommitOutcome | "away"> {
  return commit.catch((error: unknown) => {
    expect(error).toMatchObject(away);
    return "away" as const;
  });
}

/** Writes a fact with its key once: where the outcome is not known, the run says whether it was written. */
async function once(store: Store, runId: string, key: string): Promise<void> {
  for (;;) {
    const stored = await whenBack(() => loaded(store, runId));
    if (stored.events.some(({ fact }) => fact.type === "paused" && fact.reason === key)) return;
    if ((await settled(store.commit(following(stored, [pause(key)])))) === "committed") return;
  }
}

async function commitsNothing(store: Store, stored: StoredRun): Promise<void> {
  const outcomes = await Promise.all([
    settled(store.commit(following(stored, [pause("away")]))),
    settled(store.commit(starting(newId("run")))),
  ]);
  for (const outcome of outcomes) expect(["away", "unknown"]).toContain(outcome);
  await expect(store.commit(following(stored, [pause("away")]))).rejects.toMatchObject(away);
}

async function rejectsEverything(store: Store, runId: string): Promise<void> {
  const namespace = "default";
  const agent = { namespace, name: "a", version: "1", definition: "{}", createdAt: 1 };
  const chunk = { id: newId("chunk"), from: 1, to: 2 };
  const worker = { incarnation: "i", kind: "worker", name: "w", namespace, counter: 1, inHand: [], tools: [] } as const;
  const calls: readonly Promise<unknown>[] = [
    store.load(runId, "majority"),
    store.load(runId, "linearizable"),
    store.states([runId]),
    store.due(0, 1),
    store.list({ namespace, states: [], labels: {}, limit: 1 }),
    store.listOpen({ namespace, kinds: [], labels: {}, limit: 1 }),
    store.putChunk(runId, chunk, ["{}"]),
    store.readChunk(chunk),
    store.putAgent(agent),
    store.getAgent(namespace, "a"),
    store.listAgents({ namespace, limit: 1 }),
    store.listAgentVersions({ namespace, name: "a", limit: 1 }),
    store.putTools([{ namespace, queue: "q", tool: "t", inputSchema: "{}", ...BARE }]),
    store.getTools(namespace, [{ queue: "q", tool: "t" }]),
    store.beat([worker]),
    store.registerWorker({ incarnation: "i", name: "w", namespace, tools: [] }),
    store.readInstance("i"),
    store.readInstances(),
    store.liveWorkers(namespace, 1),
    store.forgetInstances(1_000_000),
    store.removeInstance("i"),
    store.putPermit({ workerId: "w", workers: ["w"], tools: [], at: 1, until: 2, keyId: "", signature: "" }),
    store.listPermits(0),
    store.serverTime(),
    store.prepare(),
  ];
  for (const outcome of await Promise.allSettled(calls)) {
    expect(outcome).toMatchObject({ status: "rejected", reason: away });
  }
}
