import { AgentspanError, Limits } from "@agentspan/internal";
import {
  type AgentDefinitionSchema,
  ApproveRequestSchema,
  CancelRequestSchema,
  GetAgentRequestSchema,
  GetApprovalRequestSchema,
  GetHistoryRequestSchema,
  ListAgentsRequestSchema,
  ListApprovalsRequestSchema,
  ListRunsRequestSchema,
  PauseRequestSchema,
  PutAgentRequestSchema,
  RejectRequestSchema,
  RespondRequestSchema,
  ResumeRequestSchema,
  type RunState,
  SettleOutcome,
  SettleRequestSchema,
  StartRequestSchema,
  ToolKind,
  type ToolSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { checkGetAgent, checkListAgents, checkPutAgent } from "../src/validation/agent.js";
import { checkGetApproval, checkListApprovals } from "../src/validation/approval.js";
import {
  checkApprove,
  checkCancel,
  checkGetHistory,
  checkListRuns,
  checkPause,
  checkReject,
  checkRespond,
  checkResume,
  checkRunId,
  checkSettle,
  checkStart,
} from "../src/validation/run.js";

const SCHEMA = '{"type":"object","properties":{"id":{"type":"string"}}}';
const ENDLESS = '{"type":"object","properties":{"a":{"$ref":"#"}},"$ref":"#"}';

function errorOf(check: () => void): AgentspanError {
  try {
    check();
  } catch (error) {
    if (error instanceof AgentspanError) return error;
    throw error;
  }
  throw new Error("Nothing was at fault");
}

const faultsOf = (check: () => void) =>
  errorOf(check).fields.map(({ field, description }) => `${field} ${description}`);

type AgentInit = MessageInitShape<typeof AgentDefinitionSchema>;
type ToolInit = MessageInitShape<typeof ToolSchema>;
const agent = (init: AgentInit = {}) => ({ name: "helper", model: "openai/gpt-4o-mini", ...init });
const tool = (init: ToolInit = {}) => ({ name: "look", inputSchemaJson: SCHEMA, ...init });
const put = (init: AgentInit) => () => checkPutAgent(create(PutAgentRequestSchema, { agent: agent(init) }));
const start = (init: MessageInitShape<typeof StartRequestSchema>) => () =>
  checkStart(create(StartRequestSchema, { source: { case: "agentName", value: "helper" }, ...init }));
const seconds = (value: number) => ({ seconds: BigInt(value), nanos: 0 });

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
    expect(faultsOf(() => checkListAgents(create(ListAgentsRequestSchema, list)))).toHaveLength(2);
  });
});

it("what was wrong is told in sentences that end once", () => {
  const { message } = errorOf(put({ tools: [tool({ inputSchemaJson: "{" })] }));
  expect(message).toMatch(/[^.]\.$/);
});

describe("Start", () => {
  it("takes a name, a name with a version, and a definition", () => {
    start({})();
    start({ agentVersion: "0".repeat(64), input: "x".repeat(Limits.inputBytes), idempotencyKey: "k".repeat(256) })();
    start({ source: { case: "agent", value: agent() }, deadline: seconds(1) })();
  });

  it.each<[string, MessageInitShape<typeof StartRequestSchema>]>([
    ["agent is required, or agentName", { source: { case: undefined } }],
    ["agentName is required", { source: { case: "agentName", value: "" } }],
    ["agent.name is required", { source: { case: "agent", value: agent({ name: "" }) } }],
    ["agentVersion goes with agentName only", { source: { case: "agent", value: agent() }, agentVersion: "00" }],
    ["deadline must be longer than 0", { deadline: seconds(0) }],
    ["onBehalfOf must be at most 256 bytes", { onBehalfOf: "x".repeat(257) }],
    ["onBehalfOf must not begin or end with a blank", { onBehalfOf: "alex " }],
    ["onBehalfOf has the character U+202E", { onBehalfOf: "alex\u202e" }],
    ["onBehalfOf must be in Unicode's composed form", { onBehalfOf: "Zoe\u0308" }],
  ])("is refused: %s", (fault, init) => {
    expect(faultsOf(start(init))).toEqual([expect.stringContaining(fault)]);
  });

  it.each<[string, MessageInitShape<typeof StartRequestSchema>]>([
    ["inputBytes", { input: "x".repeat(Limits.inputBytes + 1) }],
    ["idempotencyKeyBytes", { idempotencyKey: "é".repeat(129) }],
    ["labelKeyBytes", { labels: { ["k".repeat(64)]: "" } }],
  ])("is LIMIT_EXCEEDED by %s", (limit, init) => {
    expect(errorOf(start(init))).toMatchObject({ reason: "LIMIT_EXCEEDED", metadata: { limit } });
  });
});

