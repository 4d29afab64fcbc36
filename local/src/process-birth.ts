// Telling one process from another that has its pid later: by when it began.
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { codeOf } from "./local-stack-error.js";
import type { ProcessRecord } from "./stack-record.js";

/** When a process began, in the system's own terms; undefined where none of that pid runs. */
export function birthOf(pid: number): string | undefined {
  if (!Number.isInteger(pid) || pid < 1) return undefined;
  return process.platform === "linux" ? linuxBirth(pid) : psBirth(pid);
}

function linuxBirth(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, "utf8");
  } catch (error) {
    if (codeOf(error) === "ENOENT" || codeOf(error) === "ESRCH") return undefined;
    throw error;
  }
  // The command stands in parentheses and may hold anything, parentheses too. The state follows, and 19 fields later
  // the start in clock ticks since the boot.
  const [state, ...rest] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  const start = rest[18];
  if (state === "Z" || state === "X" || start === undefined) return undefined;
  const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
  return `${boot} ${start}`;
}

function psBirth(pid: number): string | undefined {
  try {
    const env = { PATH: process.env.PATH, LC_ALL: "C", TZ: "UTC" };
    const line = execFileSync("ps", ["-p", String(pid), "-o", "stat=,lstart="], { env, encoding: "utf8" }).trim();
    const [, state = "Z", start = ""] = /^(\S+)\s+(.+)$/.exec(line) ?? [];
    return state.startsWith("Z") || start === "" ? undefined : start;
  } catch (error) {
    // It ends with 1, and says nothing, where there is no such process.
    if (error instanceof Error && "status" in error && error.status === 1) return undefined;
    throw error;
  }
}

/** The record of a process that runs now; undefined where it has ended already. */
export function recordOf(name: string, pid: number): ProcessRecord | undefined {
  const birth = birthOf(pid);
  return birth === undefined ? undefined : { name, pid, birth };
}

export function isRunning({ pid, birth }: ProcessRecord): boolean {
  return birthOf(pid) === birth;
}

const POLL_MS = 25;

/**
 * Ends exactly this process, with SIGTERM and after `graceMs` SIGKILL; resolves when it is gone, to whether it was killed.
 */
export async function endProcess(record: ProcessRecord, graceMs: number): Promise<boolean> {
  const deadline = performance.now() + graceMs;
  let sent = 0;
  for (; isRunning(record); await delay(POLL_MS)) {
    if (sent === 0) {
      send(record.pid, "SIGCONT"); // A paused process does not hear SIGTERM.
      send(record.pid, "SIGTERM");
      sent = 1;
    } else if (sent === 1 && performance.now() > deadline) {
      send(record.pid, "SIGKILL");
      sent = 2;
    }
  }
  return sent === 2;
}

function send(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    if (codeOf(error) !== "ESRCH") throw error; // It went by itself.
  }
}
