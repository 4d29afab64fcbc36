// The probes of an orchestrator as a process, while its store and its bus stand still and come back.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { DATABASE_MARK, newId, TASK_STREAM } from "@agentspan/internal";
import { freePort, startTestServers, type TestServers } from "@agentspan/servers";
import { eventually } from "@agentspan/servers/eventually";
import { connect } from "nats";
import { afterAll, beforeAll, expect, it } from "vitest";

const MAIN = fileURLToPath(new URL("../../bundle/main.js", import.meta.url));

let servers: TestServers;
let child: ChildProcess;
let port: number;
beforeAll(async () => {
  servers = await startTestServers({ own: true });
  const { natsUrl: NATS_URL, mongoUri: MONGODB_URI } = servers;
  const { PATH = "" } = process.env;
  child = fork(MAIN, {
    env: { PATH, NATS_URL, MONGODB_URI, AGENTSPAN_MANAGEMENT_PORT: "0", AGENTSPAN_LOG_LEVEL: "silent" },
    silent: true,
  });
  const [message] = (await once(child, "message")) as [{ managementPort: number }];
  port = message.managementPort;
});
afterAll(async () => {
  child.kill("SIGKILL");
  await servers.stop();
});

const probe = async (path: string, at = port): Promise<string> => {
  const response = await fetch(`http://127.0.0.1:${at}${path}`);
  return `${response.status} ${(await response.text()).trim()}`;
};
const readiness = (wanted: string) => eventually(async () => expect(await probe("/readyz")).toBe(wanted));
const storeConnected = (wanted: 0 | 1) =>
  eventually(async () => expect(await probe("/metrics")).toContain(`\nagentspan_store_connected ${wanted}\n`));

it("readiness falls while MongoDB or NATS stands still, and liveness does not", async () => {
  expect(await probe("/startupz")).toBe("200 ok");
  await readiness("200 ok");
  for (const [server, problem] of [
    [servers.mongo, "503 No answer from MongoDB."],
    [servers.nats, "503 No answer from NATS."],
  ] as const) {
    await server.pause();
    await readiness(problem);
    // Though nobody uses it: an alert goes by this.
    if (server === servers.mongo) await storeConnected(0);
    expect(await probe("/healthz")).toBe("200 ok");
    expect(await probe("/startupz")).toBe("200 ok");
    server.resume();
    await readiness("200 ok");
    await storeConnected(1);
  }
});

it.each([
  [
    "the port is taken, before it takes part",
    () => ({ AGENTSPAN_MANAGEMENT_PORT: String(port) }),
    /^The management port 127\.0\.0\.1:\d+ cannot be opened: .*AGENTSPAN_MANAGEMENT_PORT.*$/,
  ],
  [
    "MONGODB_URI cannot be read, and shows nothing of it",
    () => ({ MONGODB_URI: "mongodb://ops@acme.test:Tr0ub4dor/3@127.0.0.1/" }),
    /^MONGODB_URI cannot be read\. (?!.*(Tr0ub4dor|acme)).*$/,
  ],
  [
    "NATS has too few servers for the copies",
    () => ({ AGENTSPAN_NATS_REPLICAS: "3" }),
    /^AGENTSPAN_NATS_REPLICAS is 3, which needs 3 NATS servers .* JetStream answered 10074, .*$/,
  ],
  [
    "NATS belongs to another database",
    () => ({ AGENTSPAN_DATABASE: "another" }),
    /^The NATS of NATS_URL belongs to another database \(db_\w+\) .*AGENTSPAN_DATABASE.*nats stream rm AGENTSPAN_TASKS.*$/,
  ],
])("ends with a sentence where %s", async (_where, wrong, sentence) => {
  const { natsUrl: NATS_URL, mongoUri: MONGODB_URI } = servers;
  const { PATH = "" } = process.env;
  const env = { PATH, NATS_URL, MONGODB_URI, AGENTSPAN_LOG_LEVEL: "silent", ...wrong() };
  const second = fork(MAIN, { env, silent: true });
  let said = "";
  second.stderr?.on("data", (chunk) => {
    said += String(chunk);
  });
  const [code] = (await once(second, "close")) as [number];
  expect(code).toBe(1);
  expect(said.trim()).toMatch(sentence);
});

it("tells that it is starting, and stops at SIGTERM with code 0, while it still waits for its servers", async () => {
  await servers.nats.pause();
  const { natsUrl: NATS_URL, mongoUri: MONGODB_URI } = servers;
  const own = await freePort();
  const env = { PATH: process.env.PATH, NATS_URL, MONGODB_URI, AGENTSPAN_MANAGEMENT_PORT: String(own) };
  const waiting = fork(MAIN, { env, silent: true });
  const startup = () => probe("/startupz", own);
  const connects = "503 It is starting. It connects to NATS.";
  await eventually(async () => expect(await startup()).toBe(connects));
  expect(await probe("/healthz", own)).toBe("200 ok");
  expect(await probe("/readyz", own)).toBe(connects);
  waiting.kill("SIGTERM");
  expect(await once(waiting, "exit")).toEqual([0, null]);
  servers.nats.resume();
});

it("is not ready any more, and says why, where its NATS becomes another database's under it", async () => {
  await readiness("200 ok");
  const operator = await connect({ servers: servers.natsUrl });
  const { streams } = await operator.jetstreamManager();
  await streams.update(TASK_STREAM, { metadata: { [DATABASE_MARK]: newId("db") } });
  await operator.close();
  await eventually(async () => expect(await probe("/readyz")).toMatch(/^503 The NATS of NATS_URL belongs to another/));
  expect(await probe("/metrics")).toMatch(/^agentspan_bus_connected 0$/m);
  expect(await probe("/healthz")).toBe("200 ok");
});

it("stops at SIGTERM with code 0", async () => {
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([0, null]);
});
