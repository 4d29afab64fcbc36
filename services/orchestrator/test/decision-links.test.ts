// Links as an orchestrator makes them: what they say, that the audit has each first, and who gets the same one again.
import { readDecisionLink } from "@agentspan/internal";
import { beforeEach, describe, expect, it } from "vitest";
import type { Author } from "../src/audit/grant-ledger.js";
import { readRow } from "../src/audit/read-row.js";
import { DecisionLinks, type DecisionLinksOptions } from "../src/decision-links.js";
import { MemoryStore } from "../src/memory/memory-store.js";
import { key, listed, signing } from "./proof/signed-desk.js";
import { Scene } from "./scenes/scene.js";

const JOHN: Author = { who: "john", onBehalfOf: "", method: "api_key", credentialId: "k1", address: "10.0.0.1" };
const keys = signing(key, [listed(key)]);

let scene: Scene;
let store: MemoryStore;
beforeEach(() => {
  scene = new Scene();
  store = new MemoryStore({ database: scene.database });
});

const links = (own: Partial<DecisionLinksOptions> = {}) =>
  new DecisionLinks({ store, clock: scene.clock, signing: keys, publicUrl: "https://agents.acme.test/", ...own });
const asked = () => ({
  ...{ key: "mail 1", namespace: "default", run: "run_1", approval: "apr_1", agent: "shop", tool: "refund" },
  ...{ digest: "sha256:aa", preview: "sha256:bb", person: "maria", until: scene.now + 60_000 },
});
const entries = async () => (await store.listAudit({ namespace: "default", kinds: ["link_made"], limit: 10 })).items;

describe("a decision link", () => {
  it("names one approval with its arguments, one person and an end, and is in the audit with who made it", async () => {
    const { key: _, ...terms } = asked();
    const link = await links().issue({ ...asked(), author: JOHN });
    expect(link.url).toBe(`https://agents.acme.test/decide/${link.token}`);
    expect(readDecisionLink(link.token, keys.trusted)).toEqual({ ...terms, link: link.linkId, at: scene.now });
    const [entry, ...more] = await entries();
    expect(more).toEqual([]);
    if (entry === undefined) throw new Error("The audit has no entry.");
    expect(readRow(entry)).toMatchObject({ index: { run: link.linkId, people: ["john", "maria"], tool: "refund" } });
    expect(readRow(entry).problem).toBeUndefined();
    expect(JSON.parse(entry.text ?? "")).toMatchObject({
      ...{ about: "run_1", approval: "apr_1", digest: "sha256:aa", person: "maria", who: "john", until: terms.until },
      chain: "link",
    });
    expect(entry.text).not.toContain(link.token);
  });

  it("is the same one again for the same message, whatever has changed since", async () => {
    const first = await links().issue(asked());
    scene.now += 5_000;
    const { preview: _, ...without } = asked();
    expect(await links().issue(without)).toEqual(first);
    expect(await entries()).toHaveLength(1);
    expect((await links().issue({ ...asked(), key: "mail 2" })).linkId).not.toBe(first.linkId);
  });

  it("is refused where its key made one for somebody else, about something else or by somebody else", async () => {
    await links().issue(asked());
    const others = [{ person: "noah" }, { approval: "apr_2" }, { run: "run_2" }, { digest: "x" }, { author: JOHN }];
    for (const other of others) {
      await expect(links().issue({ ...asked(), ...other })).rejects.toMatchObject({ reason: "IDEMPOTENCY_KEY_REUSED" });
    }
  });

  it("is not made without keys, or for nobody", async () => {
    const refused = { reason: "INVALID_REQUEST" };
    await expect(links({ signing: undefined }).issue(asked())).rejects.toMatchObject(refused);
    await expect(links().issue({ ...asked(), person: "ma\u200bria" })).rejects.toMatchObject(refused);
    expect(await entries()).toEqual([]);
    expect(
      [links(), links({ signing: undefined }), links({ publicUrl: undefined })].map((one) => one.canBeSent),
    ).toEqual([true, false, false]);
  });
});
