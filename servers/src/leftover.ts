// For whoever keeps a pid file: a pid alone may be somebody else's process by now.
import { setTimeout as delay } from "node:timers/promises";
import { commandLineOf } from "./process-table.js";

/** Whether a process runs whose command line holds a text, such as the data folder that was given to it. */
export async function isOurs(pid: number, text: string): Promise<boolean> {
  return text !== "" && (await commandLineOf(pid))?.includes(text) === true;
}

/**
 * Stops what an earlier process left running, if it is ours: SIGTERM, and SIGKILL after `graceMs`. Says whether there
 * was anything. Resolves when it is gone.
 */
export async function endLeftover(pid: number, text: string, graceMs = 10_000): Promise<boolean> {
  if (!(await isOurs(pid, text))) return false;
  signal(pid, "SIGCONT"); // A paused process does not hear SIGTERM.
  signal(pid, "SIGTERM");
  const deadline = performance.now() + graceMs;
  let killed = false;
  while (await isOurs(pid, text)) {
    if (!killed && performance.now() > deadline) {
      signal(pid, "SIGKILL");
      killed = true;
    }
    await delay(100);
  }
  return true;
}

/** Sends a signal; that the process ended a moment ago is what the caller wants anyway. */
function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch (error) {
    if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
  }
}
