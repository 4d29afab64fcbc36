// What a worker says on the bus of the whole stack, heard from outside.
import { connect, type NatsConnection } from "nats";
import { readRequest, type Seen } from "./worker-wire.js";

export class Overheard {
  readonly seen: Seen[] = [];

  private constructor(
    private readonly connection: NatsConnection,
    workerId: string,
  ) {
    for (const subject of [`agentspan.worker.${workerId}.*`, `agentspan.worker.${workerId}.*.*`]) {
      connection.subscribe(subject, { callback: (_, message) => this.seen.push(readRequest(message)) });
    }
  }

  /** Hears every request from when it resolves. */
  static async of(natsUrl: string, workerId: string): Promise<Overheard> {
    const connection = await connect({ servers: natsUrl });
    const overheard = new Overheard(connection, workerId);
    await connection.flush();
    return overheard;
  }

  /** Those of every request so far, each once. */
  get incarnations(): readonly string[] {
    return [...new Set(this.seen.map(({ request }) => request.incarnation))];
  }

  close(): Promise<void> {
    return this.connection.close();
  }
}
