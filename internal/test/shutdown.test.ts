import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { describe, expect, it } from "vitest";

/** A process of its own that waits for signals; it says "ready" and then logs to standard error. */
function start(handler: string, graceMs: number) {
  const code = `
    import { createLogger, onShutdown } from "@agentspan/internal";
    onShutdown(${handler}, { graceMs: ${graceMs}, log: createLogger("test", "info") });
    setInterval(() => undefined, 1000);
    console.error("ready");
  `;
  const child = spawn(process.execPath, ["--input-type=module", "-e", code], {
    cwd: new URL("..", import.meta.url),
    stdio: ["ignore", "ignore", "pipe"],
  });
  const lines: string[] = [];
  const reader = createInterface({ input: child.stderr });
  reader.on("line", (line) => lines.push(line));
  const line = async (words: string): Promise<void> => {
    while (!lines.some((one) => one.includes(words))) await once(reader, "line");
  };
  const ended = once(child, "close").then(([code]) => ({ code: code as unknown, log: lines.join("\n") }));
  return { child, line, ended };
}

describe("onShutdown", () => {
  it.each(["SIGTERM", "SIGINT"] as const)(
    "closes and ends with code 0 on %s, and says how long it took",
    async (signal) => {
      const { child, line, ended } = start("async (signal) => console.error('closing on ' + signal)", 10_000);
      await line("ready");
      child.kill(signal);
      const { code, log } = await ended;
      expect(code).toBe(0);
      expect(log).toContain(`closing on ${signal}`);
      expect(log).toMatch(/"elapsedMs":\d+,"msg":"Stopped"/);
    },
  );

  it("ends at once with code 1 on a second signal", async () => {
    const { child, line, ended } = start("() => new Promise(() => undefined)", 60_000);
    await line("ready");
    child.kill("SIGTERM");
    await line("Stopping");
    child.kill("SIGINT");
    const { code, log } = await ended;
    expect(code).toBe(1);
    expect(log).toContain("a second signal");
  });

  it("ends with code 1 when the grace is over", async () => {
    const { child, line, ended } = start("() => new Promise(() => undefined)", 50);
    await line("ready");
    child.kill("SIGTERM");
    const { code, log } = await ended;
    expect(code).toBe(1);
    expect(log).toContain("the grace is over");
  });

  it("ends with code 1 and the error when closing fails", async () => {
    const { child, line, ended } = start("async () => { throw new Error('port is gone'); }", 10_000);
    await line("ready");
    child.kill("SIGTERM");
    const { code, log } = await ended;
    expect(code).toBe(1);
    expect(log).toContain("port is gone");
  });
});
