// What a test writes down for a kit and does not mean so: a script that says nothing by mistake lets a wrong agent pass.
import { Agent, agentTool, tool } from "@agentspan/sdk";
import {
  after,
  approve,
  approveWith,
  calls,
  expectRun,
  fails,
  KitError,
  type MemoryKitOptions,
  type ModelTurn,
  memoryKit,
  nobody,
  reject,
  respond,
  says,
  settle,
} from "@agentspan/sdk/testing";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { deskAgent, ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const INPUT = "Refund order ORD-8821";
const asksForRefund = [calls("process_refund", REFUND), says("Done.")];

/** What plain JavaScript lets a test write. */
function untyped<T>(value: unknown): T {
  return value as T;
}

/** The first line of what a test fails with. */
async function faultOf(what: Promise<unknown>): Promise<string> {
  const error = await what.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  expect(error).toBeInstanceOf(KitError);
  return error instanceof Error ? (error.message.split("\n")[0] ?? "") : "";
}

/** What is said of a run, and of the kit that it took place in. */
async function faults(options: MemoryKitOptions, agent = refundAgent(till())): Promise<readonly [string, string]> {
  const kit = await memoryKit(options);
  return [await faultOf(kit.run(agent, INPUT)), await faultOf(kit.stop())];
}

describe("a kit refuses, before it is made,", () => {
  it.each<readonly [string, unknown, string]>([
    ["no options at all", undefined, "memoryKit() has the options undefined; it must be an object."],
    ["no model", {}, "model is undefined; it must be a list of turns, or such lists by the agents' names."],
    [
      "a model that is no list",
      { model: "x" },
      `model is "x"; it must be a list of turns, or such lists by the agents' names.`,
    ],
    [
      "an agent's turns that are no list",
      { model: { desk: says("x") } },
      "model.desk is { kind: 'says', text: 'x', finishReason: 'STOP' }; it must be a list of turns.",
    ],
    [
      "text in place of a turn",
      { model: [says("a"), "x"] },
      'model[1] is "x", and not a turn, such as says(answer), calls(tool, args) or fails().',
    ],
    ["a misspelt option", { model: [], decision: {} }, 'memoryKit() has no option "decision". Did you mean decisions?'],
    ["a date that is none", { model: [], startsAt: new Date(Number.NaN) }, "startsAt is Invalid Date, and no date"],
    ["a date in words", { model: [], startsAt: "yesterday" }, 'startsAt is "yesterday", and no date'],
    ["patience that is no time", { model: [], patience: "soon" }, 'patience is "soon"; it must be a number'],
    [
      "a word in place of a decision",
      { model: [], decisions: { process_refund: "approve" } },
      'decisions of process_refund has "approve", and not a decision, such as approve(), reject(reason) or nobody().',
    ],
    [
      "a decision's name",
      { model: [], decisions: { process_refund: [approve(), approve] } },
      "has [Function: approve], and not",
    ],
    [
      "a result in place of a function",
      { model: [], tools: { get_order: { a: 1 } } },
      "tools.get_order is { a: 1 }; it must be a function.",
    ],
  ])("%s", async (_, options, message) => {
    expect(await faultOf(memoryKit(untyped(options)))).toContain(message);
  });
});

describe("a script is refused where it is written:", () => {
  const circle: { self?: unknown } = {};
  circle.self = circle;
  it.each<readonly [string, () => unknown, string]>([
    ["says nothing", () => says(untyped(undefined)), "The answer of says() cannot be written as JSON: undefined"],
    ["says a circle", () => says(circle), "The answer of says() cannot be written as JSON: Converting circular"],
    [
      "says with a misspelt option",
      () => says("x", untyped({ finish: "STOP" })),
      'says() has no option "finish". Did you',
    ],
    [
      "ends for no reason there is",
      () => says("x", untyped({ finishReason: "END" })),
      'The finishReason of says() is "END"',
    ],
    ["calls no tool", () => calls(untyped(undefined)), "The tool's name in calls() is undefined; it must be text."],
    ["calls a tool by itself", () => calls(untyped(tool)), "The tool's name in calls() is [Function"],
    ["calls with a circle", () => calls("pay", circle), "The arguments of pay in calls() cannot be written as JSON"],
    ["calls with what JSON has not", () => calls("a").and("pay", { n: 1n }), "The arguments of pay in and() cannot be"],
    [
      "fails with an option",
      () => fails("x", untyped({ agin: false })),
      'fails() has no option "agin". Did you mean again?',
    ],
    [
      "approves by a name alone",
      () => approve(untyped("maria")),
      'approve() has the options "maria"; it must be an object.',
    ],
    ["approves with a misspelt option", () => approve(untyped({ who: "maria" })), 'approve() has no option "who".'],
    ["approves with no arguments", () => approveWith(untyped("x")), 'The first argument of approveWith() is "x"'],
    [
      "rejects without a reason",
      () => reject(untyped(undefined)),
      "The reason of reject() is undefined; it must be text.",
    ],
    ["answers nothing", () => respond(undefined), "The answer of respond() cannot be written as JSON: undefined"],
    [
      "settles as nothing there is",
      () => settle(untyped("HAPPEND")),
      'settle() is given "HAPPEND"; what may have become',
    ],
    ["decides later than never", () => after(untyped("soon"), approve()), 'The time of after() is "soon"; it must be'],
    [
      "decides nothing later",
      () => after("1d", untyped(approve)),
      "after() is given [Function: approve], and not a decision",
    ],
  ])("one that %s", (_, write, message) => {
    expect(write).toThrow(KitError);
    expect(write).toThrow(message);
  });
});

describe("a kit tells, of the run and when it is stopped,", () => {
  it("that a function of the model gave no turn", async () => {
    const message =
      "The function of turn 1 in a run of refund_agent gave undefined, and not a turn, such as says(answer), calls(tool, args) or fails().";
    expect(await faults({ model: [untyped<ModelTurn>(() => undefined)] })).toEqual([message, message]);
    expect(await faults({ model: [() => says(untyped(undefined))] })).toEqual([
      "The function of turn 1 in a run of refund_agent threw: The answer of says() cannot be written as JSON: undefined",
      "The function of turn 1 in a run of refund_agent threw: The answer of says() cannot be written as JSON: undefined",
    ]);
  });

  it("that nobody was asked to decide what ran", async () => {
    const pay = tool(() => 1, { name: "pay", description: "Pays.", inputSchema: z.object({ amount: z.number() }) });
    const gated = tool(() => 1, {
      ...{ name: "pay", description: "Pays.", inputSchema: z.object({ amount: z.number() }) },
      approval: { rule: "args.amount > 100" },
    });
    const payer = (of: typeof pay) => new Agent({ name: "payer", model: "a/b", tools: [of] });
    const model = [calls("pay", { amount: 5 }), says("Paid.")];
    const message = (text: string) =>
      `pay ran, and nobody was asked to decide it: ${text} came to nothing. Where it may run unasked, make that a function: () => ${text.split(", ")[0]}.`;
    expect(await faults({ model, decisions: { pay: approve() } }, payer(pay))).toEqual([
      message("approve()"),
      message("approve()"),
    ]);
    const lists = { pay: [reject("no"), nobody()] };
    expect(await faults({ model, decisions: lists }, payer(gated))).toEqual([
      message('reject("no"), nobody()'),
      message('reject("no"), nobody()'),
    ]);
    for (const decisions of [{ pay: () => reject("no") }, { pay: nobody() }, { pay: [] }]) {
      const kit = await memoryKit({ model, decisions });
      expectRun(await kit.run(payer(gated), INPUT)).completed();
      await kit.stop();
    }
  });

  it("that nobody was asked to decide whether another run starts", async () => {
    const model = { desk: [calls("refund_agent", { input: "x" }), says("Done.")], refund_agent: [says("No.")] };
    const [ofRun] = await faults({ model, decisions: { refund_agent: approve() } }, deskAgent(till()));
    expect(ofRun).toMatch(/^refund_agent ran, and nobody was asked to decide it/);
  });

  it("that a list of decisions had ended, and what was asked then expired", async () => {
    const model = [calls("process_refund", REFUND), ...asksForRefund];
    const message =
      "process_refund was asked for once more than its list of decisions is long, and that expired. Where that is meant, end the list with nobody().";
    const agent = refundAgent(till(), { expiresIn: "2d" });
    expect(await faults({ model, decisions: { process_refund: [approve()] } }, agent)).toEqual([message, message]);
    const kit = await memoryKit({ model, decisions: { process_refund: [approve(), nobody()] } });
    expectRun(await kit.run(agent, INPUT))
      .approved("process_refund")
      .expired("process_refund");
    await kit.stop();
  });

  it("that a decision of a list came after the approval had expired", async () => {
    const message =
      'after("3d", approve()) of process_refund came to nothing: the approval had expired by then. Where that is meant, write nobody() in its place.';
    const decisions = { process_refund: [after("3d", approve())] };
    const agent = refundAgent(till(), { expiresIn: "2d" });
    expect(await faults({ model: asksForRefund, decisions }, agent)).toEqual([message, message]);
  });

  it("that one list of turns was to serve two agents", async () => {
    const model = [calls("refund_agent", { input: "Refund" }), says("Done.")];
    const message =
      "The model was asked in a run of refund_agent, and the script's turns are those of desk. Give the turns by agent: model: { desk: [...], refund_agent: [...] }.";
    expect(await faults({ model }, deskAgent(till()))).toEqual([message, message]);
  });

  it("how the run ended where that left turns over, and equal turns once", async () => {
    const failing = Array.from({ length: 20 }, () => fails("no"));
    const [ofRun, ofKit] = await faults({ model: failing });
    expect(ofRun).toMatch(/^The run is FAILED \(MODEL_FAILED: /);
    expect(ofKit).toMatch(/^The model was not asked for turn 1 of the script another \d+ times: fails\("no"\)\.$/);
  });

  it("in the server's words what the model was told of an answer that does not fit", async () => {
    const agent = new Agent({ name: "sizer", model: "a/b", outputSchema: z.object({ size: z.string() }) });
    const [ofRun] = await faults({ model: [says("no JSON")] }, agent);
    expect(ofRun).toMatch(
      /^The model was asked for turn 2 in a run of sizer, and its script has 1 turn. It had been told: .*schema/,
    );
  });
});

describe("a run is not started", () => {
  const start = async (options: MemoryKitOptions, agent: Agent = refundAgent(till())) => {
    await using kit = await memoryKit(options);
    return faultOf(kit.start(agent, INPUT));
  };

  it("where the script names tools that no agent has", async () => {
    expect(await start({ model: [], tools: { process_refnd: () => 1 } })).toBe(
      'tools has "process_refnd", and no tool of refund_agent has that name. Did you mean process_refund?',
    );
    expect(await start({ model: [], decisions: { wire: approve() } })).toBe(
      'decisions has "wire", and no tool of refund_agent has that name. Their tools are get_order, process_refund, ask_customer.',
    );
  });

  it("where a function is to stand in for a person or a run", async () => {
    expect(await start({ model: [], tools: { ask_customer: () => 1 } })).toBe(
      "tools cannot stand in for ask_customer, which asks people: say in decisions what they answer, as respond(answer).",
    );
    expect(await start({ model: [], tools: { refund_agent: () => 1 } }, deskAgent(till()))).toBe(
      "tools cannot stand in for refund_agent, which starts a run of another agent: give the turns of that agent's model, and stand in for its tools.",
    );
  });

  it("of what is no agent", async () => {
    expect(await start({ model: [] }, untyped(null))).toBe("A kit runs an Agent, and was given null.");
  });
});

it("names may be of agents that are started later, where the script has turns for them", async () => {
  const other = new Agent({
    ...{ name: "other", model: "a/b" },
    tools: [tool(() => 1, { name: "pay", description: "Pays.", inputSchema: z.object({}), approvalRequired: true })],
  });
  const kit = await memoryKit({
    model: { refund_agent: [calls("get_order", ORDER), says("Found.")], other: [calls("pay"), says("Paid.")] },
    decisions: { pay: approve() },
    tools: { get_order: () => 1 },
  });
  expectRun(await kit.run(refundAgent(till()), INPUT)).completed();
  expectRun(await kit.run(other, INPUT)).approved("pay");
  await kit.stop();
});

it("a function in place of a tool's own gets the same context", async () => {
  const child = refundAgent(till());
  const desk = new Agent({ name: "desk", model: "a/b", tools: [agentTool(child, { description: "Refunds." })] });
  const seen: unknown[] = [];
  await using kit = await memoryKit({
    model: { desk: [calls("refund_agent", { input: "x" }), says("y")], refund_agent: asksForRefund },
    decisions: { process_refund: approve() },
    tools: {
      process_refund: (args: unknown, { attempt, idempotencyKey, signal, proof }) => {
        seen.push(args, attempt, idempotencyKey.length > 0, signal.aborted, proof?.approvalId.slice(0, 4));
      },
    },
  });
  await kit.run(desk, INPUT);
  expect(seen).toEqual([REFUND, 1, true, false, "apr_"]);
});
