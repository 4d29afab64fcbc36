// What a kit says where a test cannot go on as it is written.
import { Agent, agentTool, tool } from "@agentspan/sdk";
import {
  approve,
  calls,
  expectRun,
  fails,
  type Kit,
  KitError,
  type KitOptions,
  memoryKit,
  nobody,
  reject,
  says,
} from "@agentspan/sdk/testing";
import { afterEach, describe, expect, it } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const agent = refundAgent(till());
const INPUT = "Refund order ORD-8821";

let kit: Kit;
afterEach(async () => {
  await kit[Symbol.asyncDispose]();
});

/** The first line of what a run fails with; the rest shows its events. */
async function fault(options: KitOptions, of = agent): Promise<string> {
  kit = await memoryKit(options);
  const error = await kit.run(of, INPUT).then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KitError);
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
}

describe("a kit tells", () => {
  it("that a run waits for a person and nobody comes, with what to write, and what happened", async () => {
    expect(await fault({ model: [calls("process_refund", REFUND)] })).toBe(
      'The run waits for a person to decide process_refund {"amount":29.99,"order_id":"ORD-8821"}, and nobody does. Write down what they do, as decisions: { process_refund: approve() } of the kit, or decide in the test, as with run.approve().',
    );
    const waits = kit.run(agent, "another");
    await expect(waits).rejects.toThrow(/What happened in it:\n +1 +run_started +"another"\n/);
    expect(await fault({ model: [calls("process_refund", REFUND)], decisions: { process_refund: nobody() } })).toMatch(
      /^The run waits for a person/,
    );
  });

  it("that people decide only so often as is written", async () => {
    const model = [calls("process_refund", REFUND), calls("process_refund", REFUND), says("Done.")];
    expect(await fault({ model, decisions: { process_refund: [reject("no")] } })).toMatch(
      /^The run waits for a person to decide process_refund/,
    );
    const unused = { model: [says("Done.")], decisions: { process_refund: [approve(), reject("no")] } };
    kit = await memoryKit(unused);
    await kit.run(agent, INPUT);
    await expect(kit.stop()).rejects.toThrow(
      'Nobody was asked to decide process_refund so often: approve() is left over.\nNobody was asked to decide process_refund so often: reject("no") is left over.',
    );
  });

  it("that a decision is refused, and why", async () => {
    const pay = tool(() => 1, {
      name: "pay",
      description: "Pays.",
      inputSchema: z.object({}),
      approval: { approvers: { users: ["maria"] } },
    });
    const payer = new Agent({ name: "payer", model: "a/b", tools: [pay] });
    const options = (by: string) => ({ model: [calls("pay"), says("Paid.")], decisions: { pay: approve({ by }) } });
    expect(await fault(options("eve"), payer)).toMatch(/^approve\(\) of pay was refused: /);
    kit = await memoryKit(options("maria"));
    expectRun(await kit.run(payer, INPUT))
      .completed()
      .approved("pay", "maria");
  });

  it("that the model is asked for a turn that is not written, and what it had been told", async () => {
    expect(await fault({ model: [calls("get_order", ORDER)] })).toBe(
      'The model was asked for turn 2 in a run of refund_agent, and its script has 1 turn. It had been told get_order: {"order_id":"ORD-8821","amount":29.99,"status":"delivered"}',
    );
    expect(await fault({ model: [] })).toBe(
      "The model was asked for turn 1 in a run of refund_agent, and its script has 0 turns. Its user said: Refund order ORD-8821",
    );
  });

  it("that a turn was not asked for", async () => {
    expect(await fault({ model: [says("Done."), calls("get_order", ORDER).and("get_order", {}).saying("hm")] })).toBe(
      'The model was not asked for turn 2 of the script: calls("get_order", {"order_id":"ORD-8821"}).and("get_order", {}).',
    );
    kit = await memoryKit({ model: [says("Done."), fails("busy"), () => says("x")] });
    await expect(kit.stop()).rejects.toThrow(
      'turn 1 of the script: says("Done.").\nThe model was not asked for turn 2 of the script: fails("busy").\nThe model was not asked for turn 2 of the script: a function.',
    );
  });

  it("that a function of the script threw", async () => {
    const broken = () => {
      throw new Error("no such order");
    };
    expect(await fault({ model: [broken] })).toBe(
      "The function of turn 1 in a run of refund_agent threw: no such order",
    );
  });

  it("that a run of an agent takes place that the script does not have", async () => {
    const desk = new Agent({ name: "desk", model: "a/b", tools: [agentTool(agent, { description: "Refunds." })] });
    const model = { desk: [calls("refund_agent", { input: "Refund" }), says("Done.")] };
    expect(await fault({ model }, desk)).toBe(
      "The model was asked in a run of refund_agent, and the script has turns for desk only.",
    );
  });

  it("that a tool never ends, and what to do about it", async () => {
    const options = {
      model: [calls("get_order", ORDER), says("x")],
      tools: { get_order: () => new Promise(() => undefined) },
    };
    expect(await fault({ ...options, patience: "50ms" })).toBe(
      "get_order has been running for 0.05 s, and nothing else happens. If that is what the test is about, move the clock with kit.advance(); if it is only slow, give the kit more patience.",
    );
  });

  it("that a run is paused, and that one that has ended never waited", async () => {
    kit = await memoryKit({ model: [calls("process_refund", REFUND), says("Done.")] });
    const run = await kit.start(agent, INPUT);
    await run.waiting();
    await run.handle.pause("lunch");
    await expect(run.result()).rejects.toThrow("The run is paused, and nobody resumes it.");
    await run.handle.resume();
    await expect(run.waiting("get_order")).rejects.toThrow(/^The run waits for a person to decide process_refund/);
    await run.approve();
    await run.result();
    await expect(run.waiting()).rejects.toThrow(
      "The run has ended, and waits for nobody any more: process_refund was approved by anonymous.",
    );
    await expect(run.approve({ toolName: "get_order" })).rejects.toThrow(
      "The run has ended and never waited for a person to decide get_order.",
    );
  });
});

describe("a kit waits", () => {
  it("for tools and turns that take real time, and moves no clock meanwhile", async () => {
    const later = <T>(value: T) => new Promise<T>((resolve) => setTimeout(() => resolve(value), 20));
    kit = await memoryKit({
      model: [() => later(calls("get_order", ORDER)), says("Done.")],
      tools: { get_order: () => later({ amount: 1 }) },
    });
    const begun = kit.now();
    expectRun(await kit.run(agent, INPUT))
      .completed()
      .noErrors();
    expect(kit.now()).toEqual(begun);
  });

  it("for several runs at once, each at its own place of the script", async () => {
    kit = await memoryKit({
      model: [
        ({ input }) => calls("get_order", { order_id: input }),
        ({ results }) => says(JSON.stringify(results[0]?.value)),
      ],
    });
    const runs = await Promise.all(["ORD-1", "ORD-2", "ORD-3"].map((order) => kit.run(agent, order)));
    expect(runs.map(({ output }) => JSON.parse(String(output.result)).order_id)).toEqual(["ORD-1", "ORD-2", "ORD-3"]);
    expect(kit.asked.map(({ turn }) => turn).sort()).toEqual([1, 1, 1, 2, 2, 2]);
    await kit.stop();
  });
});
