// A worker that the server does not know (any more): its registration was forgotten, or never reached who is asked.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { tool } from "../../src/tool.js";
import type { Fault, Seen } from "../fake-orchestrator.js";
import { plainTool, SteeredTool } from "./served-worker.js";
import { withBench } from "./worker-bench.js";

const bench = withBench();

const DENIED = { reason: "PERMISSION_DENIED", message: "register again" };

/** Refuses these until the worker has registered once more. */
function forgetFor(asks: (seen: Seen) => boolean): void {
  const before = bench.orchestrator.of("register").length;
  const isForgotten = () => bench.orchestrator.of("register").length === before;
  bench.orchestrator.fault = (seen): Fault => (asks(seen) && isForgotten() ? DENIED : "done");
}

describe("a worker whose registration is forgotten", () => {
  it("registers again as the same process where a claim is refused for it, and loses no hint", async () => {
    const steered = new SteeredTool({ once: true });
    await bench.serve([steered.tool]);
    forgetFor(({ verb }) => verb === "claim");
    const task = await bench.orchestrator.announce({ tool: "process_refund", guarded: true });
    (await steered.execution()).finish("done");
    expect(await bench.orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"done"' });
    await bench.allAcknowledged();
    const [first, ...later] = bench.orchestrator.of("register").map(({ request }) => request);
    expect(later).not.toEqual([]);
    for (const one of later) expect(one).toEqual(first);
    expect(bench.orchestrator.of("claim").length).toBeGreaterThan(1);
    expect(steered.executions).toHaveLength(1);
  });

  it("does so for a probe", async () => {
    const inputSchema = z.object({});
    const options = { name: "refund", description: "", inputSchema, once: true, probe: () => ({ happened: false }) };
    await bench.serve([tool(() => "ran", options)]);
    forgetFor(({ verb, request }) => verb === "claim" && "probe" in request && request.probe);
    const task = await bench.orchestrator.announce({ tool: "refund", guarded: true, probing: true });
    expect(await bench.orchestrator.outcome(task)).toMatchObject({ case: "probeAnswer" });
    await bench.allAcknowledged();
  });

  it("does so for a preview", async () => {
    const inputSchema = z.object({});
    const options = { name: "transfer", description: "", inputSchema, approvalRequired: true, preview: () => "seen" };
    await bench.serve([tool(() => "ran", options)]);
    forgetFor(({ verb, request }) => verb === "claim" && "preview" in request && request.preview);
    await bench.orchestrator.announce({ tool: "transfer", guarded: true, previewMs: 10_000 });
    const seen = await bench.orchestrator.until(() => bench.orchestrator.previews[0]);
    expect(seen.outcome).toEqual({ case: "contentJson", value: '"seen"' });
    await bench.allAcknowledged();
  });

  it("registers again where its outcome is refused for it, and tells the same outcome again", async () => {
    const steered = new SteeredTool();
    const worker = await bench.serve([steered.tool]);
    forgetFor(({ verb }) => verb === "complete");
    const task = await bench.orchestrator.announce({ tool: "process_refund" });
    const { finish } = await steered.execution();
    // It does so also while it shuts down.
    const shutdown = worker.shutdown(10_000);
    finish({ refunded: 5 });
    expect(await bench.orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '{"refunded":5}' });
    await shutdown;
    const told = bench.orchestrator.of("complete").map(({ request }) => request);
    expect(told).toHaveLength(2);
    expect(told[1]).toEqual(told[0]);
  });

  it("tells an outcome no more than four times where registering does not help", async () => {
    await bench.serve([plainTool(() => "done")]);
    bench.orchestrator.fault = ({ verb }) => (verb === "complete" ? DENIED : "done");
    await bench.orchestrator.announce({ tool: "get_order" });
    await bench.orchestrator.until(() => (bench.orchestrator.of("complete").length === 4 ? true : undefined));
    expect(bench.orchestrator.of("register")).toHaveLength(4);
    bench.orchestrator.fault = () => "done";
    const next = await bench.orchestrator.announce({ tool: "get_order" });
    expect(await bench.orchestrator.outcome(next)).toEqual({ case: "resultJson", value: '"done"' });
    expect(bench.orchestrator.of("complete")).toHaveLength(5);
  });
});
