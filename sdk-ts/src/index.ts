// The public face of @agentspan/sdk.
export { AgentspanError, type FieldFault, REASONS, type Reason } from "@agentspan/internal";
export { Agent, type AgentOptions, type AnyTool } from "./agent.js";
export { AgentHandle, type ApproveResult, type DecideResult } from "./agent-handle.js";
export type { AgentResult } from "./agent-result.js";
export { AgentRuntime, type AgentSource, type ServeOptions, type StartOptions } from "./agent-runtime.js";
export { AgentStream, type StreamOptions } from "./agent-stream.js";
export { type AgentTool, type AgentToolOptions, agentTool } from "./agent-tool.js";
export {
  type Approval,
  type ApprovalKind,
  type Approvers,
  approvalOf,
  type Decision,
  type DecisionOutcome,
  type GrantUse,
  type Preview,
  type PreviewStatus,
  type ProbeFinding,
  type ProbeVerdict,
  type UnknownOutcome,
  type Vote,
} from "./approval.js";
export type { ApprovalOptions, ApproverOptions } from "./approval-policy.js";
export type { ApproveOptions, DecideOptions, RespondOptions, SettleOptions } from "./decide-options.js";
export type { DecisionLink, DecisionLinkOptions } from "./decision-link.js";
export { defaultRuntime, run, serve, shutdown, start, stream } from "./default-runtime.js";
export type { Duration } from "./duration.js";
export { type AnswerTerms, type HumanTool, type HumanToolOptions, humanTool } from "./human-tool.js";
export type { JsonSchema } from "./input-schema.js";
export type { JsonObject } from "./json-text.js";
export type { Logger } from "./logger.js";
export type { PreviewContext, PreviewFunction } from "./preview.js";
export type { Probe, ProbeAnswer, ProbeContext } from "./probe.js";
export * from "./run-event.js";
export {
  type BlockedReason,
  type BlockedTool,
  type RunError,
  type RunOutput,
  type RunState,
  type RunStatus,
  runStatusOf,
  type Usage,
} from "./run-status.js";
export type { RuntimeOptions } from "./runtime-options.js";
export {
  type GrantFilter,
  type GrantOptions,
  type MadeGrant,
  type RevokeOptions,
  type StandingGrant,
  StandingGrants,
} from "./standing-grants.js";
export {
  type PreviewOptions,
  type ProbeOptions,
  type RetryOptions,
  type Tool,
  type ToolOptions,
  tool,
} from "./tool.js";
export { TerminalError, type ToolContext, type ToolProof } from "./tool-context.js";
export { wholeApprovals } from "./whole-approvals.js";
export type { HookedTask, ToolFunction, WorkerTestHooks } from "./worker/test-hooks.js";
