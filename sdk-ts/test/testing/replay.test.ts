// Recorded runs by definitions of today: what is no difference, and what is, in words.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, type AgentOptions, type AnyTool, type ApprovalOptions, agentTool, tool } from "@agentspan/sdk";
import {
  after,
  approve,
  approveWith,
  calls,
  type DecisionScript,
  historyLines,
  type MemoryKitOptions,
  memoryKit,
  nobody,
  reject,
  replay,
  says,
} from "@agentspan/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";

const folder = mkdtempSync(join(tmpdir(), "replay-"));
afterAll(() => rmSync(folder, { recursive: true }));

const ORDER = { order_id: "ORD-8821" };
const REFUND = { ...ORDER, amount: 29.99 };
let called = 0;

const getOrder = tool(() => ({ amount: 29.99 }), {
  name: "get_order",
  description: "Look up an order.",
  inputSchema: z.object({ order_id: z.string() }),
});

interface RefundOptions {
  readonly approval?: ApprovalOptions;
  readonly inputSchema?: z.ZodType<{ order_id: string; amount: number }>;
}

/** Without `approval` nobody is asked. */
function refundTool(options: RefundOptions): AnyTool {
  return tool(
    () => {
      called += 1;
      return { refunded: true };
    },
    {
      name: "process_refund",
      description: "Issue a refund.",
      inputSchema: z.object({ order_id: z.string(), amount: z.number() }),
      ...options,
    },
  );
}

function agentWith(options: RefundOptions = { approval: { expiresIn: "30d" } }, of: Partial<AgentOptions> = {}): Agent {
  const tools = [getOrder, refundTool(options)];
  return new Agent({ name: "refund_agent", model: "openai/gpt-4o-mini", instructions: "Refund.", tools, ...of });
}

const TURNS = [calls("get_order", ORDER), calls("process_refund", REFUND), says("It is refunded.")];
let count = 0;

/** Carries out a run and exports it. */
async function record(
  decisions: DecisionScript,
  agent = agentWith(),
  model: MemoryKitOptions["model"] = TURNS,
): Promise<string> {
  await using kit = await memoryKit({ model, decisions });
  const { runId } = await kit.run(agent, "Refund ORD-8821");
  const lines: string[] = [];
  for await (const line of historyLines(kit.runtime, runId)) lines.push(line);
  count += 1;
  const file = join(folder, `${count}.jsonl`);
  writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
  return file;
}

let approved: string;
beforeAll(async () => {
  approved = await record({ process_refund: after("2d", approve({ by: "maria" })) });
});

async function why(file: string, agent: Agent): Promise<string> {
  const { same, difference } = await replay(file, agent);
  expect(same).toBe(false);
  return difference?.why ?? "";
}

describe("no difference is", () => {
  it("a definition that is the same; and no function is called", async () => {
    const before = called;
    const report = await replay(approved, agentWith());
    expect(report).toMatchObject({ same: true, difference: undefined, notes: [] });
    expect(report.text).toMatch(/^As it was recorded: \d+ events of run run_\w+\.$/);
    report.expectSame();
    expect(called).toBe(before);
  });

  it("a time that nobody came near, a rule that asks as well, and a tool that nobody called", async () => {
    expect((await replay(approved, agentWith({ approval: { expiresIn: "3d" } }))).same).toBe(true);
    expect((await replay(approved, agentWith({ approval: { expiresIn: "3d", remindEvery: "1h" } }))).same).toBe(true);
    const ruled = await replay(approved, agentWith({ approval: { rule: "args.amount > 20" } }));
    expect(ruled.same).toBe(true);
    expect(ruled.notes).toEqual([
      expect.stringMatching(/^An approval expires no longer \(event \d+\)\.$/),
      expect.stringMatching(
        /^Why people are asked reads otherwise: .*"The agent's rule requires approval: args.amount > 20"/,
      ),
    ]);
    const more = agentWith(undefined, {
      tools: [...agentWith().tools, tool(() => 1, { name: "other", description: "Other.", inputSchema: z.object({}) })],
    });
    const report = await replay(approved, more);
    expect(report).toMatchObject({ same: true, notes: ["The tool other is new."] });
  });

  it("what the model is told, unless that is asked for", async () => {
    const polite = agentWith(undefined, { instructions: "Refund. Be polite." });
    const told = 'The instructions have changed: "Refund.", and now "Refund. Be polite.".';
    expect(await replay(approved, polite)).toMatchObject({ same: true, notes: [told] });
    const strict = await replay(approved, polite, { strict: true });
    expect(strict).toMatchObject({ same: false, difference: { why: told } });
  });
});

