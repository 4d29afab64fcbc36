// One process of the benchmark: forked, ready when it says so, its CPU time read from the kernel.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";

/** Linux counts a process's CPU time in ticks of a hundredth of a second. */
const TICK_MS = 10;

export interface Ready {
  readonly ready: true;
  readonly [key: string]: unknown;
}

export interface Child {
  readonly name: string;
  readonly pid: number;
  readonly ready: Ready;
  readonly process: ChildProcess;
  stop(): Promise<void>;
}

/** Forks a module and waits for its {ready: true}. Its errors go to our own standard error. */
export async function startChild(
  name: string,
  module: string,
  env: Record<string, string>,
  profileDir?: string,
): Promise<Child> {
  const { PATH = "", HOME = "" } = process.env;
  const profile = [
    "--cpu-prof",
    `--cpu-prof-dir=${profileDir}`,
    `--cpu-prof-name=${name.replaceAll(" ", "-")}.cpuprofile`,
  ];
  const child = fork(module, {
    env: { PATH, HOME, ...env },
    stdio: ["ignore", "ignore", "inherit", "ipc"],
    execArgv: profileDir === undefined ? [] : profile,
  });
  const ready = await new Promise<Ready>((resolve, reject) => {
    child.once("message", (message) => resolve(message as Ready));
    child.once("exit", (code, signal) => reject(new Error(`${name} ended before it was ready (${code ?? signal}).`)));
  });
  const { pid } = child;
  if (pid === undefined) throw new Error(`${name} has no process id.`);
  return {
    name,
    pid,
    ready,
    process: child,
    async stop() {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      await once(child, "exit");
    },
  };
}

/** Milliseconds of CPU, user and system, that a process has used; undefined where the kernel does not tell. */
export function cpuMs(pid: number | undefined): number | undefined {
  if (pid === undefined) return undefined;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) * TICK_MS;
  } catch {
    return undefined;
  }
}

/** Resident memory of a process in KiB; undefined where the kernel does not tell. */
export function memoryKiB(pid: number): number | undefined {
  try {
    const line = /^VmRSS:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"));
    return line === null ? undefined : Number(line[1]);
  } catch {
    return undefined;
  }
}
