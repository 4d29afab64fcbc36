import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Fact } from "../../../src/core/events.js";
import type { Assignee, OpenQuery, Page, RunQuery, Store, StoredRun } from "../../../src/ports.js";
import { close, end, following, gatedTurn, pause, type StartOptions, starting, waiting } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

const BEGIN = Date.UTC(2026, 5, 1);

export function listContract(use: UseFixture): void {
  const runsOf = (query: Partial<RunQuery> & { namespace: string }) =>
    use().store.list({ states: [], labels: {}, limit: 100, ...query });
  const openOf = (query: Partial<OpenQuery> & { namespace: string }) =>
    use().store.listOpen({ kinds: [], labels: {}, limit: 100, ...query });

  describe("lists", () => {
    it("lists runs of a namespace, the newest first", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [b, a, c] = [newId("run_b"), newId("run_a"), newId("run_c")];
      await put(store, b, [], { namespace, at: BEGIN + 5 });
      await put(store, a, [], { namespace, at: BEGIN + 5 });
      await put(store, c, [], { namespace, at: BEGIN + 9 });
      await put(store, newId("run"), [], { namespace: newId("ns"), at: BEGIN + 7 });
      const { items, nextPageToken } = await runsOf({ namespace });
      expect(idsOf(items)).toEqual([c, a, b]);
      expect(nextPageToken).toBeUndefined();
      expect(items[0]).toEqual(await loaded(store, c));
    });

    it("filters runs by state, agent and all of the labels", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [running, paused, ended] = [newId("run_a"), newId("run_b"), newId("run_c")];
      await put(store, running, [], { namespace, labels: { team: "eu", tier: "1" } });
      await put(store, paused, [pause("so")], { namespace, labels: { team: "eu" }, agentName: "sales" });
      await put(store, ended, [end], { namespace, labels: { team: "us", tier: "1" } });
      expect(idsOf((await runsOf({ namespace, states: ["PAUSED"] })).items)).toEqual([paused]);
      expect(idsOf((await runsOf({ namespace, states: ["RUNNING", "COMPLETED"] })).items)).toEqual([running, ended]);
      expect(idsOf((await runsOf({ namespace, agentName: "sales" })).items)).toEqual([paused]);
      expect(idsOf((await runsOf({ namespace, labels: { team: "eu" } })).items)).toEqual([running, paused]);
      expect(idsOf((await runsOf({ namespace, labels: { team: "eu", tier: "1" } })).items)).toEqual([running]);
      expect((await runsOf({ namespace, labels: { team: "e" } })).items).toEqual([]);
    });

    it("lists the runs that another one started", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [parent, one, other] = [newId("run_a"), newId("run_b"), newId("run_c")];
      await put(store, parent, [], { namespace });
      await put(store, one, [], { namespace, parentRunId: parent, at: BEGIN });
      await put(store, other, [end], { namespace, parentRunId: parent, at: BEGIN + 5 });
      await put(store, newId("run"), [], { namespace, parentRunId: one });
      await put(store, newId("run"), [], { namespace: newId("ns"), parentRunId: parent });
      expect(idsOf((await runsOf({ namespace, parentRunId: parent })).items)).toEqual([other, one]);
      expect(idsOf((await runsOf({ namespace, parentRunId: parent, states: ["COMPLETED"] })).items)).toEqual([other]);
      expect((await runsOf({ namespace, parentRunId: other })).items).toEqual([]);
    });

    it("lists runs with an open checkpoint, the longest waiting first", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [late, early, closed] = [newId("run_a"), newId("run_b"), newId("run_c")];
      const facts = gatedTurn([{ callId: "c1", tool: "refund" }]);
      await put(store, late, facts, { namespace, at: BEGIN }, BEGIN + 20);
      await put(store, early, facts, { namespace, at: BEGIN + 5 }, BEGIN + 10);
      await put(store, closed, [...facts, close("c1")], { namespace });
      await put(store, newId("run"), [], { namespace });
      expect(idsOf((await openOf({ namespace })).items)).toEqual([early, late]);
    });

    it("filters open checkpoints by kind, tool, agent, label and run", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [refund, asking, both] = [newId("run_a"), newId("run_b"), newId("run_c")];
      const question = waiting("q", "ask_person", "QUESTION");
      await put(store, refund, gatedTurn([{ callId: "c1", tool: "refund" }]), { namespace, labels: { team: "eu" } });
      await put(store, asking, [question], { namespace, agentName: "sales" });
      await put(store, both, [question, ...gatedTurn([{ callId: "c1", tool: "email" }])], { namespace });
      const found = async (query: Partial<OpenQuery>) => idsOf((await openOf({ namespace, ...query })).items);
      expect(await found({})).toEqual([refund, asking, both]);
      expect(await found({ kinds: ["QUESTION"] })).toEqual([asking, both]);
      expect(await found({ kinds: ["QUESTION", "APPROVAL"], tool: "email" })).toEqual([both]);
      expect(await found({ kinds: ["QUESTION"], tool: "email" })).toEqual([]);
      expect(await found({ kinds: ["SETTLEMENT"] })).toEqual([]);
      expect(await found({ tool: "refund" })).toEqual([refund]);
      expect(await found({ agentName: "sales" })).toEqual([asking]);
      expect(await found({ labels: { team: "eu" } })).toEqual([refund]);
      expect(await found({ runId: both })).toEqual([both]);
      expect(await found({ runId: both, tool: "refund" })).toEqual([]);
    });

    it("finds and counts the open checkpoints that a person or a group may decide, and those of anybody", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [maria, finance, anybody, nobody, both] = ["a", "b", "c", "d", "e"].map((letter) => newId(`run_${letter}`));
      const calls = [
        { callId: "c1", tool: "refund" },
        { callId: "c2", tool: "email" },
      ];
      const one = gatedTurn(calls.slice(0, 1));
      const opened = async (runId: string | undefined, facts: readonly Fact[], approvers: object) => {
        if (runId === undefined) throw new Error("There are five.");
        await store.commit(starting(runId, { namespace }));
        await store.commit(following(await loaded(store, runId), facts, { approvers: { ...approvers } }));
      };
      await opened(maria, one, { apr_c1: { users: ["maria", "$x.y"], groups: [] } });
      await opened(finance, one, { apr_c1: { users: [], groups: ["finance", "board"] } });
      await opened(anybody, one, {});
      await opened(nobody, one, { apr_c1: { users: [], groups: [] } });
      await opened(both, gatedTurn(calls), { apr_c1: { users: ["noah"], groups: ["finance"] } });
      const found = async (assignee: Assignee, more: Partial<OpenQuery> = {}) => {
        const query = { namespace, kinds: [], labels: {}, assignee, ...more };
        const { items } = await store.listOpen({ ...query, limit: 10 });
        return [...idsOf(items), await store.countOpen(query, 10)];
      };
      expect(await found({ person: "maria", groups: [] })).toEqual([maria, anybody, both, 3]);
      expect(await found({ person: "$x.y", groups: [] })).toEqual([maria, anybody, both, 3]);
      expect(await found({ groups: ["finance", "sales"] })).toEqual([finance, anybody, both, 4]);
      expect(await found({ person: "noah", groups: ["board"] }, { tool: "refund" })).toEqual([
        finance,
        anybody,
        both,
        3,
      ]);
      expect(await found({ person: "maria", groups: [] }, { tool: "email" })).toEqual([both, 1]);
      expect(await found({ person: "stranger", groups: [] }, { tool: "refund" })).toEqual([anybody, 1]);
      expect(await store.countOpen({ namespace, kinds: [], labels: {} }, 10)).toBe(6);
      expect(await store.countOpen({ namespace, kinds: [], labels: {} }, 4)).toBe(4);
      const [first] = [await loaded(store, both ?? "")];
      await store.commit(following(first, [close("c2")], { approvers: { apr_c1: { users: ["noah"], groups: [] } } }));
      expect(await found({ groups: ["finance"] })).toEqual([finance, anybody, 2]);
    });

    it("lists runs of which a checkpoint changed since a time, the longest ago first, and pages through them", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const [opened, closed, before] = [newId("run_b"), newId("run_a"), newId("run_c")];
      const facts = gatedTurn([{ callId: "c1", tool: "refund" }]);
      await put(store, before, facts, { namespace, at: BEGIN }, BEGIN + 5);
      await put(store, opened, facts, { namespace, at: BEGIN }, BEGIN + 20);
      await put(store, closed, facts, { namespace, at: BEGIN, labels: { team: "eu" } }, BEGIN + 10);
      await store.commit(following(await loaded(store, closed), [close("c1")], { at: BEGIN + 30 }));
      await put(store, newId("run"), [], { namespace, at: BEGIN + 40 });
      await put(store, newId("run"), facts, { namespace: newId("ns"), at: BEGIN }, BEGIN + 20);
      const since = (at: number, more: object = {}) =>
        store.listChanged({ namespace, since: at, labels: {}, limit: 100, ...more });
      expect(idsOf((await since(BEGIN + 20)).items)).toEqual([opened, closed]);
      expect(idsOf((await since(BEGIN)).items)).toEqual([before, opened, closed]);
      expect(idsOf((await since(BEGIN, { labels: { team: "eu" } })).items)).toEqual([closed]);
      expect(idsOf((await since(BEGIN + 31)).items)).toEqual([]);
      const pages = await allPages((pageToken) => since(BEGIN, { limit: 1, ...pageToken }));
      expect(pages.map(idsOf)).toEqual([[before], [opened], [closed]]);
    });

    it("pages through runs of the same time without loss or doubling", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const ids = Array.from({ length: 17 }, () => newId("run"));
      for (const [index, id] of ids.entries()) await put(store, id, [], { namespace, at: BEGIN + (index % 3) });
      for (const limit of [1, 4, 17]) {
        const pages = await allPages((pageToken) => runsOf({ namespace, limit, ...pageToken }));
        expect(pages.flatMap(idsOf).sort()).toEqual([...ids].sort());
        expect(pages).toHaveLength(Math.ceil(ids.length / limit));
      }
    });

    it("pages through open checkpoints of the same time without loss or doubling", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const ids = Array.from({ length: 11 }, () => newId("run"));
      const facts = gatedTurn([{ callId: "c1", tool: "refund" }]);
      for (const [index, id] of ids.entries()) await put(store, id, facts, { namespace, at: BEGIN + (index % 2) });
      for (const limit of [1, 3, 11]) {
        const pages = await allPages((pageToken) => openOf({ namespace, limit, ...pageToken }));
        expect(pages.flatMap(idsOf).sort()).toEqual([...ids].sort());
      }
    });

    it("keeps its place while runs are started, changed and ended between the pages", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const ids = Array.from({ length: 12 }, () => newId("run"));
      for (const [index, id] of ids.entries()) await put(store, id, [], { namespace, at: BEGIN + (index % 4) });
      let page = 0;
      const pages = await allPages(async (pageToken) => {
        const result = await runsOf({ namespace, limit: 3, ...pageToken });
        await put(store, newId("run"), [], { namespace, at: BEGIN + 100 + page });
        const changed = ids[(page * 5) % ids.length] ?? "";
        await store.commit(following(await loaded(store, changed), [pause("meanwhile")], { at: BEGIN + 1000 }));
        page += 1;
        return result;
      });
      expect(pages.flatMap(idsOf).sort()).toEqual([...ids].sort());
    });

    it("loses no open checkpoint while others close and open between the pages", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const facts = gatedTurn([{ callId: "c1", tool: "refund" }]);
      const ids = Array.from({ length: 12 }, () => newId("run"));
      for (const [index, id] of ids.entries()) await put(store, id, facts, { namespace, at: BEGIN + index });
      const closing = [ids[0] ?? "", ids[5] ?? ""];
      const staying = ids.filter((id) => !closing.includes(id));
      const pages = await allPages(async (pageToken) => {
        const result = await openOf({ namespace, limit: 3, ...pageToken });
        const next = closing.pop();
        if (next !== undefined) await store.commit(following(await loaded(store, next), [close("c1")]));
        return result;
      });
      const seen = pages.flatMap(idsOf);
      expect(seen.filter((id) => staying.includes(id))).toEqual(staying);
    });

    it("ends a page early when its runs are large, and goes on behind it", async () => {
      const { store } = use();
      const namespace = newId("ns");
      const ids = Array.from({ length: 5 }, () => newId("run"));
      for (const id of ids) await put(store, id, [], { namespace, input: "x".repeat(300 * 1024) });
      await put(store, newId("run"), [], { namespace, input: "x".repeat(1024 * 1024), at: 0 });
      const pages = await allPages((pageToken) => runsOf({ namespace, limit: 100, ...pageToken }));
      expect(pages.map((items) => items.length)).toEqual([2, 2, 1, 1]);
    });

    it("refuses page tokens that it did not give out", async () => {
      const namespace = newId("ns");
      const { store } = use();
      for (const id of [newId("run"), newId("run")]) await put(store, id, [], { namespace });
      const { nextPageToken = "" } = await runsOf({ namespace, limit: 1 });
      expect(nextPageToken).not.toBe("");
      const token = (value: unknown) => Buffer.from(JSON.stringify(value)).toString("base64url");
      const wrong = [
        "",
        "x",
        token({}),
        token(["runs", "1", "r"]),
        token(["runs", 1, { $gt: "" }]),
        token(["runs", 1]),
      ];
      for (const pageToken of wrong) {
        await expect(runsOf({ namespace, pageToken })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
      }
      for (const pageToken of [...wrong, nextPageToken]) {
        await expect(openOf({ namespace, pageToken })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
        const agents = store.listAgents({ namespace, limit: 1, pageToken });
        await expect(agents).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
      }
    });
  });
}

function idsOf(items: readonly StoredRun[]): string[] {
  return items.map(({ run }) => run.runId);
}

/** Starts a run and appends facts at a time of their own. */
async function put(store: Store, runId: string, facts: readonly Fact[], options: StartOptions, at?: number) {
  await store.commit(starting(runId, options));
  if (facts.length === 0) return;
  await store.commit(following(await loaded(store, runId), facts, { at: at ?? options.at ?? BEGIN }));
}

async function allPages<T>(
  read: (next: { pageToken?: string }) => Promise<Page<T>>,
): Promise<readonly (readonly T[])[]> {
  const pages: (readonly T[])[] = [];
  let next: { pageToken?: string } = {};
  for (;;) {
    const { items, nextPageToken } = await read(next);
    pages.push(items);
    if (nextPageToken === undefined) return pages;
    next = { pageToken: nextPageToken };
  }
}
