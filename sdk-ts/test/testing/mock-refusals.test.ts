// Scripts of made-up runs that no run can follow, in words that say what to write instead.
import { Agent, tool } from "@agentspan/sdk";
import { KitError, MockEvent, mockRun } from "@agentspan/sdk/testing";
import type { RunMatchers } from "@agentspan/sdk/testing/matchers";
import "@agentspan/sdk/testing/vitest";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { ORDER, REFUND, refundAgent, till } from "./refund-agent.js";

const { toolCall, toolResult, toolError, waiting, decided, done } = MockEvent;
const agent = refundAgent(till());

function refusal(...events: readonly MockEvent[]): string {
  return refusalOf(agent, ...events);
}

function refusalOf(of: Agent, ...events: readonly MockEvent[]): string {
  try {
    mockRun(of, "Hi", { events });
  } catch (error) {
    if (error instanceof KitError) return error.message;
    throw error;
  }
  throw new Error("It was played.");
}

describe("a made-up run refuses", () => {
  it("an outcome of a call that has one, in words of that one", () => {
    const rejected = [toolCall("process_refund", REFUND), waiting(), decided("REJECTED")];
    expect(refusal(...rejected, toolResult("process_refund", 1))).toContain(
      "is the result of a call that was rejected, and did not run: put another MockEvent.toolCall",
    );
    const found = [toolCall("get_order", ORDER), toolResult("get_order", 1)];
    expect(refusal(...found, toolError("get_order", "closed"))).toContain("a call that has its outcome already");
  });

  it("values that have no JSON form, with their step", () => {
    const circle: Record<string, unknown> = {};
    circle.circle = circle;
    expect(refusal(toolCall("get_order", circle))).toMatch(
      /^The arguments of get_order cannot be written as JSON: [\s\S]*\n {2}> MockEvent\.toolCall\("get_order", <ref/,
    );
    expect(refusal(toolCall("get_order", ORDER), toolResult("get_order", 1n))).toMatch(
      /^The result of get_order cannot be written as JSON: [\s\S]*\n {2}> MockEvent\.toolResult\("get_order", 1n\)/,
    );
  });

  it("decisions that there are not, or of nobody", () => {
    expect(() => decided("APROVED" as "APPROVED")).toThrow(
      'MockEvent.decided() takes "APPROVED", "REJECTED", "RESPONDED": not "APROVED".',
    );
    const asked = toolCall("process_refund", REFUND);
    expect(refusal(asked, decided("APPROVED", { by: " maria " }))).toContain("a blank before or behind");
    const both = [asked, toolCall("ask_customer", { question: "Size?" })];
    expect(refusal(...both, decided("REJECTED"))).toContain(
      "may be about process_refund or ask_customer: say which, by toolName.",
    );
  });

  it("an end that votes are missing for, and a wait that no rule asks for", () => {
    const inputSchema = z.object({ amount: z.number() });
    const about = { description: "Pays.", inputSchema };
    const wire = tool(() => 1, { ...about, name: "wire", approval: { votes: 2 } });
    const pay = tool(() => 1, { ...about, name: "pay", approval: { rule: "args.amount > 100" } });
    const payer = new Agent({ name: "payer", model: "a/b", tools: [wire, pay] });
    const voted = [toolCall("wire", { amount: 5 }), waiting(), decided("APPROVED", { by: "maria" })];
    expect(refusalOf(payer, ...voted, done("Wired."))).toContain("1 of 2 votes are there");
    expect(refusalOf(payer, toolCall("pay", { amount: 5 }), waiting())).toContain(
      "of this agent's tools wire and pay where args.amount > 100 do.",
    );
  });

  it("what is no script", () => {
    const scripts: readonly unknown[] = [
      "x",
      undefined,
      {},
      { events: "x" },
      { events: [{}] },
      { events: [undefined] },
    ];
    for (const script of scripts) {
      expect(() => mockRun(agent, "Hi", script as { events: [] })).toThrow("mockRun() takes { events: […] } third");
    }
  });
});

it("the opposite of a part is not held within another matcher either", () => {
  const events = [toolCall("get_order", ORDER), toolResult("get_order", 1)];
  const run = mockRun(agent, "Hi", { events });
  // Vitest has no type for opposites there.
  const { not } = expect as unknown as { readonly not: RunMatchers<unknown> };
  expect({ run }).toEqual({ run: not.toHaveUsedTool("get_order", { order_id: "ORD-1" }) });
  expect(() => expect({ run }).toEqual({ run: not.toHaveUsedTool("get_order", {}) })).toThrow();
});
