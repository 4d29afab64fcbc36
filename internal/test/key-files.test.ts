import { mkdtempSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import {
  createSigningKeys,
  KeyFilesError,
  signingFaults,
  signingKeyIn,
  TRUSTED_KEYS_FILE,
  trustedKeysProblem,
} from "../src/index.js";

let home: string;
let folder: string;
beforeEach(() => {
  home = mkdtempSync(join(tmpdir(), "agentspan-keys-"));
  folder = join(home, "keys");
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const trustedText = () => readFileSync(join(folder, TRUSTED_KEYS_FILE), "utf8");

describe("a folder of keys", () => {
  it("has what gateway and orchestrator need, readable for their owner alone", () => {
    const [gateway, orchestrator] = createSigningKeys(folder, ["gateways", "orchestrators"]);
    expect(statSync(folder).mode & 0o777).toBe(0o700);
    for (const file of [gateway, orchestrator]) {
      if (file === undefined) throw new Error("A key was not made.");
      expect(statSync(file.path).mode & 0o777).toBe(0o600);
      const texts = { signingKey: readFileSync(file.path, "utf8"), trustedKeys: trustedText() };
      expect(signingFaults(file.signer, texts, { required: true, now: Date.now() })).toEqual([]);
      expect(signingKeyIn(folder, file.signer, Date.now())).toEqual(file);
    }
  });

  it("takes further keys, and gives the newest that is not retired", () => {
    const [old] = createSigningKeys(folder, ["orchestrators", "gateways"]);
    if (old === undefined) throw new Error("No key was made.");
    utimesSync(old.path, 1, 1);
    const [fresh] = createSigningKeys(folder, ["orchestrators"]);
    expect(signingKeyIn(folder, "orchestrators", Date.now())).toEqual(fresh);
    expect(trustedKeysProblem(trustedText())).toBeUndefined();
    const lists = JSON.parse(trustedText()) as { orchestrators: { id: string; retired_at?: string }[] };
    for (const key of lists.orchestrators) if (key.id === fresh?.id) key.retired_at = "2020-01-01T00:00:00Z";
    writeFileSync(join(folder, TRUSTED_KEYS_FILE), JSON.stringify(lists));
    expect(signingKeyIn(folder, "orchestrators", Date.now())).toEqual(old);
  });

  it("is left as it is where its list of trusted keys cannot be read", () => {
    createSigningKeys(folder, ["gateways"]);
    writeFileSync(join(folder, TRUSTED_KEYS_FILE), "{");
    expect(() => createSigningKeys(folder, ["orchestrators"])).toThrow(KeyFilesError);
    expect(() => signingKeyIn(folder, "gateways", Date.now())).toThrow(KeyFilesError);
    expect(trustedText()).toBe("{");
  });
});
