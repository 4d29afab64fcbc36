// What a worker and the orchestrators say to each other in heartbeats, listened to on the bus.
import { workerInboxPrefix, workerSubject } from "@agentspan/internal";
import { HeartbeatRequestSchema, HeartbeatResponseSchema } from "@agentspan/proto";
import { fromBinary } from "@bufbuild/protobuf";
import { connect, type NatsConnection } from "nats";

export interface Heartbeat {
  /** Nonces of the tasks in hand, by the run they belong to. */
  readonly inHand: ReadonlyMap<string, string>;
  /** Nonces that the answer told to stop; undefined while no answer came. */
  stop: readonly string[] | undefined;
}

export class Heartbeats {
  readonly #sent: Heartbeat[] = [];
  readonly #byInbox = new Map<string, Heartbeat>();

  private constructor(
    private readonly connection: NatsConnection,
    workerId: string,
  ) {
    const subject = workerSubject(workerId, "heartbeat");
    for (const listened of [subject, `${subject}.*`]) {
      connection.subscribe(listened, {
        callback: (_, { data, reply }) => {
          const { tasks } = fromBinary(HeartbeatRequestSchema, data);
          const heartbeat = { inHand: new Map(tasks.map(({ runId, nonce }) => [runId, nonce])), stop: undefined };
          this.#sent.push(heartbeat);
          if (reply !== undefined) this.#byInbox.set(reply, heartbeat);
        },
      });
    }
    connection.subscribe(`${workerInboxPrefix(workerId)}.>`, {
      callback: (_, { subject: inbox, data }) => {
        const heartbeat = this.#byInbox.get(inbox);
        if (heartbeat !== undefined) heartbeat.stop = fromBinary(HeartbeatResponseSchema, data).stop;
      },
    });
  }

  /** Hears every heartbeat from when it resolves. */
  static async of(natsUrl: string, workerId: string): Promise<Heartbeats> {
    const connection = await connect({ servers: natsUrl });
    const heartbeats = new Heartbeats(connection, workerId);
    await connection.flush();
    return heartbeats;
  }

  /** How many there were so far. */
  get count(): number {
    return this.#sent.length;
  }

  /** Those after the first `count` whose answer left a task of this run running. */
  deafTo(runId: string, count: number): readonly Heartbeat[] {
    return this.#sent.slice(count).filter(({ inHand, stop }) => {
      const nonce = inHand.get(runId);
      return nonce !== undefined && stop !== undefined && !stop.includes(nonce);
    });
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
