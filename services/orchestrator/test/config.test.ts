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

it("a wrong retention is answered with an example that takes nobody's runs away at once", () => {
  expect(faultsOf({ AGENTSPAN_RETENTION: "30" })).toEqual([expect.stringMatching(/Example: AGENTSPAN_RETENTION=30d$/)]);
});

it.each([
  ["1s", "3s", "333ms", "9s"],
  ["10s", "4s", "3333ms", "12s"],
])("refuses a lease of %s with a heartbeat of %s, and names both", (lease, heartbeat, most, least) => {
  const faults = faultsOf({ AGENTSPAN_LEASE: lease, AGENTSPAN_HEARTBEAT: heartbeat });
  expect(faults).toEqual([
    `AGENTSPAN_HEARTBEAT (${heartbeat}) is more than a third of AGENTSPAN_LEASE (${lease}). Set AGENTSPAN_HEARTBEAT=${most} or less, or AGENTSPAN_LEASE=${least} or more.`,
  ]);
  expect(faultsOf({ AGENTSPAN_LEASE: lease, AGENTSPAN_HEARTBEAT: most })).toEqual([]);
});

it("shows no credentials of a URL that may have none", () => {
  const [fault = "", ...more] = faultsOf({ AGENTSPAN_PUBLIC_URL: "https://a:hunter2@b" });
  expect(more).toEqual([]);
  expect(fault).toMatch(/^AGENTSPAN_PUBLIC_URL .* does not hold what it must: .*without credentials/);
  expect(fault).not.toContain("hunter2");
});

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
