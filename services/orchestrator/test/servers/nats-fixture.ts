// The bus over a real NATS server of its own for each test.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DATABASE_MARK, TASK_STREAM } from "@agentspan/internal";
import { type RunningNats, resolveServers, startNats } from "@agentspan/servers";
import { eventually } from "@agentspan/servers/eventually";
import { connect, createInbox, ErrorCode, headers, type Msg, type NatsConnection, NatsError } from "nats";

import { NatsBus } from "../../src/nats/nats-bus.js";
import {
  type BusClient,
  type BusFixture,
  type BusFixtureOptions,
  NoAnswerError,
  NoRespondersError,
} from "../contracts/bus-fixture.js";

export interface NatsServer extends RunningNats {
  readonly storeDir: string;
  close(): Promise<void>;
}

let binary: Promise<string> | undefined;

async function natsBinary(): Promise<string> {
  const { nats } = await resolveServers({ own: true });
  if ("url" in nats) throw new Error("A server of our own was asked for");
  return nats.binary;
}

export async function startServer(config?: string): Promise<NatsServer> {
  binary ??= natsBinary();
  const storeDir = await mkdtemp(join(tmpdir(), "agentspan-nats-"));
  const running = await startNats({ binary: await binary, storeDir, config });
  return {
    ...running,
    storeDir,
    async close() {
      await running.process.stop();
      await rm(storeDir, { recursive: true, force: true });
    },
  };
}

export async function makeNatsFixture(options: BusFixtureOptions = {}): Promise<BusFixture> {
  const { mostHints, ackWaitMs, limits, logger } = options;
  const server = await startServer();
  const buses: NatsBus[] = [];
  const connections: NatsConnection[] = [];
  const dial = async () => {
    const connection = await connect({ servers: server.url, maxReconnectAttempts: -1, reconnectTimeWait: 50 });
    connections.push(connection);
    return connection;
  };
  return {
    bytesOfHint: 0,
    async connect(database) {
      const bus = await NatsBus.connect({
        url: server.url,
        name: `bus ${buses.length}`,
        tasks: {
          ...(mostHints === undefined ? {} : { mostHints }),
          ...(ackWaitMs === undefined ? {} : { ackWaitMs }),
        },
        ...(database === undefined ? {} : { database }),
        ...(limits === undefined ? {} : { limits }),
        ...(logger === undefined ? {} : { logger }),
      });
      buses.push(bus);
      return bus;
    },
    client: async () => clientOf(await dial()),
    async stopBroker() {
      await server.process.kill();
      await eventually(() => {
        if (buses.some((bus) => bus.connected)) throw new Error("A bus has not noticed yet");
      });
    },
    async startBroker(store) {
      if (store === "lost") await rm(join(server.storeDir, "jetstream"), { recursive: true });
      await server.process.restart();
    },
    async giveQueueTo(id) {
      const manager = await (await dial()).jetstreamManager();
      await manager.streams.update(TASK_STREAM, { metadata: { [DATABASE_MARK]: id } });
    },
    async storedHints() {
      const manager = await (await dial()).jetstreamManager();
      return (await manager.streams.info(TASK_STREAM)).state.messages;
    },
    async close() {
      for (const bus of buses) await bus.close();
      for (const connection of connections) await connection.close();
      await server.close();
    },
  };
}

export function clientOf(connection: NatsConnection): BusClient {
  return {
    async ask(subject, data, { contentType, inboxPrefix = "_INBOX", timeoutMs = 5_000 } = {}) {
      const typed = headers();
      if (contentType !== undefined) typed.set("Content-Type", contentType);
      const about = { timeout: timeoutMs, noMux: true, reply: createInbox(inboxPrefix), headers: typed };
      try {
        const answer = await connection.request(subject, data, about);
        return { data: answer.data, contentType: answer.headers?.get("content-type") ?? "" };
      } catch (thrown) {
        throw translated(thrown);
      }
    },
    send(subject, data, reply) {
      connection.publish(subject, data, reply === undefined ? {} : { reply });
    },
    async listen(subject) {
      const heard: Uint8Array[] = [];
      connection.subscribe(subject, { callback: (_error, { data }: Msg) => heard.push(data) });
      await connection.flush();
      return heard;
    },
    async pull(consumer, waitMs) {
      try {
        const hint = await connection.jetstream().pull(TASK_STREAM, consumer, waitMs);
        return {
          subject: hint.subject,
          data: hint.data,
          deliveries: hint.info.redeliveryCount,
          giveBack: (afterMs) => hint.nak(afterMs),
          working: () => hint.working(),
          async ack() {
            await hint.ackAck();
          },
        };
      } catch (thrown) {
        if (thrown instanceof NatsError && ["404", "408"].includes(thrown.code)) return undefined;
        throw translated(thrown);
      }
    },
  };
}

function translated(thrown: unknown): unknown {
  if (!(thrown instanceof NatsError)) return thrown;
  if (thrown.code === ErrorCode.NoResponders) return new NoRespondersError();
  return thrown.code === ErrorCode.Timeout ? new NoAnswerError(thrown.message) : thrown;
}
