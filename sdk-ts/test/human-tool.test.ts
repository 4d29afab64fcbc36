import { ToolKind } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { Agent } from "../src/agent.js";
import { humanTool } from "../src/human-tool.js";
import { tool } from "../src/tool.js";

const options = { name: "ask_customer", description: "Asks the customer." };

describe("a tool that asks people", () => {
  it("is told to the server with what is asked and what an answer must be", () => {
    const { message } = humanTool({
      ...options,
      parameters: z.object({ about: z.string() }),
      answer: z.enum(["S", "M"]),
    });
    expect(message).toMatchObject({ name: "ask_customer", kind: ToolKind.HUMAN, description: "Asks the customer." });
    expect(JSON.parse(message.inputSchemaJson)).toMatchObject({ properties: { about: { type: "string" } } });
    expect(JSON.parse(message.answerSchemaJson)).toMatchObject({ enum: ["S", "M"] });
    expect(message.approval).toBeUndefined();
  });

  it("asks a question in words and takes any answer where nothing is said", () => {
    const { message } = humanTool(options);
    expect(JSON.parse(message.inputSchemaJson)).toMatchObject({ required: ["question"] });
    expect(message.answerSchemaJson).toBe("");
  });

  it("says who may answer and until when, as an approval does, and gates nothing", () => {
    const { message } = humanTool({
      ...options,
      ...{ approvers: { groups: ["support"] }, expiresIn: "1h", remindEvery: "10m", explicit: true },
    });
    expect(message.approval).toMatchObject({
      ...{ required: false, rule: "", explicit: true, approvers: { groups: ["support"] } },
      ...{ expiresIn: { seconds: 3_600n }, remindEvery: { seconds: 600n } },
    });
  });

  it("is listed by an agent and served by nobody", () => {
    const look = tool(() => null, { name: "look_up", description: "", inputSchema: { type: "object" } });
    const agent = new Agent({ name: "shop", model: "demo/refund", tools: [humanTool(options), look] });
    expect(agent.definition.tools.map(({ kind }) => kind)).toEqual([ToolKind.HUMAN, ToolKind.UNSPECIFIED]);
    expect(agent.served).toEqual([look]);
  });

  it.each([
    ["a rule", { rule: "true" }, /has no option "rule"/],
    ["a copy that asks for a gate", { approvalRequired: true }, /has no option "approvalRequired"/],
    ["a name that is none", { name: "ask customer" }, /must begin with a letter/],
    ["an answer that is no schema", { answer: { type: "strin" } }, /cannot be used/],
    ["somebody to escalate to without a time", { escalateTo: { users: ["ceo"] } }, /set expiresIn as well/],
  ])("refuses %s", (_, wrong, message) => {
    expect(() => humanTool({ ...options, ...wrong })).toThrow(message);
  });

  it("does not pass for a worker's tool", () => {
    const changed = { ...humanTool(options), kind: "worker" };
    const tools = [changed] as unknown as ConstructorParameters<typeof Agent>[0]["tools"];
    expect(() => new Agent({ name: "shop", model: "demo/refund", tools: tools ?? [] })).toThrow(/is not what tool/);
  });
});
