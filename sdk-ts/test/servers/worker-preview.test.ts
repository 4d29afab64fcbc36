// A worker that is asked what a call would do.
import { describe, expect, it } from "vitest";
import { z } from "zod";
import type { PreviewContext, PreviewFunction } from "../../src/preview.js";
import { tool } from "../../src/tool.js";
import { withBench } from "./worker-bench.js";

const TRANSFER = z.object({ amount: z.number() });
const ARGUMENTS = '{"amount":10}';

describe("a worker whose tool brings a preview", () => {
  const bench = withBench();

  function transfer(preview: PreviewFunction<z.output<typeof TRANSFER>> | undefined, ran: () => unknown = neverRuns) {
    const options = { name: "transfer", description: "", inputSchema: TRANSFER, approvalRequired: true };
    const more = preview === undefined ? {} : { preview, previewFields: ["after"] };
    return tool(ran, { ...options, ...more });
  }

  function neverRuns(): never {
    throw new Error("The tool ran.");
  }

  function asked(more: object = {}) {
    const task = { tool: "transfer", guarded: true, argumentsJson: ARGUMENTS, previewMs: 10_000 };
    return bench.orchestrator.announce({ ...task, ...more });
  }

  const answer = () => bench.orchestrator.until(() => bench.orchestrator.previews[0]);

  it("registers that it brings one, and what of it must stay the same", async () => {
    await bench.serve([transfer(() => "text")]);
    expect(bench.orchestrator.of("register")[0]?.request.tools[0]?.preview?.fields).toEqual(["after"]);
  });

  it("looks with the call's arguments, and answers what it saw under the number that it was given", async () => {
    const seen: [unknown, PreviewContext][] = [];
    await bench.serve([
      transfer(async (args, context) => {
        seen.push([args, context]);
        return { before: 50, after: 50 - args.amount };
      }),
    ]);
    const { callId } = await asked();
    expect(await answer()).toMatchObject({
      number: 7,
      outcome: { case: "contentJson", value: '{"before":50,"after":40}' },
    });
    expect(seen).toMatchObject([[{ amount: 10 }, { runId: "run_1", callId }]]);
    expect(bench.orchestrator.of("claim").map(({ request }) => request.preview)).toEqual([false, true]);
    await bench.allAcknowledged();
  });

  it("runs the call when it is announced before the answer of its preview was heard", async () => {
    await bench.serve([
      transfer(
        () => "text",
        () => "ran",
      ),
    ]);
    const { orchestrator } = bench;
    const announced: Promise<void>[] = [];
    // The answer is held back until the hint that follows it has been taken.
    orchestrator.onPreview = (task) => announced.push(orchestrator.hint(task));
    orchestrator.fault = async ({ verb }) => {
      const first = verb === "complete" && orchestrator.of("complete").length === 1;
      return first ? "lost" : "done";
    };
    const outcome = await orchestrator.outcome(await asked());
    expect(outcome).toEqual({ case: "resultJson", value: '"ran"' });
    await Promise.all(announced);
  });

  it.each<[string, PreviewFunction<unknown> | undefined, object, RegExp]>([
    ["it throws", () => Promise.reject(new Error("the bank is closed")), {}, /^the bank is closed$/],
    ["it returns nothing", () => undefined, {}, /returned nothing/],
    ["what it returns is no JSON", () => 7n, {}, /cannot be written as JSON/],
    ["what it returns is too large", () => "x".repeat(65_536), {}, /65538 bytes of JSON; the limit is 65536/],
    ["its schema refuses the arguments", () => "text", { argumentsJson: "{}" }, /schema refuses the arguments/],
    ["its tool brings none", undefined, {}, /brings no preview/],
    ["it takes too long, whatever it still does", () => new Promise(() => undefined), { previewMs: 50 }, /longer than/],
    [
      "what was granted is another tool's",
      () => "text",
      { tamper: (grant: { toolName: string }) => Object.assign(grant, { toolName: "erase" }) },
      /something else than this preview/,
    ],
    [
      "the arguments are not those of their digest",
      () => "text",
      { tamper: (grant: { argumentsJson: string }) => Object.assign(grant, { argumentsJson: '{"amount":1}' }) },
      /not of their digest/,
    ],
  ])("answers why it could not look where %s", async (_, preview, more, why) => {
    await bench.serve([transfer(preview)]);
    await asked(more);
    const { outcome } = await answer();
    expect(outcome).toMatchObject({ case: "failure", value: expect.stringMatching(why) });
    await bench.allAcknowledged();
  });

  it("has its signal aborted when its time is over", async () => {
    const aborted = new Promise<unknown>((resolve) => {
      void bench.serve([
        transfer((_, { signal }) => {
          signal.addEventListener("abort", () => resolve(signal.reason));
          return new Promise(() => undefined);
        }),
      ]);
    });
    await bench.orchestrator.until(() => bench.orchestrator.of("register")[0]);
    await asked({ previewMs: 50 });
    expect(String(await aborted)).toContain("longer than");
  });
});
