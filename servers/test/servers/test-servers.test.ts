import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { connect as connectTo } from "node:net";
import { commandLineOf, isOurs, startTestServers, type TestServers } from "@agentspan/servers";
import { MongoClient } from "mongodb";
import { connect } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

// These tests kill and pause servers, so they start their own whatever the environment names.
let servers: TestServers;
beforeAll(async () => {
  servers = await startTestServers({ own: true });
});
afterAll(() => servers.stop());

describe("the NATS server of a test", () => {
  it("has JetStream and takes payloads of 1 MiB", async () => {
    const client = await connect({ servers: servers.natsUrl });
    expect(client.info?.max_payload).toBe(1024 * 1024);
    const info = await (await client.jetstreamManager()).getAccountInfo();
    expect(info.streams).toBe(0);
    await client.close();
  });

  it("keeps an acknowledged message through kill -9 and a restart on the same port", async () => {
    const before = await connect({ servers: servers.natsUrl, reconnect: false });
    await (await before.jetstreamManager()).streams.add({ name: "KEPT", subjects: ["kept"] });
    await before.jetstream().publish("kept", "one");
    await servers.nats.kill();
    await before.closed();
    await servers.nats.restart();
    const after = await connect({ servers: servers.natsUrl });
    const manager = await after.jetstreamManager();
    expect((await manager.streams.getMessage("KEPT", { last_by_subj: "kept" })).string()).toBe("one");
    await after.close();
  });

  it("answers nothing while it is paused, and everything when it is resumed", async () => {
    const client = await connect({ servers: servers.natsUrl });
    await servers.nats.pause();
    const flushed = client.flush();
    const first = await Promise.race([flushed.then(() => "answered"), afterMs(500).then(() => "silent")]);
    expect(first).toBe("silent");
    servers.nats.resume();
    await flushed;
    await client.close();
  });
});

describe("the MongoDB server of a test", () => {
  it("keeps an acknowledged write through kill -9 and a restart on the same port", async () => {
    const client = new MongoClient(servers.mongoUri, { writeConcern: { w: "majority", journal: true } });
    const runs = client.db("kept").collection<{ _id: string; version: number }>("runs");
    for (let version = 1; version <= 20; version += 1) {
      await runs.updateOne({ _id: "run" }, { $set: { version } }, { upsert: true });
    }
    await servers.mongo.kill();
    await servers.mongo.restart();
    expect(await runs.findOne({ _id: "run" })).toEqual({ _id: "run", version: 20 });
    await client.close();
  });

  it("answers nothing while it is paused, and everything when it is resumed", async () => {
    const client = new MongoClient(servers.mongoUri);
    const runs = client.db("paused").collection("runs");
    await runs.insertOne({ a: 1 });
    await servers.mongo.pause();
    const found = runs.findOne();
    const first = await Promise.race([found.then(() => "answered"), afterMs(500).then(() => "silent")]);
    expect(first).toBe("silent");
    servers.mongo.resume();
    expect(await found).toMatchObject({ a: 1 });
    await client.close();
  });
});

describe("startTestServers", () => {
  it("uses what the environment names, and refuses to stop it", async () => {
    const env = { ...process.env, NATS_URL: servers.natsUrl, MONGODB_URI: servers.mongoUri };
    const borrowed = await startTestServers({ env });
    expect(borrowed).toMatchObject({ natsUrl: servers.natsUrl, mongoUri: servers.mongoUri });
    expect(() => borrowed.nats.kill()).toThrow("NATS_URL names this server");
    expect(() => borrowed.mongo.pause()).toThrow("MONGODB_URI names this server");
    await borrowed.stop();
    await (await connect({ servers: servers.natsUrl })).close();
  });

  it("gives NATS the configuration that a test wants", async () => {
    const env = { ...process.env, MONGODB_URI: servers.mongoUri };
    const guarded = await startTestServers({
      env: { ...env, NATS_URL: undefined },
      natsConfig: 'authorization { user: app, password: "secret" }',
    });
    await expect(connect({ servers: guarded.natsUrl })).rejects.toThrow(/authorization/i);
    await (await connect({ servers: guarded.natsUrl, user: "app", pass: "secret" })).close();
    await guarded.stop();
  });

  it("leaves no process behind when the test that started them is killed", async () => {
    const code = `
      import { startTestServers } from "@agentspan/servers";
      const { nats, mongo } = await startTestServers({ own: true });
      console.log(JSON.stringify([nats, mongo].map(({ pid, port }) => ({ pid, port }))));
      setInterval(() => undefined, 1000);
    `;
    const parent = spawn(process.execPath, ["--input-type=module", "-e", code], {
      cwd: new URL("../..", import.meta.url),
      stdio: ["ignore", "pipe", "inherit"],
    });
    const [line] = (await once(parent.stdout, "data")) as [Buffer];
    const children = JSON.parse(String(line)) as readonly { pid: number; port: number }[];
    const running = () => Promise.all(children.map(({ pid, port }) => isOurs(pid, `--port ${port}`)));
    expect(await running()).toEqual([true, true]);
    parent.kill("SIGKILL");
    const deadline = performance.now() + 20_000;
    while ((await running()).includes(true)) {
      expect(performance.now()).toBeLessThan(deadline);
      await afterMs(100);
    }
  });

  it("removes its data when it is stopped", async () => {
    const own = await startTestServers({ own: true });
    const commandLine = await commandLineOf(own.nats.pid ?? Number.NaN);
    const folder = /--store_dir (\S+)/.exec(commandLine ?? "")?.[1] ?? "";
    expect(existsSync(folder)).toBe(true);
    await own.stop();
    expect(existsSync(folder)).toBe(false);
  });
});

describe("a MongoDB server that tests share", () => {
  it("is one for all of a process, which none of them stops, and ends with its data when all are over", async () => {
    const code = `
      import { shareMongo, startTestServers } from "@agentspan/servers";
      const end = await shareMongo();
      const sharing = { own: true, sharesMongo: true };
      const [first, second] = await Promise.all([startTestServers(sharing), startTestServers(sharing)]);
      await first.stop();
      let refused;
      try { await second.mongo.kill(); } catch ({ message }) { refused = message; }
      const uris = [first.mongoUri, second.mongoUri];
      console.log(JSON.stringify({ uris, port: second.mongo.port, refused, folder: process.env.TEST_MONGO_FOLDER }));
      process.stdin.once("data", () => second.stop().then(end).then(() => process.exit()));
    `;
    const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
      cwd: new URL("../..", import.meta.url),
      stdio: ["pipe", "pipe", "inherit"],
    });
    const [line] = (await once(child.stdout, "data")) as [Buffer];
    const { uris, port, refused, folder } = JSON.parse(String(line));
    expect(uris).toEqual(Array(2).fill(`mongodb://127.0.0.1:${port}/?directConnection=true`));
    expect(refused).toMatch(/^Other tests use this server/);
    const client = new MongoClient(uris[0]);
    expect(await client.db("shared").command({ ping: 1 })).toMatchObject({ ok: 1 });
    await client.close();
    child.stdin.write("end\n");
    expect(await once(child, "exit")).toEqual([0, null]);
    expect(existsSync(folder)).toBe(false);
    await expect(once(connectTo(port, "127.0.0.1"), "connect")).rejects.toThrow("ECONNREFUSED");
  });
});

function afterMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
