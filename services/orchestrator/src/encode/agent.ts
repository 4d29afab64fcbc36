// Agent definitions: the public message, the text that is stored and hashed, and what the core reads.
import { createHash } from "node:crypto";
import { canonicalJson, Limits } from "@agentspan/internal";
import {
  type AgentDefinition,
  AgentDefinitionSchema,
  OnExpiry,
  type ApprovalPolicy as PolicyMessage,
  type Tool,
  ToolKind,
} from "@agentspan/proto";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { type Duration, durationMs } from "@bufbuild/protobuf/wkt";
import type { Agent, AgentRef, ApprovalPolicy, Expiry, HumanTool, RetryPolicy, ToolDefinition } from "../core/index.js";
import { previewTermsOf } from "../worker-messages.js";

/** What holds where a definition says nothing of retries. */
const DEFAULT_RETRY: RetryPolicy = { maxAttempts: 3, initialBackoffMs: 1_000, maxBackoffMs: 60_000, multiplier: 2 };

/** What a tool that starts runs takes where its definition does not say. */
const INPUT_SCHEMA =
  '{"type":"object","properties":{"input":{"type":"string"}},"required":["input"],"additionalProperties":false}';

export interface EncodedAgent {
  readonly definition: string;
  /** SHA-256 of the definition's RFC 8785 text, in hexadecimal. */
  readonly version: string;
}

/** The stored text of a definition and its version. The same content gives the same version. */
export function encodeAgent(message: AgentDefinition): EncodedAgent {
  const canonical = canonicalJson(JSON.stringify(toJson(AgentDefinitionSchema, message)));
  if (!canonical.ok) throw new Error(`A definition has no canonical text: ${canonical.problem}`);
  return { definition: canonical.text, version: versionOf(canonical.text) };
}

/** Of a definition's stored text. */
export function versionOf(definition: string): string {
  return createHash("sha256").update(definition).digest("hex");
}

export function decodeAgent(definition: string): AgentDefinition {
  return fromJson(AgentDefinitionSchema, JSON.parse(definition) as JsonValue, { ignoreUnknownFields: true });
}

export function toCore(message: AgentDefinition, version: string): Agent {
  return {
    name: message.name,
    version,
    model: message.model,
    instructions: message.instructions,
    tools: message.tools.map((tool) => toolToCore(tool, message.name)),
    maxTurns: message.maxTurns === 0 ? Limits.defaultMaxTurns : message.maxTurns,
    ...(message.temperature === undefined ? {} : { temperature: message.temperature }),
    ...(message.maxTokens === undefined ? {} : { maxTokens: message.maxTokens }),
    ...(message.outputSchemaJson === "" ? {} : { outputSchema: message.outputSchemaJson }),
    ...(message.deadline === undefined ? {} : { deadlineMs: durationMs(message.deadline) }),
  };
}

function toolToCore(tool: Tool, agentName: string): ToolDefinition {
  const { retry } = tool;
  return {
    name: tool.name,
    description: tool.description,
    inputSchema: tool.inputSchemaJson === "" ? INPUT_SCHEMA : tool.inputSchemaJson,
    queue: tool.queue === "" ? agentName : tool.queue,
    approval: policyToCore(tool.approval),
    once: tool.once,
    retry: {
      maxAttempts: retry === undefined || retry.maxAttempts === 0 ? DEFAULT_RETRY.maxAttempts : retry.maxAttempts,
      initialBackoffMs: ms(retry?.initialBackoff, DEFAULT_RETRY.initialBackoffMs),
      maxBackoffMs: ms(retry?.maxBackoff, DEFAULT_RETRY.maxBackoffMs),
      multiplier: retry === undefined || retry.multiplier === 0 ? DEFAULT_RETRY.multiplier : retry.multiplier,
    },
    ...(tool.startTimeout === undefined ? {} : { startTimeoutMs: durationMs(tool.startTimeout) }),
    ...(tool.timeout === undefined ? {} : { timeoutMs: durationMs(tool.timeout) }),
    ...(tool.kind === ToolKind.HUMAN ? { human: humanOf(tool) } : {}),
    ...(tool.kind === ToolKind.AGENT ? { starts: startedBy(tool) } : {}),
    ...(tool.preview === undefined ? {} : { preview: previewTermsOf(tool.preview) }),
  };
}

function humanOf({ answerSchemaJson }: Tool): HumanTool {
  return answerSchemaJson === "" ? {} : { answerSchema: answerSchemaJson };
}

function startedBy({ agentName, agentVersion }: Tool): AgentRef {
  return agentVersion === "" ? { agentName } : { agentName, agentVersion };
}

function policyToCore(policy: PolicyMessage | undefined): ApprovalPolicy {
  const {
    required = false,
    rule = "",
    explicit = false,
    votesRequired = 0,
    approvers,
    selfApproval = false,
  } = policy ?? {};
  return {
    required,
    ...(rule === "" ? {} : { rule }),
    explicit,
    votesRequired: votesRequired === 0 ? 1 : votesRequired,
    ...(approvers === undefined ? {} : { approvers: { users: [...approvers.users], groups: [...approvers.groups] } }),
    ...(selfApproval ? { selfApproval } : {}),
    ...(policy?.expiresIn === undefined ? {} : { expiry: expiryToCore(policy, durationMs(policy.expiresIn)) }),
    ...(policy?.remindEvery === undefined ? {} : { remindEveryMs: durationMs(policy.remindEvery) }),
  };
}

function expiryToCore({ onExpiry, escalateTo, escalationExpiresIn }: PolicyMessage, afterMs: number): Expiry {
  if (onExpiry === OnExpiry.FAIL) return { afterMs, action: "fail" };
  // What the edge of today does not let through: nobody to escalate to.
  if (onExpiry !== OnExpiry.ESCALATE || escalateTo === undefined) return { afterMs, action: "reject" };
  const to = { users: [...escalateTo.users], groups: [...escalateTo.groups] };
  return { afterMs, action: "escalate", to, againMs: ms(escalationExpiresIn, afterMs) };
}

function ms(duration: Duration | undefined, otherwise: number): number {
  return duration === undefined ? otherwise : durationMs(duration);
}
