import { expect, it } from "vitest";
import { runCommand } from "../src/programs.js";

it("ends what a command started along with the command", async () => {
  const stop = new AbortController();
  const reason = new Error("Ctrl-C");
  let below = 0;
  // A shell that waits for a child of its own, as `python -m venv` waits for pip.
  const running = runCommand(["/bin/sh", "-c", "sleep 600 & echo $!; wait"], {
    signal: stop.signal,
    onLine: (line) => {
      below = Number(line);
      stop.abort(reason);
    },
  });
  await expect(running).rejects.toBe(reason);
  await expect.poll(() => isAlive(below)).toBe(false);
});

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
