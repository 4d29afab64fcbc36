import { TASK_STREAM } from "@agentspan/internal";
import { ReleaseReason } from "@agentspan/proto";
import type { RunningNats } from "@agentspan/servers";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { TerminalError } from "../../src/tool-context.js";
import type { Worker } from "../../src/worker/worker.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { startOwnNats } from "./own-nats.js";
import { plainTool, SteeredTool, servedWorker } from "./served-worker.js";

let nats: RunningNats & { stop(): Promise<void> };
let orchestrator: FakeOrchestrator;
const workers: Worker[] = [];

beforeAll(async () => {
  nats = await startOwnNats();
});
afterAll(() => nats.stop());
beforeEach(async () => {
  orchestrator = await FakeOrchestrator.start(nats.url);
});
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.shutdown(1)));
  await orchestrator.jsm.streams.delete(TASK_STREAM);
  await orchestrator.close();
});

async function serve(...args: Parameters<typeof servedWorker> extends [string, ...infer Rest] ? Rest : never) {
  const worker = await servedWorker(nats.url, ...args);
  workers.push(worker);
  return worker;
}

/** Resolves when no hint is left: each was acknowledged. */
async function allAcknowledged(): Promise<void> {
  while ((await orchestrator.jsm.streams.info(TASK_STREAM)).state.messages > 0);
}

