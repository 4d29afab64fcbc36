// One MongoDB server for all tests of a process that ask for it, each with a database of its own: a start costs more than
// most tests do. It ends with the process, also when that is killed, and its data goes when all tests are over. Whoever
// kills it or freezes it starts another.
import { writeFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { endLeftover } from "./leftover.js";
import { type RunningMongo, type StartMongoOptions, startMongo } from "./mongo.js";

/** The folder of all such servers' data. Not a setting of the product, which would refuse one that it does not know. */
const VARIABLE = "TEST_MONGO_FOLDER";
const PID_FILE = ".pid";

/** By process and not by module: some tests load this file as it is written, others as it was compiled. */
const SHARED = Symbol.for("@agentspan/servers/shared-mongo");
const here = globalThis as typeof globalThis & { [SHARED]?: Promise<RunningMongo> | undefined };

/**
 * The server of this process, which the first that asks starts, and the next after its end. Undefined where nobody has
 * called shareMongo. Throws as startMongo does.
 */
export async function sharedMongo(
  program: Pick<StartMongoOptions, "command" | "kind">,
): Promise<Pick<RunningMongo, "uri" | "port"> | undefined> {
  const folder = process.env[VARIABLE];
  if (folder === undefined) return undefined;
  here[SHARED] ??= start(program, folder);
  return here[SHARED];
}

/** From now on processes that this one starts can share a server each. The returned function ends all and their data. */
export async function shareMongo(): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), "agentspan-shared-"));
  process.env[VARIABLE] = folder;
  return async () => {
    delete process.env[VARIABLE];
    const pidFiles = (await readdir(folder)).filter((name) => name.endsWith(PID_FILE));
    await Promise.all(
      pidFiles.map(async (name) => {
        const dataDir = join(folder, name.slice(0, -PID_FILE.length));
        // Nobody reads the data again, so nothing is gained by letting them close it.
        await endLeftover(Number(await readFile(join(folder, name), "utf8")), dataDir, 0);
      }),
    );
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  };
}

async function start(program: Pick<StartMongoOptions, "command" | "kind">, folder: string): Promise<RunningMongo> {
  const forget = (): void => {
    here[SHARED] = undefined;
  };
  try {
    const dataDir = await mkdtemp(join(folder, "mongo-"));
    const onSpawn = (pid: number): void => writeFileSync(`${dataDir}${PID_FILE}`, String(pid));
    return await startMongo({ ...program, dataDir, onSpawn, onExit: forget });
  } catch (error) {
    forget();
    throw error;
  }
}
