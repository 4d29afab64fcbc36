// The agent of a transcript, from lines such as `tool process_refund approval votes=2 timeout=5m`.
import type { Agent, ApprovalPolicy, ToolDefinition } from "../../src/core/index.js";
import type { Line } from "./transcript-line.js";

export const NO_TOOLS: Agent = {
  name: "refund_agent",
  version: "v1",
  model: "openai/gpt-4o-mini",
  instructions: "You handle refund requests.",
  tools: [],
  maxTurns: 25,
};

/** `agent [max-turns=2] [deadline=1h] [output={…}]`. */
export function readAgent(line: Line): Agent {
  const deadlineMs = line.duration("deadline");
  const outputSchema = line.value("output");
  return {
    ...NO_TOOLS,
    maxTurns: line.number("max-turns", NO_TOOLS.maxTurns),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    ...(outputSchema === undefined ? {} : { outputSchema }),
  };
}

/** `tool NAME [approval | rule="args.amount > 100"] [explicit] [votes=2] [approvers=maria] [groups=finance] [self-approval] [expires=1h] [then=fail] [escalate-to=ceo] [again=2h] [remind=1d] [once] [attempts=3] [backoff=1s] [timeout=5m] [start-timeout=1h] [preview [fields=balance,rate] [preview-timeout=10s]] [schema={…}] [human [answer={…}]] [starts=AGENT]`. */
export function readTool(line: Line): ToolDefinition {
  const name = line.word() ?? "";
  const startTimeoutMs = line.duration("start-timeout");
  const timeoutMs = line.duration("timeout");
  return {
    name,
    description: "",
    inputSchema: line.value("schema") ?? '{"type":"object"}',
    queue: "refund_agent",
    approval: readPolicy(line),
    once: line.flag("once"),
    retry: {
      maxAttempts: line.number("attempts", 3),
      initialBackoffMs: line.duration("backoff") ?? 1_000,
      maxBackoffMs: 60_000,
      multiplier: 2,
    },
    ...(startTimeoutMs === undefined ? {} : { startTimeoutMs }),
    ...(timeoutMs === undefined ? {} : { timeoutMs }),
    ...readKind(line),
    ...readPreview(line),
  };
}

function readKind(line: Line): Pick<ToolDefinition, "human" | "starts"> {
  const answerSchema = line.value("answer");
  const agentName = line.value("starts");
  if (agentName !== undefined) return { starts: { agentName } };
  if (!line.flag("human")) return {};
  return { human: answerSchema === undefined ? {} : { answerSchema } };
}

function readPreview(line: Line): Pick<ToolDefinition, "preview"> {
  const fields = line.list("fields") ?? [];
  const timeoutMs = line.duration("preview-timeout") ?? 10_000;
  return line.flag("preview") ? { preview: { fields, timeoutMs } } : {};
}

function readPolicy(line: Line): ApprovalPolicy {
  const rule = line.value("rule");
  const [users, groups] = [line.list("approvers"), line.list("groups")];
  const someone = users !== undefined || groups !== undefined;
  return {
    required: line.flag("approval"),
    ...(rule === undefined ? {} : { rule }),
    explicit: line.flag("explicit"),
    votesRequired: line.number("votes", 1),
    ...(someone ? { approvers: { users: users ?? [], groups: groups ?? [] } } : {}),
    ...(line.flag("self-approval") ? { selfApproval: true } : {}),
    ...readExpiry(line),
  };
}

function readExpiry(line: Line): Pick<ApprovalPolicy, "expiry" | "remindEveryMs"> {
  const afterMs = line.duration("expires");
  const action = line.value("then") ?? "reject";
  const to = { users: line.list("escalate-to") ?? [], groups: [] };
  const againMs = line.duration("again") ?? afterMs;
  const remindEveryMs = line.duration("remind");
  const remind = remindEveryMs === undefined ? {} : { remindEveryMs };
  if (afterMs === undefined || againMs === undefined) return remind;
  if (action === "escalate") return { ...remind, expiry: { afterMs, action, to, againMs } };
  return { ...remind, expiry: { afterMs, action: action === "fail" ? "fail" : "reject" } };
}
