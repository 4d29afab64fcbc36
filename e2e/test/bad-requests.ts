// Requests that must be refused: method, body as protobuf-JSON, and the refusal that the contract promises.
import type { Reason } from "@agentspan/internal";

const LONG = "x".repeat(300 * 1024);
const TOOL = { name: "get_order", inputSchemaJson: '{"type":"object"}' };
const AGENT = { name: "desk", model: "script/desk" };
const RUN = "run_aaaaaaaaaaaaaaaaaaaaaaaaaa";

/** `field` is where the fault is, as BadRequest names it; absent where the refusal is not about a field. */
export interface BadRequest {
  readonly name: string;
  readonly method: string;
  readonly body: unknown;
  readonly reason: Reason;
  readonly field?: string;
}

function start(name: string, body: unknown, reason: Reason, field?: string): BadRequest {
  return { name, method: "RunService/Start", body, reason, ...(field === undefined ? {} : { field }) };
}

function invalid(method: string, name: string, body: unknown, field: string): BadRequest {
  return { name, method, body, reason: "INVALID_REQUEST", field };
}

function tools(...list: readonly unknown[]) {
  return { agent: { ...AGENT, tools: list } };
}

const STARTS: readonly BadRequest[] = [
  start("nothing", {}, "INVALID_REQUEST", "agent"),
  start("an agent without anything", { agent: {} }, "INVALID_REQUEST", "agent.name"),
  start("an agent that nobody stored", { agentName: "nobody" }, "AGENT_NOT_FOUND"),
  start("a name with a dot", { agentName: "a.b" }, "INVALID_REQUEST", "agentName"),
  start("a model that is no path", { agent: { name: "desk", model: "gpt" } }, "INVALID_REQUEST", "agent.model"),
  start("a provider that is not there", { agent: { ...AGENT, model: "acme/x" } }, "INVALID_REQUEST", "agent.model"),
  start("a tool without a schema", tools({ name: "get_order" }), "INVALID_REQUEST", "agent.tools[0].inputSchemaJson"),
  start(
    "a schema that is no JSON",
    tools({ ...TOOL, inputSchemaJson: "{" }),
    "INVALID_REQUEST",
    "agent.tools[0].inputSchemaJson",
  ),
  start(
    "a schema of no object",
    tools({ ...TOOL, inputSchemaJson: '{"type":"array"}' }),
    "INVALID_REQUEST",
    "agent.tools[0].inputSchemaJson",
  ),
  start("a tool's name twice", tools(TOOL, TOOL), "INVALID_REQUEST", "agent.tools[1].name"),
  start(
    "a fault in the last of a hundred tools",
    tools(...Array.from({ length: 99 }, (_, at) => ({ ...TOOL, name: `tool_${at}` })), { ...TOOL, name: "no name" }),
    "INVALID_REQUEST",
    "agent.tools[99].name",
  ),
  start(
    "more tools than there may be",
    tools(...Array.from({ length: 129 }, (_, at) => ({ ...TOOL, name: `t${at}` }))),
    "LIMIT_EXCEEDED",
    "agent.tools",
  ),
  start("instructions of 300 KiB", { agent: { ...AGENT, instructions: LONG } }, "LIMIT_EXCEEDED", "agent.instructions"),
  start("a prompt of 2 MiB", { agent: AGENT, input: "x".repeat(2 * 1024 * 1024) }, "LIMIT_EXCEEDED"),
  start("an input of 300 KiB", { agent: AGENT, input: LONG }, "LIMIT_EXCEEDED", "input"),
  start("a key of 257 bytes", { agent: AGENT, idempotencyKey: "k".repeat(257) }, "LIMIT_EXCEEDED", "idempotencyKey"),
  start("a negative deadline", { agent: AGENT, deadline: "-1s" }, "INVALID_REQUEST", "deadline"),
  start("an empty label", { agent: AGENT, labels: { "": "x" } }, "INVALID_REQUEST", 'labels[""]'),
  start("too many turns", { agent: { ...AGENT, maxTurns: 10_001 } }, "INVALID_REQUEST", "agent.maxTurns"),
  start("a temperature of 3", { agent: { ...AGENT, temperature: 3 } }, "INVALID_REQUEST", "agent.temperature"),
  start("a version beside a definition", { agent: AGENT, agentVersion: "v1" }, "INVALID_REQUEST", "agentVersion"),
];

