// Every process of the benchmark: NATS, the store, a model server, orchestrator, gateway, worker and client.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { resolveServers, startMongo, startNats } from "@agentspan/servers";
import { type Child, startChild } from "./child.js";

export interface Stack {
  readonly mongoUri: string;
  readonly database: string;
  readonly natsPid: number | undefined;
  readonly storePid: number | undefined;
  readonly storeKind: string;
  readonly orchestrators: readonly Child[];
  readonly gateway: Child;
  readonly worker: Child;
  readonly client: Child;
  stop(): Promise<void>;
}

export interface StackOptions {
  readonly orchestrators: number;
  /** Through the port for gRPC alone, or the one for every protocol. */
  readonly transport: "grpc" | "connect";
  /** Where each process writes its CPU profile. */
  readonly profileDir?: string;
  readonly onProgress: (line: string) => void;
}

const here = dirname(fileURLToPath(import.meta.url));

/** The module that a service's process begins with. */
function mainOf(name: string): string {
  return fileURLToPath(import.meta.resolve(`${name}/main`));
}

export async function startStack({
  orchestrators: count,
  transport,
  profileDir,
  onProgress,
}: StackOptions): Promise<Stack> {
  const folder = await mkdtemp(join(tmpdir(), "agentspan-bench-"));
  const closers: (() => Promise<unknown>)[] = [() => rm(folder, { recursive: true, force: true, maxRetries: 5 })];
  const stop = async (): Promise<void> => {
    for (const close of closers.reverse()) await close();
  };
  try {
    const found = await resolveServers({ onProgress });
    const nats = "url" in found.nats ? undefined : await startNats({ ...found.nats, storeDir: join(folder, "nats") });
    if (nats !== undefined) closers.push(() => nats.process.stop());
    const mongo =
      "uri" in found.mongo ? undefined : await startMongo({ ...found.mongo, dataDir: join(folder, "mongo") });
    if (mongo !== undefined) closers.push(() => mongo.process.stop());
    const natsUrl = "url" in found.nats ? found.nats.url : (nats?.url ?? "");
    const mongoUri = "uri" in found.mongo ? found.mongo.uri : (mongo?.uri ?? "");
    const database = `bench_${process.pid}`;

    const child = async (name: string, module: string, env: Record<string, string>): Promise<Child> => {
      const started = await startChild(name, module, env, profileDir);
      closers.push(() => started.stop());
      return started;
    };
    const model = await child("model server", join(here, "model-server.js"), {});
    const settings = {
      NATS_URL: natsUrl,
      MONGODB_URI: mongoUri,
      AGENTSPAN_DATABASE: database,
      AGENTSPAN_LOG_LEVEL: "warn",
      BENCH_KEY: "none",
      AGENTSPAN_MODEL_PROVIDERS: JSON.stringify({
        bench: { baseUrl: `http://127.0.0.1:${String(model.ready.port)}/v1`, keyVariable: "BENCH_KEY" },
      }),
    };
    const orchestrators: Child[] = [];
    for (let n = 1; n <= count; n += 1) {
      orchestrators.push(await child(`orchestrator ${n}`, mainOf("@agentspan/orchestrator"), settings));
    }
    const gateway = await child("gateway", mainOf("@agentspan/gateway"), {
      NATS_URL: natsUrl,
      AGENTSPAN_PORT: "0",
      AGENTSPAN_GRPC_PORT: "0",
      AGENTSPAN_LOG_LEVEL: "warn",
    });
    const worker = await child("worker", join(here, "worker.js"), { NATS_URL: natsUrl });
    const client = await child("client", join(here, "client.js"), {
      AGENTSPAN_SERVER_URL: `http://127.0.0.1:${String(gateway.ready.port)}`,
      ...(transport === "grpc" ? { BENCH_GRPC_URL: `grpc://127.0.0.1:${String(gateway.ready.grpcPort)}` } : {}),
    });
    return {
      mongoUri,
      database,
      natsPid: nats?.process.pid,
      storePid: mongo?.process.pid,
      storeKind: "uri" in found.mongo ? "MONGODB_URI" : found.mongo.kind,
      orchestrators,
      gateway,
      worker,
      client,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