describe("a worker", () => {
  it("declares its tools, takes a task, and reports what the function returned", async () => {
    const steered = new SteeredTool({
      approvalRequired: true,
      inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
    });
    await serve([steered.tool]);
    const [registered] = orchestrator.of("register");
    expect(registered?.request).toMatchObject({ workerId: "worker-1", language: "typescript", namespace: "default" });
    expect(registered?.request.tools).toMatchObject([
      { queue: "refund_agent", name: "process_refund", approvalRequired: true, once: false },
    ]);
    const argumentsJson = '{"amount":29.99,"order_id":"ORD-8821"}';
    const task = await orchestrator.announce({ tool: "process_refund", argumentsJson, guarded: true });
    const { args, context, finish } = await steered.execution();
    expect(args).toEqual({ order_id: "ORD-8821", amount: 29.99 });
    expect(context).toMatchObject({ runId: "run_1", callId: "call_1", attempt: 1, idempotencyKey: "run_1/call_1" });
    expect(context.proof).toMatchObject({ approvalId: "apr_1", decisionId: "dec_1" });
    await allAcknowledged();
    finish({ refunded: true });
    expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '{"refunded":true}' });
  });

  it("asks the orchestrator that announced a task first, and any other where that one is gone", async () => {
    await serve([plainTool(() => 1)]);
    const task = await orchestrator.announce({ tool: "get_order" });
    await orchestrator.outcome(task);
    expect(orchestrator.of("claim").map((one) => one.subject)).toEqual(["agentspan.worker.worker-1.claim.orch-a"]);
    expect(orchestrator.of("complete").map((one) => one.subject)).toEqual([
      "agentspan.worker.worker-1.complete.orch-a",
    ]);
    const other = await FakeOrchestrator.start(nats.url, { id: "orch-b" });
    Object.defineProperty(orchestrator, "id", { value: "orch-gone" });
    const orphan = await orchestrator.announce({ tool: "get_order" });
    const subject = await Promise.race(
      [orchestrator, other].map((one) =>
        one.until(() => one.of("claim").find(({ request }) => request.callId === orphan.callId)?.subject),
      ),
    );
    expect(subject).toBe("agentspan.worker.worker-1.claim");
    await other.close();
  });

  it("repeats a claim whose answer was lost with the same nonce, and calls the function once", async () => {
    let calls = 0;
    await serve([plainTool(() => ++calls)]);
    orchestrator.fault = ({ verb }) => (verb === "claim" && orchestrator.of("claim").length === 1 ? "lost" : "done");
    const task = await orchestrator.announce({ tool: "get_order" });
    expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: "1" });
    const nonces = orchestrator.of("claim").map(({ request }) => request.nonce);
    expect(nonces.length).toBeGreaterThan(1);
    expect(new Set(nonces).size).toBe(1);
    expect(nonces[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(calls).toBe(1);
  });

  it("repeats an outcome whose answer was lost with the same nonce, and calls the function once", async () => {
    let calls = 0;
    await serve([plainTool(() => ++calls)]);
    orchestrator.fault = ({ verb }) =>
      verb === "complete" && orchestrator.of("complete").length < 3 ? "lost" : "done";
    await orchestrator.announce({ tool: "get_order" });
    await orchestrator.until(() => (orchestrator.of("complete").length === 3 ? true : undefined));
    const completions = orchestrator.of("complete").map(({ request }) => [request.nonce, request.outcome.value]);
    expect(new Set(completions.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(calls).toBe(1);
  });

  it("does not claim again what it has in hand, however often it is announced", async () => {
    const steered = new SteeredTool();
    await serve([steered.tool]);
    const task = await orchestrator.announce({ tool: "process_refund" });
    const { finish } = await steered.execution();
    for (let again = 0; again < 3; again++) {
      // While a hint is there, the stream refuses another.
      await allAcknowledged();
      await orchestrator.hint(task);
    }
    await allAcknowledged();
    finish(null);
    await orchestrator.outcome(task);
    expect(orchestrator.of("claim")).toHaveLength(1);
    expect(steered.executions).toHaveLength(1);
  });

  it("acknowledges a hint whose claim is refused, and calls nothing", async () => {
    const steered = new SteeredTool();
    await serve([steered.tool]);
    const task = await orchestrator.announce({ tool: "process_refund" });
    (await steered.execution()).finish(null);
    await orchestrator.outcome(task);
    // Its nonce is gone with the task: this claim is another, of an attempt that has ended.
    const beats = orchestrator.of("heartbeat").length;
    await orchestrator.until(() => (orchestrator.of("heartbeat").length > beats + 1 ? true : undefined));
    await allAcknowledged();
    await orchestrator.hint(task);
    await orchestrator.until(() => (orchestrator.of("claim").length === 2 ? true : undefined));
    await allAcknowledged();
    expect(steered.executions).toHaveLength(1);
  });

  it("repeats a claim after the time that an error names", async () => {
    await serve([plainTool(() => "done")]);
    const away = { reason: "STORE_UNAVAILABLE", message: "away", retryAfter: durationFromMs(1) };
    orchestrator.fault = ({ verb }) => (verb === "claim" && orchestrator.of("claim").length < 3 ? away : "done");
    const task = await orchestrator.announce({ tool: "get_order" });
    expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"done"' });
    expect(new Set(orchestrator.of("claim").map(({ request }) => request.nonce)).size).toBe(1);
  });

  it("hands back what it may have been granted before a claim was refused for good", async () => {
    const steered = new SteeredTool({ once: true });
    await serve([steered.tool]);
    const refused = { reason: "INVALID_REQUEST", message: "no" };
    orchestrator.fault = ({ verb }) =>
      verb === "claim" ? (orchestrator.of("claim").length === 1 ? "lost" : refused) : "done";
    const task = await orchestrator.announce({ tool: "process_refund", guarded: true });
    await orchestrator.until(() => (orchestrator.of("release").length === 1 ? true : undefined));
    expect(orchestrator.nonceOf(task)).toBeUndefined();
    await allAcknowledged();
    expect(steered.executions).toHaveLength(0);
  });

  it("tells an error of a function as one to try again, and a terminal one as final", async () => {
    const errors = [new Error("the ledger is closed"), new TerminalError("no such order"), "just text"];
    await serve([
      plainTool(() => {
        throw errors.shift();
      }),
    ]);
    const failures = [];
    for (let i = 0; i < 3; i++)
      failures.push(await orchestrator.outcome(await orchestrator.announce({ tool: "get_order" })));
    expect(failures.map(({ value }) => value)).toMatchObject([
      { message: "the ledger is closed", retryable: true },
      { message: "no such order", retryable: false },
      { message: "just text", retryable: true },
    ]);
  });

  it("aborts the function's signal when a heartbeat says stop, and still reports what the function does then", async () => {
    const steered = new SteeredTool();
    await serve([steered.tool]);
    const task = await orchestrator.announce({ tool: "process_refund" });
    const { context, fail } = await steered.execution();
    orchestrator.stop.add(orchestrator.nonceOf(task) ?? "");
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    fail(context.signal.reason);
    expect((await orchestrator.outcome(task)).value).toMatchObject({ message: "The server asked to stop this call." });
  });

  it("aborts the function's signal when its deadline passes", async () => {
    const steered = new SteeredTool();
    await serve([steered.tool]);
    await orchestrator.announce({ tool: "process_refund", deadlineMs: 50 });
    const { context, finish } = await steered.execution();
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    expect(String(context.signal.reason)).toMatch(/past its deadline/);
    finish(null);
  });

  it("says in every heartbeat what it has in hand, claims in flight included, and counts", async () => {
    const steered = new SteeredTool();
    await serve([steered.tool]);
    let answer = (_: "done") => {};
    orchestrator.fault = ({ verb }) =>
      verb === "claim" ? new Promise<"done">((resolve) => (answer = resolve)) : "done";
    const task = await orchestrator.announce({ tool: "process_refund" });
    const claiming = await orchestrator.until(() =>
      orchestrator.of("heartbeat").find(({ request }) => request.tasks.length > 0),
    );
    expect(claiming.request.tasks).toMatchObject([{ callId: task.callId, begun: false }]);
    answer("done");
    const { finish } = await steered.execution();
    const running = await orchestrator.until(() =>
      orchestrator.of("heartbeat").find(({ request }) => request.tasks.some((one) => one.begun)),
    );
    expect(running.request.tasks[0]?.nonce).toBe(orchestrator.nonceOf(task));
    finish(null);
    await orchestrator.until(() => orchestrator.of("heartbeat").at(-1)?.request.tasks.length === 0 || undefined);
    const counters = orchestrator.of("heartbeat").map(({ request }) => Number(request.counter));
    expect(counters).toEqual(counters.map((_, i) => i + 1));
  });

  it("follows a heartbeat that is not answered with another, to any orchestrator", async () => {
    await serve([plainTool(() => 1)]);
    await orchestrator.until(() => orchestrator.of("heartbeat").find(({ subject }) => subject.endsWith(".orch-a")));
    orchestrator.fault = ({ verb, subject }) => (verb === "heartbeat" && subject.endsWith(".orch-a") ? "deaf" : "done");
    const before = orchestrator.of("heartbeat").length;
    const next = await orchestrator.until(() =>
      orchestrator
        .of("heartbeat")
        .slice(before)
        .find(({ subject }) => subject.endsWith(".heartbeat")),
    );
    expect(next.request.counter).toBeGreaterThan(1n);
  });

  it("registers again when a heartbeat says that the server has forgotten it", async () => {
    await serve([plainTool(() => 1)]);
    orchestrator.forgetWorker = true;
    const [first, second] = await orchestrator.until(() => {
      const all = orchestrator.of("register");
      return all.length === 2 ? all : undefined;
    });
    expect(second?.request.incarnation).toBe(first?.request.incarnation);
  });

  it("takes no more than it has room for, and leaves the rest to others", async () => {
    const [busy, idle] = [new SteeredTool(), new SteeredTool()];
    await serve([busy.tool], { concurrency: 1 });
    await orchestrator.announce({ tool: "process_refund" });
    const first = await busy.execution();
    const second = await orchestrator.announce({ tool: "process_refund" });
    await serve([idle.tool], { workerId: "worker-2" });
    (await idle.execution()).finish("by the other");
    expect(await orchestrator.outcome(second)).toEqual({ case: "resultJson", value: '"by the other"' });
    first.finish(null);
    expect(busy.executions).toHaveLength(1);
  });

  it("hands the function the keys of the exact text, `__proto__` among them, as its own", async () => {
    let keys: string[] = [];
    const order = plainTool((args) => {
      keys = Object.keys(args);
    });
    await serve([order]);
    await orchestrator.outcome(
      await orchestrator.announce({ tool: "get_order", argumentsJson: '{"__proto__":1,"a":2}' }),
    );
    expect(keys).toEqual(["__proto__", "a"]);
  });
});

