// A virtual environment with the packages of a file of pinned requirements, made once for all processes of the machine.
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { cacheFolder } from "./cache-folder.js";
import { fetchServers } from "./fetch-servers.js";
import { findPython, SECANTUS_PYTHONS } from "./python.js";

export interface PythonEnvironmentOptions {
  /** A file of requirements, each with its hashes. */
  readonly requirements: string;
  /** What it is for, in a word or two: "the tests of the Python SDK". */
  readonly purpose: string;
  /** Programs that the packages bring. */
  readonly programs: readonly string[];
  /** One line for a person at each step that takes time. */
  readonly onProgress?: (line: string) => void;
  /** process.env unless said; PATH, HOME and XDG_CACHE_HOME are read. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

/**
 * The folder of its programs, `python` among them; in $XDG_CACHE_HOME/agentspan or ~/.cache/agentspan. Throws
 * ServersError NO_PYTHON, FETCH_FAILED or DISK_FULL with the remedy.
 */
export async function pythonEnvironment(options: PythonEnvironmentOptions): Promise<string> {
  const { requirements, purpose, programs, onProgress = () => undefined, env = process.env } = options;
  const hash = createHash("sha256")
    .update(await readFile(requirements))
    .digest("hex")
    .slice(0, 16);
  const cache = cacheFolder(env);
  const alternative = "Everything else works without it.";
  return fetchServers({
    folder: join(cache, `python-${hash}`),
    packages: [`the packages for ${purpose}`],
    pipArguments: ["--require-hashes", "--requirement", requirements],
    programs: ["python", ...programs],
    findPython: () => findPython(env.PATH, SECANTUS_PYTHONS, purpose, alternative),
    onProgress,
    signal: undefined,
    alternative,
  });
}
