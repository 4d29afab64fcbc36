import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { Machine, type ServerCommand } from "./command.js";

const reads = async (url: string) =>
  (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => undefined))?.status;

describe("agentspan server start", () => {
  let machine: Machine;
  /** The one that the last test left running. */
  let left: ServerCommand | undefined;
  beforeAll(() => {
    machine = new Machine();
  });
  afterAll(() => machine.close());

  async function running(): Promise<ServerCommand> {
    left ??= await machine.server();
    return left;
  }

  it("says first what it does, then where it is and what to do", async () => {
    const server = await running();
    expect(server.shown).toMatch(/^Agentspan 0\.1\.0: starting\n/);
    expect(server.shown).toContain("No OPENAI_API_KEY: agents can use the scripted model demo/refund");
    expect(server.shown).toContain(`Data     ${machine.dataDir}`);
    expect(server.shown).toContain(`export AGENTSPAN_SERVER_URL=${server.url}`);
    expect(server.shown).toContain(`export AGENTSPAN_NATS_URL=${server.natsUrl}`);
    expect(server.shown).not.toContain("\u001b");
    expect(await reads(server.url)).toBe(200);
  });

  it("a second time on the same data says who runs and ends with 1", async () => {
    const server = await running();
    const { code, shown } = await machine.ask("server", "start");
    expect(code).toBe(1);
    expect(shown).toContain(
      `An Agentspan server runs on this data already: process ${server.pid} at ${server.url} (data: ${machine.dataDir}).`,
    );
    expect(await reads(server.url)).toBe(200);
  });

  it("stops at Ctrl-C with nothing left, and the next start leaves alone who has a pid of its processes by then", async () => {
    const first = await running();
    const { children } = machine.record();
    first.kill("SIGINT");
    expect(await first.exit).toBe(0);
    expect(first.shown).toMatch(/\nStopping \(Ctrl-C again: at once\)\nStopped\. Runs that wait are kept in .*\n$/);
    await machine.nothingLeft();

    // As if the pid of the old NATS server were this test's by now.
    const lock = join(machine.dataDir, "lock", "1.json");
    const [nats] = children;
    const owner = { name: "agentspan", pid: process.pid, birth: "another boot 1" };
    const forged = { ...nats, pid: process.pid };
    writeFileSync(lock, JSON.stringify({ owner, startedAt: "", children: [forged], released: false }));
    left = await machine.server();
    expect(await reads(left.url)).toBe(200);
  });

  it("takes over after the first one was killed, and leaves nothing of it", async () => {
    const first = await running();
    const old = machine.record().children.map(({ pid }) => pid);
    expect(old).toHaveLength(4);
    first.kill("SIGKILL");
    await first.exit;
    left = await machine.server();
    expect(await reads(left.url)).toBe(200);
    const now = machine.record().children.map(({ pid }) => pid);
    expect(now.filter((pid) => old.includes(pid))).toEqual([]);
    const still = machine.left().map((line) => Number.parseInt(line, 10));
    expect(still.filter((pid) => old.includes(pid))).toEqual([]);
  });

  it("ends with the name, the last words and the log of a server that dies under it, and leaves nothing", async () => {
    const server = await running();
    left = undefined;
    const nats = machine.record().children.find(({ name }) => name === "nats");
    process.kill(nats?.pid ?? 0, "SIGKILL");
    expect(await server.exit).toBe(1);
    expect(server.shown).toMatch(/The NATS server ended unexpectedly \(SIGKILL\), so everything was stopped\./);
    expect(server.shown).toContain(
      `Start again, with the options it had (agentspan server start --data ${machine.dataDir}): runs go on`,
    );
    expect(server.shown).toMatch(/Its log: .*nats\.log\n$/);
    await machine.nothingLeft();
  });

  it("leaves nothing when it is stopped before it was running", async () => {
    const command = machine.run("server", "start", "--port", "0", "--nats-port", "0");
    await command.shows(/starting/);
    await expect
      .poll(() => machine.left().some((line) => line.includes("nats-server")), { timeout: 20_000, interval: 5 })
      .toBe(true);
    command.kill("SIGTERM");
    expect(await command.exit).toBe(130);
    expect(command.shown).toContain("Stopped before it was running; nothing is left.");
    await machine.nothingLeft();
  });
});

