import { newApiKey } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { credentialLabel, credentialProblem, SessionStore } from "../src/session/session.js";
import { storage } from "./tab-storage.js";

describe("a session", () => {
  it("is the tab's: it is there after a reload, and gone after signing out", () => {
    const tab = storage();
    new SessionStore(tab).signIn("agsp_key");
    const reloaded = new SessionStore(tab);
    expect(reloaded.get().credential).toBe("agsp_key");
    reloaded.signOut();
    expect(new SessionStore(tab).get().credential).toBe("");
    expect(JSON.stringify([...tab.kept])).not.toContain("agsp_key");
  });

  it("says that a key was refused until another one is tried", () => {
    const store = new SessionStore(storage());
    store.signIn("agsp_old");
    store.refuse("It is over.");
    expect(store.get()).toMatchObject({ credential: "", refused: { what: "key", words: "It is over." } });
    store.signIn("agsp_new");
    expect(store.get().refused).toBeUndefined();
  });

  it("keeps what an identity provider gave as it keeps a key, and drops all of it together", () => {
    const tab = storage();
    const tokens = { issuer: "https://id.acme.test", idToken: "id", refreshToken: "refresh", givenAt: 1, endsAt: 2 };
    const store = new SessionStore(tab);
    store.signIn("one", tokens);
    const { turn } = store.get();
    expect(new SessionStore(tab).get()).toMatchObject({ credential: "one", tokens });
    store.renew("two", { ...tokens, refreshToken: "later" });
    // The same person: what they have in sight stays.
    expect(store.get()).toMatchObject({ credential: "two", turn });
    store.renewNoMore();
    expect(new SessionStore(tab).get().tokens).toEqual({ issuer: tokens.issuer, idToken: "id", givenAt: 1, endsAt: 2 });
    store.refuse("It is over.");
    expect(store.get()).toMatchObject({ credential: "", tokens: undefined, refused: { what: "sign-in" } });
    expect(store.get().turn).toBeGreaterThan(turn);
    expect([...tab.kept]).toEqual([]);
    store.signIn("agsp_key");
    expect(store.get().tokens).toBeUndefined();
  });

  it("names a key by its id and never by its secret", () => {
    const { keyId, text } = newApiKey();
    expect(credentialLabel(text)).toBe(`key ${keyId}`);
    expect(credentialLabel("eyJhbGciOi.eyJzdWIi.c2ln")).toBe("a token");
  });

  it("takes nothing for a key that no header can carry", () => {
    expect(credentialProblem("")).toBeDefined();
    expect(credentialProblem("two words")).toBeDefined();
    expect(credentialProblem("schlüssel")).toBeDefined();
    expect(credentialProblem(newApiKey().text)).toBeUndefined();
  });
});