describe("whatever names a run", () => {
  it.each(["", "run.*", "run >", "rún", "a".repeat(129), "run\n"])(
    "refuses the id %j, which no subject may hold",
    (runId) => {
      expect(errorOf(() => checkRunId({ runId })).fields[0]?.field).toBe("runId");
      expect(errorOf(() => checkGetHistory(create(GetHistoryRequestSchema, { runId }))).reason).toBe("INVALID_REQUEST");
      expect(errorOf(() => checkCancel(create(CancelRequestSchema, { runId }))).reason).toBe("INVALID_REQUEST");
    },
  );

  it("takes its own ids, reasons of 16 KiB and pages of a thousand", () => {
    checkRunId({ runId: "run_abc234" });
    checkCancel(create(CancelRequestSchema, { runId: "run_a", reason: "r".repeat(Limits.reasonBytes) }));
    checkGetHistory(create(GetHistoryRequestSchema, { runId: "run_a", pageSize: 1000 }));
    const long = create(CancelRequestSchema, { runId: "run_a", reason: "r".repeat(Limits.reasonBytes + 1) });
    expect(errorOf(() => checkCancel(long))).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { limit: "reasonBytes" },
    });
  });
});

describe("a decision", () => {
  const digest = `sha256:${"0".repeat(64)}`;
  const of = { runId: "run_a", approvalId: "apr_b" };

  it("is taken bare, and with everything", () => {
    checkApprove(create(ApproveRequestSchema, { runId: "run_a" }));
    checkApprove(
      create(ApproveRequestSchema, {
        ...of,
        argumentsDigest: digest,
        previewFingerprint: "",
        editedArgumentsJson: '{"amount":"12.50"}',
        comment: "c".repeat(Limits.reasonBytes),
        decisionId: "d".repeat(128),
        onBehalfOf: "someone",
      }),
    );
    checkReject(create(RejectRequestSchema, { ...of, reason: "no", argumentsDigest: digest }));
    checkRespond(create(RespondRequestSchema, { ...of, contentJson: '"yes"' }));
    checkSettle(create(SettleRequestSchema, { ...of, outcome: SettleOutcome.HAPPENED, resultJson: "null" }));
    checkSettle(create(SettleRequestSchema, { ...of, outcome: SettleOutcome.GIVE_UP }));
  });

  it("has an approval id and a digest that can be such", () => {
    const request = { runId: "run_a", approvalId: "a b", argumentsDigest: "sha256:xyz" };
    expect(faultsOf(() => checkApprove(create(ApproveRequestSchema, request)))).toHaveLength(2);
    expect(faultsOf(() => checkReject(create(RejectRequestSchema, request)))).toHaveLength(2);
  });

  it("has a decision id of 128 bytes at most", () => {
    const request = create(ApproveRequestSchema, { ...of, decisionId: "d".repeat(129) });
    expect(errorOf(() => checkApprove(request))).toMatchObject({ metadata: { limit: "decisionIdBytes", size: "129" } });
  });

  it("has a decision id that people can tell from others, as pauses have their request's, or none", () => {
    for (const [id, fault] of [
      ["d\u0000", "has the character U+0000, which nobody sees"],
      ["d\u200b1", "has the character U+200B, which nobody sees"],
      ["d1\n", "has the character U+000A, which nobody sees"],
      [" ", "must not begin or end with a blank"],
    ] as const) {
      const approve = create(ApproveRequestSchema, { runId: "run_a", decisionId: id });
      expect(faultsOf(() => checkApprove(approve))).toEqual([`decisionId ${fault}`]);
      const pause = create(PauseRequestSchema, { runId: "run_a", requestId: id });
      expect(faultsOf(() => checkPause(pause))).toEqual([`requestId ${fault}`]);
      const resume = create(ResumeRequestSchema, { runId: "run_a", requestId: id });
      expect(faultsOf(() => checkResume(resume))).toEqual([`requestId ${fault}`]);
    }
    // The gateway makes one then.
    checkApprove(create(ApproveRequestSchema, { runId: "run_a" }));
  });

  it.each(["{", "[]", '"text"', " ", '{"a":1,"a":1}', '{"n":0.10000000000000000001}', '{"s":"\\ud800"}'])(
    "with the edited arguments %s is INVALID_ARGUMENTS",
    (editedArgumentsJson) => {
      const error = errorOf(() => checkApprove(create(ApproveRequestSchema, { ...of, editedArgumentsJson })));
      expect(error).toMatchObject({ reason: "INVALID_ARGUMENTS", fields: [{ field: "editedArgumentsJson" }] });
    },
  );

  it("with edited arguments, an answer or a result over 256 KiB is LIMIT_EXCEEDED", () => {
    const big = `"${"x".repeat(262_144)}"`;
    const checks = [
      () => checkApprove(create(ApproveRequestSchema, { ...of, editedArgumentsJson: `{"a":${big}}` })),
      () => checkRespond(create(RespondRequestSchema, { ...of, contentJson: big })),
      () => checkSettle(create(SettleRequestSchema, { ...of, outcome: SettleOutcome.HAPPENED, resultJson: big })),
    ];
    for (const check of checks) expect(errorOf(check).reason).toBe("LIMIT_EXCEEDED");
  });

  it("answers with JSON that has one meaning", () => {
    for (const contentJson of ["", "yes", '{"a":1,"a":2}']) {
      const error = errorOf(() => checkRespond(create(RespondRequestSchema, { ...of, contentJson })));
      expect(error).toMatchObject({ reason: "INVALID_REQUEST", fields: [{ field: "contentJson" }] });
    }
  });

  it("settles with an outcome that is known, and a result only for what happened", () => {
    const settle = (init: MessageInitShape<typeof SettleRequestSchema>) => () =>
      checkSettle(create(SettleRequestSchema, { ...of, ...init }));
    expect(faultsOf(settle({}))).toEqual(["outcome must be said"]);
    expect(faultsOf(settle({ outcome: 9 as SettleOutcome }))).toEqual([expect.stringContaining("outcome is 9")]);
    expect(faultsOf(settle({ outcome: SettleOutcome.RUN_AGAIN, resultJson: "1" }))).toEqual([
      expect.stringContaining("resultJson goes with the outcome HAPPENED only"),
    ]);
  });
});

describe("lists", () => {
  it("take filters that can match something", () => {
    checkListRuns(
      create(ListRunsRequestSchema, { states: [1, 7], agentName: "helper", labels: { a: "b" }, pageSize: 1000 }),
    );
    checkListApprovals(create(ListApprovalsRequestSchema, { kinds: [1, 2, 3], toolName: "refund", runId: "run_a" }));
    checkGetApproval(create(GetApprovalRequestSchema, { runId: "run_a", approvalId: "apr_b" }));
  });

  it("refuse a state or kind that is not said or not known, and names and pages that cannot be", () => {
    const runs = create(ListRunsRequestSchema, { states: [1, 0, 99 as RunState], agentName: "a b", pageSize: 1001 });
    expect(errorOf(() => checkListRuns(runs)).fields.map(({ field }) => field)).toEqual([
      "states[1]",
      "states[2]",
      "agentName",
      "pageSize",
    ]);
    const approvals = create(ListApprovalsRequestSchema, { kinds: [0], toolName: "1", runId: "a b" });
    expect(errorOf(() => checkListApprovals(approvals)).fields).toHaveLength(3);
    expect(faultsOf(() => checkGetApproval(create(GetApprovalRequestSchema)))).toHaveLength(2);
  });
});