describe("what a worker does not begin", () => {
  /** Why a task was handed back. */
  async function released(): Promise<{ reason: ReleaseReason; detail: string }> {
    return (await orchestrator.until(() => orchestrator.of("release")[0])).request;
  }

  it.each(["monotonicMs", "wallMs"] as const)("a guarded call whose grant is older than 3 s by %s", async (late) => {
    const steered = new SteeredTool({ approvalRequired: true });
    let aheadMs = 0;
    const clock = {
      monotonicMs: () => performance.now() + (late === "monotonicMs" ? aheadMs : 0),
      wallMs: () => Date.now() + (late === "wallMs" ? aheadMs : 0),
    };
    const beforeExecute = () => {
      aheadMs = 3_001;
    };
    await serve([steered.tool], { hooks: { clock, beforeExecute } });
    await orchestrator.announce({ tool: "process_refund", guarded: true });
    expect(await released()).toMatchObject({ reason: ReleaseReason.TOO_LATE });
    expect(steered.executions).toHaveLength(0);
    expect(orchestrator.of("complete")).toHaveLength(0);
  });

  it("begins a plain call however old its grant is", async () => {
    const ahead = { ms: 0 };
    const clock = { monotonicMs: () => performance.now() + ahead.ms, wallMs: () => Date.now() + ahead.ms };
    const afterClaim = () => {
      ahead.ms = 60_000;
    };
    await serve([plainTool(() => "done")], { hooks: { clock, afterClaim } });
    const task = await orchestrator.announce({ tool: "get_order" });
    expect(await orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"done"' });
  });

  it("a tool whose owner gates it and whose grant names no approval", async () => {
    const steered = new SteeredTool({ approvalRequired: true });
    await serve([steered.tool]);
    await orchestrator.announce({ tool: "process_refund", guarded: false });
    expect(await released()).toMatchObject({ reason: ReleaseReason.NO_PROOF, detail: /approval/ });
    expect(steered.executions).toHaveLength(0);
  });

  it.each([
    ["has no proof", { proof: undefined }],
    ["is bound to another nonce", { nonce: "another" }],
    ["is bound to another call", { callId: "another" }],
    ["is bound to another worker", { workerId: "another" }],
    ["is bound to another attempt", { attempt: 2 }],
  ])("a guarded call whose grant %s", async (_, change) => {
    const steered = new SteeredTool({ once: true });
    await serve([steered.tool]);
    await orchestrator.announce({
      tool: "process_refund",
      guarded: true,
      tamper: (grant) => {
        if ("proof" in change) delete grant.proof;
        else if (grant.proof !== undefined) Object.assign(grant.proof, change);
      },
    });
    expect(await released()).toMatchObject({ reason: ReleaseReason.NO_PROOF });
    expect(steered.executions).toHaveLength(0);
  });

  it("arguments that are not those of the digest", async () => {
    const steered = new SteeredTool();
    await serve([steered.tool]);
    const tamper = (grant: { argumentsJson: string }) => {
      grant.argumentsJson = '{"amount":1000000}';
    };
    await orchestrator.announce({ tool: "process_refund", tamper });
    expect(await released()).toMatchObject({ reason: ReleaseReason.NO_PROOF, detail: /digest/ });
    expect(steered.executions).toHaveLength(0);
  });

  it("arguments that its own schema refuses", async () => {
    const steered = new SteeredTool({ inputSchema: z.object({ amount: z.number() }) });
    await serve([steered.tool]);
    await orchestrator.announce({ tool: "process_refund", argumentsJson: '{"amount":"29.99"}' });
    expect(await released()).toMatchObject({ reason: ReleaseReason.INCOMPATIBLE, detail: /amount/ });
    expect(steered.executions).toHaveLength(0);
  });
});
