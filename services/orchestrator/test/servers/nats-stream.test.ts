// What the bus makes of a real broker: stream, consumers, connections, and a broker that misbehaves.
import { once } from "node:events";
import { connect as connectSocket } from "node:net";
import { ALL_TASKS, createLogger, eventsSubject, requestSubject, TASK_STREAM } from "@agentspan/internal";
import { LiveEventsSchema } from "@agentspan/proto";
import { freePort } from "@agentspan/servers";
import { eventually } from "@agentspan/servers/eventually";
import { create } from "@bufbuild/protobuf";
import { connect, type JetStreamManager, type NatsConnection, RetentionPolicy } from "nats";
import { afterEach, describe, expect, it } from "vitest";
import { NatsBus, type NatsBusOptions } from "../../src/nats/nats-bus.js";
import { askGatewayRequest, echo, envelope, recordingWorkers, task } from "../contracts/bus-clients.js";
import { clientOf, type NatsServer, startServer } from "./nats-fixture.js";

const TOOL = { queue: "refund_agent", tool: "process_refund" };

const closing: (() => Promise<unknown>)[] = [];
const log: string[] = [];
const logger = createLogger("test", "debug", { write: (line) => log.push(line) });

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  log.length = 0;
});

async function serverWith(config?: string): Promise<NatsServer> {
  const server = await startServer(config);
  closing.push(() => server.close());
  return server;
}

async function busAt(url: string, options: Partial<NatsBusOptions> = {}): Promise<NatsBus> {
  const bus = await NatsBus.connect({ url, logger, ...options });
  closing.push(() => bus.close());
  return bus;
}

