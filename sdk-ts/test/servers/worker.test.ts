import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { TerminalError } from "../../src/tool-context.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { plainTool, SteeredTool } from "./served-worker.js";
import { withBench } from "./worker-bench.js";

const bench = withBench();

describe("a worker", () => {
  it("declares its tools, takes a task, and reports what the function returned", async () => {
    const steered = new SteeredTool({
      approvalRequired: true,
      inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
    });
    await bench.serve([steered.tool]);
    const [registered] = bench.orchestrator.of("register");
    expect(registered?.request).toMatchObject({ workerId: "worker-1", language: "typescript", namespace: "default" });
    expect(registered?.request.tools).toMatchObject([
      { queue: "refund_agent", name: "process_refund", approvalRequired: true, once: false },
    ]);
    const argumentsJson = '{"amount":29.99,"order_id":"ORD-8821"}';
    const task = await bench.orchestrator.announce({ tool: "process_refund", argumentsJson, guarded: true });
    const { args, context, finish } = await steered.execution();
    expect(args).toEqual({ order_id: "ORD-8821", amount: 29.99 });
    expect(context).toMatchObject({ runId: "run_1", callId: "call_1", attempt: 1, idempotencyKey: "run_1/call_1" });
    expect(context.proof).toMatchObject({ approvalId: "apr_1", decisionId: "dec_1" });
    await bench.allAcknowledged();
    finish({ refunded: true });
    expect(await bench.orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '{"refunded":true}' });
  });

  it("asks the orchestrator that announced a task first, and any other where that one is gone", async () => {
    await bench.serve([plainTool(() => 1)]);
    const task = await bench.orchestrator.announce({ tool: "get_order" });
    await bench.orchestrator.outcome(task);
    expect(bench.orchestrator.of("claim").map((one) => one.subject)).toEqual([
      "agentspan.worker.worker-1.claim.orch-a",
    ]);
    expect(bench.orchestrator.of("complete").map((one) => one.subject)).toEqual([
      "agentspan.worker.worker-1.complete.orch-a",
    ]);
    const other = await FakeOrchestrator.start(bench.natsUrl, { id: "orch-b" });
    Object.defineProperty(bench.orchestrator, "id", { value: "orch-gone" });
    const orphan = await bench.orchestrator.announce({ tool: "get_order" });
    const subject = await Promise.race(
      [bench.orchestrator, other].map((one) =>
        one.until(() => one.of("claim").find(({ request }) => request.callId === orphan.callId)?.subject),
      ),
    );
    expect(subject).toBe("agentspan.worker.worker-1.claim");
    await other.close();
  });

  it("repeats a claim whose answer was lost with the same nonce, and calls the function once", async () => {
    let calls = 0;
    await bench.serve([plainTool(() => ++calls)]);
    bench.orchestrator.fault = ({ verb }) =>
      verb === "claim" && bench.orchestrator.of("claim").length === 1 ? "lost" : "done";
    const task = await bench.orchestrator.announce({ tool: "get_order" });
    expect(await bench.orchestrator.outcome(task)).toEqual({ case: "resultJson", value: "1" });
    const nonces = bench.orchestrator.of("claim").map(({ request }) => request.nonce);
    expect(nonces.length).toBeGreaterThan(1);
    expect(new Set(nonces).size).toBe(1);
    expect(nonces[0]).toMatch(/^[0-9a-f]{32}$/);
    expect(calls).toBe(1);
  });

  it("repeats an outcome whose answer was lost with the same nonce, and calls the function once", async () => {
    let calls = 0;
    await bench.serve([plainTool(() => ++calls)]);
    bench.orchestrator.fault = ({ verb }) =>
      verb === "complete" && bench.orchestrator.of("complete").length < 3 ? "lost" : "done";
    await bench.orchestrator.announce({ tool: "get_order" });
    await bench.orchestrator.until(() => (bench.orchestrator.of("complete").length === 3 ? true : undefined));
    const completions = bench.orchestrator.of("complete").map(({ request }) => [request.nonce, request.outcome.value]);
    expect(new Set(completions.map((one) => JSON.stringify(one))).size).toBe(1);
    expect(calls).toBe(1);
  });

  it("does not claim again what it has in hand, however often it is announced", async () => {
    const steered = new SteeredTool();
    await bench.serve([steered.tool]);
    const task = await bench.orchestrator.announce({ tool: "process_refund" });
    const { finish } = await steered.execution();
    for (let again = 0; again < 3; again++) {
      // While a hint is there, the stream refuses another.
      await bench.allAcknowledged();
      await bench.orchestrator.hint(task);
    }
    await bench.allAcknowledged();
    finish(null);
    await bench.orchestrator.outcome(task);
    expect(bench.orchestrator.of("claim")).toHaveLength(1);
    expect(steered.executions).toHaveLength(1);
  });

  it("acknowledges a hint whose claim is refused, and calls nothing", async () => {
    const steered = new SteeredTool();
    await bench.serve([steered.tool]);
    const task = await bench.orchestrator.announce({ tool: "process_refund" });
    (await steered.execution()).finish(null);
    await bench.orchestrator.outcome(task);
    // Its nonce is gone with the task: this claim is another, of an attempt that has ended.
    const beats = bench.orchestrator.of("heartbeat").length;
    await bench.orchestrator.until(() => (bench.orchestrator.of("heartbeat").length > beats + 1 ? true : undefined));
    await bench.allAcknowledged();
    await bench.orchestrator.hint(task);
    await bench.orchestrator.until(() => (bench.orchestrator.of("claim").length === 2 ? true : undefined));
    await bench.allAcknowledged();
    expect(steered.executions).toHaveLength(1);
  });

  it("repeats a claim after the time that an error names", async () => {
    await bench.serve([plainTool(() => "done")]);
    const away = { reason: "STORE_UNAVAILABLE", message: "away", retryAfter: durationFromMs(1) };
    bench.orchestrator.fault = ({ verb }) =>
      verb === "claim" && bench.orchestrator.of("claim").length < 3 ? away : "done";
    const task = await bench.orchestrator.announce({ tool: "get_order" });
    expect(await bench.orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"done"' });
    expect(new Set(bench.orchestrator.of("claim").map(({ request }) => request.nonce)).size).toBe(1);
  });

  it("hands back what it may have been granted before a claim was refused for good", async () => {
    const steered = new SteeredTool({ once: true });
    await bench.serve([steered.tool]);
    const refused = { reason: "INVALID_REQUEST", message: "no" };
    bench.orchestrator.fault = ({ verb }) =>
      verb === "claim" ? (bench.orchestrator.of("claim").length === 1 ? "lost" : refused) : "done";
    const task = await bench.orchestrator.announce({ tool: "process_refund", guarded: true });
    await bench.orchestrator.until(() => (bench.orchestrator.of("release").length === 1 ? true : undefined));
    expect(bench.orchestrator.nonceOf(task)).toBeUndefined();
    await bench.allAcknowledged();
    expect(steered.executions).toHaveLength(0);
  });

  it("tells an error of a function as one to try again, and a terminal one as final", async () => {
    const errors = [new Error("the ledger is closed"), new TerminalError("no such order"), "just text"];
    await bench.serve([
      plainTool(() => {
        throw errors.shift();
      }),
    ]);
    const failures = [];
    for (let i = 0; i < 3; i++)
      failures.push(await bench.orchestrator.outcome(await bench.orchestrator.announce({ tool: "get_order" })));
    expect(failures.map(({ value }) => value)).toMatchObject([
      { message: "the ledger is closed", retryable: true },
      { message: "no such order", retryable: false },
      { message: "just text", retryable: true },
    ]);
  });

  it("aborts the function's signal when a heartbeat says stop, and still reports what the function does then", async () => {
    const steered = new SteeredTool();
    await bench.serve([steered.tool]);
    const task = await bench.orchestrator.announce({ tool: "process_refund" });
    const { context, fail } = await steered.execution();
    bench.orchestrator.stop.add(bench.orchestrator.nonceOf(task) ?? "");
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    fail(context.signal.reason);
    expect((await bench.orchestrator.outcome(task)).value).toMatchObject({
      message: "The server asked to stop this call.",
    });
  });

  it("aborts the function's signal when its deadline passes", async () => {
    const steered = new SteeredTool();
    await bench.serve([steered.tool]);
    await bench.orchestrator.announce({ tool: "process_refund", deadlineMs: 50 });
    const { context, finish } = await steered.execution();
    await new Promise((resolve) => context.signal.addEventListener("abort", resolve));
    expect(String(context.signal.reason)).toMatch(/past its deadline/);
    finish(null);
  });

  it("says in every heartbeat what it has in hand, claims in flight included, and counts", async () => {
    const steered = new SteeredTool();
    await bench.serve([steered.tool]);
    let answer = (_: "done") => {};
    bench.orchestrator.fault = ({ verb }) =>
      verb === "claim" ? new Promise<"done">((resolve) => (answer = resolve)) : "done";
    const task = await bench.orchestrator.announce({ tool: "process_refund" });
    const claiming = await bench.orchestrator.until(() =>
      bench.orchestrator.of("heartbeat").find(({ request }) => request.tasks.length > 0),
    );
    expect(claiming.request.tasks).toMatchObject([{ callId: task.callId, begun: false }]);
    answer("done");
    const { finish } = await steered.execution();
    const running = await bench.orchestrator.until(() =>
      bench.orchestrator.of("heartbeat").find(({ request }) => request.tasks.some((one) => one.begun)),
    );
    expect(running.request.tasks[0]?.nonce).toBe(bench.orchestrator.nonceOf(task));
    finish(null);
    await bench.orchestrator.until(
      () => bench.orchestrator.of("heartbeat").at(-1)?.request.tasks.length === 0 || undefined,
    );
    const counters = bench.orchestrator.of("heartbeat").map(({ request }) => Number(request.counter));
    expect(counters).toEqual(counters.map((_, i) => i + 1));
  });

  it("follows a heartbeat that is not answered with another, to any orchestrator", async () => {
    await bench.serve([plainTool(() => 1)]);
    await bench.orchestrator.until(() =>
      bench.orchestrator.of("heartbeat").find(({ subject }) => subject.endsWith(".orch-a")),
    );
    bench.orchestrator.fault = ({ verb, subject }) =>
      verb === "heartbeat" && subject.endsWith(".orch-a") ? "deaf" : "done";
    const before = bench.orchestrator.of("heartbeat").length;
    const next = await bench.orchestrator.until(() =>
      bench.orchestrator
        .of("heartbeat")
        .slice(before)
        .find(({ subject }) => subject.endsWith(".heartbeat")),
    );
    expect(next.request.counter).toBeGreaterThan(1n);
  });

  it("registers again when a heartbeat says that the server has forgotten it", async () => {
    await bench.serve([plainTool(() => 1)]);
    bench.orchestrator.forgetWorker = true;
    const [first, second] = await bench.orchestrator.until(() => {
      const all = bench.orchestrator.of("register");
      return all.length === 2 ? all : undefined;
    });
    expect(second?.request.incarnation).toBe(first?.request.incarnation);
  });

  it("takes no more than it has room for, and leaves the rest to others", async () => {
    const [busy, idle] = [new SteeredTool(), new SteeredTool()];
    await bench.serve([busy.tool], { concurrency: 1 });
    await bench.orchestrator.announce({ tool: "process_refund" });
    const first = await busy.execution();
    const second = await bench.orchestrator.announce({ tool: "process_refund" });
    await bench.serve([idle.tool], { workerId: "worker-2" });
    (await idle.execution()).finish("by the other");
    expect(await bench.orchestrator.outcome(second)).toEqual({ case: "resultJson", value: '"by the other"' });
    first.finish(null);
    expect(busy.executions).toHaveLength(1);
  });

  it("hands the function the keys of the exact text, `__proto__` among them, as its own", async () => {
    let keys: string[] = [];
    const order = plainTool((args) => {
      keys = Object.keys(args);
    });
    await bench.serve([order]);
    await bench.orchestrator.outcome(
      await bench.orchestrator.announce({ tool: "get_order", argumentsJson: '{"__proto__":1,"a":2}' }),
    );
    expect(keys).toEqual(["__proto__", "a"]);
  });
});
