import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { freePort, startTestServers } from "@agentspan/servers";
import { eventually } from "@agentspan/servers/eventually";
import { connect as connectNats } from "nats";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { type LocalStack, type LocalStackOptions, runningStack, startLocalStack } from "../../src/index.js";
import { birthOf } from "../../src/process-birth.js";

let dataDir: string;
let progress: string[];
const stacks: LocalStack[] = [];

/** A data folder, and whatever is started on it: for each test of a block, or for all of them together. */
function withDataDir(before: typeof beforeEach | typeof beforeAll, after: typeof afterEach | typeof afterAll): void {
  before(() => {
    dataDir = mkdtempSync(join(tmpdir(), "agentspan-local-"));
    progress = [];
  });
  after(async () => {
    await Promise.all(stacks.splice(0).map((stack) => stack.kill()));
    rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
  });
}

async function start(options: Partial<LocalStackOptions> = {}): Promise<LocalStack> {
  const stack = await startLocalStack({
    dataDir,
    port: 0,
    natsPort: 0,
    onProgress: (line) => progress.push(line),
    env: ownServers(),
    ...options,
  });
  stacks.push(stack);
  return stack;
}

/** Without what would make it use other servers than its own. */
function ownServers(): NodeJS.ProcessEnv {
  const { NATS_URL: _nats, MONGODB_URI: _mongo, ...env } = process.env;
  return env;
}

const ready = async (stack: LocalStack) =>
  (await fetch(`${stack.url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined))?.status;
const alive = (pids: readonly number[]) => pids.filter((pid) => birthOf(pid) !== undefined);
const port = (url: string) => Number(new URL(url).port);

describe("a stack", () => {
  withDataDir(beforeAll, afterAll);
  /** The one that the last test left running. */
  let left: LocalStack | undefined;
  let natsPort: number;

  async function running(): Promise<LocalStack> {
    natsPort ??= await freePort();
    left ??= await start({ natsPort });
    return left;
  }

  it("answers when it is started", async () => {
    const stack = await running();
    expect(await ready(stack)).toBe(200);
    const pids = Object.values(stack.pids());
    expect(pids).toHaveLength(4);
    expect(alive(pids)).toEqual(pids);
    expect(runningStack(dataDir)).toMatchObject({ url: stack.url, grpcUrl: stack.grpcUrl, natsUrl: stack.natsUrl });
  });

  it("has a NATS server that takes definitions with their envelope", async () => {
    const nats = await connectNats({ servers: (await running()).natsUrl });
    expect(nats.info?.max_payload).toBe(8 * 1024 * 1024);
    await nats.close();
  });

  it("is not started a second time on the same data: who asks is told who runs", async () => {
    const stack = await running();
    await expect(start()).rejects.toMatchObject({
      reason: "DATA_IN_USE",
      message: expect.stringContaining(`process ${process.pid} at ${stack.url}`),
      record: { url: stack.url },
    });
    expect(await ready(stack), "the first one is left alone").toBe(200);
  });

  it("starts a service again that dies, on the same port", async () => {
    const stack = await running();
    const { url } = stack;
    const { gateway = 0, orchestrator = 0 } = stack.pids();
    process.kill(gateway, "SIGKILL");
    process.kill(orchestrator, "SIGKILL");
    await eventually(() =>
      expect(progress).toEqual(expect.arrayContaining(["The gateway is back", "The orchestrator is back"])),
    );
    await eventually(async () => expect(await ready(stack)).toBe(200));
    expect(stack.url).toBe(url);
    expect(stack.pids().gateway).not.toBe(gateway);
  });

  it("leaves nothing when it is stopped, and has the same NATS port the next time, so that workers find it", async () => {
    const first = await running();
    const pids = Object.values(first.pids());
    expect(port(first.natsUrl)).toBe(natsPort);
    await first.stop();
    expect(await first.ended).toBeUndefined();
    expect(alive(pids)).toEqual([]);
    expect(runningStack(dataDir)).toBeUndefined();
    for (const name of Object.keys(first.pids())) {
      expect(readFileSync(join(first.logDir, `${name}.log`), "utf8"), name).not.toBe("");
    }

    left = await startLocalStack({ dataDir, port: 0, env: ownServers() });
    stacks.push(left);
    // Unless the usual port is free on this machine, which comes first.
    expect([4222, natsPort]).toContain(port(left.natsUrl));
  });

  it("ends with a sentence where a server dies", async () => {
    const stack = await running();
    left = undefined;
    const pids = Object.values(stack.pids());
    process.kill(stack.pids().nats ?? 0, "SIGKILL");
    const reason = await stack.ended;
    expect(reason).toMatchObject({
      reason: "SERVER_LOST",
      message: expect.stringMatching(
        /^The NATS server ended unexpectedly \(SIGKILL\), so everything was stopped\.[\s\S]*Start again, with the options it had \(agentspan server start --data .*\): runs go on where they were\. Its log: .*nats\.log$/,
      ),
    });
    expect(alive(pids)).toEqual([]);
    expect(runningStack(dataDir)).toBeUndefined();
  });

  it("ends its start at the signal and leaves nothing", async () => {
    const stop = new AbortController();
    const reason = new Error("Ctrl-C");
    const starting = start({ signal: stop.signal });
    await eventually(() => expect(recordedPids().length).toBeGreaterThanOrEqual(2));
    const pids = recordedPids();
    stop.abort(reason);
    await expect(starting).rejects.toBe(reason);
    expect(alive(pids)).toEqual([]);
    expect(runningStack(dataDir)).toBeUndefined();
  });

  function recordedPids(): number[] {
    return runningStack(dataDir)?.children.map(({ pid }) => pid) ?? [];
  }
});

describe("a port that is taken", () => {
  withDataDir(beforeEach, afterEach);

  it("is named with its option, before anything is started", async () => {
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const taken = typeof address === "object" && address !== null ? address.port : 0;
    try {
      await expect(start({ port: taken })).rejects.toThrow(
        `Port ${taken} is taken by another program. Stop it, or choose another port with --port.`,
      );
      await expect(start({ grpcPort: taken })).rejects.toThrow("choose another port with --grpc-port.");
      await expect(start({ natsPort: taken })).rejects.toThrow("choose another port with --nats-port.");
      expect(runningStack(dataDir), "the data is free again").toBeUndefined();
    } finally {
      await new Promise((resolve) => other.close(resolve));
    }
  });
});

describe("servers that the environment names", () => {
  withDataDir(beforeEach, afterEach);

  it("are used and left running", async () => {
    const servers = await startTestServers({ own: true });
    try {
      const env = { ...process.env, NATS_URL: servers.natsUrl, MONGODB_URI: servers.mongoUri };
      const stack = await start({ env });
      expect(Object.keys(stack.pids()).sort()).toEqual(["gateway", "orchestrator"]);
      expect([stack.natsUrl, stack.mongoUri]).toEqual([servers.natsUrl, servers.mongoUri]);
      expect(await ready(stack)).toBe(200);
      await stack.stop();
      expect(alive([servers.nats.pid ?? 0, servers.mongo.pid ?? 0])).toHaveLength(2);
    } finally {
      await servers.stop();
    }
  });

  it("that are not there fail the start with the service's own sentence, and leave nothing", async () => {
    const env = { ...process.env, NATS_URL: "nats://127.0.0.1:1", MONGODB_URI: "mongodb://127.0.0.1:1" };
    const starting = start({ env });
    await expect(starting).rejects.toMatchObject({ reason: "SERVICE_FAILED" });
    expect(runningStack(dataDir)).toBeUndefined();
  });
});
