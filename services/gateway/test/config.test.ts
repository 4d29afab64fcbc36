import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, createSigningKeys, TRUSTED_KEYS_FILE } from "@agentspan/internal";
import { afterAll, describe, expect, it } from "vitest";
import { readClaims } from "../src/auth/claims.js";
import { gatewayConfig } from "../src/config.js";

const folder = mkdtempSync(join(tmpdir(), "agentspan-gateway-config-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const [ours, theirs] = createSigningKeys(folder, ["gateways", "orchestrators"]);
const ON = {
  AGENTSPAN_AUTH: "on",
  AGENTSPAN_SIGNING_KEY_FILE: ours?.path ?? "",
  AGENTSPAN_TRUSTED_KEYS_FILE: join(folder, TRUSTED_KEYS_FILE),
} as const;

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    gatewayConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("the gateway's settings", () => {
  it("have defaults for a server on this machine", () => {
    expect(gatewayConfig({})).toMatchObject({
      host: "127.0.0.1",
      port: 6767,
      grpcPort: 6768,
      natsUrl: "nats://127.0.0.1:4222",
      requestTimeoutMs: 10_000,
    });
  });

  it("that are wrong are all named at once", () => {
    const faults = faultsOf({
      AGENTSPAN_HOST: "0.0.0.0",
      AGENTSPAN_PORT: "70000",
      AGENTSPAN_REQUEST_TIMEOUT: "soon",
      NATS_URL: "http://127.0.0.1",
      AGENTSPAN_GRPCPORT: "1",
    });
    for (const named of [
      "AGENTSPAN_HOST",
      "AGENTSPAN_PORT",
      "AGENTSPAN_REQUEST_TIMEOUT",
      "NATS_URL",
      "AGENTSPAN_GRPC_PORT?",
    ]) {
      expect(faults.join("\n")).toContain(named);
    }
    expect(faults).toHaveLength(5);
  });

  it("take each issuer of docs/desk.md as it stands there", () => {
    const page = readFileSync(new URL("../../../docs/desk.md", import.meta.url), "utf8");
    const secret = join(folder, "google-client-secret");
    writeFileSync(secret, "GOCSPX-secret");
    const blocks = [...page.matchAll(/```json\n([\s\S]*?)```/g)].map(([, json = ""]) =>
      json.replace("/run/secrets/google-client-secret", secret),
    );
    const issuers = blocks.map(
      (json) => gatewayConfig({ ...ON, AGENTSPAN_OIDC_ISSUERS: json }).authentication?.issuers[0],
    );
    expect(issuers).toMatchObject([{ issuer: "https://id.acme.test" }, { issuer: "https://accounts.google.com" }]);
    const google = issuers[1];
    expect(google).toMatchObject({ deskSecret: "GOCSPX-secret", audience: [google?.desk?.clientId] });
    const whole = { sub: "1", email: "maria@acme.test", email_verified: true, hd: "acme.test" };
    if (google === undefined) throw new Error("docs/desk.md has no second issuer");
    expect(readClaims(whole, google)).toMatchObject({ subject: "maria@acme.test", roles: ["runner", "approver"] });
    expect(() => readClaims({ ...whole, hd: undefined }, google)).toThrow("hd is not what this server asks");
  });

  it("have the approval desk served unless it is switched off", () => {
    expect(gatewayConfig({}).desk).toMatch(/desk.bundle$/);
    expect(gatewayConfig({ AGENTSPAN_DESK: "off" }).desk).toBeUndefined();
  });

  it("name a port for each, or leave them to be found", () => {
    const twice = [expect.stringMatching(/AGENTSPAN_PORT and AGENTSPAN_GRPC_PORT .* both name port 6768/)];
    expect(faultsOf({ AGENTSPAN_PORT: "6768" })).toEqual(twice);
    expect(faultsOf({ AGENTSPAN_PORT: "6768", AGENTSPAN_GRPC_PORT: "6768" })).toEqual(twice);
    const free = { AGENTSPAN_PORT: "0", AGENTSPAN_GRPC_PORT: "0", AGENTSPAN_MANAGEMENT_PORT: "0" };
    expect(faultsOf(free)).toEqual([]);
    expect(faultsOf({ AGENTSPAN_PORT: "7000", AGENTSPAN_MANAGEMENT_PORT: "7000" })).toEqual([
      "AGENTSPAN_PORT and AGENTSPAN_MANAGEMENT_PORT both name port 7000: each takes one of its own.",
    ]);
    expect(faultsOf({ AGENTSPAN_MANAGEMENT_PORT: "6768" })).toEqual([
      expect.stringMatching(/^AGENTSPAN_GRPC_PORT .* and AGENTSPAN_MANAGEMENT_PORT both name port 6768/),
    ]);
  });

  it("refuse to listen beyond this machine while authentication is off, with the remedy", () => {
    expect(faultsOf({ AGENTSPAN_HOST: "0.0.0.0" })).toEqual([
      expect.stringMatching(/Authentication is off.*127\.0\.0\.1/),
    ]);
  });
});

describe("authentication", () => {
  const key = { id: "ci", sha256: "ab".repeat(32), owner: "ci@acme.test", roles: ["runner"] };

  it("lets the gateway listen anywhere, with keys, issuers and origins", () => {
    const issuer = { issuer: "https://id.acme.test", audience: "agentspan" };
    const config = gatewayConfig({
      ...ON,
      AGENTSPAN_HOST: "0.0.0.0",
      AGENTSPAN_API_KEYS: JSON.stringify([key]),
      AGENTSPAN_OIDC_ISSUERS: JSON.stringify([issuer]),
      AGENTSPAN_ALLOWED_ORIGINS: "https://desk.acme.test, http://desk.acme.test:8080",
    });
    expect(config.authentication).toMatchObject({
      keys: [{ keyId: "ci" }],
      issuers: [issuer].map(({ issuer }) => ({ issuer })),
    });
    expect(config.allowedOrigins).toEqual(["https://desk.acme.test", "http://desk.acme.test:8080"]);
    expect(gatewayConfig(ON).authentication).toEqual({ keys: [], issuers: [] });
    expect(gatewayConfig({ AGENTSPAN_AUTH: "off" }).authentication).toBeUndefined();
  });

  it("has every fault of it named at once, without what was set", () => {
    const faults = faultsOf({
      ...ON,
      AGENTSPAN_API_KEYS: JSON.stringify([key, key, { ...key, id: "hunter2_" }]),
      AGENTSPAN_OIDC_ISSUERS: "hunter2",
      AGENTSPAN_TLS_CLIENT_CA_FILE: "",
      AGENTSPAN_ALLOWED_ORIGINS: "",
    });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain("hunter2");
    expect(faultsOf({ ...ON, AGENTSPAN_API_KEYS: JSON.stringify([key, key]) })).toEqual([
      expect.stringContaining("two keys of the id ci"),
    ]);
    expect(faultsOf({ AGENTSPAN_ALLOWED_ORIGINS: "*", ...ON })).toHaveLength(1);
  });

  it("that is off is not meant by whoever names keys", () => {
    expect(faultsOf({ AGENTSPAN_API_KEYS: JSON.stringify([key]) })).toEqual([
      expect.stringContaining("AGENTSPAN_AUTH is off"),
    ]);
  });
});

describe("signing", () => {
  it("takes the gateway's own key, and one that the list of trusted keys has as such", () => {
    const list = join(folder, TRUSTED_KEYS_FILE);
    expect(gatewayConfig({}).signingKey).toBeUndefined();
    expect(gatewayConfig({ ...ON, AGENTSPAN_TRUSTED_KEYS_FILE: list }).signingKey?.id).toBe(ours?.id);
    const other = { AGENTSPAN_SIGNING_KEY_FILE: theirs?.path ?? "", AGENTSPAN_TRUSTED_KEYS_FILE: list };
    expect(faultsOf(other)).toEqual([expect.stringMatching(/does not have under "gateways"/)]);
  });

  it("is asked for where authentication is on, and has each fault named", () => {
    expect(faultsOf({ AGENTSPAN_AUTH: "on" })).toEqual([
      expect.stringMatching(/SIGNING_KEY_FILE is not set.*AUTH is on/),
    ]);
    const wrong = { AGENTSPAN_SIGNING_KEY_FILE: "/nowhere/key.pem", AGENTSPAN_TRUSTED_KEYS_FILE: ours?.path ?? "" };
    expect(faultsOf(wrong)).toEqual([
      expect.stringMatching(/SIGNING_KEY_FILE.*ENOENT/),
      expect.stringMatching(/TRUSTED_KEYS_FILE.*not JSON/),
    ]);
  });
});
