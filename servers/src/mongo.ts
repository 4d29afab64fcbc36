// Starts a MongoDB server, mongod or SecantusDB, as a replica set of one on a port of 127.0.0.1.
import { mkdir, writeFile } from "node:fs/promises";
import { connect } from "node:net";
import { join } from "node:path";
import { type Document, MongoClient, MongoServerError } from "mongodb";
import { freePort } from "./free-port.js";
import { hooksOf, isPortTaken, type ServerHooks, ServerProcess } from "./server-process.js";
import { ServersError } from "./servers-error.js";

export type MongoKind = "mongod" | "secantusdb";

export interface StartMongoOptions extends ServerHooks {
  readonly kind: MongoKind;
  /** Program and first arguments, as resolveServers gives them. */
  readonly command: readonly string[];
  /** A free one unless said. */
  readonly port?: number | undefined;
  /** Where the data lies; made where it is missing. One kind cannot read what the other wrote. */
  readonly dataDir: string;
  /** Megabytes of cache; 256 unless said. */
  readonly cacheMb?: number | undefined;
}

/** A server that this process started. */
export interface RunningMongo {
  /** It names this one server and no set, so that a driver does not look for others. */
  readonly uri: string;
  readonly port: number;
  readonly process: ServerProcess;
}

const ATTEMPTS = 5;
const SET = "rs0";

/** Starts it and waits until it is a primary that takes writes. Throws START_FAILED. */
export async function startMongo(options: StartMongoOptions): Promise<RunningMongo> {
  await mkdir(options.dataDir, { recursive: true });
  for (let attempt = 1; ; attempt += 1) {
    const port = options.port ?? (await freePort());
    try {
      if (await isTaken(port)) throw new ServersError("START_FAILED", `MongoDB: port ${port}: the port is taken.`);
      const process = await ServerProcess.start({
        name: options.kind === "mongod" ? "MongoDB" : "SecantusDB",
        command: await commandOf(options, port),
        cwd: options.dataDir,
        answers: (signal) => isPrimary(port, options.kind, signal),
        ...hooksOf(options),
      });
      return { uri: uriOf(port), port, process };
    } catch (error) {
      if (options.port !== undefined || !isPortTaken(error) || attempt === ATTEMPTS) throw error;
    }
  }
}

function uriOf(port: number): string {
  return `mongodb://127.0.0.1:${port}/?directConnection=true`;
}

async function commandOf(options: StartMongoOptions, port: number): Promise<readonly string[]> {
  const { kind, command, dataDir, cacheMb = 256 } = options;
  if (kind === "mongod") {
    return [
      ...command,
      ...["--replSet", SET, "--bind_ip", "127.0.0.1", "--port", String(port), "--dbpath", dataDir],
      ...["--wiredTigerCacheSizeGB", String(Math.max(cacheMb, 256) / 1024)],
    ];
  }
  // Without a file of its own it would read one from the current folder, the home folder or /etc.
  const config = join(dataDir, "secantusd.toml");
  await writeFile(config, "");
  return [
    ...command,
    ...["--config", config, "--host", "127.0.0.1", "--port", String(port)],
    ...["--storage-path", join(dataDir, "db"), "--cache-size", `${cacheMb}M`],
    // Without it, acknowledged writes were seen to be lost when the process was killed.
    "--sync-on-commit",
  ];
}

/** Whether somebody already listens there: its answer would be taken for the new server's. */
function isTaken(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ host: "127.0.0.1", port });
    socket.once("connect", () => resolve(true));
    socket.once("error", () => resolve(false));
    socket.once("connect", () => socket.destroy());
  });
}

async function isPrimary(port: number, kind: MongoKind, signal: AbortSignal): Promise<void> {
  if (!(await isTaken(port))) throw new Error(`Nobody listens on port ${port} yet`);
  const client = new MongoClient(uriOf(port), { serverSelectionTimeoutMS: 2000, connectTimeoutMS: 2000 });
  try {
    const admin = client.db("admin");
    const hello = await admin.command({ hello: 1 }, { signal });
    if (hello.isWritablePrimary === true) return;
    if (kind === "mongod" && hello.setName === undefined) await initiate(client, port, signal);
    throw new Error("It is not a primary yet");
  } finally {
    await client.close();
  }
}

/** Makes a fresh mongod a set of one, or tells one that was moved to another port where it is now. */
async function initiate(client: MongoClient, port: number, signal: AbortSignal): Promise<void> {
  const members = [{ _id: 0, host: `127.0.0.1:${port}` }];
  try {
    await client.db("admin").command({ replSetInitiate: { _id: SET, members } }, { signal });
  } catch (error) {
    if (!(error instanceof MongoServerError && error.codeName === "AlreadyInitialized")) throw error;
    const stored = await client
      .db("local")
      .collection<Document>("system.replset")
      .findOne({}, { readPreference: "primaryPreferred", signal });
    const version = typeof stored?.version === "number" ? stored.version + 1 : 1;
    await client.db("admin").command({ replSetReconfig: { ...stored, members, version }, force: true }, { signal });
  }
}
