import { spawn } from "node:child_process";
import { once } from "node:events";
import { ReleaseReason } from "@agentspan/proto";
import { freePort, type RunningNats } from "@agentspan/servers";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { Agent } from "../../src/agent.js";
import { Worker } from "../../src/worker/worker.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { startOwnNats } from "./own-nats.js";
import { overNats, plainTool, SteeredTool, servedWorker, silent } from "./served-worker.js";

let nats: RunningNats & { stop(): Promise<void> };
let orchestrator: FakeOrchestrator;

beforeEach(async () => {
  nats = await startOwnNats();
  orchestrator = await FakeOrchestrator.start(nats.url);
});
afterEach(async () => {
  await orchestrator.close();
  await nats.stop();
});

describe("while NATS is away", () => {
  it("a function goes on, and its outcome is reported when NATS is back", async () => {
    const steered = new SteeredTool({ approvalRequired: true });
    const worker = await servedWorker(nats.url, [steered.tool]);
    const task = await orchestrator.announce({ tool: "process_refund", guarded: true });
    const { context, finish } = await steered.execution();
    await nats.process.kill();
    finish({ refunded: true });
    await nats.process.restart();
    expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '{"refunded":true}' });
    expect(context.signal.aborted).toBe(false);
    expect(steered.executions).toHaveLength(1);
    await worker.shutdown(1_000);
  });

  // Well below the time after which a lost request for tasks is noticed by itself.
  it("nothing is lost: the worker registers, pulls and beats again when it is back", { timeout: 60_000 }, async () => {
    const worker = await servedWorker(nats.url, [plainTool(() => "again")]);
    await nats.process.kill();
    await nats.process.restart();
    await orchestrator.until(() => (orchestrator.of("register").length > 1 ? true : undefined));
    const task = await orchestrator.announce({ tool: "get_order" });
    expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"again"' });
    const beats = orchestrator.of("heartbeat").length;
    await orchestrator.until(() => (orchestrator.of("heartbeat").length > beats ? true : undefined));
    await worker.shutdown(1_000);
  });

  it("serving says so, with the remedy", async () => {
    const url = `nats://127.0.0.1:${await freePort()}`;
    const worker = new Worker({
      ...overNats(url),
      workerId: "w",
      namespace: "default",
      concurrency: 1,
      logger: silent,
    });
    const agent = new Agent({ name: "refund_agent", model: "scripted/test", tools: [plainTool(() => 1)] });
    await expect(worker.serve([agent], { patienceMs: 300, firstContactMs: 300 })).rejects.toMatchObject({
      reason: "BUS_UNAVAILABLE",
      message: expect.stringContaining("agentspan server start"),
    });
    await worker.shutdown(1);
  });
});

it("serving says so where NATS answers and no orchestrator does, and works when one has come", async () => {
  await orchestrator.close();
  const options = { ...overNats(nats.url), workerId: "w", namespace: "default", concurrency: 1, logger: silent };
  const worker = new Worker(options);
  const agent = new Agent({ name: "refund_agent", model: "scripted/test", tools: [plainTool(() => "late")] });
  await expect(worker.serve([agent], { patienceMs: 300, firstContactMs: 300 })).rejects.toMatchObject({
    reason: "BUS_UNAVAILABLE",
    message: expect.stringContaining("no Agentspan server listens"),
  });
  orchestrator = await FakeOrchestrator.start(nats.url);
  await worker.serve([agent], { patienceMs: 10_000, firstContactMs: 10_000 });
  const task = await orchestrator.announce({ tool: "get_order" });
  expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"late"' });
  await worker.shutdown(1_000);
});

describe("a worker that shuts down", () => {
  it("lets running functions finish, reports them, and takes nothing new", async () => {
    const steered = new SteeredTool();
    const worker = await servedWorker(nats.url, [steered.tool]);
    const task = await orchestrator.announce({ tool: "process_refund" });
    const { context, finish } = await steered.execution();
    const down = worker.shutdown(20_000);
    const later = await orchestrator.announce({ tool: "process_refund" });
    finish("finished");
    await down;
    expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"finished"' });
    expect(context.signal.aborted).toBe(false);
    expect(orchestrator.nonceOf(later)).toBeUndefined();
    const other = new SteeredTool();
    const successor = await servedWorker(nats.url, [other.tool], { workerId: "worker-2" });
    (await other.execution()).finish("by the next");
    expect(await orchestrator.outcome(later)).toEqual({ case: "resultJson", value: '"by the next"' });
    await successor.shutdown(1_000);
  });

  it("hands back what was granted and not begun", async () => {
    const steered = new SteeredTool({ approvalRequired: true });
    const worker = await servedWorker(nats.url, [steered.tool]);
    const claimed = new Promise<() => void>((claiming) => {
      orchestrator.fault = ({ verb }) =>
        verb === "claim" ? new Promise<"done">((resolve) => claiming(() => resolve("done"))) : "done";
    });
    await orchestrator.announce({ tool: "process_refund", guarded: true });
    const answer = await claimed;
    const down = worker.shutdown(20_000);
    answer();
    await down;
    expect(orchestrator.of("release").map(({ request }) => request.reason)).toEqual([ReleaseReason.SHUTTING_DOWN]);
    expect(steered.executions).toHaveLength(0);
  });

  it("aborts the signals of functions that outlast the grace, and reports those that heed it", async () => {
    const steered = new SteeredTool();
    const worker = await servedWorker(nats.url, [steered.tool]);
    const task = await orchestrator.announce({ tool: "process_refund" });
    const { context, fail } = await steered.execution();
    context.signal.addEventListener("abort", () => fail(context.signal.reason));
    await worker.shutdown(10);
    expect((await orchestrator.outcome(task)).value).toMatchObject({ message: "The worker is shutting down." });
  });
});

it("a script that has started its worker ends by itself, though its tools stay served until then", async () => {
  const script = `
    import { Agent, AgentRuntime, tool } from "@agentspan/sdk";
    const get = tool(() => "served", { name: "get_order", description: "", inputSchema: { type: "object" } });
    const agent = new Agent({ name: "refund_agent", model: "scripted/test", tools: [get] });
    const runtime = new AgentRuntime({ natsUrl: process.argv[1], url: process.argv[2], retryFor: 500 });
    await runtime.start(agent, "x").catch(() => console.log("started"));
    await new Promise((resolve) => process.stdin.once("data", resolve));
    process.stdin.destroy();
  `;
  const url = `http://127.0.0.1:${await freePort()}`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script, nats.url, url], {
    cwd: import.meta.dirname,
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exited = once(child, "exit");
  await once(child.stdout, "data");
  const task = await orchestrator.announce({ tool: "get_order" });
  expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"served"' });
  child.stdin.write("end\n");
  expect((await exited)[0]).toBe(0);
});

it("keeps an oversized result of a guarded call by digest and size, since its effect has happened", async () => {
  const steered = new SteeredTool({ once: true, inputSchema: z.object({}) });
  const worker = await servedWorker(nats.url, [steered.tool]);
  const task = await orchestrator.announce({ tool: "process_refund", guarded: true });
  (await steered.execution()).finish("x".repeat(1_200_000));
  const outcome = await orchestrator.outcome(task);
  expect(JSON.parse(String(outcome.value))).toMatchObject({ truncated: true, sizeBytes: 1_200_002 });
  await worker.shutdown(1_000);
});
