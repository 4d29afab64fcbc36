// For whoever keeps a pid file: a pid alone may be somebody else's process by now.
import { readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import { runCommand } from "./programs.js";

/** The command line of a running process, its words joined by spaces; undefined where there is no such process. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform === "linux") {
    // Small container images have no ps. What has ended but was not yet waited for has an empty command line.
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return words === "" ? undefined : words.replaceAll("\0", " ").trim();
  }
  const { code, lines } = await runCommand(["ps", "-ww", "-p", String(pid), "-o", "args="], { timeoutMs: 10_000 });
  return code === 0 ? lines[0] : undefined;
}

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
