// What the operating system says about a process. On Linux from /proc, for small container images have no ps.
import { readdir, readFile } from "node:fs/promises";
import { runCommand } from "./programs.js";

/** The command line of a running process, its words joined by spaces; undefined where there is no such process. */
export async function commandLineOf(pid: number): Promise<string | undefined> {
  if (!Number.isInteger(pid) || pid <= 0) return undefined;
  if (process.platform === "linux") {
    // What has ended but was not yet waited for has an empty command line.
    const words = await readFile(`/proc/${pid}/cmdline`, "utf8").catch(() => "");
    return words === "" ? undefined : words.replaceAll("\0", " ").trim();
  }
  return (await ps(pid, "args="))[0];
}

/** Whether all threads of a process stand still after SIGSTOP. */
export async function isStopped(pid: number): Promise<boolean> {
  if (process.platform !== "linux") return (await ps(pid, "stat=")).every((state) => state.trim().startsWith("T"));
  const threads = await readdir(`/proc/${pid}/task`).catch(() => []);
  const stats = threads.map((id) => readFile(`/proc/${pid}/task/${id}/stat`, "utf8").catch(() => ""));
  // The state follows the program's name, which stands in parentheses and may hold some. No text: the thread is gone.
  return (await Promise.all(stats)).every((text) => text === "" || /^.*\) T/s.test(text));
}

async function ps(pid: number, field: string): Promise<readonly string[]> {
  const { code, lines } = await runCommand(["ps", "-ww", "-p", String(pid), "-o", field], { timeoutMs: 10_000 });
  return code === 0 ? lines : [];
}
