// What the kit in memory and the kit on a server must both do, and do alike: each scenario is carried out by either, and
// gives the runs whose histories are compared.
import type { Duration } from "@agentspan/sdk";
import {
  after,
  approve,
  approveWith,
  calls,
  expectRun,
  fails,
  type Kit,
  type KitOptions,
  reject,
  respond,
  says,
  type TestedRun,
} from "@agentspan/sdk/testing";
import { expect } from "vitest";
import { deskAgent, ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

/** Makes a kit, which is the one line in which the two differ; and how much time a test has. */
export interface Stage {
  readonly makeKit: (options: KitOptions) => Promise<Kit>;
  /** How long people have before an approval expires, and how long they take to decide. */
  readonly expiresIn: Duration;
  readonly thinksFor: Duration;
}

export type Scenario = (stage: Stage) => Promise<readonly TestedRun[]>;

const INPUT = "Customer Alex wants a refund on order ORD-8821";
const asksForRefund = [calls("process_refund", REFUND), says("Done.")] as const;

export const SCENARIOS: Readonly<Record<string, Scenario>> = {
  "a plain tool runs at once": async ({ makeKit }) => {
    const of = till();
    const kit = await makeKit({ model: [calls("get_order", ORDER), says("It was delivered.")] });
    const run = await kit.run(refundAgent(of), INPUT);
    await kit.stop();
    expectRun(run).completed().noErrors().toolsUsedExactly(["get_order"]).output("It was delivered.").maxTurns(2);
    expect(of.lookups).toBe(1);
    return [run];
  },

  "a gated tool runs once it is approved": async ({ makeKit, thinksFor }) => {
    const of = till();
    const kit = await makeKit({
      model: [calls("get_order", ORDER), calls("process_refund", REFUND), says("Refunded.")],
      decisions: { process_refund: after(thinksFor, approve({ comment: "It is fine." })) },
    });
    const run = await kit.run(refundAgent(of), INPUT);
    await kit.stop();
    expectRun(run).completed().paused("process_refund").approved("process_refund").usedTool("process_refund", REFUND);
    expect(of.refunds).toEqual([REFUND]);
    return [run];
  },

  "a gated tool that is rejected never runs, and the model is told": async ({ makeKit }) => {
    const of = till();
    const kit = await makeKit({
      model: [
        calls("process_refund", REFUND),
        ({ resultOf }) => says(`I am sorry. ${resultOf("process_refund")?.text}`),
      ],
      decisions: { process_refund: reject("Not delivered yet") },
    });
    const run = await kit.run(refundAgent(of), INPUT);
    await kit.stop();
    expectRun(run)
      .completed()
      .rejected("process_refund", "Not delivered yet")
      .didNotUseTool("process_refund")
      .outputContains("Not delivered yet");
    expect(of.refunds).toEqual([]);
    return [run];
  },

  "a person changes the arguments": async ({ makeKit }) => {
    const of = till();
    const half = { ...REFUND, amount: 15 };
    const kit = await makeKit({
      model: asksForRefund,
      decisions: { process_refund: approveWith(half, { by: "maria" }) },
    });
    const run = await kit.run(refundAgent(of), INPUT);
    await kit.stop();
    expectRun(run).completed().approved("process_refund", "maria").usedTool("process_refund", half);
    expect(of.refunds).toEqual([half]);
    return [run];
  },

  "a person answers in place of the tool": async ({ makeKit }) => {
    const of = till();
    const kit = await makeKit({ model: asksForRefund });
    const started = await kit.start(refundAgent(of), INPUT);
    expect((await started.waiting("process_refund")).arguments).toEqual(REFUND);
    await started.respond({ refunded: true, by: "bank transfer" });
    const run = await started.result();
    await kit.stop();
    expectRun(run).completed().answered("process_refund").didNotUseTool("process_refund");
    expect(of.refunds).toEqual([]);
    return [run];
  },

  "an approval that nobody decides expires": async ({ makeKit, expiresIn }) => {
    const of = till();
    const kit = await makeKit({ model: asksForRefund });
    const run = await kit.run(refundAgent(of, { expiresIn }), INPUT);
    await kit.stop();
    expectRun(run).completed().expired("process_refund").didNotUseTool("process_refund");
    return [run];
  },

  "a question is answered by a person": async ({ makeKit }) => {
    const of = till();
    const kit = await makeKit({
      model: [calls("ask_customer", { question: "Which size?" }), says("M it is.")],
      decisions: { ask_customer: respond({ size: "M" }) },
    });
    const run = await kit.run(refundAgent(of), INPUT);
    await kit.stop();
    expectRun(run).completed().paused("ask_customer").answered("ask_customer").usedTool("ask_customer");
    return [run];
  },

  "a run starts another one, whose approval it shows": async ({ makeKit }) => {
    const of = till();
    const kit = await makeKit({
      model: {
        desk: [calls("refund_agent", { input: "Refund ORD-8821" }), says("Handed on.")],
        refund_agent: asksForRefund,
      },
      decisions: { process_refund: approve() },
    });
    const started = await kit.start(deskAgent(of), INPUT);
    const run = await started.result();
    const child = await childOf(kit, run);
    await kit.stop();
    expectRun(run).completed().usedTool("refund_agent");
    expectRun(child).completed().approved("process_refund").usedTool("process_refund", REFUND);
    expect(of.refunds).toEqual([REFUND]);
    return [run, child];
  },

  "what fails is tried again: the model, and a plain tool": async ({ makeKit }) => {
    const of = till();
    const kit = await makeKit({ model: [fails("busy"), calls("get_order", ORDER), says("Found.")] });
    const run = await kit.run(refundAgent(of, { failures: 2 }), INPUT);
    await kit.stop();
    expectRun(run)
      .completed()
      .usedTool("get_order")
      .eventSequence(["error", "tool_call", "error", "error", "tool_result"]);
    expect(of.lookups).toBe(3);
    return [run];
  },

  "a model that fails for good ends the run": async ({ makeKit }) => {
    const kit = await makeKit({ model: [fails("no such model", { again: false })] });
    const run = await kit.run(refundAgent(till()), INPUT);
    await kit.stop();
    expectRun(run).failed("MODEL_FAILED").toolsUsedExactly([]);
    return [run];
  },

  "a call that does not fit the tool's schema is refused, and the model is told": async ({ makeKit }) => {
    const kit = await makeKit({
      model: [calls("get_order", { id: 7 }), calls("get_order", "no JSON"), calls("get_order", ORDER), says("Found.")],
    });
    const run = await kit.run(refundAgent(till()), INPUT);
    await kit.stop();
    expectRun(run).completed().usedTool("get_order", ORDER);
    return [run];
  },

  "a run that waits is cancelled": async ({ makeKit }) => {
    const of = till();
    const kit = await makeKit({ model: [calls("process_refund", REFUND)] });
    const started = await kit.start(refundAgent(of), INPUT);
    await started.waiting();
    await started.cancel("The customer changed their mind.");
    const run = await started.result();
    await kit.stop();
    expectRun(run).status("CANCELLED").paused("process_refund").didNotUseTool("process_refund");
    return [run];
  },
};

/** The run that the first call started. */
async function childOf(kit: Kit, parent: TestedRun): Promise<TestedRun> {
  const started = parent.events.find((event) => event.type === "child_started");
  if (started?.type !== "child_started") throw new Error("No run was started.");
  return kit.tested(started.childRunId);
}
