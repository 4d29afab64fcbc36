// A kit that hangs says nothing: functions that take their time, or never end, and kits that were stopped.
import { Agent, tool } from "@agentspan/sdk";
import { after, approve, calls, expectRun, type Kit, memoryKit, reject, says } from "@agentspan/sdk/testing";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const INPUT = "Refund order ORD-8821";
const asksForRefund = [calls("process_refund", REFUND), says("Done.")];
const never = () => new Promise<never>(() => undefined);

let kit: Kit;
afterEach(async () => {
  await kit[Symbol.asyncDispose]();
});

describe("a decision's function", () => {
  it("takes its time, and the clock stands still meanwhile", async () => {
    kit = await memoryKit({
      model: asksForRefund,
      decisions: {
        process_refund: async () => {
          await new Promise((resolve) => setTimeout(resolve, 30));
          return approve({ by: "maria" });
        },
      },
    });
    const begun = kit.now();
    expectRun(await kit.run(refundAgent(till(), { expiresIn: "2d" }), INPUT)).approved("process_refund", "maria");
    expect(kit.now()).toEqual(begun);
  });

  it.each(["2d", undefined] as const)(
    "that never ends is told, where the approval expires in %s",
    async (expiresIn) => {
      kit = await memoryKit({ model: asksForRefund, decisions: { process_refund: never }, patience: "50ms" });
      const run = kit.run(refundAgent(till(), expiresIn === undefined ? {} : { expiresIn }), INPUT);
      await expect(run).rejects.toThrow(
        "The function in decisions of process_refund has been running for 0.05 s, and nothing else happens.",
      );
    },
  );

  it("that throws, or gives no decision, is told with what happened", async () => {
    const broken = () => {
      throw new Error("boo");
    };
    kit = await memoryKit({ model: asksForRefund, decisions: { process_refund: broken } });
    await expect(kit.run(refundAgent(till()), INPUT)).rejects.toThrow(
      /^The function in decisions of process_refund threw: boo\n\nThe run run_\w+ of refund_agent is WAITING/,
    );
    kit = await memoryKit({ model: asksForRefund, decisions: { process_refund: () => "approve" as never } });
    await expect(kit.run(refundAgent(till()), INPUT)).rejects.toThrow(
      'The function in decisions of process_refund gave "approve", and not a decision',
    );
  });
});

describe("a test", () => {
  it("waits for an approval that the script decides later, and decides it before", async () => {
    kit = await memoryKit({ model: asksForRefund, decisions: { process_refund: after("1d", approve()) } });
    const begun = kit.now();
    const run = await kit.start(refundAgent(till()), INPUT);
    expect(await run.waiting("process_refund")).toMatchObject({ toolName: "process_refund", arguments: REFUND });
    await run.reject("not today", { toolName: "process_refund" });
    expectRun(await run.result()).rejected("process_refund", "not today");
    expect(kit.now().getTime() - begun.getTime()).toBeLessThan(60_000);
    await kit.stop();
  });

  it("says which of several approvals it decides", async () => {
    const half = { ...REFUND, amount: 1 };
    kit = await memoryKit({ model: [calls("process_refund", REFUND).and("process_refund", half), says("Done.")] });
    const run = await kit.start(refundAgent(till()), INPUT);
    await expect(run.approve()).rejects.toThrow(
      /^The run waits for a person to decide process_refund {"amount":29.99,"order_id":"ORD-8821"} \(apr_\w+\) and process_refund {"amount":1,"order_id":"ORD-8821"} \(apr_\w+\): say which of them, as { toolName: "process_refund" }, or by { approvalId } where they are of one tool\./,
    );
    const { pendingApprovals } = await run.status();
    const second = pendingApprovals.find(({ arguments: args }) => args.amount === 1);
    await run.approve({ approvalId: second?.approvalId ?? "" });
    await run.reject("too much");
    expect((await run.result()).calls.map(({ decisions }) => decisions[0]?.outcome)).toEqual(["REJECTED", "APPROVED"]);
    await expect(run.approve("process_refund" as never)).rejects.toThrow(
      'run.approve() is given "process_refund"; which tool it is about is written as { toolName: "process_refund" }.',
    );
  });
});

