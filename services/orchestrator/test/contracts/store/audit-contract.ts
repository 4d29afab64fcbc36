import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { AuditQuery, AuditRecord, FoundAudit } from "../../../src/ports.js";
import { end, following, gatedTurn, starting } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

const AT = 1_800_000_000_000;

function record(run: string, sequence: number, more: Partial<AuditRecord> = {}): AuditRecord {
  const chain = more.chain ?? "run";
  const number = String(sequence).padStart(9, "0");
  return {
    id: chain === "run" ? `${run}/${number}` : `${run}/${chain}/${number}`,
    namespace: "default",
    run,
    chain,
    sequence,
    at: AT + sequence,
    kind: "decided",
    people: ["alex"],
    tool: "refund",
    text: `{"$set":{"a.b":${sequence}}}`,
    hash: `hash ${sequence}`,
    ...more,
  };
}

export function auditContract(use: UseFixture): void {
  describe("the audit", () => {
    const all = async (query: AuditQuery): Promise<readonly FoundAudit[]> => {
      const found: FoundAudit[] = [];
      let pageToken: string | undefined;
      do {
        const page = await use().store.listAudit({ ...query, ...(pageToken === undefined ? {} : { pageToken }) });
        found.push(...page.items);
        pageToken = page.nextPageToken;
      } while (pageToken !== undefined);
      return found;
    };

    it("keeps entries as they were put, and lets none take another's place", async () => {
      const { store } = use();
      const run = newId("run");
      const signature = { keyId: "k", signature: "s", at: AT };
      const [one, two] = [record(run, 1, { signature }), record(run, 2)];
      expect(await store.putAudit([one])).toEqual(new Set());
      expect(await store.putAudit([two, { ...one, text: "another" }])).toEqual(new Set([one.id]));
      expect(await all({ namespace: "default", run, kinds: [], limit: 10 })).toEqual([one, two]);
      expect(await (await use().connect()).newestAudit(run, "run")).toEqual(two);
      expect(await store.putAudit([])).toEqual(new Set());
    });

    it("gives the chains of a run apart, in order", async () => {
      const { store } = use();
      const run = newId("run");
      const sequences = [100, 9, 10, 1];
      await store.putAudit([
        ...sequences.map((sequence) => record(run, sequence)),
        ...[2, 1].map((sequence) => record(run, sequence, { chain: "refused", hash: "refused" })),
        record(`${run}x`, 3),
      ]);
      const links = await store.readAuditChain(run, "run");
      expect(links).toEqual([1, 9, 10, 100].map((sequence) => ({ sequence, hash: `hash ${sequence}` })));
      expect((await store.readAuditChain(run, "refused")).map(({ sequence }) => sequence)).toEqual([1, 2]);
      expect((await store.newestAudit(run, "refused"))?.id).toBe(`${run}/refused/000000002`);
      expect(await store.newestAudit(newId("run"), "run")).toBeUndefined();
    });

    it("appends in order up to the first whose id is taken", async () => {
      const { store } = use();
      const run = newId("run");
      expect(await store.appendAudit([record(run, 1), record(run, 2)])).toBe(2);
      await store.putAudit([record(run, 4, { text: "theirs" })]);
      expect(await store.appendAudit([3, 4, 5].map((sequence) => record(run, sequence)))).toBe(1);
      const texts = (await all({ namespace: "default", run, kinds: [], limit: 10 })).map(({ text }) => text);
      expect(texts).toEqual([record(run, 1).text, record(run, 2).text, record(run, 3).text, "theirs"]);
    });

    it("lets one of many append a number", async () => {
      const stores = [use().store, await use().connect()];
      const run = newId("run");
      const appended = await Promise.all(
        Array.from({ length: 10 }, (_, i) => stores[i % 2]?.appendAudit([record(run, 1, { text: `${i}` })])),
      );
      expect(appended.filter((written) => written === 1)).toHaveLength(1);
    });

    it("finds entries by run, person, kind, tool, time and namespace, in pages, the oldest first", async () => {
      const { store } = use();
      const [namespace, one, other] = [newId("ns"), newId("run"), newId("run")];
      const entries = [
        record(one, 1, { kind: "requested", people: ["alex"] }),
        record(one, 2, { people: ["bot", "sam"] }),
        record(one, 3, { kind: "ended", people: [], tool: "" }),
        record(other, 2, { at: AT + 4, tool: "email" }),
        record(other, 5, { at: AT + 4, tool: "email" }),
      ].map((entry) => ({ ...entry, namespace }));
      await store.putAudit(entries.toReversed());
      const found = async (query: Partial<AuditQuery>): Promise<readonly number[]> =>
        (await all({ namespace, kinds: [], limit: 2, ...query })).map((entry) =>
          entries.findIndex(({ id }) => id === entry.id),
        );
      expect(await found({})).toEqual([0, 1, 2, 3, 4]);
      expect(await found({ run: other })).toEqual([3, 4]);
      expect(await found({ who: "sam" })).toEqual([1]);
      expect(await found({ kinds: ["requested", "ended"] })).toEqual([0, 2]);
      expect(await found({ tool: "email", from: AT + 4 })).toEqual([3, 4]);
      expect(await found({ from: AT + 2, to: AT + 4 })).toEqual([1, 2]);
      expect(await found({ namespace: newId("ns") })).toEqual([]);
      await expect(store.listAudit({ namespace, kinds: [], limit: 1, pageToken: "forged" })).rejects.toMatchObject({
        reason: "INVALID_REQUEST",
      });
    });

    it("moves a cursor forward only", async () => {
      const { store } = use();
      const share = 1_000_000 + Math.floor(Math.random() * 1e9);
      expect(await store.readAuditCursor(share)).toBeUndefined();
      await store.moveAuditCursor(share, AT + 5);
      await store.moveAuditCursor(share, AT);
      expect(await (await use().connect()).readAuditCursor(share)).toBe(AT + 5);
      await store.moveAuditCursor(share, AT + 6);
      expect(await store.readAuditCursor(share)).toBe(AT + 6);
    });

    it("knows the runs that had a checkpoint and changed, newer ones too", async () => {
      const { store } = use();
      const [plain, gated, newer] = [newId("run"), newId("run"), newId("run")];
      const at = Date.UTC(2040, 0, 1) + Math.floor(Math.random() * 1e9);
      await store.commit(starting(plain, { at }));
      await store.commit(starting(gated, { at }));
      const begun = await loaded(store, gated);
      await store.commit(following(begun, gatedTurn([{ callId: "c1", tool: "refund" }]), { at: at + 1 }));
      const first = { runId: gated, version: 2, at: at + 1 };
      const mine = async (since: number) =>
        (await store.listAuditable(since, 1_000)).filter(({ runId }) => [plain, gated, newer].includes(runId));
      expect(await mine(at + 1)).toEqual([first]);
      await store.commit(following(await loaded(store, gated), [end], { at: at + 3 }));
      expect(await mine(at)).toEqual([{ ...first, version: 3, at: at + 3 }]);
      expect(await mine(at + 4)).toEqual([]);
      const write = starting(newer, { at });
      await use().plantNewer({
        ...write,
        run: following({ ...begun, run: write.run }, gatedTurn([{ callId: "c1", tool: "refund" }]), { at: at + 2 }).run,
      });
      expect((await mine(at)).map(({ runId }) => runId)).toEqual([newer, gated]);
      expect(await store.listAuditable(at, 1)).toHaveLength(1);
    });
  });
}
