// What becomes of the others where somebody has written something into the database that no orchestrator writes.
import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Page, StoredRun } from "../../../src/ports.js";
import { following, gatedTurn, starting } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

const ofRun = (change: Readonly<Record<string, unknown>>) => (stored: StoredRun) => ({
  run: JSON.stringify({ ...stored.run, ...change }),
});

const SPOILT: readonly [
  what: string,
  place: string,
  fields: (stored: StoredRun) => Readonly<Record<string, unknown>>,
][] = [
  ["a state that is no JSON", "run", () => ({ run: "{" })],
  ["a state that is none", "run", () => ({ run: "null" })],
  ["another run's state", "run.runId", ofRun({ runId: "run_other" })],
  ["no checkpoints", "run.checkpoints", ofRun({ checkpoints: null })],
  [
    "calls that are none",
    "run.turn.calls[0].callId",
    ({ run }) => ofRun({ turn: { ...run.turn, calls: [{}] } })({ run } as StoredRun),
  ],
  ["no events", "events", () => ({ events: null })],
  ["an event that is no JSON", "events[0]", () => ({ events: ["{"] })],
  ["an event without a fact", "events[0].fact", () => ({ events: ['{"sequence":1,"at":1,"by":"x"}'] })],
  ["a schedule that is no JSON", "schedule", () => ({ schedule: "{" })],
  ["a schedule without times", "schedule", () => ({ schedule: '{"a":"b"}' })],
  ["chunks that are none", "chunks", () => ({ chunks: 5 })],
];

export function unreadableContract(use: UseFixture): void {
  describe("runs that cannot be read", () => {
    const waiting = async (namespace: string, at: number): Promise<string> => {
      const { store } = use();
      const first = starting(newId("run"), { namespace, at });
      await store.commit(first);
      const turn = gatedTurn([{ callId: `c_${first.runId}`, tool: "refund" }]);
      await store.commit(following(await loaded(store, first.runId), turn, { at, wakeAt: at }));
      return first.runId;
    };

    it.each(SPOILT)("have %s: asked for they are named, and lists have all the others", async (_, place, fields) => {
      const { store, spoilRun } = use();
      const namespace = newId("ns");
      const ids = [await waiting(namespace, 1), await waiting(namespace, 2), await waiting(namespace, 3)];
      const [, spoilt = ""] = ids;
      await spoilRun(spoilt, fields(await loaded(store, spoilt)));

      const unreadable = { reason: "ROW_UNREADABLE", metadata: { collection: "runs", row: spoilt, place } };
      for (const level of ["majority", "linearizable"] as const)
        await expect(store.load(spoilt, level)).rejects.toMatchObject(unreadable);
      const others = ids.filter((id) => id !== spoilt);
      const all = { namespace, labels: {}, limit: 1 };
      const open = { ...all, kinds: [] };
      expect(await idsOf((page) => store.listOpen({ ...open, ...page }))).toEqual(others);
      expect(await idsOf((page) => store.listChanged({ ...all, since: 0, ...page }))).toEqual(others);
      expect(await idsOf((page) => store.list({ ...all, states: [], ...page }))).toEqual(others.toReversed());
      expect(await store.countOpen({ namespace, labels: {}, kinds: [] }, 10)).toBe(3);
      // What is due is told: whoever looks after it finds what it is, and lets it rest.
      expect((await store.due(3, 100)).map(({ runId }) => runId)).toContain(spoilt);
      const read = await store.states(ids);
      expect(read.states.map(({ run }) => run.runId).toSorted()).toEqual(
        (place.startsWith("run") ? others : ids).toSorted(),
      );
      expect(read.unreadable).toEqual(place.startsWith("run") ? [spoilt] : []);
    });
  });
}

/** Page by page. */
async function idsOf(list: (page: { pageToken?: string }) => Promise<Page<StoredRun>>): Promise<readonly string[]> {
  const ids: string[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await list(pageToken === undefined ? {} : { pageToken });
    ids.push(...page.items.map(({ run }) => run.runId));
    if (page.nextPageToken === undefined) return ids;
    pageToken = page.nextPageToken;
  }
}
