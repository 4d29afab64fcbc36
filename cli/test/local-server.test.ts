import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { START_WITH } from "@agentspan/internal";
import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { StackLock } from "../../local/src/stack-lock.js";
import { commandName } from "../src/command-name.js";
import { withStartRemedy } from "../src/local-server.js";

let dataDir: string;
beforeEach(() => {
  dataDir = mkdtempSync(join(tmpdir(), "agentspan-elsewhere-"));
  vi.stubEnv("AGENTSPAN_DATA", dataDir);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(dataDir, { recursive: true });
});

const COMMAND = commandName();
const said = (address: string) => withStartRemedy(`Nobody answers. ${START_WITH}`, address);
const START = `Nobody answers. Start one with: ${COMMAND} server start`;
const STATUS = `Nobody answers. One is there and does not answer, or is starting: ${COMMAND} server status says which`;

it("says how to start a server where none runs here, as it is typed here", () => {
  expect(said("http://127.0.0.1:6767")).toBe(START);
  expect(said("nats://127.0.0.1:4222,nats://127.0.0.1:4223")).toBe(START);
  StackLock.take(dataDir).release();
  expect(said("http://127.0.0.1:6767")).toBe(START);
});

it("names the one that runs here elsewhere, and never for an address of another machine", () => {
  const lock = StackLock.take(dataDir);
  expect(said("http://127.0.0.1:6767")).toBe(STATUS);
  lock.note({ url: "http://127.0.0.1:18080", natsUrl: "nats://127.0.0.1:18222" });
  expect(said("http://localhost:6767")).toBe(
    "Nobody answers. One runs on this machine at http://127.0.0.1:18080: ask it with --url http://127.0.0.1:18080, or set AGENTSPAN_SERVER_URL=http://127.0.0.1:18080",
  );
  expect(said("nats://127.0.0.1:4222")).toBe(
    "Nobody answers. One runs on this machine: set AGENTSPAN_NATS_URL=nats://127.0.0.1:18222",
  );
  expect(said("http://localhost:18080")).toBe(STATUS);
  expect(said("nats://127.0.0.1:18222")).toBe(STATUS);
  expect(said("https://agents.acme.test")).toBe(START);
  expect(withStartRemedy("The run has ended.", undefined)).toBe("The run has ended.");
});
