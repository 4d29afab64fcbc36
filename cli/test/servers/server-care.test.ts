// Looking after a server that runs without a terminal: start, status, logs, stop.
import { chmodSync, existsSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { join } from "node:path";
import { eventually } from "@agentspan/servers/eventually";
import { afterAll, beforeAll, expect, it } from "vitest";
import { Machine } from "./command.js";

let machine: Machine;
beforeAll(() => {
  machine = new Machine();
});
afterAll(async () => {
  await machine.ask("server", "stop");
  await machine.close();
});

const BACKGROUND = ["server", "start", "--background", "--port", "0", "--nats-port", "0"];

/** Starts it where it does not run yet, so that each test also runs alone. */
async function running(): Promise<{ readonly url: string; readonly pid: number }> {
  const { code, shown } = await machine.ask("server", "status", "--json");
  if (code !== 0) {
    expect(await machine.ask(...BACKGROUND)).toMatchObject({ code: 0 });
    return running();
  }
  const { url, processes } = JSON.parse(shown);
  return { url, pid: processes[0].pid };
}

it("says that nothing runs, with exit code 3, and that there is nothing to stop and no log", async () => {
  const other = ["--data", `${machine.folder}/none`];
  const status = await machine.ask("server", "status", ...other);
  expect(status).toEqual({
    code: 3,
    shown: `No server runs on ${machine.folder}/none. Start one with: agentspan server start --data ${machine.folder}/none\n`,
  });
  expect(await machine.ask("server", "stop", ...other)).toMatchObject({
    code: 0,
    shown: expect.stringMatching(/^Nothing to stop: no server runs on this data\.\n/),
  });
  expect(await machine.ask("server", "logs", ...other)).toMatchObject({ code: 1 });
});

it("starts it in the background, where it goes on, and refuses a second one", async () => {
  const { code, shown } = await machine.ask(...BACKGROUND);
  expect(shown).toMatch(
    /^Agentspan 0\.1\.0: starting\n[\s\S]*Agentspan is running\.[\s\S]*\nStop it with: agentspan server stop\n$/,
  );
  expect(code).toBe(0);
  const { url, pid } = await running();
  const status = await machine.ask("server", "status");
  expect(status.code).toBe(0);
  expect(status.shown).toMatch(/^State +takes requests\nSince +\d{4}-.*\nVersion +0\.1\.0\nAPI +http:/);
  expect(status.shown).toMatch(/^NATS +nats:\/\/127\.0\.0\.1:\d+ \(2\.\d+\.\d+\)$/m);
  for (const name of ["agentspan", "nats", "mongodb", "orchestrator", "gateway"]) {
    expect(status.shown).toMatch(new RegExp(`^${name} +\\d+ +running$`, "m"));
  }
  expect((await machine.ask("runs", "list", "--url", url)).shown).toBe("No runs.\n");
  expect(await machine.ask(...BACKGROUND)).toMatchObject({
    code: 1,
    shown: `A server runs on this data already: process ${pid}, at ${url}.\n`,
  });
});

it("of two starts at one instant, one returns when it runs, and the other says who does", async () => {
  await machine.ask("server", "stop");
  const starts = [machine.run(...BACKGROUND), machine.run(...BACKGROUND)];
  const first = await Promise.race(starts.map((start) => start.exit.then(() => start)));
  const other = starts.find((start) => start !== first);
  // The one that has the data hears nothing until its server runs, and is asked to end then: too late to stop it.
  const late = (await first.exit) === 1;
  if (late) other?.kill("SIGSTOP");
  await eventually(async () => expect(await machine.ask("server", "status")).toMatchObject({ code: 0 }));
  const { pid } = await running();
  if (late) other?.kill("SIGTERM");
  if (late) other?.kill("SIGCONT");
  const ends = await Promise.all(starts.map(async (start) => ({ code: await start.exit, shown: start.shown })));
  const [winner, loser] = ends.toSorted((a, b) => Number(a.code) - Number(b.code));
  expect(winner).toMatchObject({ code: 0, shown: expect.stringMatching(/\nStop it with: agentspan server stop\n$/) });
  expect(loser).toMatchObject({
    code: 1,
    shown: expect.stringContaining(`erver runs on this data already: process ${pid}`),
  });
  expect(winner?.shown).not.toContain("already");
  expect((await running()).pid).toBe(pid);
  const { shown } = await machine.ask("server", "logs", "--of", "server");
  expect(shown).toContain("Agentspan is running.");
  expect(shown).not.toContain("already");
  expect(readdirSync(join(machine.dataDir, "logs")).filter((name) => name.startsWith("start-"))).toEqual([]);
});

it("leaves nothing where the command is ended before its server runs", async () => {
  const data = join(machine.folder, "ended");
  const start = machine.run(...BACKGROUND, "--data", data);
  await start.shows(/starting/);
  await eventually(() => expect(existsSync(join(data, "logs"))).toBe(true));
  start.kill("SIGTERM");
  expect(await start.exit).toBe(130);
  expect(start.shown).toMatch(/Stopped before it was running; nothing is left\.\n$/);
  expect(await machine.ask("server", "status", "--data", data)).toMatchObject({ code: 3 });
  expect(machine.left().filter((line) => line.includes(data))).toEqual([]);
});

it("is found by the doctor, who says what is there and what is missing", async () => {
  const { url } = await running();
  const { code, shown } = await machine.ask("doctor", "--url", url, "--json");
  expect(code).toBe(0);
  const { ok, checks } = JSON.parse(shown);
  expect(ok).toBe(true);
  const states = Object.fromEntries(checks.map(({ name, state }: Record<string, string>) => [name, state]));
  expect(states).toMatchObject({
    Node: "ok",
    NATS: "ok",
    MongoDB: "ok",
    "Data folder": "ok",
    Server: "ok",
    Clock: "ok",
  });
  expect(states).toMatchObject({ Key: "note", Workers: "note" });
  const away = await machine.ask("doctor", "--url", "http://127.0.0.1:1");
  expect(away.code).toBe(1);
  expect(away.shown).toMatch(
    /^FAULT {2}Server +http:\/\/127\.0\.0\.1:1, of --url, does not answer: .*\n +One runs on this machine at/m,
  );
  expect(away.shown).toMatch(/1 thing is missing or wrong\.\n$/);
  const howTo = `One runs on this machine at ${url}: ask it with --url ${url}, or set AGENTSPAN_SERVER_URL=${url}\n`;
  expect(away.shown).toContain(howTo);
  const list = await machine.ask("approvals", "list", "--url", "http://127.0.0.1:1");
  expect(list).toMatchObject({
    code: 1,
    shown: expect.stringMatching(/^Cannot reach .* Is the server running\? One runs/),
  });
  expect(list.shown).toContain(howTo);
  const none = await machine.ask("doctor", "--url", "http://127.0.0.1:1", "--data", join(machine.folder, "none"));
  expect(none.shown).toMatch(/\n +Start it \(agentspan server start\)/);
});

it("shows what the processes log, of those that are asked for, and goes on over a stop and a start", async () => {
  await running();
  const { shown } = await machine.ask("server", "logs", "--since", "1h");
  for (const words of [
    /^nats +\[\d+\] .* Starting/m,
    /^orchestrator +\S+ info +Ready/m,
    /^gateway +\S+ info +The gateway is ready/m,
    /^server +Agentspan is running\.$/m,
  ]) {
    expect(shown).toMatch(words);
  }
  expect((await machine.ask("server", "logs", "--of", "gateway", "-n", "1")).shown).toMatch(/^gateway +[^\n]*\n$/);
  expect((await machine.ask("server", "logs", "--of", "gateway", "-n", "0")).shown).toBe("");
  const following = machine.run("server", "logs", "--follow", "-n", "1", "--of", "gateway");
  // From here on it sees whatever is added.
  await following.shows(/^gateway /);
  const first = await running();
  await machine.ask("server", "stop");
  await following.shows(/gateway +\S+ info +Stopped/);
  expect((await running()).pid).not.toBe(first.pid);
  await following.shows(/Stopped[\s\S]*The gateway is ready/);
  following.kill("SIGINT");
  expect(await following.exit).toBe(130);
});

it("refuses a folder that others may read before anything is put there", async () => {
  const open = join(machine.folder, "open");
  mkdirSync(open);
  chmodSync(open, 0o755);
  writeFileSync(join(open, "letter"), "");
  const { code, shown } = await machine.ask(...BACKGROUND, "--data", open);
  expect(code).toBe(1);
  expect(shown).toBe(
    `The data folder ${open} is open to other users, and holds other things too. Name another with --data, or close it with: chmod 700 ${open}\n`,
  );
  expect(readdirSync(open)).toEqual(["letter"]);
});

it("stops it as Ctrl-C does, with nothing left", async () => {
  const { pid } = await running();
  const { code, shown } = await machine.ask("server", "stop", "--json");
  expect(code).toBe(0);
  expect(JSON.parse(shown)).toEqual({ how: "stopped", dataDir: machine.dataDir, pid });
  await machine.nothingLeft();
  expect(await machine.ask("server", "status")).toMatchObject({ code: 3 });
  expect((await machine.ask("server", "logs", "--of", "gateway")).shown).toMatch(/info +Stopped .*\n$/);
});

it("shows why a start in the background came to nothing", async () => {
  const other = createServer((socket) => socket.destroy());
  await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
  const { port } = other.address() as AddressInfo;
  const start = ["server", "start", "--background", "--port", String(port), "--data", `${machine.folder}/other`];
  const { code, shown } = await machine.ask(...start);
  expect(code).toBe(1);
  expect(shown).toMatch(new RegExp(`Port ${port} is taken by another program\\.`));
  await new Promise((resolve) => other.close(resolve));
});