describe("a difference is", () => {
  it("a gate that is gone", async () => {
    expect(await why(approved, agentWith({}))).toBe(
      "process_refund was approved by maria in the record; today's definition does not ask.",
    );
    const report = await replay(approved, agentWith({}));
    expect(() => report.expectSame()).toThrow(report.text);
    expect(report.text).toMatch(
      /^Run run_\w+ of refund_agent goes otherwise at event \d+\.\n.*\n {2}recorded: tool_call .*\(needs approval\)\n {2}now: {6}tool_call /,
    );
  });

  it("a gate that is new, with why it asks", async () => {
    const ungated = await record({}, agentWith({}));
    expect(await why(ungated, agentWith({ approval: { rule: "args.amount > 20" } }))).toBe(
      "process_refund ran without a person in the record; today's definition asks one (The agent's rule requires approval: args.amount > 20).",
    );
  });

  it("a rule that does not ask of these arguments, whatever was said of them", async () => {
    const rejected = await record({ process_refund: reject("not delivered yet", { by: "noah" }) });
    expect(await why(rejected, agentWith({ approval: { rule: "args.amount > 30" } }))).toBe(
      "process_refund was rejected by noah in the record; today's definition does not ask.",
    );
    const expired = await record({ process_refund: nobody() });
    expect(await why(expired, agentWith({ approval: { rule: "args.amount > 30" } }))).toBe(
      "Nobody decided in time about process_refund in the record; today's definition does not ask.",
    );
  });

  it("more people who must agree, and others who may", async () => {
    const two = await replay(approved, agentWith({ approval: { votes: 2 } }));
    expect(two.difference).toMatchObject({
      why: "A person is asked both times, and how many must agree has changed.",
      fields: ["approval.votesRequired was 1 and is 2"],
    });
    const other = await replay(approved, agentWith({ approval: { approvers: { users: ["noah"] } } }));
    expect(other.difference?.why).toBe("A person is asked both times, and who may decide has changed.");
  });

  it("a time that was over before somebody decided", async () => {
    expect(await why(approved, agentWith({ approval: { expiresIn: "1d" } }))).toBe(
      "By today's definition the time to decide is over before maria decided.",
    );
    const escalated = { expiresIn: "1d", onExpiry: "escalate", escalateTo: { users: ["noah"] } } as const;
    expect(await why(approved, agentWith({ approval: escalated }))).toBe(
      "By today's definition it goes to others before anybody decided.",
    );
  });

  it("a tool that is gone, a schema that its arguments no longer fit, and one that an edit does not", async () => {
    expect(await why(approved, agentWith(undefined, { tools: [getOrder] }))).toBe(
      "The model called process_refund, and today's definition has no such tool (it has get_order).",
    );
    const inputSchema = z.object({ order_id: z.string(), amount: z.number().max(20) });
    const capped = { inputSchema, approval: { expiresIn: "30d" } } as const;
    expect(await why(approved, agentWith(capped))).toMatch(
      /^The model called process_refund, and today's definition refuses the call: The arguments do not fit/,
    );
    const model = [calls("process_refund", { ...ORDER, amount: 10 }), says("Done.")];
    const edit = { process_refund: approveWith(REFUND, { by: "maria" }) };
    expect(await why(await record(edit, agentWith(), model), agentWith(capped))).toMatch(
      /^maria approved process_refund in the record; today that is refused: The edited arguments do not fit/,
    );
  });

  it("turns that are used up, and an answer that no longer fits", async () => {
    expect(await why(approved, agentWith(undefined, { maxTurns: 2 }))).toBe(
      "Today's definition lets the model reply 2 times.",
    );
    const outputSchema = z.object({ refunded: z.boolean() });
    expect(await why(approved, agentWith(undefined, { outputSchema }))).toMatch(
      /^The answer does not fit today's output schema/,
    );
  });
});

describe("runs in runs", () => {
  const desk = (refunds: Agent): Agent => {
    const tools = [agentTool(refunds, { description: "Handles refunds." })];
    return new Agent({ name: "desk", model: "openai/gpt-4o-mini", tools });
  };

  it("are replayed with the run that started them", async () => {
    const model = { desk: [calls("refund_agent", { input: "Refund ORD-8821" }), says("Done.")], refund_agent: TURNS };
    const file = await record({ process_refund: approve({ by: "maria" }) }, desk(agentWith()), model);
    const report = await replay(file, desk(agentWith()));
    expect(report).toMatchObject({ same: true, runs: [{ agentName: "desk" }, { agentName: "refund_agent" }] });
    const ungated = await replay(file, desk(agentWith({})));
    expect(ungated.difference).toMatchObject({
      agentName: "refund_agent",
      why: "process_refund was approved by maria in the record; today's definition does not ask.",
    });
  });
});

describe("what cannot be replayed is refused:", () => {
  async function refused(change: (lines: string[]) => readonly string[], agent = agentWith()): Promise<string> {
    const lines = readFileSync(approved, "utf8").trimEnd().split("\n");
    const file = join(folder, "changed.jsonl");
    writeFileSync(file, change(lines).join("\n"));
    return replay(file, agent).then(
      () => "not refused",
      (error: Error) => error.message,
    );
  }

  it("a file that is none, or not whole", async () => {
    await expect(replay(join(folder, "none.jsonl"), agentWith())).rejects.toThrow("there is no such file");
    expect(await refused(() => [])).toMatch(/is empty/);
    expect(await refused(() => ["no"])).toMatch(/line 1 is no object of JSON/);
    expect(await refused(([, ...events]) => events)).toMatch(/line 1 is no head of a history/);
    expect(await refused((lines) => lines.slice(0, -1))).toMatch(/a part of it is missing/);
    expect(await refused((lines) => lines.toSpliced(3, 1))).toMatch(/line 4 is event 4 .* where event 3 /);
    expect(await refused(([head = "", ...rest]) => [head.replace('"version":1', '"version":2'), ...rest])).toMatch(
      /is of version 2 of the format/,
    );
  });

  it("one that was changed", async () => {
    expect(await refused((lines) => lines.map((line) => line.replace("Issue a refund.", "Issue it.")))).toMatch(
      /is not the version that the run went by/,
    );
    const agreed = (line: string) =>
      line.replace('"outcome":"DECISION_OUTCOME_APPROVED"', '"outcome":"DECISION_OUTCOME_REJECTED"');
    expect(await refused((lines) => lines.map(agreed))).toMatch(/cannot be replayed from event \d+ on/);
  });

  it("one of another agent", async () => {
    expect(await refused((lines) => lines, agentWith(undefined, { name: "other" }))).toMatch(
      /is a history of refund_agent, and the definition is of other/,
    );
  });
});