describe("agentspan server start with the key of a model, on data of both kinds of MongoDB server", () => {
  let machine: Machine;
  let server: ServerCommand;
  beforeAll(async () => {
    machine = new Machine({ OPENAI_API_KEY: "sk-never-shown-1234" });
    mkdirSync(join(machine.dataDir, "mongod"), { recursive: true });
    mkdirSync(join(machine.dataDir, "secantusdb"), { recursive: true });
    server = await machine.server("--verbose");
  });
  afterAll(() => machine.close());

  it("finds the key and does not show it", () => {
    expect(server.shown).toContain("openai/... (OPENAI_API_KEY found)");
    expect(server.shown).toMatch(/orchestrator +\d\d:\d\d:\d\d\.\d{3} info +Ready/);
    expect(server.shown).not.toContain("sk-never-shown");
  });

  it("has nothing to say about data of another kind", () => {
    expect(server.shown).not.toContain("are not seen");
  });

  it("stops at once at the second Ctrl-C", async () => {
    server.kill("SIGINT");
    await server.shows(/Stopping/);
    server.kill("SIGINT");
    expect(await server.exit).toBe(0);
    await machine.nothingLeft();
  });
});

describe("a start that cannot be", () => {
  let machine: Machine;
  beforeEach(() => {
    machine = new Machine();
  });
  afterEach(() => machine.close());

  const fails = async (...options: string[]) => {
    const { code, shown } = await machine.ask("server", "start", ...options);
    expect(code).toBe(1);
    expect(shown).not.toMatch(/\n\s+at /);
    await machine.nothingLeft();
    return shown;
  };

  it("names the port that is taken, and the option that chooses another", async () => {
    const other = createServer((socket) => socket.destroy());
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const data = join(machine.folder, "new", "data");
    expect(await fails("--port", String(port), "--data", data)).toContain(
      `Port ${port} is taken by another program. Stop it, or choose another port with --port.`,
    );
    expect(existsSync(join(machine.folder, "new")), "a start that was refused leaves no folder").toBe(false);
    await new Promise((resolve) => other.close(resolve));
  });

  it("says of two options that they name one port, as of a wrong call", async () => {
    const { code, shown } = await machine.ask("server", "start", "--port", "17500", "--grpc-port", "17500");
    expect(code).toBe(2);
    expect(shown).toContain("--port and --grpc-port both name port 17500: each takes one of its own.");
    await machine.nothingLeft();
  });

  it("says what Python it needs where there is none, and what would do instead", async () => {
    Object.assign(machine.env, { PATH: "", XDG_CACHE_HOME: join(machine.folder, "cache") });
    const shown = await fails("--port", "0");
    expect(shown).toMatch(/needs Python 3\.10 to 3\.13 with its venv module, and PATH has no Python\. Install /);
  });

  it("says that the data folder is none, and how to name another", async () => {
    const file = join(machine.folder, "file");
    writeFileSync(file, "");
    expect(await fails("--data", file)).toContain(`The data folder ${file} is not a folder. Name another with --data`);
    expect(await fails("--data", join(file, "below"))).toContain("is not a folder. Name another with --data");
  });

  it("says that a folder cannot be made where none can", async () => {
    expect(await fails("--data", "/proc/agentspan")).toMatch(
      /The data folder \/proc\/agentspan cannot be written \(E\w+\)\. Name another with --data/,
    );
  });

  it("says that fetched servers cannot be kept where XDG_CACHE_HOME says", async () => {
    Object.assign(machine.env, { PATH: "", XDG_CACHE_HOME: "/proc" });
    expect(await fails("--port", "0")).toContain("Set XDG_CACHE_HOME to a folder that can.");
  });

  it("names a setting that is wrong", async () => {
    Object.assign(machine.env, { AGENTSPAN_PRT: "1", AGENTSPAN_LEASE: "soon" });
    expect(await fails()).toContain("AGENTSPAN_PRT is not a setting. Did you mean AGENTSPAN_PORT?");
    delete machine.env.AGENTSPAN_PRT;
    expect(await fails("--port", "0", "--nats-port", "0")).toMatch(
      /The orchestrator did not start\.[\s\S]*AGENTSPAN_LEASE .* must be a duration/,
    );
  });

  it("says where NATS_URL leads nowhere", async () => {
    Object.assign(machine.env, { NATS_URL: "nats://127.0.0.1:1" });
    expect(await fails("--port", "0")).toMatch(/did not start\. .*NATS/);
  });
});
