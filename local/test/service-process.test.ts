import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "@agentspan/servers/eventually";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { birthOf } from "../src/process-birth.js";
import { type ServiceOptions, ServiceProcess } from "../src/service-process.js";

let folder: string;
let troubles: string[];
let lines: string[];
let pids: number[];
let service: ServiceProcess | undefined;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "agentspan-service-"));
  troubles = [];
  lines = [];
  pids = [];
});
afterEach(async () => {
  await service?.kill();
  service = undefined;
  rmSync(folder, { recursive: true });
});

async function start(script: string, options: Partial<ServiceOptions> = {}): Promise<ServiceProcess> {
  const path = join(folder, "service.mjs");
  writeFileSync(path, script);
  service = await ServiceProcess.start({
    title: "The gateway",
    script: path,
    env: () => ({}),
    onSpawn: (pid) => pids.push(pid),
    onLine: (line) => lines.push(line),
    onTrouble: (line) => troubles.push(line),
    logPath: "/logs/gateway.log",
    stopWithinMs: 5_000,
    backoff: { firstMs: 10, mostMs: 40 },
    ...options,
  });
  return service;
}

const READY = "process.send({ ready: true, port: 1 }); setInterval(() => {}, 1000);";
const DIES_IF = (file: string) => `import { existsSync } from "node:fs"; if (existsSync(${JSON.stringify(file)})) {
  console.error("NATS cannot be reached."); process.exit(1); } ${READY}`;

describe("a start", () => {
  it("resolves when the process says that it is ready, and tells what it said", async () => {
    const onReady = vi.fn();
    const { pid } = await start(READY, { onReady });
    expect(onReady).toHaveBeenCalledWith({ ready: true, port: 1 });
    expect(pids).toEqual([pid]);
  });

  it("fails with the sentence that the process ended with", async () => {
    const script = `console.error('{"level":"info"}'); console.error("NATS cannot be reached at NATS_URL."); process.exit(1);`;
    await expect(start(script)).rejects.toMatchObject({
      reason: "SERVICE_FAILED",
      message: "The gateway did not start. NATS cannot be reached at NATS_URL. Its log: /logs/gateway.log",
    });
    expect(lines).toContain('{"level":"info"}');
  });

  it("fails with the error alone of a process that threw", async () => {
    await expect(start('throw new TypeError("no such thing");')).rejects.toThrow(
      "The gateway did not start. TypeError: no such thing. Its log: /logs/gateway.log",
    );
  });

  it("fails when the process is not ready in time, and leaves nothing of it", async () => {
    await expect(start("setInterval(() => {}, 1000);", { readyWithinMs: 300 })).rejects.toThrow(
      "The gateway did not start. It was not ready within 0.3 s. Its log: /logs/gateway.log",
    );
    expect(pids.map(birthOf)).toEqual([undefined]);
  });

  it("ends at the signal and leaves nothing of it", async () => {
    const reason = new Error("Ctrl-C");
    const starting = start("setInterval(() => {}, 1000);", { signal: AbortSignal.any([abortLater(reason)]) });
    await expect(starting).rejects.toBe(reason);
    expect(pids.map(birthOf)).toEqual([undefined]);
  });

  function abortLater(reason: Error): AbortSignal {
    const stop = new AbortController();
    const timer = setInterval(() => {
      if (pids.length === 0) return;
      clearInterval(timer);
      stop.abort(reason);
    }, 10);
    return stop.signal;
  }
});

describe("a process that dies", () => {
  it("is started again, and both are told", async () => {
    const { pid = 0 } = await start(READY);
    process.kill(pid, "SIGKILL");
    await eventually(() => expect(troubles).toHaveLength(2));
    expect(troubles).toEqual([
      "The gateway ended unexpectedly (SIGKILL): starting it again. Its log: /logs/gateway.log",
      "The gateway is back",
    ]);
    expect(service?.pid).not.toBe(pid);
  });

  it("is tried again and again, but told of once", async () => {
    const broken = join(folder, "broken");
    const { pid = 0 } = await start(DIES_IF(broken));
    writeFileSync(broken, "");
    process.kill(pid, "SIGKILL");
    await eventually(() => expect(pids.length).toBeGreaterThan(3));
    rmSync(broken);
    await eventually(() => expect(troubles.at(-1)).toBe("The gateway is back"));
    expect(troubles).toHaveLength(3);
    expect(troubles[1]).toContain("NATS cannot be reached.");
  });

  it("is not started again once a stop was asked for", async () => {
    const broken = join(folder, "broken");
    const started = await start(DIES_IF(broken), { backoff: { firstMs: 60_000, mostMs: 60_000 } });
    process.kill(started.pid ?? 0, "SIGKILL");
    await eventually(() => expect(troubles).toHaveLength(1));
    await started.stop();
    expect(pids).toHaveLength(1);
    expect(started.pid).toBeUndefined();
  });
});

describe("a stop", () => {
  it("lets the process end by itself", async () => {
    const started = await start(`process.on("SIGTERM", () => { console.log("bye"); process.exit(0); }); ${READY}`);
    await started.stop();
    expect(lines).toContain("bye");
    expect(troubles).toEqual([]);
  });

  it("kills one that does not end", async () => {
    const started = await start(`process.on("SIGTERM", () => {}); ${READY}`, { stopWithinMs: 100 });
    await started.stop();
    expect(pids.map(birthOf)).toEqual([undefined]);
  });

  it("wakes one that was paused", async () => {
    const started = await start(READY);
    process.kill(started.pid ?? 0, "SIGSTOP");
    await started.stop();
    expect(pids.map(birthOf)).toEqual([undefined]);
  });
});
