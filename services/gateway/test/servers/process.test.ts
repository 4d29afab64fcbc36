import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import type { ReadyMessage } from "../../src/gateway.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { ownNats, refusalOf, runClient, until } from "./harness.js";

const MAIN = fileURLToPath(new URL("../../bundle/main.js", import.meta.url));

let natsUrl: string;
let stopNats: () => Promise<void>;
let orchestrator: FakeOrchestrator;
beforeAll(async () => {
  const own = await ownNats();
  natsUrl = own.nats.url;
  stopNats = own.stop;
  orchestrator = await FakeOrchestrator.start(natsUrl);
});
afterAll(async () => {
  await orchestrator.stop();
  await stopNats();
});

const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

interface Started {
  readonly child: ChildProcess;
  readonly stderr: () => string;
  readonly exited: Promise<number | null>;
}

function launch(env: Record<string, string>): Started {
  const { PATH = "" } = process.env;
  const child = fork(MAIN, {
    env: { PATH, NATS_URL: natsUrl, AGENTSPAN_PORT: "0", AGENTSPAN_GRPC_PORT: "0", ...env },
    silent: true,
  });
  children.push(child);
  let stderr = "";
  child.stderr?.on("data", (chunk) => {
    stderr += String(chunk);
  });
  const exited = once(child, "close").then(([code]: (number | null)[]) => code ?? null);
  return { child, stderr: () => stderr, exited };
}

async function ready({ child }: Started): Promise<ReadyMessage> {
  const [message] = (await once(child, "message")) as [ReadyMessage];
  return message;
}

describe("the gateway as a process", () => {
  it("tells its parent its ports, says so in one line, and serves", async () => {
    const started = launch({});
    const { port, grpcPort, ...rest } = await ready(started);
    expect(rest).toEqual({ ready: true });
    for (const protocol of ["Connect with JSON", "gRPC on the second port"]) {
      await runClient({ port, grpcPort }, protocol).listRuns({});
    }
    const lines = started.stderr().trim().split("\n");
    expect(lines).toHaveLength(1);
    expect(JSON.parse(lines[0] ?? "")).toMatchObject({ name: "gateway", level: "info", port, grpcPort });
  });

  it("answers probes at a port of its own, where one is set", async () => {
    const started = launch({ AGENTSPAN_MANAGEMENT_PORT: "0" });
    const { managementPort } = await ready(started);
    for (const path of ["/healthz", "/startupz", "/readyz"]) {
      const response = await fetch(`http://127.0.0.1:${managementPort}${path}`);
      expect([path, response.status, await response.text()]).toEqual([path, 200, "ok\n"]);
    }
    started.child.kill("SIGTERM");
    expect(await started.exited).toBe(0);
  });

  it("stops at SIGTERM with code 0, after its streams and calls have been told", async () => {
    const started = launch({});
    const gateway = await ready(started);
    orchestrator.append("run_stopping", [{ case: "warning", value: {} }], { publish: false });
    let seen = 0;
    const streaming = (async () => {
      for await (const _ of runClient(gateway, "gRPC").streamEvents({ runId: "run_stopping" })) seen += 1;
    })();
    streaming.catch(() => undefined);
    await until(() => seen === 1);
    started.child.kill("SIGTERM");
    expect(await refusalOf(streaming)).toMatchObject({ reason: "BUS_UNAVAILABLE" });
    expect(await started.exited).toBe(0);
  });

  it("stops when its parent is gone", async () => {
    const started = launch({});
    await ready(started);
    const exited = once(started.child, "exit");
    started.child.disconnect();
    expect(await exited).toEqual([0, null]);
  });

  it("names every wrong setting at once and ends with code 1", async () => {
    const started = launch({ AGENTSPAN_HOST: "0.0.0.0", AGENTSPAN_PORT: "many", AGENTSPAN_LOG_LEVEL: "loud" });
    expect(await started.exited).toBe(1);
    for (const named of ["AGENTSPAN_HOST", "AGENTSPAN_PORT", "AGENTSPAN_LOG_LEVEL"])
      expect(started.stderr()).toContain(named);
    expect(started.stderr()).not.toMatch(/^\s+at /m);
  });

  it("says in a sentence that a port is taken, and ends with code 1", async () => {
    const first = launch({});
    const { port, grpcPort } = await ready(first);
    for (const [variable, taken] of [
      ["AGENTSPAN_PORT", port],
      ["AGENTSPAN_GRPC_PORT", grpcPort],
      ["AGENTSPAN_MANAGEMENT_PORT", grpcPort],
    ] as const) {
      const second = launch({ [variable]: String(taken) });
      expect(await second.exited).toBe(1);
      expect(second.stderr().trim().split("\n")).toHaveLength(1);
      expect(second.stderr()).toContain(`127.0.0.1:${taken}`);
      expect(second.stderr()).toContain(variable);
    }
  });

  it("says that NATS cannot be reached, without the credentials in its address, and ends with code 1", async () => {
    const started = launch({ NATS_URL: "nats://user:hunter2@127.0.0.1:9" });
    expect(await started.exited).toBe(1);
    expect(started.stderr()).toContain("NATS_URL");
    expect(started.stderr()).not.toContain("hunter2");
  });
});
