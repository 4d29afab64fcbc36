// Finding a Python that can make a virtual environment.
import { findProgram, runCommand } from "./programs.js";
import { ServersError } from "./servers-error.js";

export interface Python {
  readonly program: string;
  /** "3.11" */
  readonly version: string;
}

/** Versions that SecantusDB has a wheel for. */
export const SECANTUS_PYTHONS: readonly string[] = ["3.13", "3.12", "3.11", "3.10"];

const PROBE = "import sys; print('%d.%d' % sys.version_info[:2]); import venv, ensurepip";

/**
 * The first Python on PATH that can make a virtual environment and has one of the versions (any Python 3 where none are
 * named). Throws NO_PYTHON, which names what was found instead.
 */
export async function findPython(
  path: string | undefined,
  versions: readonly string[] | undefined,
  purpose: string,
  alternative: string,
): Promise<Python> {
  const found: string[] = [];
  let lacksVenv: string | undefined;
  for (const name of ["python3", ...SECANTUS_PYTHONS.map((version) => `python${version}`), "python"]) {
    const program = await findProgram(name, path);
    if (program === undefined) continue;
    const { code, lines } = await runCommand([program, "-c", PROBE], { timeoutMs: 20_000 });
    const version = lines.find((line) => /^\d+\.\d+$/.test(line));
    if (version === undefined) continue; // A version manager's stand-in for a Python that is not installed.
    const fits = versions === undefined ? version.startsWith("3.") : versions.includes(version);
    if (fits && code === 0) return { program, version };
    if (fits) lacksVenv ??= version;
    found.push(`${name} is ${version}${fits ? ", without venv" : ""}`);
  }
  const wanted = versions === undefined ? "Python 3" : `Python ${versions.at(-1)} to ${versions[0]}`;
  const remedy =
    lacksVenv === undefined
      ? `Install ${wanted} (Debian and Ubuntu: apt install python3 python3-venv; macOS: brew install python@3.13)`
      : `Install what it lacks (Debian and Ubuntu: apt install python3-venv python${lacksVenv}-venv)`;
  throw new ServersError(
    "NO_PYTHON",
    `Fetching ${purpose} needs ${wanted} with its venv module, and PATH has ${found.length === 0 ? "no Python" : `only this: ${found.join("; ")}`}. ${remedy}. ${alternative}`,
  );
}
