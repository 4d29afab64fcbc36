import { ReleaseReason } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { plainTool, SteeredTool } from "./served-worker.js";
import { withBench } from "./worker-bench.js";

const bench = withBench();

describe("what a worker does not begin", () => {
  /** Why a task was handed back. */
  async function released(): Promise<{ reason: ReleaseReason; detail: string }> {
    return (await bench.orchestrator.until(() => bench.orchestrator.of("release")[0])).request;
  }

  it.each(["monotonic", "wall"] as const)("a guarded call whose grant is older than 3 s by %s", async (late) => {
    const steered = new SteeredTool({ approvalRequired: true });
    let aheadMs = 0;
    const clock = {
      monotonic: () => performance.now() + (late === "monotonic" ? aheadMs : 0),
      wall: () => Date.now() + (late === "wall" ? aheadMs : 0),
    };
    const beforeExecute = () => {
      aheadMs = 3_001;
    };
    await bench.serve([steered.tool], { hooks: { clock, beforeExecute } });
    await bench.orchestrator.announce({ tool: "process_refund", guarded: true });
    expect(await released()).toMatchObject({ reason: ReleaseReason.TOO_LATE });
    expect(steered.executions).toHaveLength(0);
    expect(bench.orchestrator.of("complete")).toHaveLength(0);
  });

  it("begins a plain call however old its grant is", async () => {
    const ahead = { ms: 0 };
    const clock = { monotonic: () => performance.now() + ahead.ms, wall: () => Date.now() + ahead.ms };
    const afterClaim = () => {
      ahead.ms = 60_000;
    };
    await bench.serve([plainTool(() => "done")], { hooks: { clock, afterClaim } });
    const task = await bench.orchestrator.announce({ tool: "get_order" });
    expect(await bench.orchestrator.outcome(task)).toEqual({ case: "resultJson", value: '"done"' });
  });

  it("a tool whose owner gates it and whose grant names no approval", async () => {
    const steered = new SteeredTool({ approvalRequired: true });
    await bench.serve([steered.tool]);
    await bench.orchestrator.announce({ tool: "process_refund", guarded: false });
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
    await bench.serve([steered.tool]);
    await bench.orchestrator.announce({
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
    await bench.serve([steered.tool]);
    const tamper = (grant: { argumentsJson: string }) => {
      grant.argumentsJson = '{"amount":1000000}';
    };
    await bench.orchestrator.announce({ tool: "process_refund", tamper });
    expect(await released()).toMatchObject({ reason: ReleaseReason.NO_PROOF, detail: /digest/ });
    expect(steered.executions).toHaveLength(0);
  });

  it("arguments that its own schema refuses", async () => {
    const steered = new SteeredTool({ inputSchema: z.object({ amount: z.number() }) });
    await bench.serve([steered.tool]);
    await bench.orchestrator.announce({ tool: "process_refund", argumentsJson: '{"amount":"29.99"}' });
    expect(await released()).toMatchObject({ reason: ReleaseReason.INCOMPATIBLE, detail: /amount/ });
    expect(steered.executions).toHaveLength(0);
  });
});
