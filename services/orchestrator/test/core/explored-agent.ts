// The agent that the property tests explore: one tool for each way in which tools differ.
import type { Agent, ApprovalPolicy, ToolDefinition } from "../../src/core/index.js";

const SCHEMA = '{"type":"object","properties":{"n":{"type":"number","maximum":100}},"required":["n"]}';

function tool(name: string, more: Partial<ToolDefinition> = {}): ToolDefinition {
  return {
    name,
    description: "",
    inputSchema: SCHEMA,
    queue: "q",
    approval: { required: false, explicit: false, votesRequired: 1 },
    once: false,
    retry: { maxAttempts: 3, initialBackoffMs: 1_000, maxBackoffMs: 60_000, multiplier: 2 },
    ...more,
  };
}

export function exploredAgent({ deadlineMs }: { deadlineMs: number | undefined }): Agent {
  return {
    name: "explorer",
    version: "v1",
    model: "test/model",
    instructions: "Try everything.",
    maxTurns: 5,
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
    tools: [
      tool("look_up"),
      tool("slow", { timeoutMs: 30_000, startTimeoutMs: 120_000 }),
      tool("refund", {
        approval: {
          required: true,
          explicit: false,
          votesRequired: 1,
          expiry: { afterMs: 3_600_000, action: "reject" },
          remindEveryMs: 600_000,
        },
        timeoutMs: 60_000,
      }),
      tool("wire", { approval: { required: true, explicit: false, votesRequired: 2 }, startTimeoutMs: 300_000 }),
      tool("delete", {
        approval: { required: true, explicit: true, votesRequired: 1, expiry: { afterMs: 45_000, action: "fail" } },
      }),
      tool("transfer", {
        approval: {
          required: true,
          explicit: false,
          votesRequired: 2,
          approvers: { users: ["maria", "alex"], groups: ["finance"] },
          expiry: {
            afterMs: 120_000,
            action: "escalate",
            to: { users: ["noah", "maria"], groups: [] },
            againMs: 60_000,
          },
        },
      }),
      tool("spend", { approval: { required: false, rule: "args.n >= 40", explicit: false, votesRequired: 2 } }),
      tool("odd", { approval: { required: false, rule: "args.missing > 1", explicit: false, votesRequired: 1 } }),
      tool("topup", {
        approval: {
          ...{ required: true, explicit: false, votesRequired: 1 },
          approvers: { users: ["maria", "alex"], groups: ["finance"] },
        },
      }),
      tool("gift", { approval: { required: true, explicit: false, votesRequired: 1, selfApproval: true } }),
      tool("ask", {
        approval: {
          ...{ required: false, explicit: false, votesRequired: 1 },
          approvers: { users: ["maria", "alex"], groups: ["finance"] },
          expiry: { afterMs: 90_000, action: "reject" },
        },
        human: { answerSchema: '{"type":"string","maxLength":8}' },
      }),
      tool("send", {
        approval: { required: true, explicit: false, votesRequired: 1 },
        preview: { fields: ["n"], timeoutMs: 5_000 },
        timeoutMs: 60_000,
      }),
      tool("ship", {
        approval: {
          ...{ required: true, explicit: false, votesRequired: 2 },
          expiry: { afterMs: 3_600_000, action: "reject" },
        },
        preview: { fields: [], timeoutMs: 20_000 },
        startTimeoutMs: 300_000,
      }),
      tool("delegate", { starts: { agentName: "helper" } }),
      tool("hand_on", {
        approval: { required: true, explicit: false, votesRequired: 1 },
        starts: { agentName: "helper", agentVersion: "v7" },
      }),
      tool("charge", { once: true, timeoutMs: 60_000, startTimeoutMs: 300_000 }),
    ],
  };
}

export function definedPolicy(agent: Agent, name: string): ApprovalPolicy | undefined {
  return agent.tools.find((candidate) => candidate.name === name)?.approval;
}

/** Whether people carry out what is called. */
export function isHuman(name: string): boolean {
  return name === "ask";
}

/** Whether a call starts a run. */
export function startsRuns(name: string): boolean {
  return name === "delegate" || name === "hand_on";
}

/** Whether an answer fits the schema above, told without asking it. */
export function fitsAnswer(text: string): boolean {
  const answer: unknown = JSON.parse(text);
  return typeof answer === "string" && answer.length <= 8;
}

/** What the rules above say, told without asking them: true, false, or nothing at all. Undefined where there is none. */
export function ruleOf(name: string, args: string): "asks" | "spares" | "fails" | undefined {
  if (name === "odd") return "fails";
  if (name !== "spend") return undefined;
  return (JSON.parse(args) as { n: number }).n >= 40 ? "asks" : "spares";
}

/** What a call needs by its definition alone. */
export function definedGate(agent: Agent, name: string): { approval: boolean; once: boolean; votes: number } {
  const found = agent.tools.find((candidate) => candidate.name === name);
  const approval = definedPolicy(agent, name);
  return { approval: approval?.required ?? false, once: found?.once ?? false, votes: approval?.votesRequired ?? 1 };
}
