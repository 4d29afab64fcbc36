// The processes of NATS and MongoDB behind a stack, to be killed, stopped and lost.
import { mkdtemp } from "node:fs/promises";
import { join } from "node:path";
import { type RunningNats, resolveServers, startNats, type TestServers } from "@agentspan/servers";

export type Server = "NATS" | "MongoDB";

export class ServerProcesses {
  /** Took the place of the one that was lost. */
  #ownNats: RunningNats | undefined;

  constructor(private readonly servers: TestServers) {}

  /** SIGKILL. */
  kill(server: Server): Promise<void> {
    return this.#process(server).kill();
  }

  /** The same port and the same data. */
  restart(server: Server): Promise<void> {
    return this.#process(server).restart();
  }

  /** SIGSTOP: nothing answers, nothing is closed. */
  pause(server: Server): void {
    this.#process(server).pause();
  }

  resume(server: Server): void {
    this.#process(server).resume();
  }

  /** Kills NATS and starts one on the same port that knows nothing, with its data below the folder. */
  async loseNats(folder: string): Promise<void> {
    const { port } = this.servers.nats;
    await this.kill("NATS");
    const { nats } = await resolveServers({ own: true });
    if (!("binary" in nats)) throw new Error("There is no NATS server of our own to start.");
    const storeDir = await mkdtemp(join(folder, "nats-"));
    this.#ownNats = await startNats({ binary: nats.binary, port, storeDir });
  }

  /** Stops what was started here; the servers that were given are whoever's who started them. */
  async stop(): Promise<void> {
    await this.#ownNats?.process.kill();
  }

  #process(server: Server) {
    return server === "MongoDB" ? this.servers.mongo : (this.#ownNats?.process ?? this.servers.nats);
  }
}
