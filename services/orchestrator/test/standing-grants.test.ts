// Uses of standing grants, as orchestrators take them for the calls of a reply, and what of them somebody who writes into
// the database can change.
import { createLogger, newSigningKey, type Signing, signingKey, TrustedKeys } from "@agentspan/internal";
import { beforeEach, describe, expect, it } from "vitest";
import { type Author, GrantLedger, type GrantLedgerOptions } from "../src/audit/grant-ledger.js";
import { readRow } from "../src/audit/read-row.js";
import type { TakeModelReply } from "../src/core/index.js";
import { grantSeal, grantVersion } from "../src/grant-terms.js";
import { MemoryStore } from "../src/memory/memory-store.js";
import type { AuditRecord, GrantStore, StandingGrant } from "../src/ports.js";
import { StandingGrants } from "../src/standing-grants.js";
import { type Desk, RUN, replies, Scene, start } from "./scenes/scene.js";

const AT_LEAST_ONE = "args.index >= 1";
const MARIA: Author = { who: "maria", onBehalfOf: "", method: "api_key", credentialId: "k1", address: "10.0.0.1" };
const log = createLogger("test", "silent");

function signing(): Signing {
  const { pem, id, public: text } = newSigningKey();
  const trusted = TrustedKeys.read(JSON.stringify({ gateways: [], orchestrators: [{ id, public: text }] }));
  if (trusted instanceof TrustedKeys) return { key: signingKey(pem), trusted };
  throw new Error(trusted.faults.join());
}

let scene: Scene;
let desk: Desk;
let store: MemoryStore;
beforeEach(async () => {
  scene = new Scene();
  desk = scene.desk();
  store = new MemoryStore({ database: scene.database });
  await desk.execute(start(), { agent: await desk.agent() });
});

const grant = (more: Partial<StandingGrant> = {}): StandingGrant => ({
  ...{ grantId: "gra_1", namespace: "default", agentName: "desk", toolName: "refund", rule: "", description: "" },
  ...{ maxUses: 3, uses: 0, createdAt: scene.now, expiresAt: scene.now + 60_000 },
  by: { who: "maria", groups: [], authenticated: true },
  ...more,
});
const ledger = (over: Partial<GrantLedgerOptions> = {}) => new GrantLedger({ store, clock: scene.clock, log, ...over });
const grants = (over: Partial<GrantStore> = {}, own: Partial<GrantLedgerOptions> = {}) =>
  new StandingGrants({
    store: {
      liveGrants: (query) => store.liveGrants(query),
      noteGrantUses: (one, uses) => store.noteGrantUses(one, uses),
      ...over,
    },
    ledger: ledger(own),
    agents: desk.agents,
    clock: scene.clock,
    signing: own.signing,
    log,
  });
/** As CreateGrant makes it. */
async function make(one: StandingGrant, keys?: Signing): Promise<StandingGrant> {
  const sealed = keys === undefined ? one : { ...one, seal: grantSeal(one, keys) };
  await ledger({ signing: keys }).made(sealed, MARIA, "request");
  await store.putGrant(sealed);
  return sealed;
}
const reply = (tools: readonly string[]) => replies(1, tools) as TakeModelReply;
const used = async () => (await store.listGrants({ namespace: "default", limit: 1 })).items[0]?.uses;
const usesOf = async (one: StandingGrants, tools: readonly string[] = ["refund"]) => {
  const { run } = await desk.stored();
  return Object.values(await one.usesFor(run, reply(tools))).map(({ use }) => use);
};
const chain = () => [...scene.database.audit.entries.values()].filter((entry) => entry.chain === "grant");

