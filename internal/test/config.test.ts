import { ConfigError, natsAddress, readConfig, setting } from "@agentspan/internal";
import { describe, expect, it } from "vitest";

const spec = {
  port: setting.int("AGENTSPAN_PORT", { about: "where the gateway listens", min: 1, max: 65535, default: 6767 }),
  lease: setting.duration("AGENTSPAN_LEASE", { about: "a lease", min: 1000, max: 60_000, default: 10_000 }),
  level: setting.oneOf("AGENTSPAN_LOG_LEVEL", { about: "what is logged", values: ["info", "debug"], default: "info" }),
  trace: setting.boolean("AGENTSPAN_TRACE", { about: "tracing", default: false }),
  nats: setting.url("NATS_URL", { about: "where NATS is", schemes: ["nats", "tls"] }),
  key: setting.secret("AGENTSPAN_API_KEY", { about: "the first key", minLength: 16 }),
  zone: setting.optional(
    setting.string("AGENTSPAN_ZONE", { about: "the zone", pattern: /^[a-z]+$/, form: "lowercase letters" }),
  ),
};

const good = { NATS_URL: "nats://127.0.0.1:4222", AGENTSPAN_API_KEY: "0123456789abcdef" };

function faultsOf(env: Record<string, string | undefined>, known: readonly string[] = []): readonly string[] {
  try {
    readConfig(spec, env, { known });
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

describe("readConfig", () => {
  it("gives typed values, and defaults for what is unset or empty", () => {
    const config = readConfig(spec, { ...good, AGENTSPAN_LEASE: "3s", AGENTSPAN_TRACE: "on", AGENTSPAN_PORT: "" });
    const port: number = config.port;
    const zone: string | undefined = config.zone;
    expect({ ...config, port, zone }).toEqual({
      port: 6767,
      lease: 3000,
      level: "info",
      trace: true,
      nats: "nats://127.0.0.1:4222",
      key: "0123456789abcdef",
      zone: undefined,
    });
  });

  it("names everything that is wrong at once, each with its remedy", () => {
    const env = {
      AGENTSPAN_PORT: "67x",
      AGENTSPAN_LEASE: "10",
      AGENTSPAN_LOG_LEVEL: "loud",
      AGENTSPAN_TRACE: "maybe",
      AGENTSPAN_ZONE: "EU1",
      AGENTSPAN_API_KEY: good.AGENTSPAN_API_KEY,
    };
    expect(faultsOf(env)).toEqual([
      'AGENTSPAN_PORT (where the gateway listens) is "67x", but must be a whole number from 1 to 65535. Example: AGENTSPAN_PORT=6767',
      'AGENTSPAN_LEASE (a lease) is "10", but must be a duration with its unit (ms, s, m, h or d), from 1s to 1m. Example: AGENTSPAN_LEASE=10s',
      'AGENTSPAN_LOG_LEVEL (what is logged) is "loud", but must be one of info, debug. Example: AGENTSPAN_LOG_LEVEL=info',
      'AGENTSPAN_TRACE (tracing) is "maybe", but must be true or false. Example: AGENTSPAN_TRACE=false',
      "NATS_URL (where NATS is) is not set. Example: NATS_URL=nats://127.0.0.1",
      'AGENTSPAN_ZONE (the zone) is "EU1", but must be lowercase letters. Example: AGENTSPAN_ZONE=some-text',
    ]);
    expect(() => readConfig(spec, env)).toThrow(/^6 settings are wrong:\n {2}AGENTSPAN_PORT/);
  });

  it.each(["0", "65536", "1.5", "1e3", "0x10", " ", "+1"])("takes %j for no port", (text) => {
    const faults = faultsOf({ ...good, AGENTSPAN_PORT: text });
    expect(faults).toHaveLength(text === " " ? 0 : 1);
  });

  it("accepts lists of hosts in a URL, and refuses another scheme", () => {
    expect(faultsOf({ ...good, NATS_URL: "nats://a:4222,nats://b:4222" })).toEqual([]);
    expect(faultsOf({ ...good, NATS_URL: "http://a" })).toEqual([expect.stringContaining("nats:// or tls://")]);
    expect(faultsOf({ ...good, NATS_URL: "nats://" })).toHaveLength(1);
  });

  it("never shows a secret or a URL, which may hold one", () => {
    const faults = faultsOf({ NATS_URL: "user:hunter2@host", AGENTSPAN_API_KEY: "hunter2" });
    expect(faults).toHaveLength(2);
    expect(faults.join()).not.toContain("hunter2");
  });

  it("shows nothing of a login of NATS_URL with an escape that is none", () => {
    const read = () => natsAddress("nats://ops:hunter2%zz@127.0.0.1", undefined);
    expect(read).toThrow(/^In the login of NATS_URL a % must begin an escape such as %40; % itself is %25\.$/);
  });

  it("takes an unknown AGENTSPAN_ variable for a typing error and says what may be meant", () => {
    expect(faultsOf({ ...good, AGENTSPAN_PROT: "1", AGENTSPAN_SOMETHING: "1", OTHER: "1" })).toEqual([
      "AGENTSPAN_PROT is not a setting. Did you mean AGENTSPAN_PORT? Rename or remove it.",
      "AGENTSPAN_SOMETHING is not a setting. Remove it.",
    ]);
    expect(faultsOf({ ...good, AGENTSPAN_SOMETHING: "1" }, ["AGENTSPAN_SOMETHING"])).toEqual([]);
  });
});
