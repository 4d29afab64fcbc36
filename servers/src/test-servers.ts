// Both servers for a test, on free ports and in a folder of their own that is removed with them.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startMongo } from "./mongo.js";
import { startNats } from "./nats.js";
import { type ResolveOptions, resolveServers } from "./resolve-servers.js";
import type { ServerProcess } from "./server-process.js";
import { ServersError } from "./servers-error.js";
import { sharedMongo } from "./shared-mongo.js";

/** What an outage test does to a server. Throws NOT_OURS where NATS_URL or MONGODB_URI names it, or other tests use it. */
export interface TestServer {
  readonly port: number;
  readonly pid: number | undefined;
  /** SIGKILL; resolves when it is gone. */
  kill(): Promise<void>;
  /** The same port and the same data; resolves when it answers. */
  restart(): Promise<void>;
  /** SIGSTOP: nothing answers, nothing is closed. Resolves when it stands still. */
  pause(): Promise<void>;
  resume(): void;
  stop(): Promise<void>;
}

export interface TestServers {
  readonly natsUrl: string;
  /** Without a database: choose one that no other test has. */
  readonly mongoUri: string;
  readonly nats: TestServer;
  readonly mongo: TestServer;
  /** Stops what was started here and removes its data. */
  stop(): Promise<void>;
}

export interface TestServersOptions extends Pick<ResolveOptions, "cacheDir" | "onProgress" | "env" | "signal"> {
  /** Always starts its own, whatever NATS_URL and MONGODB_URI say: for tests that kill, pause or restart them. */
  readonly own?: boolean;
  /** Uses the MongoDB server that tests of this process share, where they do so and MONGODB_URI names none to use. */
  readonly sharesMongo?: boolean;
  /** Where their data is, in a folder that is removed with them; the system's place for temporary files unless said. */
  readonly dataDir?: string | undefined;
  /** More of the NATS server's configuration: users and permissions. Only with a server of its own. */
  readonly natsConfig?: string;
}

/** Starts both, or uses those that NATS_URL and MONGODB_URI name. Throws as resolveServers, startNats and startMongo do. */
export async function startTestServers(options: TestServersOptions = {}): Promise<TestServers> {
  const found = await resolveServers(options);
  const shared = options.sharesMongo === true && "command" in found.mongo ? await sharedMongo(found.mongo) : undefined;
  const folder = await mkdtemp(join(options.dataDir ?? tmpdir(), "agentspan-test-"));
  const started: ServerProcess[] = [];
  const stop = async (): Promise<void> => {
    // Nobody reads the data again, so nothing is gained by letting them close it.
    await Promise.all(started.map((server) => server.kill()));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
  const { signal } = options;
  const nats =
    "url" in found.nats
      ? undefined
      : startNats({ binary: found.nats.binary, storeDir: join(folder, "nats"), config: options.natsConfig, signal });
  const mongo =
    "uri" in found.mongo || shared !== undefined
      ? undefined
      : startMongo({ ...found.mongo, dataDir: join(folder, "mongo"), signal });
  const both = await Promise.allSettled([nats, mongo]);
  for (const one of both) if (one.status === "fulfilled" && one.value !== undefined) started.push(one.value.process);
  const failed = both.find((one) => one.status === "rejected");
  if (failed !== undefined) {
    await stop();
    throw failed.reason;
  }
  const runningNats = await nats;
  const runningMongo = await mongo;
  return {
    natsUrl: runningNats?.url ?? ("url" in found.nats ? found.nats.url : ""),
    mongoUri: (runningMongo ?? shared)?.uri ?? ("uri" in found.mongo ? found.mongo.uri : ""),
    nats: controls("NATS_URL names this server", runningNats),
    mongo:
      shared === undefined
        ? controls("MONGODB_URI names this server", runningMongo)
        : controls("Other tests use this server", undefined, shared.port),
    stop,
  };
}

function controls(
  why: string,
  running: { port: number; process: ServerProcess } | undefined,
  port = running?.port,
): TestServer {
  const get = () => {
    if (running !== undefined) return running;
    throw new ServersError(
      "NOT_OURS",
      `${why}, and a test cannot stop what it did not start. Use startTestServers({ own: true }), or a stack with ownStore.`,
    );
  };
  return {
    get port() {
      return port ?? get().port;
    },
    get pid() {
      return get().process.pid;
    },
    kill: () => get().process.kill(),
    restart: () => get().process.restart(),
    pause: () => get().process.pause(),
    resume: () => get().process.resume(),
    stop: () => get().process.stop(),
  };
}