/** Each takes a run id and must have one. */
const OF_A_RUN: readonly (readonly [method: string, rest: object])[] = [
  ["RunService/GetStatus", {}],
  ["RunService/Approve", {}],
  ["RunService/Reject", { reason: "no" }],
  ["RunService/Respond", { contentJson: "1" }],
  ["RunService/Settle", { outcome: "SETTLE_OUTCOME_GIVE_UP" }],
  ["RunService/Cancel", {}],
  ["RunService/Pause", {}],
  ["RunService/Resume", {}],
  ["RunService/GetHistory", {}],
  ["ApprovalService/GetApproval", { approvalId: "apr_t1c1_0" }],
  ["ApprovalService/CreateDecisionLink", { person: "maria" }],
];

const RUN_IDS: readonly BadRequest[] = OF_A_RUN.flatMap(([method, rest]) => [
  invalid(method, "no run id", rest, "runId"),
  invalid(method, "a run id that no subject may hold", { ...rest, runId: "run.*.>" }, "runId"),
  invalid(method, "a run id of a kilobyte", { ...rest, runId: "r".repeat(1024) }, "runId"),
  { name: "a run that is not there", method, body: { ...rest, runId: RUN }, reason: "RUN_NOT_FOUND" as const },
]);

const DECISIONS: readonly BadRequest[] = [
  invalid("RunService/Approve", "a digest that is none", { runId: RUN, argumentsDigest: "sha1:0" }, "argumentsDigest"),
  invalid("RunService/Approve", "an approval id with a dot", { runId: RUN, approvalId: "a.b" }, "approvalId"),
  {
    name: "edited arguments that are no JSON",
    method: "RunService/Approve",
    body: { runId: RUN, editedArgumentsJson: "{" },
    reason: "INVALID_ARGUMENTS",
    field: "editedArgumentsJson",
  },
  {
    name: "edited arguments with a key twice",
    method: "RunService/Approve",
    body: { runId: RUN, editedArgumentsJson: '{"a":1,"a":2}' },
    reason: "INVALID_ARGUMENTS",
    field: "editedArgumentsJson",
  },
  {
    name: "edited arguments of 300 KiB",
    method: "RunService/Approve",
    body: { runId: RUN, editedArgumentsJson: JSON.stringify({ a: LONG }) },
    reason: "LIMIT_EXCEEDED",
    field: "editedArgumentsJson",
  },
  {
    name: "a comment of 300 KiB",
    method: "RunService/Approve",
    body: { runId: RUN, comment: LONG },
    reason: "LIMIT_EXCEEDED",
    field: "comment",
  },
  {
    name: "a decision id of 129 bytes",
    method: "RunService/Reject",
    body: { runId: RUN, decisionId: "d".repeat(129) },
    reason: "LIMIT_EXCEEDED",
    field: "decisionId",
  },
  invalid("RunService/Approve", "the id of a decision link", { runId: RUN, decisionId: "lnk_a" }, "decisionId"),
  invalid("ApprovalService/CreateDecisionLink", "a link for nobody", { runId: RUN }, "person"),
  invalid(
    "ApprovalService/CreateDecisionLink",
    "a link that has ended",
    { runId: RUN, person: "maria", expiresAt: "2020-01-01T00:00:00Z" },
    "expiresAt",
  ),
  invalid(
    "ApprovalService/CreateDecisionLink",
    "a link for a year",
    { runId: RUN, person: "maria", expiresAt: "9000-01-01T00:00:00Z" },
    "expiresAt",
  ),
  {
    name: "a reason of 300 KiB",
    method: "RunService/Reject",
    body: { runId: RUN, reason: LONG },
    reason: "LIMIT_EXCEEDED",
    field: "reason",
  },
  invalid("RunService/Respond", "no content", { runId: RUN }, "contentJson"),
  invalid("RunService/Respond", "content that is no JSON", { runId: RUN, contentJson: "{'a':1}" }, "contentJson"),
  invalid("RunService/Settle", "no outcome", { runId: RUN }, "outcome"),
  invalid("RunService/Settle", "an outcome of a newer client", { runId: RUN, outcome: 99 }, "outcome"),
  invalid(
    "RunService/Settle",
    "a result of what did not happen",
    { runId: RUN, outcome: "SETTLE_OUTCOME_GIVE_UP", resultJson: "1" },
    "resultJson",
  ),
];

