import { newApiKey } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { credentialLabel, credentialProblem, SessionStore, type TabStorage } from "../src/session/session.js";

function storage(): TabStorage & { readonly kept: Map<string, string> } {
  const kept = new Map<string, string>();
  return {
    kept,
    getItem: (name) => kept.get(name) ?? null,
    setItem: (name, value) => void kept.set(name, value),
    removeItem: (name) => void kept.delete(name),
  };
}

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
    store.refuse();
    expect(store.get()).toMatchObject({ credential: "", refused: true });
    store.signIn("agsp_new");
    expect(store.get().refused).toBe(false);
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
