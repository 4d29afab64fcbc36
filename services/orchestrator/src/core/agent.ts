// The pinned definition of an agent, as the core reads it. Durations are milliseconds.

export interface Agent {
  readonly name: string;
  /** SHA-256 of the content; a run never changes its version. */
  readonly version: string;
  /** "provider/model". */
  readonly model: string;
  readonly instructions: string;
  readonly tools: readonly ToolDefinition[];
  readonly maxTurns: number;
  readonly temperature?: number;
  readonly maxTokens?: number;
  /** JSON Schema of the final answer, as JSON text. */
  readonly outputSchema?: string;
  readonly deadlineMs?: number;
}

export interface ToolDefinition {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: string;
  readonly queue: string;
  readonly approval: ApprovalPolicy;
  readonly once: boolean;
  readonly retry: RetryPolicy;
  readonly startTimeoutMs?: number;
  readonly timeoutMs?: number;
  /** No worker runs it: a person is asked, and the answer is the result. */
  readonly human?: HumanTool;
  /** It brings a preview, by its definition; its owner may say so too. */
  readonly preview?: PreviewTerms;
  /** No worker runs it: a call starts a run of this agent, and what that comes to is the result. */
  readonly starts?: AgentRef;
}

/** How what a call would do is looked at before people decide, and again right before it runs. */
export interface PreviewTerms {
  /** What of it must be the same at the end, as paths with dots; all of it where empty. */
  readonly fields: readonly string[];
  /** How long a worker may take to look. */
  readonly timeoutMs: number;
}

export interface AgentRef {
  readonly agentName: string;
  /** The newest where absent. */
  readonly agentVersion?: string;
}

export interface HumanTool {
  /** JSON Schema of the answer, as JSON text; any JSON where absent. */
  readonly answerSchema?: string;
}

/**
 * When people must approve a call, and who may; who may holds for settlements of its calls too. Of a human tool: who may
 * answer, and until when.
 */
export interface ApprovalPolicy {
  readonly required: boolean;
  /** Asked where not every call waits: true, or anything but false, means that this one does. */
  readonly rule?: string;
  /** A decision must name the approval and its digest. */
  readonly explicit: boolean;
  readonly votesRequired: number;
  /** Whoever may decide at all where absent. */
  readonly approvers?: Approvers;
  /** Whoever started the run may decide too. */
  readonly selfApproval?: true;
  /** As long as it takes where absent. */
  readonly expiry?: Expiry;
  /** None where absent. */
  readonly remindEveryMs?: number;
}

/** How long people have to decide, and what then happens. Nothing is ever approved by time. */
export type Expiry =
  | { readonly afterMs: number; readonly action: "reject" | "fail" }
  /** Others decide from then on, for `againMs`; then it is rejected. */
  | { readonly afterMs: number; readonly action: "escalate"; readonly to: Approvers; readonly againMs: number };

/** People by name, or by a group that they have. */
export interface Approvers {
  readonly users: readonly string[];
  readonly groups: readonly string[];
}

export interface RetryPolicy {
  /** Attempts in all, the first included. */
  readonly maxAttempts: number;
  readonly initialBackoffMs: number;
  readonly maxBackoffMs: number;
  readonly multiplier: number;
}

/**
 * What the owner of a tool says of it, in its worker's registration. Of what it demands the stricter of it and the
 * definition holds; of what it brings, the word of the worker that claims.
 */
export interface OwnerDemand {
  readonly approval: boolean;
  readonly once: boolean;
  /** It brings a probe, which can tell afterwards whether a call took effect. */
  readonly probe: boolean;
  /** Whoever receives the effect enforces the idempotency key: running a call again doubles nothing. */
  readonly enforcesKey: boolean;
  /** It brings a preview: like what it demands, it holds beside the definition. */
  readonly preview?: PreviewTerms;
}

export function toolOf(agent: Agent, name: string): ToolDefinition | undefined {
  return agent.tools.find((tool) => tool.name === name);
}
