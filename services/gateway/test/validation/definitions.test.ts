import { Limits } from "@agentspan/internal";
import {
  GetAgentRequestSchema,
  ListAgentsRequestSchema,
  ListAgentVersionsRequestSchema,
  PutAgentRequestSchema,
  ToolKind,
  type ToolSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { checkGetAgent, checkListAgentVersions, checkPutAgent } from "../../src/validation/agent.js";
import { checkPage } from "../../src/validation/checks.js";
import { type AgentInit, agent, errorOf, faultsOf, seconds } from "./faults-of.js";

const SCHEMA = '{"type":"object","properties":{"id":{"type":"string"}}}';
const ENDLESS = '{"type":"object","properties":{"a":{"$ref":"#"}},"$ref":"#"}';

type ToolInit = MessageInitShape<typeof ToolSchema>;
const tool = (init: ToolInit = {}) => ({ name: "look", inputSchemaJson: SCHEMA, ...init });
const put = (init: AgentInit) => () => checkPutAgent(create(PutAgentRequestSchema, { agent: agent(init) }));

describe("a definition", () => {
  it("is taken where it keeps every rule, at the edge of each", () => {
    put({})();
    put({
      name: `_${"a".repeat(63)}`,
      model: "openrouter/meta-llama/llama-3.1:free",
      instructions: "é".repeat(Limits.instructionsBytes / 2),
      maxTurns: Limits.maxTurns,
      temperature: 2,
      maxTokens: 1,
      outputSchemaJson: SCHEMA,
      deadline: seconds(1),
      labels: Object.fromEntries(Array.from({ length: 64 }, (_, at) => [`${at}`.padEnd(63, "k"), "v".repeat(256)])),
      tools: Array.from({ length: 128 }, (_, at) =>
        tool({
          name: `tool_${at}`,
          queue: "a-queue",
          retry: { initialBackoff: seconds(0), maxBackoff: seconds(9), multiplier: 1.5 },
          timeout: seconds(1),
        }),
      ),
    })();
  });

  it("may start runs of another agent, with a gate and without saying what a call takes", () => {
    const approval = { required: true, votesRequired: 2 };
    put({
      tools: [tool({ kind: ToolKind.AGENT, agentName: "a", agentVersion: "v1", inputSchemaJson: "", approval })],
    })();
  });

  it("may ask people, for an answer of any type, from some and until then", () => {
    const approval = { explicit: true, approvers: { users: ["maria"] }, expiresIn: seconds(60) };
    put({ tools: [tool({ kind: ToolKind.HUMAN, answerSchemaJson: '{"type":"boolean"}', approval })] })();
  });

  it.each<[string, AgentInit]>([
    ["agent.name is required", { name: "" }],
    ["agent.name must be 1 to 64 letters", { name: "1st" }],
    ["agent.name must be 1 to 64 letters", { name: "a".repeat(65) }],
    ["agent.name must be 1 to 64 letters", { name: "a.b" }],
    ["agent.model is required", { model: "" }],
    ["agent.model must be", { model: "gpt-4o" }],
    ["agent.model must be", { model: "openai/" }],
    ["agent.model must be", { model: "/gpt" }],
    ["agent.model must be", { model: "openai/ gpt" }],
    ["agent.maxTurns must be at most 10000", { maxTurns: 10_001 }],
    ["agent.deadline must be a duration from 0 to 315360000 s", { deadline: seconds(3_650 * 86_400 + 1) }],
    ["agent.temperature must be from 0 to 2", { temperature: 2.1 }],
    ["agent.temperature must be from 0 to 2", { temperature: -0.1 }],
    ["agent.temperature must be from 0 to 2", { temperature: Number.NaN }],
    ["agent.maxTokens must be at least 1", { maxTokens: 0 }],
    ["agent.outputSchemaJson is not a schema", { outputSchemaJson: "{" }],
    ["agent.deadline must be longer than 0", { deadline: seconds(0) }],
    ["agent.deadline must be a duration", { deadline: seconds(-1) }],
    ["agent.deadline must be a duration", { deadline: { seconds: 1n, nanos: 1_000_000_000 } }],
    ['agent.labels[""] has an empty key', { labels: { "": "x" } }],
    ["agent.tools[0].name is required", { tools: [tool({ name: "" })] }],
    ["agent.tools[1].name is the name of tools[0] too", { tools: [tool(), tool()] }],
    ["agent.tools[0].inputSchemaJson is required", { tools: [tool({ inputSchemaJson: "" })] }],
    ["agent.tools[0].inputSchemaJson is not a schema", { tools: [tool({ inputSchemaJson: '{"type":"strin"}' })] }],
    ["agent.tools[0].inputSchemaJson is not a schema", { tools: [tool({ inputSchemaJson: '{"type":"string"}' })] }],
    ["agent.tools[0].inputSchemaJson is not a schema", { tools: [tool({ inputSchemaJson: ENDLESS })] }],
    ["agent.outputSchemaJson is not a schema", { outputSchemaJson: ENDLESS }],
    ["agent.tools[0].queue must be 1 to 64 letters", { tools: [tool({ queue: "a b" })] }],
    ["agent.tools[0].timeout must be longer than 0", { tools: [tool({ timeout: seconds(0) })] }],
    ["agent.tools[0].startTimeout must be a duration", { tools: [tool({ startTimeout: seconds(-5) })] }],
    ["agent.tools[0].retry.multiplier must be", { tools: [tool({ retry: { multiplier: 0.5 } })] }],
    ["agent.tools[0].retry.multiplier must be", { tools: [tool({ retry: { multiplier: Number.NaN } })] }],
    [
      "agent.tools[0].answerSchemaJson is not a schema",
      { tools: [tool({ kind: ToolKind.HUMAN, answerSchemaJson: '{"type":"strin"}' })] },
    ],
    ["agent.tools[0].answerSchemaJson goes with a HUMAN tool", { tools: [tool({ answerSchemaJson: "{}" })] }],
    ["agent.tools[0].kind is 77", { tools: [tool({ kind: 77 as ToolKind })] }],
    ["agent.tools[0].once is for tools that workers serve", { tools: [tool({ kind: ToolKind.HUMAN, once: true })] }],
    ["agent.tools[0].queue is for tools that", { tools: [tool({ kind: ToolKind.HUMAN, queue: "q" })] }],
    [
      "agent.tools[0].approval.required is for tools that are approved",
      { tools: [tool({ kind: ToolKind.HUMAN, approval: { required: true } })] },
    ],
    [
      "agent.tools[0].approval.votesRequired is for tools that are approved",
      { tools: [tool({ kind: ToolKind.HUMAN, approval: { votesRequired: 2 } })] },
    ],
    [
      "agent.tools[0].approval.selfApproval says nothing of a question",
      { tools: [tool({ kind: ToolKind.HUMAN, approval: { selfApproval: true } })] },
    ],
    ["agent.tools[0].agentName is required", { tools: [tool({ kind: ToolKind.AGENT })] }],
    ["agent.tools[0].agentName must be 1 to 64", { tools: [tool({ kind: ToolKind.AGENT, agentName: "a b" })] }],
    [
      "agent.tools[0].agentVersion is not a version",
      { tools: [tool({ kind: ToolKind.AGENT, agentName: "a", agentVersion: "é" })] },
    ],
    ["agent.tools[0].agentName goes with an AGENT tool", { tools: [tool({ agentName: "a" })] }],
    [
      "agent.tools[0].timeout is for tools that workers serve",
      { tools: [tool({ kind: ToolKind.AGENT, agentName: "a", timeout: seconds(1) })] },
    ],
    ["agent.tools[0].retry.maxBackoff must be", { tools: [tool({ retry: { maxBackoff: seconds(-1) } })] }],
  ])("is refused: %s", (fault, init) => {
    const error = errorOf(put(init));
    expect(error.reason).toBe("INVALID_REQUEST");
    expect(faultsOf(put(init))).toEqual([expect.stringContaining(fault)]);
    expect(error.message).toContain(fault);
  });

  it.each<[string, string, number, AgentInit]>([
    ["instructionsBytes", "agent.instructions", 262_146, { instructions: "é".repeat(131_073) }],
    [
      "labels",
      "agent.labels",
      65,
      { labels: Object.fromEntries(Array.from({ length: 65 }, (_, at) => [`${at}`, ""])) },
    ],
    ["labelValueBytes", 'agent.labels["k"]', 257, { labels: { k: "v".repeat(257) } }],
    ["toolsPerAgent", "agent.tools", 129, { tools: Array.from({ length: 129 }, (_, at) => tool({ name: `t${at}` })) }],
    [
      "toolDescriptionBytes",
      "agent.tools[0].description",
      16_385,
      { tools: [tool({ description: "d".repeat(16_385) })] },
    ],
    [
      "toolSchemaBytes",
      "agent.tools[0].inputSchemaJson",
      65_537,
      { tools: [tool({ inputSchemaJson: " ".repeat(65_537) })] },
    ],
  ])("is LIMIT_EXCEEDED by %s at %s, with its size", (limit, field, size, init) => {
    expect(errorOf(put(init))).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { limit, field, size: String(size), max: String(Limits[limit as keyof typeof Limits]) },
      message: expect.stringContaining(`${size}`),
      fields: [{ field }],
    });
  });

  it("is LIMIT_EXCEEDED as a whole over 1 MiB", () => {
    const big = JSON.stringify({ type: "object", description: "d".repeat(65_000) });
    const tools = Array.from({ length: 17 }, (_, at) => tool({ name: `t${at}`, inputSchemaJson: big }));
    expect(errorOf(put({ tools }))).toMatchObject({ reason: "LIMIT_EXCEEDED", metadata: { limit: "definitionBytes" } });
  });

  it("names the fault in the last of a hundred tools by its path", () => {
    const tools = Array.from({ length: 100 }, (_, at) =>
      tool({ name: `tool_${at}`, inputSchemaJson: at === 99 ? "{" : SCHEMA }),
    );
    expect(faultsOf(put({ tools }))).toEqual([
      expect.stringMatching(/^agent\.tools\[99\]\.inputSchemaJson is not a schema/),
    ]);
  });

  it("tells all that is wrong at once, twenty at most, and how many more", () => {
    const tools = Array.from({ length: 100 }, () => tool({ name: "", inputSchemaJson: "" }));
    const error = errorOf(put({ name: "", model: "", tools }));
    expect(error.fields).toHaveLength(20);
    expect(error.fields.slice(0, 3).map(({ field }) => field)).toEqual([
      "agent.name",
      "agent.model",
      "agent.tools[0].name",
    ]);
    expect(error.message).toMatch(/and 199 more\.$/);
  });

  it("is INVALID_REQUEST where a size is over its limit and something else is wrong too", () => {
    const error = errorOf(put({ name: "", instructions: "x".repeat(300_000) }));
    expect(error.reason).toBe("INVALID_REQUEST");
    expect(error.fields).toHaveLength(2);
  });
});

describe("AgentService", () => {
  it("wants a definition, a name, and pages of at most a thousand", () => {
    expect(faultsOf(() => checkPutAgent(create(PutAgentRequestSchema)))).toEqual(["agent is required"]);
    expect(faultsOf(() => checkGetAgent(create(GetAgentRequestSchema, { version: "a b" })))).toEqual([
      "name is required",
      expect.stringContaining("version is not a version"),
    ]);
    const list = { pageSize: 1001, pageToken: "x".repeat(5_000) };
    expect(faultsOf(() => checkPage(create(ListAgentsRequestSchema, list)))).toHaveLength(2);
    expect(faultsOf(() => checkListAgentVersions(create(ListAgentVersionsRequestSchema, list)))).toHaveLength(3);
  });
});

it("what was wrong is told in sentences that end once", () => {
  const { message } = errorOf(put({ tools: [tool({ inputSchemaJson: "{" })] }));
  expect(message).toMatch(/[^.]\.$/);
});