describe("the kit ends", () => {
  it("over a turn of the model that never does", async () => {
    kit = await memoryKit({ model: [never], patience: "50ms" });
    await expect(kit.run(refundAgent(till()), INPUT)).rejects.toThrow(
      "A turn of the model has been running for 0.05 s",
    );
    await kit[Symbol.asyncDispose]();
  });

  it("and nothing is started, moved or waited for after that", async () => {
    kit = await memoryKit({ model: asksForRefund });
    const run = await kit.start(refundAgent(till()), INPUT);
    await kit[Symbol.asyncDispose]();
    const stopped = "The kit was stopped.";
    await expect(kit.run(refundAgent(till()), INPUT)).rejects.toThrow(stopped);
    await expect(kit.advance("1d")).rejects.toThrow(stopped);
    await expect(kit.tested(run.runId)).rejects.toThrow(stopped);
    await expect(run.waiting()).rejects.toThrow(stopped);
    await expect(run.status()).rejects.toThrow(stopped);
  });
});

describe("a run that no worker carries on", () => {
  it("is told, where none serves the tool", async () => {
    kit = await memoryKit({ model: [calls("get_order", ORDER), says("Found.")] });
    await expect(kit.run(refundAgent(till()), INPUT, { serve: false })).rejects.toThrow(
      /^The run waits for a worker that serves get_order, and there is none\.\n\nThe run run_\w+ of refund_agent is RUNNING/,
    );
  });

  it("is told, where the worker's schema refuses what the definition's lets through", async () => {
    const even = tool(() => 1, {
      name: "halve",
      description: "Halves.",
      inputSchema: z.object({ n: z.number().refine((n) => n % 2 === 0) }),
    });
    kit = await memoryKit({ model: [calls("halve", { n: 3 }), says("Done.")] });
    const run = kit.run(new Agent({ name: "halver", model: "a/b", tools: [even] }), INPUT);
    await expect(run).rejects.toThrow(/^The schema of halve in the worker refuses the arguments\.\n/);
  });

  it("ends by itself, where its tool says how long a call may wait for one", async () => {
    const late = tool(() => 1, {
      ...{ name: "late", description: "Comes late.", inputSchema: z.object({}) },
      startTimeout: "1h",
    });
    kit = await memoryKit({ model: [calls("late"), says("Nobody came.")] });
    const run = await kit.run(new Agent({ name: "latecomer", model: "a/b", tools: [late] }), INPUT, { serve: false });
    expectRun(run).completed().outputContains("Nobody came.");
  });
});

describe("where a test has timers of its own in place,", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("the kit keeps to this machine's", async () => {
    kit = await memoryKit({ model: asksForRefund, decisions: { process_refund: after("2d", approve()) } });
    expectRun(await kit.run(refundAgent(till()), INPUT)).completed();
    await kit.stop();
  });

  it("a function that sleeps is told of, with them", async () => {
    kit = await memoryKit({
      model: [calls("get_order", ORDER), says("Found.")],
      tools: { get_order: () => new Promise((resolve) => setTimeout(resolve, 10)) },
      patience: "50ms",
    });
    await expect(kit.run(refundAgent(till()), INPUT)).rejects.toThrow(
      /^get_order has been running for 0.05 s, .* The test has timers of its own in place, as vi\.useFakeTimers\(\) puts them/,
    );
  });
});

describe("the kit's clock", () => {
  it("moves twice where it is moved twice at once", async () => {
    kit = await memoryKit({ model: [] });
    const begun = kit.now().getTime();
    await Promise.all([kit.advance("1d"), kit.advance("1d")]);
    expect(kit.now().getTime() - begun).toBe(2 * 86_400_000);
    await expect(kit.advance(Number.NaN)).rejects.toThrow("The time of advance() is NaN; it must be");
    await expect(kit.advance(undefined as never)).rejects.toThrow("The time of advance() is undefined; it must be");
  });

  it("lets the waits between attempts be as long as the tool says, in every run alike", async () => {
    const tries: number[] = [];
    const flaky = tool(
      () => {
        tries.push(kit.now().getTime());
        throw new Error("busy");
      },
      {
        ...{ name: "flaky", description: "Fails.", inputSchema: z.object({}) },
        retry: { maxAttempts: 4, initialBackoff: "10s", maxBackoff: "2m" },
      },
    );
    kit = await memoryKit({ model: [calls("flaky"), says("It failed.")] });
    await kit.run(new Agent({ name: "trier", model: "a/b", tools: [flaky] }), INPUT);
    const [first = 0] = tries;
    expect(tries.map((at) => Math.round((at - first) / 5_000) * 5)).toEqual([0, 10, 30, 70]);
  });

  it("no decision of a rejected call takes place", async () => {
    kit = await memoryKit({ model: asksForRefund, decisions: { process_refund: [reject("no")] } });
    expectRun(await kit.run(refundAgent(till()), INPUT)).rejected("process_refund", "no");
    await kit.stop();
  });
});
