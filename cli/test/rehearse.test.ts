// Rehearsals on runs that took place in memory.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Agent, tool } from "@agentspan/sdk";
import {
  approve,
  approveWith,
  calls,
  type Kit,
  memoryKit,
  nobody,
  reject,
  respond,
  says,
} from "@agentspan/sdk/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import { readPolicy } from "../src/rehearse/policy-file.js";
import { readCalls } from "../src/rehearse/read-calls.js";
import { Rehearsal } from "../src/rehearse/rehearsal.js";
import { showRehearsal } from "../src/rehearse/rehearsal-lines.js";
import { capturedOutput } from "./captured-output.js";

const refund = tool(({ amount }) => ({ refunded: amount }), {
  name: "refund",
  description: "Refunds.",
  inputSchema: z.object({ amount: z.number(), to: z.string().optional() }),
  approval: { rule: "args.amount > 20", expiresIn: "1d" },
});
const agent = new Agent({ name: "shop", model: "openai/gpt-4o-mini", tools: [refund] });

/** What people do about a refund, by its amount; of others nobody is asked, or a grant decides. */
const ANSWERS = {
  30: approve({ by: "maria" }),
  40: reject("too much", { by: "noah" }),
  50: approveWith({ amount: 25 }, { by: "maria" }),
  60: respond({ refunded: false }, { by: "maria" }),
  70: nobody(),
};
const AMOUNTS = [10, 30, 40, 50, 60, 70, 500] as const;

const folder = mkdtempSync(join(tmpdir(), "rehearse-"));
let kit: Kit;
beforeAll(async () => {
  kit = await memoryKit({
    model: [({ input }) => calls("refund", { amount: Number(input.split(" ")[1]), to: "alex" }), says("Done.")],
    decisions: {
      refund: ({ arguments: { amount } }) => ANSWERS[amount as keyof typeof ANSWERS],
    },
  });
  for (const amount of AMOUNTS) {
    if (amount === 500) await kit.runtime.grants.create({ agent: "shop", tool: "refund", expiresIn: "7d", maxUses: 3 });
    await kit.run(agent, `Refund ${amount}`);
  }
});
afterAll(async () => {
  await kit[Symbol.asyncDispose]();
  rmSync(folder, { recursive: true });
});

async function policy(text: string, named: string | undefined = "refund") {
  const file = join(folder, "policy.json");
  writeFileSync(file, text);
  return readPolicy(file, named);
}

async function rehearsed(of: unknown, since?: number): Promise<Rehearsal> {
  const rehearsal = new Rehearsal(await policy(JSON.stringify(of)));
  for await (const past of readCalls(kit.runtime, { agent: "shop", since }))
    for (const call of past) rehearsal.take(call);
  return rehearsal;
}

describe("a rehearsal", () => {
  it("of the same rule changes nothing", async () => {
    const { counts, letThrough } = await rehearsed({ rule: "args.amount > 20" });
    expect(counts).toMatchObject({
      calls: 7,
      letBy: {
        people: { calls: 5, unasked: 0, asked: 5 },
        grant: { calls: 1, unasked: 1, asked: 0 },
        nobody: { calls: 1, unasked: 1, asked: 0 },
      },
      votes: { before: 5, now: 5, more: 0 },
      ...{ byGrantAgain: 1, byOwner: 0, byOthers: 0, unclear: { calls: 0 }, agents: ["shop"] },
    });
    expect(letThrough).toEqual([]);
  });

  it("of a looser one tells what people had said of what it lets run", async () => {
    const { counts, letThrough } = await rehearsed({ rule: "args.amount > 60" });
    expect(counts.letBy.people).toEqual({ calls: 5, unasked: 4, asked: 1 });
    expect(counts.spared).toEqual({ approved: 1, edited: 1, rejected: 1, responded: 1, expired: 0, undecided: 0 });
    expect(letThrough.map(({ answered }) => answered).toSorted()).toEqual(["edited", "rejected", "responded"]);
    expect(letThrough.find(({ answered }) => answered === "rejected")).toMatchObject({
      said: "too much",
      decider: { who: "anonymous", onBehalfOf: "noah" },
    });
  });

  it("of a stricter one tells what it would ask about, and how many votes it wants", async () => {
    const { counts } = await rehearsed({ required: true, votesRequired: 2 });
    expect(counts).toMatchObject({
      letBy: { people: { asked: 5 }, grant: { asked: 1, unasked: 0 }, nobody: { asked: 1 } },
      votes: { before: 5, now: 14, more: 5 },
      byGrantAgain: 0,
    });
  });

  it("of none at all, and of one that cannot be applied, which asks", async () => {
    expect((await rehearsed(false)).counts.letBy.people).toMatchObject({ unasked: 5, asked: 0 });
    const { counts } = await rehearsed({ approval: { rule: "args.amont > 60" } });
    expect(counts.letBy.people.asked).toBe(5);
    expect(counts.unclear).toMatchObject({ calls: 7, first: expect.stringContaining("amont") });
  });

  it("counts approvals by people whom it does not name", async () => {
    const { counts } = await rehearsed({
      name: "refund",
      approval: { required: true, approvers: { users: ["noah"] } },
    });
    expect(counts.byOthers).toBe(2);
  });

  it("looks at runs of a time", async () => {
    expect((await rehearsed(true, kit.now().getTime() + 1)).counts.calls).toBe(0);
    expect((await rehearsed(true, kit.now().getTime() - 3_600_000)).counts.calls).toBeLessThan(7);
  });

  it("is told to people in lines", async () => {
    const { counts, letThrough } = await rehearsed({ rule: "args.amount > 60" });
    const { output, out } = capturedOutput();
    showRehearsal("refund", 7, counts, letThrough, output);
    const lines = out().split("\n");
    expect(lines[0]).toBe("7 calls of refund in 7 runs, of shop.");
    expect(lines).toContainEqual(expect.stringMatching(/^ {2}people were asked +5 +4 +1$/));
    expect(out()).toContain(
      "Of the 4 that people were asked about and that would run unasked: 1 approved, 1 rejected, 1 approved with other arguments, 1 answered in place of the tool, 0 expired, 0 not decided.",
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^ {2}run_\w+ +t1c1 .* rejected +noah +amount=40 +sha256:[0-9a-f]{12} +too much$/),
    );
    expect(out()).toContain("the stricter holds, and is not looked at here.");
  });
});

describe("a policy that cannot be used is refused with the place:", () => {
  it.each([
    ["{", /policy\.json is no JSON: .*1/],
    ["[]", /neither a policy nor a tool/],
    ['{"rules":"true"}', /is no policy: .*rules/],
    ['{"rule":"args.amount >"}', /approval\.rule is not a rule that can be asked: line 1, character 13: /],
    ['{"rule":"foo > 1"}', /approval\.rule .* it names foo, and there are args and labels/],
    ['{"votesRequired":2}', /approval says votesRequired, and lets every call run unasked/],
    [
      '{"required":true,"approvers":{"users":["maria"]},"votesRequired":2}',
      /approval\.approvers name 1 person, and votesRequired is 2/,
    ],
    ['{"name":"other","approval":true}', /is about other, and --tool names refund/],
  ])("%s", async (text, why) => {
    await expect(policy(text)).rejects.toThrow(why);
  });

  it("one of no tool", async () => {
    await expect(policy("true", "")).rejects.toThrow("name it with --tool");
  });
});
