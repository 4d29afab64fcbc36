import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { localKeys, trustedKeysFileOf } from "../src/local-keys.js";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agentspan-local-keys-"));
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

it("are made once, for their owner's eyes, and found again", () => {
  const keys = localKeys(dataDir);
  expect(localKeys(dataDir)).toEqual(keys);
  expect(readdirSync(join(dataDir, "keys"))).toHaveLength(3);
  const { AGENTSPAN_SIGNING_KEY_FILE: orchestrator = "", AGENTSPAN_TRUSTED_KEYS_FILE: trusted } = keys.orchestrator;
  expect(statSync(orchestrator).mode & 0o777).toBe(0o600);
  expect(trusted).toBe(trustedKeysFileOf(dataDir));
  expect(keys.gateway.AGENTSPAN_SIGNING_KEY_FILE).not.toBe(orchestrator);
});

it("are made where one is missing, and the list goes on trusting the others", () => {
  const { orchestrator, gateway } = localKeys(dataDir);
  rmSync(orchestrator.AGENTSPAN_SIGNING_KEY_FILE ?? "");
  const again = localKeys(dataDir);
  expect(again.gateway).toEqual(gateway);
  expect(again.orchestrator).not.toEqual(orchestrator);
});

it("are told to be unusable where their list is", () => {
  localKeys(dataDir);
  writeFileSync(trustedKeysFileOf(dataDir), "{}");
  expect(() => localKeys(dataDir)).toThrow(/trusted-keys.json cannot be used.*remove the folder/);
});
