import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { RunEvent } from "../../../src/core/events.js";
import type { RunWrite, Store, Trim } from "../../../src/ports.js";
import { close, end, following, gatedTurn, pause, resume, starting, toolCall } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

const eventsOf = (write: RunWrite): RunEvent[] => write.append.map(({ text }) => JSON.parse(text));

export function runContract(use: UseFixture): void {
  describe("runs", () => {
    it("gives back a run as it was written", async () => {
      const { store } = use();
      const write = { ...starting(newId("run"), { labels: { team: "eu" } }), schedule: { "model/1/1": 7 } };
      expect(await store.commit(write)).toBe("committed");
      expect(await store.load(write.runId, "majority")).toEqual({
        run: write.run,
        version: 1,
        events: eventsOf(write),
        chunks: [],
        schedule: { "model/1/1": 7 },
        inlineBytes: write.inlineBytes,
        totalBytes: write.totalBytes,
      });
    });

    it("knows nothing of a run that was never written", async () => {
      expect(await use().store.load(newId("run"), "majority")).toBeUndefined();
      expect(await use().store.load(newId("run"), "linearizable")).toBeUndefined();
    });

    it("appends events and replaces state and schedule", async () => {
      const { store } = use();
      const first = starting(newId("run"));
      await store.commit(first);
      const second = following(await loaded(store, first.runId), [pause("one"), resume], { schedule: { tick: 1 } });
      expect(await store.commit(second)).toBe("committed");
      const third = following(await loaded(store, first.runId), [], { schedule: {} });
      expect(await store.commit(third)).toBe("committed");
      const stored = await loaded(store, first.runId);
      expect(stored.events).toEqual([...eventsOf(first), ...eventsOf(second)]);
      expect(stored).toMatchObject({ version: 3, run: second.run, schedule: {} });
    });

    it("refuses a write on a version that is not the stored one, and changes nothing", async () => {
      const { store } = use();
      const first = starting(newId("run"));
      await store.commit(first);
      const old = await loaded(store, first.runId);
      for (const reason of ["one", "two", "three"]) {
        await store.commit(following(await loaded(store, first.runId), [pause(reason)]));
      }
      const before = await loaded(store, first.runId);
      expect(await store.commit(following(old, [end]))).toBe("conflict");
      expect(await store.commit({ ...following(before, [end]), expectedVersion: 9 })).toBe("conflict");
      expect(await store.commit(starting(first.runId, { input: "another" }))).toBe("conflict");
      expect(await loaded(store, first.runId)).toEqual(before);
    });

    it("refuses to write on a run that is not there", async () => {
      const { store } = use();
      const write = { ...starting(newId("run")), expectedVersion: 3 };
      expect(await store.commit(write)).toBe("conflict");
      expect(await store.load(write.runId, "linearizable")).toBeUndefined();
    });

    it("keeps whatever keys and characters callers and models use", async () => {
      const { store } = use();
      const labels = JSON.parse('{"$set":"1","a.b":"2","__proto__":"3","constructor":"4","":"5","ключ":"6 🙂"}');
      const args = '{"$where":{"a.b":[{"__proto__":{"$gt":""}}]},"\\u0000":"\\ud800"}';
      const write = starting(newId("run"), { labels, input: "zero \u0000, lone \ud800, pair 🙂" });
      await store.commit({ ...write, schedule: JSON.parse('{"$inc":1,"__proto__":2,"a.b":3}') });
      await store.commit(following(await loaded(store, write.runId), [toolCall("c1", "refund", args)]));
      const stored = await loaded(store, write.runId);
      expect(JSON.stringify(stored.run.labels)).toBe(JSON.stringify(labels));
      expect(JSON.stringify(stored.schedule)).toBe('{"$inc":1,"__proto__":2,"a.b":3}');
      expect(stored.events[0]?.fact).toMatchObject({ input: "zero \u0000, lone \ud800, pair 🙂" });
      expect(stored.events[1]?.fact).toMatchObject({ arguments: args });
    });

    it("keeps a run whose next time is past every date, and those written with it", async () => {
      const { store } = use();
      const times = [Date.UTC(12_000, 0), Number.MAX_SAFE_INTEGER, undefined];
      const writes = times.map((wakeAt) => starting(newId("run"), wakeAt === undefined ? {} : { wakeAt }));
      const outcomes = await Promise.all(writes.map((write) => store.commit(write)));
      expect(outcomes).toEqual(["committed", "committed", "committed"]);
    });

    it("shares no object with those who write or read", async () => {
      const { store } = use();
      const write = starting(newId("run"), { labels: { team: "eu" } });
      await store.commit(write);
      Object.assign(write.run.labels, { team: "changed" });
      const one = await loaded(store, write.runId);
      expect(one.run.labels).toEqual({ team: "eu" });
      Object.assign(one.run.labels, { team: "changed" });
      Object.assign(one.events[0]?.fact ?? {}, { input: "changed" });
      const other = await loaded(store, write.runId);
      expect(other.run.labels).toEqual({ team: "eu" });
      expect(other.events[0]?.fact).toMatchObject({ input: "hello" });
    });

    it("reads the states of several runs and leaves out those it does not know", async () => {
      const { store } = use();
      const writes = [starting(newId("run")), starting(newId("run"))];
      await Promise.all(writes.map((write) => store.commit(write)));
      const ids = writes.map(({ runId }) => runId);
      const { states, unreadable } = await store.states([...ids, newId("run"), ...ids]);
      expect(new Map(states.map(({ run, version }) => [run.runId, version]))).toEqual(
        new Map(ids.map((id) => [id, 1])),
      );
      expect(states).toHaveLength(2);
      expect(unreadable).toEqual([]);
      expect(await store.states([])).toEqual({ states: [], unreadable: [] });
    });

    it("moves history out of the document into a chunk, written twice or once", async () => {
      const { store } = use();
      const first = starting(newId("run"));
      await store.commit(first);
      await store.commit(following(await loaded(store, first.runId), [pause("a"), resume, pause("b")]));
      const before = await loaded(store, first.runId);
      const texts = before.events.map((event) => JSON.stringify(event));
      const trim: Trim = { id: newId("chunk"), from: 1, to: 3, keep: texts.slice(3) };
      await Promise.all([1, 2].map(() => store.putChunk(first.runId, trim, texts.slice(0, 3))));
      await store.putChunk(first.runId, trim, texts.slice(0, 3));
      const write = following(before, [resume]);
      expect(await store.commit({ ...write, trim, inlineBytes: 10 })).toBe("committed");
      await store.commit(following(await loaded(store, first.runId), [pause("c")]));
      const after = await loaded(store, first.runId);
      expect(after.chunks).toEqual([{ id: trim.id, from: 1, to: 3 }]);
      expect(after.events.map(({ sequence }) => sequence)).toEqual([4, 5, 6]);
      expect(await store.readChunk({ id: trim.id, from: 1, to: 3 })).toEqual(before.events.slice(0, 3));
    });

    it("says so when a chunk is missing", async () => {
      const missing = use().store.readChunk({ id: newId("chunk"), from: 1, to: 3 });
      await expect(missing).rejects.toMatchObject({ reason: "INTERNAL" });
    });

    it("keeps documents of 4 MiB", async () => {
      const { store } = use();
      const first = starting(newId("run"), { input: "x".repeat(2 * 1024 * 1024) });
      expect(await store.commit(first)).toBe("committed");
      const second = following(await loaded(store, first.runId), [
        ...Array.from({ length: 8 }, () => pause("é".repeat(128 * 1024))),
      ]);
      expect(await store.commit(second)).toBe("committed");
      const stored = await loaded(store, first.runId);
      expect(stored.events).toEqual([...eventsOf(first), ...eventsOf(second)]);
      expect(stored.inlineBytes).toBeGreaterThan(4 * 1024 * 1024);
    });

    it("refuses a write that is larger than it can keep, and harms no other", async () => {
      const { store } = use();
      const [large, other] = await Promise.allSettled([
        store.commit(starting(newId("run"), { input: "x".repeat(16 * 1024 * 1024) })),
        store.commit(starting(newId("run"))),
      ]);
      expect(large).toMatchObject({ status: "rejected", reason: { reason: "LIMIT_EXCEEDED" } });
      expect(other).toEqual({ status: "fulfilled", value: "committed" });
    });

    it("gives the runs that are due, the most overdue first, and no other", async () => {
      const { store } = use();
      // Before all times of other tests: what is due here is due nowhere else.
      const ids = [300, 100, 200, 400].map((wakeAt) => ({ id: newId("run"), wakeAt }));
      for (const { id, wakeAt } of ids) await store.commit(starting(id, { wakeAt }));
      await store.commit(starting(newId("run")));
      const inOrder = [100, 200, 300].map((wakeAt) => ids.find((one) => one.wakeAt === wakeAt)?.id);
      const due = async (...asked: Parameters<Store["due"]>) => (await store.due(...asked)).map(({ runId }) => runId);
      expect(await store.due(300, 10)).toEqual(inOrder.map((runId, at) => ({ runId, wakeAt: 100 * (at + 1) })));
      expect(await due(300, 2)).toEqual(inOrder.slice(0, 2));
      expect(await due(300, 10, 200)).toEqual(inOrder.slice(1));
      expect(await due(300, 1, 101)).toEqual([inOrder[1]]);
      expect(await due(300, 10, 301)).toEqual([]);
      const later = following(await loaded(store, inOrder[0] ?? ""), [pause("later")], { wakeAt: 350 });
      await store.commit(later);
      await store.commit(following(await loaded(store, inOrder[1] ?? ""), [pause("nothing is owed")]));
      expect(await due(350, 10)).toEqual([inOrder[2], inOrder[0]]);
      expect(await due(99, 10)).toEqual([]);
    });

    it("leaves alone what a newer version of this program wrote", async () => {
      const { store, plantNewer } = use();
      const namespace = newId("ns");
      const write = starting(newId("run"), { namespace, wakeAt: 1 });
      await plantNewer(write);
      await expect(store.load(write.runId, "majority")).rejects.toMatchObject({
        reason: "UNIMPLEMENTED",
        metadata: { runId: write.runId, schema: String(write.run.schema + 1) },
      });
      expect(await store.due(1, 10)).toEqual([]);
      expect(await store.states([write.runId])).toEqual({ states: [], unreadable: [write.runId] });
      expect(await store.list({ namespace, states: [], labels: {}, limit: 10 })).toEqual({ items: [] });
      expect(await store.listOpen({ namespace, kinds: [], labels: {}, limit: 10 })).toEqual({ items: [] });
      expect(await store.commit(write)).toBe("conflict");
    });

    it("follows checkpoints as they open and close", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const open = async () => (await store.listOpen({ namespace, kinds: [], labels: {}, limit: 10 })).items.length;
      const first = starting(newId("run"), { namespace });
      await store.commit(first);
      expect(await open()).toBe(0);
      await store.commit(following(await loaded(store, first.runId), gatedTurn([{ callId: "c1", tool: "refund" }])));
      expect(await open()).toBe(1);
      await store.commit(following(await loaded(store, first.runId), [close("c1")]));
      expect(await open()).toBe(0);
    });
  });
}