async function operatorAt(url: string): Promise<{ connection: NatsConnection; manager: JetStreamManager }> {
  const connection = await connect({ servers: url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  closing.push(() => connection.close());
  return { connection, manager: await connection.jetstreamManager() };
}

describe("The stream of tasks", () => {
  it("is made once by ten orchestrators that start together, as the work queue must be", async () => {
    const { url } = await serverWith();
    const buses = await Promise.all(Array.from({ length: 10 }, () => busAt(url)));
    const names = await Promise.all(buses.map((bus) => bus.ensureConsumers("default", [TOOL])));
    expect(new Set(names.flat()).size).toBe(1);
    const { manager } = await operatorAt(url);
    expect((await manager.streams.info(TASK_STREAM)).config).toMatchObject({
      subjects: [ALL_TASKS],
      retention: "workqueue",
      storage: "file",
      discard: "new",
      discard_new_per_subject: true,
      max_msgs_per_subject: 1,
      max_age: 0,
      max_msgs: 1_000_000,
    });
    expect((await manager.consumers.info(TASK_STREAM, names[0]?.[0] ?? "")).config).toMatchObject({
      ack_policy: "explicit",
      max_deliver: -1,
      ack_wait: 10_000_000_000,
      max_ack_pending: 10_000,
    });
  });

  it("of another version is brought up to date, and keeps the limits that an operator gave it", async () => {
    const { url } = await serverWith();
    const { manager } = await operatorAt(url);
    const subjects = ["agentspan.task.x.>"];
    await manager.streams.add({ name: TASK_STREAM, subjects, retention: RetentionPolicy.Workqueue, max_msgs: 7 });
    const bus = await busAt(url);
    await bus.announce(task(), "orc_1");
    expect(await bus.announce(task(), "orc_1")).toBe("already_there");
    const { config } = await manager.streams.info(TASK_STREAM);
    expect(config).toMatchObject({ subjects: [ALL_TASKS], discard: "new", discard_new_per_subject: true, max_msgs: 7 });
  });

  it("has a consumer for each of more tools than a server lets a stream have that names no number", async () => {
    const { url } = await serverWith("jetstream { limits { default_max_consumers: 3 } }\n");
    const { manager } = await operatorAt(url);
    const tools = Array.from({ length: 5 }, (_, at) => ({ queue: "many", tool: `tool_${at}` }));
    // As an earlier version made it.
    await manager.streams.add({ name: TASK_STREAM, subjects: [ALL_TASKS], retention: RetentionPolicy.Workqueue });
    const bus = await busAt(url);
    // Both are refused at the same time, and one lets the stream have more.
    const both = await Promise.all([bus, bus].map((each) => each.ensureConsumers("default", tools)));
    expect(both.map((names) => names.length)).toEqual([5, 5]);
    expect((await manager.streams.info(TASK_STREAM)).state.consumer_count).toBe(5);
    await manager.streams.delete(TASK_STREAM);
    expect(await bus.ensureConsumers("default", tools)).toHaveLength(5);
    expect((await manager.streams.info(TASK_STREAM)).config.max_consumers).toBeGreaterThan(5);
  });

  it("takes no more consumers than an operator lets it have, and says so", async () => {
    const { url } = await serverWith();
    const { manager } = await operatorAt(url);
    const named = { name: TASK_STREAM, subjects: [ALL_TASKS], retention: RetentionPolicy.Workqueue };
    await manager.streams.add({ ...named, max_consumers: 1 });
    const bus = await busAt(url);
    const tools = ["one", "two"].map((tool) => ({ queue: "many", tool }));
    const refused = { reason: "BUS_UNAVAILABLE", message: expect.stringContaining("maximum consumers") };
    await expect(bus.ensureConsumers("default", tools)).rejects.toMatchObject(refused);
  });

  it("that is no work queue stops the start at once, with what to do", async () => {
    const { url } = await serverWith();
    const { manager } = await operatorAt(url);
    await manager.streams.add({ name: TASK_STREAM, subjects: [ALL_TASKS] });
    await expect(busAt(url)).rejects.toMatchObject({
      reason: "BUS_UNAVAILABLE",
      message: expect.stringMatching(/limits.*workqueue.*Delete it/),
    });
  });

  it("is made again, with its consumers, when it is deleted under a connection that stays", async () => {
    const { url } = await serverWith();
    const bus = await busAt(url);
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    const { connection, manager } = await operatorAt(url);
    let told = 0;
    bus.onReconnect(() => {
      told += 1;
    });
    await manager.streams.delete(TASK_STREAM);
    const calls = Array.from({ length: 20 }, (_, at) => task({ callId: `call_${at}` }));
    const said = await Promise.all(calls.map((address) => bus.announce(address, "orc_1")));
    expect(new Set(said)).toEqual(new Set(["announced"]));
    expect(await clientOf(connection).pull(consumer, 5_000)).toBeDefined();
    await manager.streams.delete(TASK_STREAM);
    expect(await bus.ensureConsumers("default", [TOOL])).toEqual([consumer]);
    await manager.streams.delete(TASK_STREAM);
    await bus.withdraw(task());
    expect(told).toBeGreaterThan(0);
  });

  it("gives a consumer of other settings those it must have", async () => {
    const { url } = await serverWith();
    const former = await busAt(url, { tasks: { ackWaitMs: 60_000 } });
    const [consumer = ""] = await former.ensureConsumers("default", [TOOL]);
    await (await busAt(url)).ensureConsumers("default", [TOOL]);
    const { manager } = await operatorAt(url);
    expect((await manager.consumers.info(TASK_STREAM, consumer)).config.ack_wait).toBe(10_000_000_000);
  });
});

describe("A connection to NATS", () => {
  it("that cannot be made is given up in time, with server and reason and without the password", async () => {
    const port = await freePort();
    const attempt = NatsBus.connect({ url: `nats://bus:geheim@127.0.0.1:${port}`, connectTimeoutMs: 300 });
    const error: unknown = await attempt.catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ reason: "BUS_UNAVAILABLE", message: expect.stringContaining(`127.0.0.1:${port}`) });
    expect(String(error)).toContain("CONNECTION_REFUSED");
    expect(String(error)).not.toContain("geheim");
  });

  it("is made as soon as the server is there", async () => {
    const server = await serverWith();
    await server.process.kill();
    const bus = busAt(server.url, { connectTimeoutMs: 20_000 });
    await server.process.restart();
    expect(await (await bus).announce(task(), "orc_1")).toBe("announced");
  });

  it("logs in with user and password, and says what is wrong when they are", async () => {
    const { port } = await serverWith("authorization { user: bus, password: geheim }");
    const bus = await busAt(`nats://bus:geheim@127.0.0.1:${port}`);
    expect(await bus.announce(task(), "orc_1")).toBe("announced");
    await expect(busAt(`nats://bus:falsch@127.0.0.1:${port}`, { connectTimeoutMs: 600 })).rejects.toMatchObject({
      reason: "BUS_UNAVAILABLE",
      message: expect.stringMatching(/Authorization Violation/i),
    });
  });

  it("to an account without JetStream is refused with what is missing", async () => {
    const { port } = await serverWith("accounts { A { users: [{ user: bus, password: p }] } }");
    await expect(busAt(`nats://bus:p@127.0.0.1:${port}`, { connectTimeoutMs: 600 })).rejects.toMatchObject({
      reason: "BUS_UNAVAILABLE",
      message: expect.stringMatching(/JetStream/),
    });
  });

  it("to a broker that hangs refuses announcements in time, and goes on when it answers", async () => {
    const server = await serverWith();
    const bus = await busAt(server.url);
    server.process.pause();
    // The signal takes its time on a busy machine.
    await eventually(async () => expect(await bus.answers(100)).toBe(false));
    await expect(bus.announce(task(), "orc_1")).rejects.toMatchObject({ reason: "BUS_UNAVAILABLE" });
    server.process.resume();
    // The hint of the refused announcement may have been stored: that is why announcing again must be safe.
    await eventually(async () => expect(await bus.announce(task(), "orc_1")).toBe("already_there"));
  });

  it("survives requests whose headers are none", async () => {
    const server = await serverWith();
    const bus = await busAt(server.url);
    await bus.serve("orc_1", echo, recordingWorkers());
    const socket = connectSocket({ host: "127.0.0.1", port: server.port });
    closing.push(async () => socket.destroy());
    await once(socket, "data");
    const header = "NATS/1.0\r\nbad key \u0001: x\r\n\r\n";
    const body = envelope("Evil");
    const about = `HPUB ${requestSubject("orc_1")} _INBOX.x ${header.length} ${header.length + body.length}\r\n`;
    socket.write('CONNECT {"verbose":false,"headers":true}\r\n');
    socket.write(Buffer.concat([Buffer.from(about + header), body, Buffer.from("\r\nPING\r\n")]));
    await eventually(() => expect(log.some((line) => line.includes("cannot be read"))).toBe(true));
    const { connection } = await operatorAt(server.url);
    const reply = await askGatewayRequest(clientOf(connection), "RunService/Start", "orc_1");
    expect(reply.outcome.case).toBe("body");
  });

  it("does not keep live events of an outage for later, nor fail for them", async () => {
    const server = await serverWith();
    const bus = await busAt(server.url);
    await server.process.kill();
    await eventually(() => expect(bus.connected).toBe(false));
    const before = process.memoryUsage().heapUsed;
    const live = create(LiveEventsSchema, { runId: "run_a", lastSequence: 1n, events: [] });
    for (let at = 0; at < 100_000; at += 1) bus.publish("default", "run_a", live);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(64 * 1024 * 1024);
  });

  it("drops live events that a broker takes too slowly, and says so, instead of piling them up", async () => {
    const server = await serverWith();
    const bus = await busAt(server.url);
    const value = { outputJson: "x".repeat(200 * 1024) };
    const events = [{ runId: "run_a", sequence: 1n, event: { case: "done" as const, value } }];
    const live = create(LiveEventsSchema, { runId: "run_a", lastSequence: 1n, events });
    server.process.pause();
    for (let at = 0; at < 500; at += 1) bus.publish("default", "run_a", live);
    server.process.resume();
    // Of 100 MB some 32 may wait to be sent.
    const dropped = () => log.find((line) => line.includes("Dropped live events")) ?? "{}";
    await eventually(() => expect(JSON.parse(dropped())).toMatchObject({ messages: expect.any(Number) }));
    expect((JSON.parse(dropped()) as { messages: number }).messages).toBeGreaterThan(300);
    const { connection } = await operatorAt(server.url);
    const heard = await clientOf(connection).listen(eventsSubject("default", "run_b"));
    bus.publish("default", "run_b", live);
    await eventually(() => expect(heard).toHaveLength(1));
  });
});
