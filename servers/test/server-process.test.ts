import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { commandLineOf, endLeftover, freePort, isOurs, type ServerExit, ServerProcess } from "@agentspan/servers";
import { afterEach, describe, expect, it } from "vitest";

// A server of three lines: it answers on a port, and takes SIGTERM as told.
const SERVER =
  "const [port, onTerm] = process.argv.slice(1);" +
  "require('node:net').createServer((s) => s.end('hello')).listen(Number(port), '127.0.0.1');" +
  "process.on('SIGTERM', () => { console.log('closing'); if (onTerm === 'close') process.exit(0); });";

const started: ServerProcess[] = [];
const folders: string[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((server) => server.kill()));
  await Promise.all(folders.splice(0).map((folder) => rm(folder, { recursive: true, force: true })));
});

async function tempFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "agentspan-process-"));
  folders.push(folder);
  return folder;
}

async function greets(port: number, signal: AbortSignal): Promise<void> {
  const socket = connect({ port, host: "127.0.0.1", signal });
  await once(socket, "data", { signal });
  socket.destroy();
}

async function start(onTerm: "close" | "ignore", onExit?: (exit: ServerExit) => void) {
  const port = await freePort();
  const cwd = await tempFolder();
  const command = [process.execPath, "-e", SERVER, String(port), onTerm, cwd];
  const answers = (signal: AbortSignal) => greets(port, signal);
  const server = await ServerProcess.start({ name: "Echo", command, cwd, answers, onExit });
  started.push(server);
  return { server, port, cwd };
}

const answersNow = (port: number) => greets(port, AbortSignal.timeout(2000));

/** Waits for something that another process does. */
async function until(holds: () => Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 15_000;
  while (!(await holds())) {
    if (performance.now() > deadline) throw new Error("It did not happen within 15 s.");
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

describe("ServerProcess", () => {
  it("is there when it answers, and gone when stop resolves", async () => {
    const exits: ServerExit[] = [];
    const { server, port } = await start("close", (exit) => exits.push(exit));
    await answersNow(port);
    expect(server.pid).toBeGreaterThan(1);
    await server.stop();
    await expect(answersNow(port)).rejects.toThrow();
    expect(exits).toEqual([{ code: 0, signal: null, expected: true, lastLines: ["closing"] }]);
    expect(server.pid).toBeUndefined();
    await server.stop();
  });

  it("answers on the same port with another process after a kill and a restart", async () => {
    const { server, port } = await start("ignore");
    const before = server.pid;
    await server.kill();
    await expect(answersNow(port)).rejects.toThrow();
    await server.restart();
    await answersNow(port);
    expect(server.pid).not.toBe(before);
  });

  it("answers nothing while it is paused, and again after it is resumed", async () => {
    const { server, port } = await start("ignore");
    await server.pause();
    await expect(greets(port, AbortSignal.timeout(300))).rejects.toThrow();
    server.resume();
    await answersNow(port);
  });

  it("stops also while it is paused", async () => {
    const { server } = await start("close");
    await server.pause();
    await server.stop();
    expect(server.running).toBe(false);
  });

  it("tells that it ended although nobody asked for it", async () => {
    const exits: ServerExit[] = [];
    const { server } = await start("ignore", (exit) => exits.push(exit));
    process.kill(server.pid ?? Number.NaN, "SIGKILL");
    await until(async () => exits.length === 1);
    expect(exits).toMatchObject([{ signal: "SIGKILL", expected: false }]);
  });

  it.each([
    ["its last words", ["/bin/sh", "-c", "echo no such option >&2; exit 2"], "no such option"],
    ["the program that is not there", ["/no/such/program"], "not found"],
  ])("fails to start with %s", async (_, command, words) => {
    const answers = () => Promise.reject(new Error("nothing there"));
    await expect(ServerProcess.start({ name: "Echo", command, cwd: tmpdir(), answers })).rejects.toMatchObject({
      reason: "START_FAILED",
      message: expect.stringContaining(words),
    });
  });

  it("gives up on a server that does not answer in time, and leaves none behind", async () => {
    const exits: ServerExit[] = [];
    const options = {
      name: "Echo",
      command: ["sleep", "600"],
      cwd: tmpdir(),
      answers: () => Promise.reject(new Error("nothing there")),
      startTimeoutMs: 100,
      onExit: (exit: ServerExit) => void exits.push(exit),
    };
    await expect(ServerProcess.start(options)).rejects.toThrow("did not answer within 0.1 s");
    expect(exits).toMatchObject([{ signal: "SIGKILL" }]);
  });

  it("does not outlive a parent that was killed with SIGKILL", async () => {
    const folder = await tempFolder();
    const code = `
      import { ServerProcess } from "@agentspan/servers";
      import { writeFile } from "node:fs/promises";
      const command = ["/bin/sh", "-c", "while :; do sleep 1; done", "${folder}"];
      const server = await ServerProcess.start({ name: "Echo", command, cwd: "${folder}", answers: async () => {} });
      await writeFile("${folder}/pid", String(server.pid));
      console.log("started");
      setInterval(() => undefined, 1000);
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", code], {
      cwd: new URL("..", import.meta.url),
      stdio: ["ignore", "pipe", "inherit"],
    });
    await once(parent.stdout, "data");
    const pid = Number(await readFile(join(folder, "pid"), "utf8"));
    expect(await isOurs(pid, folder)).toBe(true);
    parent.kill("SIGKILL");
    await until(async () => !(await isOurs(pid, folder)));
  });
});

describe("a leftover of an earlier process", () => {
  it("is known by a text in its command line, not by its pid alone", async () => {
    const { server, cwd } = await start("close");
    const pid = server.pid ?? Number.NaN;
    expect(await isOurs(pid, cwd)).toBe(true);
    expect(await isOurs(pid, "/another/folder")).toBe(false);
    expect(await isOurs(process.pid, cwd)).toBe(false);
    expect(await isOurs(pid, "")).toBe(false);
    expect(await commandLineOf(0)).toBeUndefined();
    expect(await endLeftover(pid, "/another/folder")).toBe(false);
    await server.stop();
    expect(await isOurs(pid, cwd)).toBe(false);
  });

  it("is asked to stop, and killed when it does not", async () => {
    const exits: ServerExit[] = [];
    const polite = await start("close", (exit) => exits.push(exit));
    expect(await endLeftover(polite.server.pid ?? Number.NaN, polite.cwd)).toBe(true);
    const deaf = await start("ignore", (exit) => exits.push(exit));
    expect(await endLeftover(deaf.server.pid ?? Number.NaN, deaf.cwd, 200)).toBe(true);
    await until(async () => exits.length === 2);
    expect(exits).toMatchObject([{ code: 0 }, { signal: "SIGKILL" }]);
  });
});
