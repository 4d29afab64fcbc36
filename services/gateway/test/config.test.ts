import { ConfigError } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { gatewayConfig } from "../src/config.js";

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

  it("refuse to listen beyond this machine while authentication is off, with the remedy", () => {
    expect(faultsOf({ AGENTSPAN_HOST: "0.0.0.0" })).toEqual([
      expect.stringMatching(/Authentication is off.*127\.0\.0\.1/),
    ]);
  });
});
