import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, createSigningKeys, TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { afterAll, describe, expect, it } from "vitest";
import { orchestratorConfig } from "../src/config.js";

const folder = mkdtempSync(join(tmpdir(), "agentspan-orchestrator-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [gateway, orchestrator] = createSigningKeys(folder, ["gateways", "orchestrators"]);
const AGENTSPAN_TRUSTED_KEYS_FILE = join(folder, TRUSTED_KEYS_FILE);

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    orchestratorConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("the orchestrator's keys", () => {
  it("are none, or its own and those it trusts", () => {
    expect(orchestratorConfig({}).signing).toBeUndefined();
    const env = { AGENTSPAN_SIGNING_KEY_FILE: orchestrator?.path ?? "", AGENTSPAN_TRUSTED_KEYS_FILE };
    const { signing } = orchestratorConfig({ ...env, AGENTSPAN_AUTH: "on" });
    expect(signing?.key.id).toBe(orchestrator?.id);
    expect(signing?.trusted.ids("gateways", Date.now())).toEqual([gateway?.id]);
  });

  it("have every fault of them named at once", () => {
    expect(faultsOf({ AGENTSPAN_AUTH: "on" })).toEqual([
      expect.stringMatching(/SIGNING_KEY_FILE is not set.*AUTH is on.*signing-keys create/),
      expect.stringMatching(/TRUSTED_KEYS_FILE is not set.*AUTH is on/),
    ]);
    expect(faultsOf({ AGENTSPAN_SIGNING_KEY_FILE: "/nowhere", AGENTSPAN_TRUSTED_KEYS_FILE: "/nowhere" })).toHaveLength(
      2,
    );
    expect(faultsOf({ AGENTSPAN_SIGNING_KEY_FILE: gateway?.path ?? "", AGENTSPAN_TRUSTED_KEYS_FILE })).toEqual([
      expect.stringMatching(/does not have under "orchestrators"/),
    ]);
  });
});