const LISTS: readonly BadRequest[] = [
  invalid("RunService/ListRuns", "a state of a newer client", { states: [99] }, "states[0]"),
  invalid("RunService/ListRuns", "a page of 1001", { pageSize: 1001 }, "pageSize"),
  invalid("WorkerService/ListWorkers", "a page of 1001", { pageSize: 1001 }, "pageSize"),
  invalid("WorkerService/ListTools", "a token of another list", { pageToken: "WyJydW5zIiwwLCJ4Il0" }, "pageToken"),
  invalid("AgentService/ListAgentVersions", "no name", {}, "name"),
  {
    name: "a page token of somebody's own",
    method: "RunService/ListRuns",
    body: { pageToken: "bm9uc2Vuc2U" },
    reason: "INVALID_REQUEST",
  },
  invalid("RunService/GetHistory", "a page of 1001", { runId: RUN, pageSize: 1001 }, "pageSize"),
  invalid("ApprovalService/ListApprovals", "a kind of a newer client", { kinds: [9] }, "kinds[0]"),
  {
    name: "a page token of somebody's own",
    method: "ApprovalService/ListApprovals",
    body: { pageToken: "bm9uc2Vuc2U" },
    reason: "INVALID_REQUEST",
  },
  {
    name: "a page token of somebody's own",
    method: "AgentService/ListAgents",
    body: { pageToken: "bm9uc2Vuc2U" },
    reason: "INVALID_REQUEST",
  },
  invalid("AgentService/PutAgent", "nothing", {}, "agent"),
  invalid("AgentService/PutAgent", "a tool without a schema", tools({ name: "x" }), "agent.tools[0].inputSchemaJson"),
  invalid("AgentService/GetAgent", "no name", {}, "name"),
  {
    name: "an agent that nobody stored",
    method: "AgentService/GetAgent",
    body: { name: "nobody" },
    reason: "AGENT_NOT_FOUND",
  },
  { name: "a method that is not there yet", method: "RunService/Teleport", body: {}, reason: "UNIMPLEMENTED" },
];

/** Everything that can be said in JSON. */
export const BAD_REQUESTS: readonly BadRequest[] = [...STARTS, ...RUN_IDS, ...DECISIONS, ...LISTS];

/** Bodies that are no message at all, as bytes; for any unary method. */
export const BAD_JSON: readonly (readonly [name: string, bytes: Buffer])[] = [
  ["broken JSON", Buffer.from('{"runId":')],
  ["no object", Buffer.from("[]")],
  ["a number for a text", Buffer.from('{"runId":5}')],
  ["an object for a text", Buffer.from('{"runId":{}}')],
  ["invalid UTF-8", Buffer.concat([Buffer.from('{"runId":"'), Buffer.from([0xff, 0xfe]), Buffer.from('"}')])],
];

/** The same in protobuf: field 1, the run id. */
export const BAD_PROTOBUF: readonly (readonly [name: string, bytes: Buffer])[] = [
  ["a text cut short", Buffer.from([0x0a, 0x20, 0x61])],
  ["invalid UTF-8", Buffer.from([0x0a, 0x02, 0xff, 0xfe])],
  ["a wire type that is none", Buffer.from([0x0f, 0x01])],
  ["noise", Buffer.from("this is no message at all", "utf8")],
];
