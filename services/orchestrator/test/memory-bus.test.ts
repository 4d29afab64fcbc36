import { describe, expect, it } from "vitest";
import { MemoryBroker, MemoryBrokerError } from "../src/memory/memory-broker.js";
import { MemoryBus } from "../src/memory/memory-bus.js";
import { busContract } from "./contracts/bus-contract.js";
import { type BusClient, type BusFixtureOptions, NoAnswerError, NoRespondersError } from "./contracts/bus-fixture.js";

busContract("The memory bus", async (options: BusFixtureOptions = {}) => {
  const { mostHints, ackWaitMs, limits, logger } = options;
  const broker = new MemoryBroker({
    ...(mostHints === undefined ? {} : { mostHints }),
    ...(ackWaitMs === undefined ? {} : { ackWaitMs }),
  });
  const buses: MemoryBus[] = [];
  return {
    // The broker is in this process; `mostHints` bounds what it holds.
    bytesOfHint: 1_000,
    async connect(database) {
      const bus = await MemoryBus.connect(broker, {
        ...(database === undefined ? {} : { database }),
        ...(limits === undefined ? {} : { limits }),
        ...(logger === undefined ? {} : { logger }),
      });
      buses.push(bus);
      return bus;
    },
    client: async () => clientOf(broker),
    stopBroker: async () => broker.stop(),
    startBroker: async (store) => broker.start(store),
    giveQueueTo: async (id) => broker.markQueue(id),
    storedHints: async () => broker.storedHints,
    async close() {
      for (const bus of buses) await bus.close();
    },
  };
});

/** In process, and still through encoded bytes. */
function clientOf(broker: MemoryBroker): BusClient {
  return {
    async ask(subject, data, { contentType, inboxPrefix = "_INBOX", timeoutMs = 5_000 } = {}) {
      try {
        return await broker.request(subject, data, {
          timeoutMs,
          inboxPrefix,
          ...(contentType === undefined ? {} : { contentType }),
        });
      } catch (thrown) {
        throw translated(thrown);
      }
    },
    send(subject, data, reply) {
      broker.publish(subject, data, reply === undefined ? {} : { reply });
    },
    async listen(subject) {
      const heard: Uint8Array[] = [];
      broker.subscribe(subject, ({ data }) => heard.push(data));
      return heard;
    },
    async pull(consumer, waitMs) {
      try {
        const hint = await broker.pull(consumer, waitMs);
        return hint === undefined ? undefined : { ...hint, ack: async () => hint.ack() };
      } catch (thrown) {
        throw translated(thrown);
      }
    },
  };
}

function translated(thrown: unknown): unknown {
  if (!(thrown instanceof MemoryBrokerError)) return thrown;
  return thrown.code === "NO_RESPONDERS" ? new NoRespondersError() : new NoAnswerError(thrown.message);
}

describe("The memory broker", () => {
  it("copies what is sent, so that nobody can change it afterwards", async () => {
    const broker = new MemoryBroker();
    const heard: Uint8Array[] = [];
    broker.subscribe("a.*", ({ data }) => heard.push(data));
    const data = Uint8Array.of(1);
    broker.publish("a.b", data);
    data[0] = 2;
    await Promise.resolve();
    expect(heard).toEqual([Uint8Array.of(1)]);
  });

  it("does not count a hint off that an acknowledgement from before a loss of the store names", async () => {
    const broker = new MemoryBroker();
    const [, , namespace, queue, tool] = "agentspan.task.n.q.t.run.call.1".split(".");
    const bus = new MemoryBus(broker);
    const [consumer = ""] = await bus.ensureConsumers(namespace ?? "", [{ queue: queue ?? "", tool: tool ?? "" }]);
    const address = { namespace: "n", queue: "q", tool: "t", runId: "run", callId: "call", attempt: 1 };
    await bus.announce(address, "orc_1");
    const old = await broker.pull(consumer, 100);
    broker.stop();
    broker.start("lost");
    await bus.announce(address, "orc_1");
    old?.ack();
    expect(broker.storedHints).toBe(1);
  });

  it("ends a pull that is cancelled, and one that waits when the broker goes away", async () => {
    const broker = new MemoryBroker();
    broker.makeConsumer("c");
    const cancel = new AbortController();
    const cancelled = broker.pull("c", 60_000, cancel.signal);
    const dismissed = broker.pull("c", 60_000);
    cancel.abort();
    expect(await cancelled).toBeUndefined();
    broker.stop();
    expect(await dismissed).toBeUndefined();
  });
});
