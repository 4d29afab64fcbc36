// What somebody takes from the work queue behind the orchestrators' backs, as an operator may by mistake, and a worker that
// is in one account with the services by the reply subject of a pull: it is noticed, told and made again unasked.
import { consumerName, createLogger, TASK_STREAM } from "@agentspan/internal";
import { eventually } from "@agentspan/servers/eventually";
import { connect, type JetStreamManager, type NatsConnection } from "nats";
import { afterEach, describe, expect, it } from "vitest";
import { NatsBus } from "../../src/nats/nats-bus.js";
import { echo, recordingWorkers, task } from "../contracts/bus-clients.js";
import { clientOf, startServer } from "./nats-fixture.js";

const TOOL = { queue: "refund_agent", tool: "process_refund" };
const IDLE = { queue: "idle", tool: "nothing" };
const CONSUMER = consumerName("default", TOOL.queue, TOOL.tool);

const closing: (() => Promise<unknown>)[] = [];
const log: string[] = [];
const logger = createLogger("test", "debug", { write: (line) => log.push(line) });

afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
  log.length = 0;
});

interface Bench {
  readonly bus: NatsBus;
  readonly operator: NatsConnection;
  readonly manager: JetStreamManager;
  /** How often it was told that what was announced may be gone. */
  told(): number;
  lines(message: string): readonly Record<string, unknown>[];
}

async function bench(): Promise<Bench> {
  const server = await startServer();
  closing.push(() => server.close());
  const bus = await NatsBus.connect({ url: server.url, logger });
  closing.push(() => bus.close());
  await bus.ensureConsumers("default", [TOOL, IDLE]);
  let told = 0;
  // As the sweeper does.
  bus.onReconnect(() => {
    told += 1;
    bus.announce(task(), "orc_1").catch((err: unknown) => logger.error({ err }, "not announced"));
  });
  await bus.announce(task(), "orc_1");
  const operator = await connect({ servers: server.url });
  closing.push(() => operator.close());
  const lines = (message: string) =>
    log.map((line) => JSON.parse(line) as Record<string, unknown>).filter(({ msg }) => String(msg).includes(message));
  return { bus, operator, manager: await operator.jetstreamManager(), told: () => told, lines };
}

/** As a worker may whose login is for one unrelated tool: JetStream answers with nothing, at a place of the worker's choice. */
function byReply({ operator }: Bench, reply: string): void {
  const pull = `$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${consumerName("default", IDLE.queue, IDLE.tool)}`;
  operator.publish(pull, '{"batch":1,"no_wait":true}', { reply });
}

const TAKEN = "Somebody took from the work queue";

/** Once it was noticed, the hint comes that was there before. */
async function expectHint({ operator, lines }: Bench): Promise<void> {
  await eventually(() => expect(lines(TAKEN)).toHaveLength(1));
  await eventually(async () => expect(await clientOf(operator).pull(CONSUMER, 1_000)).toBeDefined());
}

describe("the work queue", () => {
  it.each([
    ["an operator", async ({ manager }: Bench) => void (await manager.streams.purge(TASK_STREAM))],
    ["a worker's reply subject", async (at: Bench) => byReply(at, `$JS.API.STREAM.PURGE.${TASK_STREAM}`)],
    [
      "somebody who takes a single hint",
      async ({ manager }: Bench) => void (await manager.streams.deleteMessage(TASK_STREAM, 1)),
    ],
  ])("that is emptied by %s is filled again, and who did it is told", async (_, empty) => {
    const at = await bench();
    await empty(at);
    await expectHint(at);
    expect(at.told()).toBe(1);
    expect(at.lines(TAKEN)).toMatchObject([{ level: "warn", by: { account: "$G" }, removals: 1 }]);
  });

  it.each([
    ["an operator", async ({ manager }: Bench) => void (await manager.streams.delete(TASK_STREAM))],
    ["a worker's reply subject", async (at: Bench) => byReply(at, `$JS.API.STREAM.DELETE.${TASK_STREAM}`)],
  ])("that is deleted by %s is made again with its consumers, and filled", async (_, remove) => {
    const at = await bench();
    await remove(at);
    await expectHint(at);
    expect(at.lines("Made the work queue again")).toHaveLength(1);
    expect((await at.manager.streams.info(TASK_STREAM)).state.consumer_count).toBe(2);
  });

  it.each([
    ["an operator", async ({ manager }: Bench) => void (await manager.consumers.delete(TASK_STREAM, CONSUMER))],
    [
      "a worker's reply subject",
      async (at: Bench) => byReply(at, `$JS.API.CONSUMER.DELETE.${TASK_STREAM}.${CONSUMER}`),
    ],
  ])("whose consumer is deleted by %s has it again, with what waits there", async (_, remove) => {
    const at = await bench();
    await remove(at);
    await expectHint(at);
    expect(at.lines("Made the consumers of tools again")).toMatchObject([{ consumers: 1 }]);
  });

  it("is not looked after because orchestrators withdraw the hints of a call", async () => {
    const at = await bench();
    await at.bus.withdraw(task());
    await at.bus.announce(task({ callId: "other" }), "orc_1");
    // Told in the order in which it was done: this word comes after that of the withdrawal.
    await at.manager.streams.purge(TASK_STREAM, { filter: "agentspan.task.elsewhere.>" });
    await eventually(() => expect(at.lines(TAKEN)).toHaveLength(1));
    expect(at.lines(TAKEN)).toMatchObject([{ removals: 1 }]);
  });

  it("that somebody empties again and again is looked after in turns, with few words", async () => {
    const at = await bench();
    await Promise.all(Array.from({ length: 200 }, () => at.manager.streams.purge(TASK_STREAM)));
    await expectHint(at);
    expect(at.told()).toBeLessThan(10);
    expect(at.lines(TAKEN)).toHaveLength(1);
  });

  it("that was not there when an orchestrator came is told of once it serves: what waits was announced elsewhere", async () => {
    const server = await startServer();
    closing.push(() => server.close());
    const told: string[] = [];
    for (const name of ["first", "second"]) {
      const bus = await NatsBus.connect({ url: server.url, logger });
      closing.push(() => bus.close());
      bus.onReconnect(() => told.push(name));
      await bus.serve(name, echo, recordingWorkers());
    }
    expect(told).toEqual(["first"]);
  });
});
