// Finding programs on PATH and running short commands.
import { type ChildProcess, spawn } from "node:child_process";
import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { delimiter, join } from "node:path";
import { createInterface } from "node:readline";

/** The first executable file of that name in the folders of a PATH; undefined where there is none. */
export async function findProgram(name: string, path: string | undefined): Promise<string | undefined> {
  for (const folder of (path ?? "").split(delimiter)) {
    if (folder === "") continue;
    const file = join(folder, name);
    if (await isExecutable(file)) return file;
  }
  return undefined;
}

/** Whether a file is there and may be run. */
export async function isExecutable(file: string): Promise<boolean> {
  try {
    await access(file, constants.X_OK);
    return (await stat(file)).isFile();
  } catch {
    return false; // Not there, or not for us: to a search of PATH it is one and the same.
  }
}

export interface CommandResult {
  /** Undefined where a signal ended the command, or it could not be started. */
  readonly code: number | undefined;
  /** Both streams, line by line as they came; at most the last 500. */
  readonly lines: readonly string[];
}

const MAX_LINES = 500;

export interface CommandOptions {
  readonly env?: NodeJS.ProcessEnv;
  readonly onLine?: (line: string) => void;
  /** Ends the command and what it started, with SIGTERM, and rejects with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
  /** Milliseconds after which the command is killed, and the result has no code. */
  readonly timeoutMs?: number;
}

/** Runs a command to its end. Rejects only when aborted: a command that fails, or is not there, is a result. */
export async function runCommand(command: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  options.signal?.throwIfAborted();
  const [program = "", ...args] = command;
  const child = spawn(program, args, {
    stdio: ["ignore", "pipe", "pipe"],
    // A group of its own, to end at once: `python -m venv` runs pip as a child, which would live on without it.
    detached: options.signal !== undefined,
    ...(options.env === undefined ? {} : { env: options.env }),
    ...(options.timeoutMs === undefined ? {} : { timeout: options.timeoutMs, killSignal: "SIGKILL" }),
  });
  const lines: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on("line", (line) => {
      lines.push(line);
      if (lines.length > MAX_LINES) lines.shift();
      options.onLine?.(line);
    });
  }
  const abort = (): void => endGroup(child);
  options.signal?.addEventListener("abort", abort, { once: true });
  try {
    const code = await new Promise<number | undefined>((resolve) => {
      child.once("error", (error) => {
        lines.push(error.message);
        resolve(undefined);
      });
      child.once("close", (exit) => resolve(exit ?? undefined));
    });
    options.signal?.throwIfAborted();
    return { code, lines };
  } finally {
    options.signal?.removeEventListener("abort", abort);
  }
}

function endGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, "SIGTERM");
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error; // It has just ended.
  }
}

/** The version a program prints for --version, as numbers: [2, 15, 1]; undefined where it prints none. */
export async function versionOf(program: string): Promise<readonly number[] | undefined> {
  const { code, lines } = await runCommand([program, "--version"], { timeoutMs: 10_000 });
  const match = code === 0 ? /(\d+)\.(\d+)(?:\.(\d+))?/.exec(lines.join("\n")) : null;
  return match === null ? undefined : match.slice(1).map((part) => Number(part ?? 0));
}

/** Whether a version is at least another, part by part. */
export function atLeast(version: readonly number[], wanted: readonly number[]): boolean {
  for (const [i, part] of wanted.entries()) {
    const had = version[i] ?? 0;
    if (had !== part) return had > part;
  }
  return true;
}
