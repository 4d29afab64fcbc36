// For whoever keeps a pid file: a pid alone may be somebody else's process by now.
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "./programs.js";

/** Whether a process runs whose command line holds a text, such as the data folder that was given to it. */
export async function isOurs(pid: number, text: string): Promise<boolean> {
  if (!Number.isInteger(pid) || pid <= 1 || text === "") return false;
  const { code, lines } = await runCommand(["ps", "-ww", "-p", String(pid), "-o", "args="], { timeoutMs: 10_000 });
  return code === 0 && lines.some((line) => line.includes(text));
}

/**
 * Stops what an earlier process left running, if it is ours: SIGTERM, and SIGKILL after `graceMs`. Says whether there
 * was anything. Resolves when it is gone.
 */
export async function endLeftover(pid: number, text: string, graceMs = 10_000): Promise<boolean> {
  if (!(await isOurs(pid, text))) return false;
  process.kill(pid, "SIGCONT");
  process.kill(pid, "SIGTERM");
  const deadline = performance.now() + graceMs;
  let killed = false;
  while (await isOurs(pid, text)) {
    if (!killed && performance.now() > deadline) {
      process.kill(pid, "SIGKILL");
      killed = true;
    }
    await delay(100);
  }
  return true;
}
