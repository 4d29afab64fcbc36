// Programs of a Go module, built for tests: once where nothing has changed, since Go keeps what it has built.
import { createHash } from "node:crypto";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cacheFolder } from "./cache-folder.js";
import { Lock } from "./lock.js";
import { makeFolder } from "./make-folder.js";
import { findProgram, runCommand } from "./programs.js";
import { ServersError } from "./servers-error.js";

type Env = Readonly<Record<string, string | undefined>>;

/**
 * What tests tell `go build`, `go vet`, `go test` and `go run`: code that is not optimised and has nothing for debuggers
 * is compiled for two thirds of the CPU. What one of them has compiled is there for the others, where all are told the same.
 */
export const GO_FLAGS = ["-buildvcs=false", "-gcflags=all=-N -l -dwarf=false", "-ldflags=-w"] as const;

/** The environment of a `go` that compiles: its processes live for seconds, and need not look for garbage before 1 GiB. */
export const GO_COMPILES = { GOGC: "off", GOMEMLIMIT: "1GiB" } as const;

/** The program `go`, where it can build the module in this folder. Throws NO_GO. */
export async function findGo(module: string, env: Env = process.env): Promise<string> {
  const go = await findProgram("go", env.PATH);
  const remedy =
    "Install Go (https://go.dev/dl), of the version in its go.mod or newer. Everything else works without it.";
  if (go === undefined) throw new ServersError("NO_GO", `There is no go on PATH. ${remedy}`);
  // An older one says which it wants, unless it is allowed to fetch that by itself.
  const { code, lines } = await runCommand([go, "-C", module, "version"]);
  if (code === 0) return go;
  throw new ServersError("NO_GO", `The go on PATH does not build ${module}: ${lines.join(" ")}. ${remedy}`);
}

export interface GoProgramsOptions {
  /** The folder of the module. */
  readonly module: string;
  /** Those of the programs, below it: "./conformance". */
  readonly packages: readonly string[];
  /** process.env unless said; PATH, HOME and XDG_CACHE_HOME are read. */
  readonly env?: Env;
}

/**
 * The files of the programs, in the order of the packages; in $XDG_CACHE_HOME/agentspan or ~/.cache/agentspan. Throws
 * ServersError NO_GO, BUILD_FAILED, FETCH_FAILED or DISK_FULL with the remedy.
 */
export async function goPrograms({ module, packages, env = process.env }: GoProgramsOptions): Promise<string[]> {
  const go = await findGo(module, env);
  const cache = cacheFolder(env);
  // Of each clone its own.
  const folder = join(cache, `go-${createHash("sha256").update(module).digest("hex").slice(0, 16)}`);
  await makeFolder(folder);
  // Two that build at once would do the work twice.
  const { code, lines } = await alone(join(cache, "go.lock"), () =>
    // A clone that git does not trust here is built all the same.
    runCommand([go, "-C", module, "build", ...GO_FLAGS, "-o", `${folder}/`, ...packages], {
      env: { ...process.env, ...GO_COMPILES },
    }),
  );
  if (code !== 0) {
    throw new ServersError("BUILD_FAILED", `go build ${packages.join(" ")} failed:\n${lines.join("\n")}`);
  }
  return packages.map((name) => join(folder, basename(name)));
}

async function alone<T>(file: string, work: () => Promise<T>): Promise<T> {
  for (;;) {
    const lock = await Lock.take(file);
    if (lock !== undefined) {
      try {
        return await work();
      } finally {
        await lock.release();
      }
    }
    await delay(250);
  }
}