describe("a standing grant", () => {
  it("is used for the calls that it fits, and for no others", async () => {
    await make(grant({ rule: AT_LEAST_ONE }));
    const { run } = await desk.stored();
    const command = reply(["refund", "refund", "look_up", "refund"]);
    const uses = await grants().usesFor(run, command);
    expect(Object.entries(uses).map(([call, { use }]) => [call, use])).toEqual([
      ["t1c2", 1],
      ["t1c4", 2],
    ]);
    expect(await used()).toBe(2);
    const { stored } = await desk.execute({ ...command, grants: uses });
    expect(stored.run.turn.calls.map(({ state }) => state.kind)).toEqual(["gated", "ready", "ready", "ready"]);
    const decided = stored.events.flatMap(({ fact }) => (fact.type === "decided" ? [fact] : []));
    expect(decided).toMatchObject([
      {
        who: "maria",
        outcome: "approved",
        ground: { grantId: "gra_1", version: grantVersion(grant({ rule: AT_LEAST_ONE })), use: 1 },
      },
      { via: { method: "grant", credentialId: "gra_1#2" }, ground: { use: 2 } },
    ]);
  });

  it("is never used more often than it says, however many orchestrators take uses at once", async () => {
    await make(grant({ maxUses: 10 }));
    const { run } = await desk.stored();
    const several = Array.from({ length: 6 }, (_, at) => ({ one: grants(), run: { ...run, runId: `run_${at}` } }));
    const taken = await Promise.all(
      several.map(({ one, run: own }) => one.usesFor(own, reply(["refund", "refund", "refund"]))),
    );
    const numbers = taken.flatMap((uses) => Object.values(uses).map(({ use }) => use));
    expect(new Set(numbers).size).toBe(numbers.length);
    expect(Math.max(...numbers)).toBeLessThanOrEqual(10);
    expect(await used()).toBe(Math.max(...numbers));
  });

  it("takes a use up again for the same call after its answer was lost, and for no other", async () => {
    await make(grant({ maxUses: 2 }));
    const lost = {
      newestAudit: (...asked: Parameters<MemoryStore["newestAudit"]>) => store.newestAudit(...asked),
      listAudit: (...asked: Parameters<MemoryStore["listAudit"]>) => store.listAudit(...asked),
      appendAudit: async (records: readonly AuditRecord[]) => {
        await store.appendAudit(records);
        throw new Error("the answer was lost");
      },
    };
    expect(await usesOf(grants({}, { store: lost }))).toEqual([]);
    expect(await usesOf(grants())).toEqual([1]);
    expect(await usesOf(grants(), ["look_up", "refund"])).toEqual([2]);
    expect(await usesOf(grants())).toEqual([]);
    expect(chain().map(({ kind }) => kind)).toEqual(["grant_made", "grant_used", "grant_used"]);
  });

  it("is used where its count cannot be shown, and shows it the next time", async () => {
    await make(grant());
    const blind = grants({ noteGrantUses: () => Promise.reject(new Error("the store is away")) });
    expect(await usesOf(blind)).toEqual([1]);
    expect(await used()).toBe(0);
    expect(await usesOf(grants(), ["look_up", "refund"])).toEqual([2]);
    expect(await used()).toBe(2);
  });

  it("lets nothing run that its maker could not approve, once it has ended, or was revoked", async () => {
    const tried = [
      grant({ grantId: "gra_own", by: { who: "alex", groups: [], authenticated: true } }),
      grant({ grantId: "gra_late", expiresAt: scene.now }),
      grant({ grantId: "gra_wrong", rule: "args.nothing == 1" }),
      grant({ grantId: "gra_other", agentName: "other" }),
      grant({ grantId: "gra_far", namespace: "elsewhere" }),
      grant({ grantId: "gra_back" }),
    ];
    for (const one of tried) await make(one);
    await ledger().revoked(grant({ grantId: "gra_back" }), MARIA);
    expect(await usesOf(grants())).toEqual([]);
    expect(chain().filter(({ kind }) => kind === "grant_used")).toEqual([]);
  });

  it("costs no look at the store for a tool that has none", async () => {
    const { run } = await desk.stored();
    let looks = 0;
    const none = grants({
      liveGrants: (query) => {
        looks += 1;
        return store.liveGrants(query);
      },
    });
    for (let i = 0; i < 5; i += 1) await none.usesFor(run, reply(["refund"]));
    expect(looks).toBe(1);
    expect(run.runId).toBe(RUN);
  });
});

