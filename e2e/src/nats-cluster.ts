// Several NATS servers that are one cluster, as production has them, on free ports of this machine.
import { join } from "node:path";
import { TASK_STREAM } from "@agentspan/internal";
import { freePort, type RunningNats, resolveNats, startNats } from "@agentspan/servers";
import { connect } from "nats";
import { until } from "./until.js";

export class NatsCluster {
  private constructor(
    readonly nodes: readonly RunningNats[],
    /** Of all of them, joined by commas. */
    readonly url: string,
  ) {}

  /** Resolves when they have a leader of JetStream. `config` is what each has besides. */
  static async start(size: number, folder: string, config = ""): Promise<NatsCluster> {
    const { binary } = await resolveNats();
    const ports = await Promise.all(Array.from({ length: size }, () => freePort()));
    const routes = ports.map((port) => `nats-route://127.0.0.1:${port}`).join(", ");
    const started = await Promise.allSettled(
      ports.map((port, at) =>
        startNats({
          binary,
          storeDir: join(folder, `nats-${at}`),
          config: `${config}cluster { name: agentspan, listen: "127.0.0.1:${port}", routes: [${routes}] }\n`,
        }),
      ),
    );
    const nodes = started.flatMap((one) => (one.status === "fulfilled" ? [one.value] : []));
    const cluster = new NatsCluster(nodes, nodes.map(({ url }) => url).join(","));
    const failed = started.find((one) => one.status === "rejected");
    if (failed !== undefined) {
      await cluster.stop();
      throw failed.reason;
    }
    await cluster.#settled(async (jsm) => (await jsm.getAccountInfo()) !== undefined);
    return cluster;
  }

  /** Stops one after the other and starts it again; the next follows when each has all of the stream of tasks. */
  async rollingRestart(): Promise<void> {
    for (const { process } of this.nodes) {
      await process.stop();
      await process.restart();
      await this.#settled(async (jsm) => {
        const { cluster } = await jsm.streams.info(TASK_STREAM);
        const replicas = cluster?.replicas ?? [];
        return (
          replicas.length === this.nodes.length - 1 && replicas.every(({ current, offline }) => current && !offline)
        );
      });
    }
  }

  async stop(): Promise<void> {
    await Promise.all(this.nodes.map(({ process }) => process.kill()));
  }

  async #settled(isSo: (jsm: Awaited<ReturnType<typeof manager>>["jsm"]) => Promise<boolean>): Promise<void> {
    const { jsm, connection } = await manager(this.url);
    try {
      // While a leader is elected nobody answers.
      await until("the cluster has settled", () => isSo(jsm).catch(() => false), { withinMs: 60_000 });
    } finally {
      await connection.close();
    }
  }
}

async function manager(url: string) {
  const connection = await connect({ servers: url.split(","), maxReconnectAttempts: -1 });
  return { connection, jsm: await connection.jetstreamManager({ checkAPI: false, timeout: 2_000 }) };
}
