// Rows of the audit in a real database that somebody has changed into something else.
import { createLogger, newId, verifyAudit } from "@agentspan/internal";
import { ListAuditRequestSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { Document, MongoClient } from "mongodb";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { GrantLedger } from "../../src/audit/grant-ledger.js";
import { recordOf } from "../../src/audit/seal-records.js";
import type { MongoStore } from "../../src/mongo/mongo-store.js";
import type { AuditRecord, StandingGrant } from "../../src/ports.js";
import { listAudit } from "../../src/requests/audit.js";
import type { RequestContext } from "../../src/requests/index.js";
import { openSpoiltStore, type SpoiltStore } from "./spoilt-store.js";

const DATABASE = "unreadable-audit";
const MADE = Date.UTC(2026, 0, 1);

let opened: SpoiltStore;
let store: MongoStore;
let direct: MongoClient;
let namespace: string;
const log = createLogger("test", "silent");

beforeAll(async () => {
  opened = await openSpoiltStore(DATABASE);
  ({ store, direct } = opened);
});
afterAll(() => opened?.stop());
beforeEach(() => {
  namespace = newId("ns");
});

const spoil = (collection: string, _id: string, change: Document) =>
  direct.db(DATABASE).collection<{ _id: string } & Document>(collection).updateOne({ _id }, change);

describe("an entry of the audit", () => {
  const KINDS = ["requested", "granted", "ended"] as const;

  const write = async (run: string): Promise<readonly AuditRecord[]> => {
    const records: AuditRecord[] = [];
    for (const [at, kind] of KINDS.entries()) {
      const fact = { sequence: at + 1, at: MADE + at, kind, people: [], tool: "refund", says: { tool: "refund" } };
      const previous = records.at(-1)?.hash ?? "";
      records.push(recordOf({ run, namespace, chain: "run" }, fact, previous, { key: undefined, now: MADE }));
    }
    await store.appendAudit(records);
    return records;
  };

  /** Two entries a page. */
  const listed = async () => {
    const context = { store, namespace, log } as unknown as RequestContext;
    const entries = [];
    for (let pageToken = ""; ; ) {
      const page = await listAudit(context, create(ListAuditRequestSchema, { pageSize: 2, pageToken }));
      entries.push(...page.entries);
      if (page.nextPageToken === "") return entries;
      pageToken = page.nextPageToken;
    }
  };

  const NONE = "its text is no entry of an audit";
  const CHANGED = "it was changed: its hash is not that of what it says";

  it.each<[string, Document, string]>([
    ["no text", { $set: { text: null } }, NONE],
    ["a text that is no JSON", { $set: { text: "{" } }, NONE],
    ["no hash", { $unset: { hash: "" } }, CHANGED],
    ["a number for its hash", { $set: { hash: 5 } }, CHANGED],
  ])("with %s is listed with what is wrong, and named by the verification", async (_, change, problem) => {
    const run = newId("run");
    const [, second] = await write(run);
    await spoil("audit", second?.id ?? "", change);
    const entries = await listed();
    expect(entries.map((entry) => [entry.entryId, entry.problem])).toEqual([
      [`${run}/000000001`, ""],
      [`${run}/000000002`, problem],
      [`${run}/000000003`, ""],
    ]);
    const { faults } = await verifyAudit(entries.map(({ line }) => line));
    expect(faults[0]).toMatchObject({ entry: `${run}/000000002` });
  });

  it.each<[string, Document, string]>([
    ["time", { $set: { at: "x" } }, "at"],
    ["people", { $set: { people: null } }, "people"],
    ["tool", { $set: { tool: 5 } }, "tool"],
    ["kind", { $set: { kind: "x" } }, "kind"],
    ["run", { $unset: { run: "" } }, "run"],
  ])(
    "whose %s in the row cannot be read is told as it was written, and that the row is another",
    async (_, change, field) => {
      const run = newId("run");
      const [, second] = await write(run);
      await spoil("audit", second?.id ?? "", change);
      const entries = await listed();
      expect(entries).toHaveLength(3);
      const found = entries.find(({ entryId }) => entryId === second?.id);
      const problem = `it is stored under another ${field} than it has`;
      expect(found).toMatchObject({ runId: run, kind: "granted", toolName: "refund", problem });
      expect(entries.filter((entry) => entry.problem !== "")).toEqual([found]);
      // Those without a time are listed last; the file is read in any order within a millisecond's entries.
      const lines = entries.toSorted((one, other) => (one.entryId < other.entryId ? -1 : 1)).map(({ line }) => line);
      expect((await verifyAudit(lines)).faults).toEqual([]);
    },
  );

  it("that has no sequence in its row has the one of its id", async () => {
    const run = newId("run");
    const [, , third] = await write(run);
    await spoil("audit", third?.id ?? "", { $set: { sequence: "x", hash: null } });
    expect(await store.newestAudit(run, "run")).toMatchObject({ id: third?.id, sequence: 3 });
    expect((await store.readAuditChain(run, "run")).map(({ sequence }) => sequence)).toEqual([1, 2, 3]);
  });
});

it("a cursor that cannot be read is none: whatever it said is looked at again", async () => {
  await store.moveAuditCursor(3, MADE);
  await spoil("auditCursors", "share 3", { $set: { at: "x" } });
  expect(await store.readAuditCursor(3)).toBeUndefined();
  await store.moveAuditCursor(3, MADE + 1);
  expect(await store.readAuditCursor(3)).toBe(MADE + 1);
});

describe("the record of a standing grant", () => {
  const author = { who: "ada", onBehalfOf: "", method: "none", credentialId: "", address: "" };
  const clock = { now: () => MADE + 10 };
  const use = { usedBy: "run_1", call: "c1" };

  const made = async (): Promise<{ grant: StandingGrant; ledger: GrantLedger }> => {
    const grant: StandingGrant = {
      ...{ grantId: newId("gra"), namespace, agentName: "shop", toolName: "refund", rule: "", description: "" },
      ...{ maxUses: 3, uses: 0, createdAt: MADE, expiresAt: MADE + 1_000 },
      by: { who: "ada", groups: [], authenticated: true },
    };
    const ledger = new GrantLedger({ store, clock, log });
    await ledger.made(grant, author, "request");
    return { grant, ledger };
  };

  it.each<[string, Document]>([
    ["text", { $set: { text: null } }],
    ["hash", { $unset: { hash: "" } }],
  ])("whose newest entry has no %s gives no use, and can be ended", async (_, change) => {
    const { grant, ledger } = await made();
    expect(await ledger.take(grant, use)).toEqual({ taken: true, uses: 1 });
    await spoil("audit", `${grant.grantId}/grant/000000002`, change);
    expect(await ledger.take(grant, { ...use, call: "c2" })).toEqual({ taken: false });
    await ledger.revoked(grant, author);
    expect(await store.newestAudit(grant.grantId, "grant")).toMatchObject({ sequence: 3, kind: "grant_revoked" });
    expect((await ledger.take(grant, { ...use, call: "c3" })).taken).toBe(false);
  });

  it("is not asked for what its rows say beside their entries", async () => {
    const { grant, ledger } = await made();
    await ledger.revoked(grant, author);
    for (const kind of ["grant_made", "grant_used", "x"]) {
      await spoil("audit", `${grant.grantId}/grant/000000002`, { $set: { kind } });
      expect((await ledger.take(grant, use)).taken).toBe(false);
    }
    expect(await store.readAuditChain(grant.grantId, "grant")).toHaveLength(2);
  });
});
