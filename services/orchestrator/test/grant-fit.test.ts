// Which standing grants are refused when they are made, and what is said of others.
import { AgentspanError } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Agent, ToolDefinition, Voter } from "../src/core/index.js";
import { grantDoubts, requireFit } from "../src/requests/grant-fit.js";

const MARIA: Voter = { who: "maria", groups: ["finance"], authenticated: true };
const POLICY = { required: true, explicit: false, votesRequired: 1 } as const;

function toolWith(more: Partial<ToolDefinition> = {}): ToolDefinition {
  return {
    ...{ name: "pay", description: "", queue: "q", once: false, approval: POLICY },
    inputSchema: JSON.stringify({ type: "object", properties: { amount: {}, to: {} } }),
    retry: { maxAttempts: 1, initialBackoffMs: 1, maxBackoffMs: 1, multiplier: 1 },
    ...more,
  };
}

/** What making a grant for a tool comes to: "fits", or why it is refused. */
async function asked(tool: ToolDefinition, { by = MARIA, toolName = "pay", agentName = "shop" } = {}): Promise<string> {
  const agent = { name: "shop", version: "v", model: "m", instructions: "", tools: [tool], maxTurns: 1 } as Agent;
  const get = async (_: string, name: string) => {
    if (name !== "shop") throw new AgentspanError("AGENT_NOT_FOUND", "There is none.");
    return { agent };
  };
  return requireFit({ get }, { namespace: "default", agentName, toolName, by }).then(
    () => "fits",
    ({ reason, message }: AgentspanError) => `${reason} ${message}`,
  );
}

describe("a standing grant", () => {
  it("is made by whoever may decide the tool's calls, by name or group", async () => {
    const approvers = { users: ["noah"], groups: ["finance"] };
    const tool = toolWith({ approval: { ...POLICY, approvers } });
    expect(await asked(toolWith())).toBe("fits");
    expect(await asked(tool)).toBe("fits");
    const other = await asked(tool, { by: { ...MARIA, groups: [] } });
    expect(other).toMatch(/^PERMISSION_DENIED .* for noah, the group finance to decide, not for maria/);
    // Its groups are the delegate's own.
    expect(await asked(tool, { by: { ...MARIA, onBehalfOf: "zoe" } })).toMatch(/^PERMISSION_DENIED .* not for zoe/);
  });

  it.each([
    ["several votes", { approval: { ...POLICY, votesRequired: 2 } }, /^INVALID_REQUEST .*votes of 2 people/],
    ["explicit decisions", { approval: { ...POLICY, explicit: true } }, /^INVALID_REQUEST .*explicit/],
    ["people to carry it out", { human: {} }, /^INVALID_REQUEST People carry out pay/],
  ])("is refused where the tool takes %s", async (_, more, why) => {
    expect(await asked(toolWith(more))).toMatch(why);
  });

  it("is refused for a tool or an agent that is not there, with the tool that may be meant", async () => {
    expect(await asked(toolWith(), { toolName: "pya" })).toMatch(/^INVALID_REQUEST .*Did you mean pay\?$/);
    expect(await asked(toolWith(), { toolName: "something_else" })).not.toContain("Did you mean");
    expect(await asked(toolWith(), { agentName: "shpo" })).toMatch(/^INVALID_REQUEST There is no agent shpo here/);
  });
});

describe("the doubts about a standing grant", () => {
  it("are none where its tool asks for people and has the fields of the rule", () => {
    expect(grantDoubts(toolWith(), 'args.amount < 5 && args.to == "x"')).toEqual([]);
    expect(grantDoubts(toolWith({ approval: { ...POLICY, required: false, rule: "true" } }), "")).toEqual([]);
  });

  it("name a field that the tool's schema has not, and a tool that asks nobody", () => {
    const [unasked, field, ...more] = grantDoubts(
      toolWith({ approval: { ...POLICY, required: false } }),
      "args.amuont < 5",
    );
    expect(unasked).toContain("no call of pay waits for anybody");
    expect(field).toMatch(/args\.amuont.*Did you mean args\.amount\?$/);
    expect(more).toEqual([]);
  });

  it.each([
    { type: "object" },
    { type: "object", properties: { to: {} }, additionalProperties: true },
    { type: "object", properties: { to: {} }, additionalProperties: { type: "string" } },
    { properties: { to: {} }, allOf: [{ properties: { amount: {} } }] },
    true,
  ])("say nothing of fields where others may be there: %j", (schema) => {
    expect(grantDoubts(toolWith({ inputSchema: JSON.stringify(schema) }), "args.amount < 5")).toEqual([]);
  });
});
