// What `server start` tells when it runs.
import { defaultDataDir, type LocalStack } from "@agentspan/local";
import { expect, it } from "vitest";
import { runningLines } from "../src/commands/server-start.js";

const env = { HOME: "/home/alex" };

function told(stack: Partial<LocalStack>, more: Readonly<Record<string, string>> = {}): string {
  const usual = {
    ...{ url: "http://127.0.0.1:6767", grpcUrl: "http://127.0.0.1:6768", natsUrl: "nats://127.0.0.1:4222" },
    ...{ dataDir: defaultDataDir(env), logDir: "/logs", auth: false, adminKey: undefined },
  };
  return runningLines({ ...usual, ...stack } as LocalStack, { ...env, ...more }).join("\n");
}

it("says nothing of keys, and of where it is, to who needs neither", () => {
  expect(told({})).not.toMatch(/Key|export/);
  expect(told({})).toMatch(/\n {2}agentspan demo {2}/);
});

it("asks for one of your own keys where those of the environment are taken", () => {
  const shown = told({ auth: true });
  expect(shown).toContain("  Keys     those of AGENTSPAN_API_KEYS; every call needs one");
  expect(shown).toContain("export AGENTSPAN_API_KEY=<one of your keys>");
});

it("says that the key of the data folder is not taken where the environment names others", () => {
  const line = "           not that of /data/admin.key, as long as they are set";
  expect(told({ auth: true, untakenKey: "/data/admin.key" })).toContain(line);
  expect(told({ auth: true })).not.toContain("not that of");
});

it("says where the key is that was made", () => {
  const shown = told({ auth: true, adminKey: { path: "/data/admin.key", made: true, setting: "[]" } });
  expect(shown).toContain("  Key      /data/admin.key");
  expect(shown).not.toContain("<one of your keys>");
});

it("has the demonstration find it on data of its own", () => {
  expect(told({ dataDir: "/srv/my data" })).toContain("agentspan demo --data '/srv/my data'");
});
