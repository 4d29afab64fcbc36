import { ToolKind } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Agent } from "../src/agent.js";
import { agentTool } from "../src/agent-tool.js";
import { tool } from "../src/tool.js";

const model = "demo/refund";
const pay = tool(() => null, { name: "pay", description: "", inputSchema: { type: "object" }, approvalRequired: true });
const refunds = new Agent({ name: "refunds", model, tools: [pay] });

describe("a tool that starts runs of an agent", () => {
  it("is told to the server by the agent's name", () => {
    const { message, name } = agentTool(refunds, { description: "Handles one refund." });
    expect(name).toBe("refunds");
    expect(message).toMatchObject({
      ...{ name: "refunds", description: "Handles one refund.", kind: ToolKind.AGENT, agentName: "refunds" },
      ...{ agentVersion: "", inputSchemaJson: "" },
    });
    expect(message.approval).toBeUndefined();
  });

  it("may be named, pinned, gated, and given other words", () => {
    const { message, approvalRequired } = agentTool("refunds", {
      ...{ name: "hand_over", version: "abc", description: "", approvalRequired: true },
      parameters: z.object({ order: z.string() }),
    });
    expect(message).toMatchObject({ name: "hand_over", agentName: "refunds", agentVersion: "abc" });
    expect(JSON.parse(message.inputSchemaJson)).toMatchObject({ required: ["order"] });
    expect([approvalRequired, message.approval?.required]).toEqual([true, true]);
  });

  it("brings its agents along, the deepest first and each once", () => {
    const helps = { description: "Helps." };
    const lead = new Agent({ name: "lead", model, tools: [agentTool(refunds, helps)] });
    const head = new Agent({ name: "head", model, tools: [agentTool(lead, helps), agentTool(refunds, helps)] });
    expect(head.below.map(({ name }) => name)).toEqual(["refunds", "lead"]);
    expect(head.served).toEqual([]);
    expect(refunds.below).toEqual([]);
  });

  it.each([
    ["a probe", { probe: () => null }, /has no option "probe"/],
    ["once", { once: true }, /has no option "once"/],
    ["a name that is none", { name: "hand over" }, /must begin with a letter/],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => agentTool(refunds, { description: "", ...wrong })).toThrow(message);
  });

  it("refuses what is no agent", () => {
    expect(() => agentTool({} as Agent, { description: "" })).toThrow(/The agent of agentTool\(\)/);
  });

  it("does not pass for another once its gate was changed", () => {
    const changed = { ...agentTool(refunds, { description: "", approvalRequired: true }), approvalRequired: false };
    expect(() => new Agent({ name: "desk", model, tools: [changed] })).toThrow(/is not what tool/);
  });
});