describe("the audit of a standing grant", () => {
  it("tells who made it and how that was known, for which calls it was used, and who revoked it", async () => {
    const one = await make(grant({ rule: AT_LEAST_ONE, description: "small ones" }));
    await usesOf(grants(), ["look_up", "refund"]);
    await ledger().revoked(one, { ...MARIA, who: "bot", onBehalfOf: "john" });
    await ledger().revoked(one, { ...MARIA, who: "late" });
    const said = chain().map(({ id, people, text }) => ({ id, people, ...JSON.parse(text) }));
    const version = grantVersion(one);
    const terms = { version, agent: "desk", tool: "refund", rule: AT_LEAST_ONE, maxUses: 3, description: "small ones" };
    expect(said).toMatchObject([
      { id: "gra_1/grant/000000001", kind: "grant_made", people: ["maria"], ...terms, ...known(MARIA) },
      { kind: "grant_used", people: ["maria"], use: 1, of: 3, usedBy: RUN, call: "t1c2", version },
      { kind: "grant_revoked", people: ["bot", "john"], who: "bot", onBehalfOf: "john", uses: 1 },
    ]);
    // All that its rows are found by is in what is signed.
    const others = chain().map((record) => readRow({ ...record, people: ["eve"], tool: "nothing" }).problem);
    expect(others).toEqual(Array(3).fill("it is stored under another people, tool than it has"));
    expect(chain().map((record) => readRow(record).problem)).toEqual(Array(3).fill(undefined));
  });

  it("is the same of a request that comes twice, and refuses another with its key", async () => {
    const one = grant();
    expect(await ledger().made(one, MARIA, "request")).toBe(one.createdAt);
    expect(await ledger().made({ ...one, createdAt: one.createdAt + 5 }, MARIA, "request")).toBe(one.createdAt);
    expect(chain()).toHaveLength(1);
    await expect(ledger().made(one, MARIA, "another")).rejects.toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
  });
});

describe("whoever writes into the database", () => {
  let keys: Signing;
  let one: StandingGrant;
  beforeEach(async () => {
    keys = signing();
    one = await make(grant({ rule: AT_LEAST_ONE, maxUses: 1 }), keys);
  });
  const signed = () => grants({}, { signing: keys });
  const both = ["look_up", "refund", "refund"];

  it.each([
    ["wider bounds", { rule: "" }],
    ["more uses", { maxUses: 100 }],
    ["a later end", { expiresAt: Date.UTC(2100, 1) }],
    ["another tool", { toolName: "pay" }],
    ["another maker", { by: { who: "john", groups: [], authenticated: true } }],
    ["no signature", { seal: { signingKeyId: "", signature: "" } }],
  ])("gives a grant %s, and it lets nothing run", async (_, change: Partial<StandingGrant>) => {
    scene.database.grants.set(one.grantId, { ...one, ...change });
    expect(await usesOf(signed(), [change.toolName ?? "refund", ...both])).toEqual([]);
  });

  it("gives no use back that was taken, by the count", async () => {
    expect(await usesOf(signed(), both)).toEqual([1]);
    const others = ["look_up", "look_up", ...both];
    scene.database.grants.set(one.grantId, { ...one, uses: 0 });
    expect(await usesOf(signed(), others)).toEqual([]);
    scene.database.grants.set(one.grantId, { ...one, uses: -5 });
    expect(await usesOf(signed(), others)).toEqual([]);
  });

  it("takes no revocation away in the grant", async () => {
    await ledger({ signing: keys }).revoked(one, MARIA);
    await store.revokeGrant("default", one.grantId, { at: scene.now, by: "maria" });
    scene.database.grants.set(one.grantId, one);
    expect(await usesOf(signed(), both)).toEqual([]);
  });

  it("makes up no entry, and moves none", async () => {
    expect(await usesOf(signed(), both)).toEqual([1]);
    const [made, taken] = chain();
    if (made === undefined || taken === undefined) throw new Error("Two entries were made.");
    const third = "gra_1/grant/000000003";
    for (const forged of [
      { ...made, id: third, sequence: 3 },
      { ...taken, id: third, sequence: 3, text: taken.text.replace('"use":1', '"use":0') },
      { ...taken, id: third, sequence: 3 },
    ]) {
      scene.database.audit.entries.set(third, forged);
      expect(await usesOf(signed(), both)).toEqual([]);
    }
  });

  it("takes entries out of the record only where no orchestrator that saw them lives", async () => {
    const witness = signed();
    expect(await usesOf(witness, both)).toEqual([1]);
    scene.database.audit.entries.delete("gra_1/grant/000000002");
    expect(await usesOf(witness, both)).toEqual([]);
    scene.database.audit.entries.delete("gra_1/grant/000000001");
    expect(await usesOf(signed(), both)).toEqual([]);
  });
});

function known({ who, method, credentialId, address }: Author): Partial<Author> {
  return { who, method, credentialId, address };
}
