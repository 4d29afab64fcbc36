// A worker that is asked whether a lost attempt took effect.
import { ProbeVerdict, RefusalReason } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { Probe, ProbeContext } from "../../src/probe.js";
import { tool } from "../../src/tool.js";
import type { CompleteSeen } from "../fake-orchestrator.js";
import { SteeredTool } from "./served-worker.js";
import { withBench } from "./worker-bench.js";

const REFUND = z.object({ order_id: z.string() });
const ARGUMENTS = '{"order_id":"ORD-1"}';

describe("a worker whose tool brings a probe", () => {
  const bench = withBench();

  /** The tool must not be called: whoever is asked only looks. */
  function refund(probe: Probe<z.output<typeof REFUND>> | undefined, more: { enforcesIdempotency?: boolean } = {}) {
    const fn = (): never => {
      throw new Error("The tool ran.");
    };
    const options = { name: "refund", description: "Refunds.", inputSchema: REFUND, once: true, ...more };
    return tool(fn, probe === undefined ? options : { ...options, probe });
  }

  function lost(more: object = {}) {
    return bench.orchestrator.announce({
      tool: "refund",
      guarded: true,
      probing: true,
      attempt: 2,
      argumentsJson: ARGUMENTS,
      ...more,
    });
  }

  function completions(): CompleteSeen[] {
    return bench.orchestrator.of("complete");
  }

  it("registers that it brings one, and that its receiver enforces the key", async () => {
    await bench.serve([
      refund(() => ({ unknown: true }), { enforcesIdempotency: true }),
      new SteeredTool({ once: true }).tool,
    ]);
    expect(bench.orchestrator.of("register")[0]?.request.tools).toMatchObject([
      { name: "refund", probe: true, enforcesIdempotency: true },
      { name: "process_refund", probe: false, enforcesIdempotency: false },
    ]);
  });

  it("asks the probe with the call's arguments and key, and answers what it found", async () => {
    const asked: [unknown, ProbeContext][] = [];
    await bench.serve([
      refund(async (args, context) => {
        asked.push([args, context]);
        return { happened: true, result: { refunded: true }, detail: "found by its key" };
      }),
    ]);
    const task = await lost();
    const outcome = await bench.orchestrator.outcome(task);
    expect(outcome.value).toMatchObject({
      verdict: ProbeVerdict.HAPPENED,
      resultJson: '{"refunded":true}',
      detail: "found by its key",
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]?.[0]).toEqual({ order_id: "ORD-1" });
    const call = { runId: "run_1", callId: "call_1", attempt: 2, idempotencyKey: "run_1/call_1" };
    expect(asked[0]?.[1]).toMatchObject(call);
    expect(bench.orchestrator.of("claim").map(({ request }) => request.probe)).toEqual([false, true]);
    expect(bench.orchestrator.nonceOf(task)).toBeUndefined();
    await bench.allAcknowledged();
  });

  it.each([
    ["did not happen", { happened: false }, ProbeVerdict.DID_NOT_HAPPEN],
    ["cannot be told", { unknown: true }, ProbeVerdict.UNKNOWN],
  ] as const)("answers that it %s", async (_, answer, verdict) => {
    await bench.serve([refund(() => ({ ...answer, detail: "looked" }))]);
    const outcome = await bench.orchestrator.outcome(await lost());
    expect(outcome.value).toMatchObject({ verdict, detail: "looked", resultJson: "" });
  });

  it.each([
    ["throws", () => Promise.reject(new Error("the ledger is closed"))],
    ["returns no answer", () => ({ happened: "no" }) as never],
  ])("says nothing where its probe %s, and asks again when it is announced again", async (_, broken) => {
    let asked = 0;
    await bench.serve([
      refund((): ReturnType<Probe<unknown>> => {
        asked += 1;
        return asked === 1 ? broken() : { happened: false };
      }),
    ]);
    const task = await lost();
    await bench.orchestrator.until(() => (asked === 1 ? true : undefined));
    await bench.allAcknowledged();
    await bench.orchestrator.hint(task);
    expect((await bench.orchestrator.outcome(task)).value).toMatchObject({ verdict: ProbeVerdict.DID_NOT_HAPPEN });
    expect(completions()).toHaveLength(1);
    expect(bench.orchestrator.of("release")).toHaveLength(0);
  });

  it.each([
    ["no probe", { tamper: (grant: { probe: boolean }) => Object.assign(grant, { probe: false }) }],
    ["another tool's", { tamper: (grant: { toolName: string }) => Object.assign(grant, { toolName: "erase" }) }],
    [
      "of other arguments",
      { tamper: (grant: { argumentsJson: string }) => Object.assign(grant, { argumentsJson: "{}" }) },
    ],
    ["of arguments that its schema refuses", { argumentsJson: "{}" }],
  ])("runs nothing on a grant that is %s, and says nothing", async (_, more) => {
    let asked = 0;
    await bench.serve([
      refund(() => {
        asked += 1;
        return { happened: false };
      }),
    ]);
    await lost(more);
    await bench.orchestrator.until(() => (bench.orchestrator.of("claim").length === 2 ? true : undefined));
    await bench.allAcknowledged();
    const beats = bench.orchestrator.of("heartbeat").length;
    await bench.orchestrator.until(() => (bench.orchestrator.of("heartbeat").length > beats + 1 ? true : undefined));
    expect([asked, completions().length, bench.orchestrator.of("release").length]).toEqual([0, 0, 0]);
  });

  it("repeats an answer until it is answered, and a claim of the probe too", async () => {
    let asked = 0;
    await bench.serve([
      refund(() => {
        asked += 1;
        return { happened: false };
      }),
    ]);
    bench.orchestrator.fault = ({ verb, request }) => {
      if (verb === "claim" && request.probe) return bench.orchestrator.of("claim").length === 2 ? "lost" : "done";
      return verb === "complete" && completions().length === 1 ? "lost" : "done";
    };
    await bench.orchestrator.outcome(await lost());
    await bench.orchestrator.until(() => (completions().length === 2 ? true : undefined));
    expect(asked).toBe(1);
    await bench.allAcknowledged();
  });

  it("leaves the task to another where its own tool brings none", async () => {
    const bare = await bench.serve([refund(undefined)], { workerId: "bare" });
    const task = await lost();
    await bench.orchestrator.until(() => (bench.orchestrator.of("claim").length > 0 ? true : undefined));
    expect(bench.orchestrator.of("claim")[0]?.request).toMatchObject({ workerId: "bare", probe: false });
    // Only the other can have it now; before, the hint was the first one's to give back.
    await bare.shutdown(1_000);
    await bench.serve([refund(() => ({ happened: true, result: 7 }))], { workerId: "looks" });
    expect((await bench.orchestrator.outcome(task)).value).toMatchObject({ resultJson: "7" });
    expect(completions()[0]?.request.workerId).toBe("looks");
  });

  it("has the probe's signal aborted when nobody asks any more", async () => {
    const aborted = new Promise<string>((resolve) => {
      void bench.serve([
        refund((_, { signal }) => {
          const { nonce } = bench.orchestrator.of("claim")[1]?.request ?? { nonce: "" };
          bench.orchestrator.stop.add(nonce);
          return new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => {
              resolve(String(signal.reason));
              reject(signal.reason);
            });
          });
        }),
      ]);
    });
    await bench.orchestrator.until(() => (bench.orchestrator.of("register").length > 0 ? true : undefined));
    await lost();
    expect(await aborted).toMatch(/asked to stop/);
    expect(completions()).toHaveLength(0);
  });

  it("asks the probe of what it still runs itself, when its time is over", async () => {
    const finish: ((result: string) => void)[] = [];
    const fn = (): Promise<string> =>
      new Promise((resolve) => {
        finish.push(resolve);
        bench.orchestrator.changed();
      });
    const options = { name: "refund", description: "", inputSchema: z.object({}), once: true };
    await bench.serve([tool(fn, { ...options, probe: () => ({ unknown: true }) })]);
    const task = await bench.orchestrator.announce({ tool: "refund", guarded: true });
    await bench.orchestrator.until(() => finish[0]);
    await bench.allAcknowledged();
    // Announced again while it is this worker's: its probe is not asked yet.
    await bench.orchestrator.hint(task);
    await bench.orchestrator.until(() => (bench.orchestrator.of("claim").length === 2 ? true : undefined));
    await bench.allAcknowledged();
    expect(completions()).toHaveLength(0);
    task.probing = true;
    await bench.orchestrator.hint(task);
    expect((await bench.orchestrator.outcome(task)).value).toMatchObject({ verdict: ProbeVerdict.UNKNOWN });
    finish[0]?.("late");
    await bench.orchestrator.until(() => (completions().length === 2 ? true : undefined));
    expect(completions()[1]?.request.outcome).toEqual({ case: "resultJson", value: '"late"' });
  });

  it("knows the refusal that asks for it by its number", () => {
    expect(RefusalReason.PROBE).toBe(7);
  });
});
