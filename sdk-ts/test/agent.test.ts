import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Agent } from "../src/agent.js";
import { tool } from "../src/tool.js";

const getOrder = tool(() => null, { name: "get_order", description: "", inputSchema: z.object({}) });
const options = { name: "refund_agent", model: "openai/gpt-4o-mini" };

describe("an agent", () => {
  it("is told to the server as its options say", () => {
    const { definition } = new Agent({
      ...options,
      tools: [getOrder],
      instructions: "Refund.",
      maxTurns: 7,
      temperature: 0,
      maxTokens: 100,
      outputSchema: z.object({ refunded: z.boolean() }),
      deadline: "1h",
      labels: { team: "billing" },
    });
    expect(definition).toMatchObject({
      name: "refund_agent",
      model: "openai/gpt-4o-mini",
      instructions: "Refund.",
      tools: [{ name: "get_order" }],
      maxTurns: 7,
      temperature: 0,
      maxTokens: 100,
      deadline: { seconds: 3600n },
      labels: { team: "billing" },
    });
    expect(JSON.parse(definition.outputSchemaJson)).toMatchObject({ required: ["refunded"] });
  });

  it("says nothing of what is not set, so that the server's defaults hold", () => {
    const { definition } = new Agent(options);
    expect(definition.temperature).toBeUndefined();
    expect(definition.maxTokens).toBeUndefined();
    expect(definition.deadline).toBeUndefined();
    expect(definition.maxTurns).toBe(0);
    expect(definition.outputSchemaJson).toBe("");
  });

  it("has its tools' tasks on its own queue unless a tool names another", () => {
    const elsewhere = tool(() => null, { name: "t", description: "", inputSchema: z.object({}), queue: "billing" });
    const agent = new Agent({ ...options, tools: [getOrder, elsewhere] });
    expect(agent.served.map((one) => agent.queueOf(one))).toEqual(["refund_agent", "billing"]);
  });

  it.each([
    ["a model without a provider", { model: "gpt-4o-mini" }, /provider\/model/],
    ["a name that is none", { name: "refund agent" }, /must begin with a letter/],
    ["two tools of one name", { tools: [getOrder, getOrder] }, /two tools named "get_order"/],
    ["more than 128 tools", { tools: Array.from({ length: 129 }, () => getOrder) }, /129 tools; the limit is 128/],
    ["instructions over 256 KiB", { instructions: "é".repeat(131_073) }, /262146 bytes; the limit is 262144/],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => new Agent({ ...options, ...wrong })).toThrow(message);
  });
});
