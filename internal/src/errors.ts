// The closed list of reasons, the code of each, and the one error class that carries them between our processes.

/** gRPC status codes by name; the numbers are those of google.rpc.Code. */
export const Codes = {
  INVALID_ARGUMENT: 3,
  NOT_FOUND: 5,
  ALREADY_EXISTS: 6,
  PERMISSION_DENIED: 7,
  RESOURCE_EXHAUSTED: 8,
  FAILED_PRECONDITION: 9,
  ABORTED: 10,
  UNIMPLEMENTED: 12,
  INTERNAL: 13,
  UNAVAILABLE: 14,
  DATA_LOSS: 15,
  UNAUTHENTICATED: 16,
} as const;
export type CodeName = keyof typeof Codes;

/** The domain of google.rpc.ErrorInfo. */
export const ERROR_DOMAIN = "agentspan";

const CODE_OF = {
  RUN_NOT_FOUND: "NOT_FOUND",
  APPROVAL_NOT_FOUND: "NOT_FOUND",
  AGENT_NOT_FOUND: "NOT_FOUND",
  KEY_NOT_FOUND: "NOT_FOUND",
  GRANT_NOT_FOUND: "NOT_FOUND",
  WEBHOOK_NOT_FOUND: "NOT_FOUND",
  DELIVERY_NOT_FOUND: "NOT_FOUND",
  INVALID_REQUEST: "INVALID_ARGUMENT",
  INVALID_ARGUMENTS: "INVALID_ARGUMENT",
  APPROVAL_ID_REQUIRED: "FAILED_PRECONDITION",
  NOTHING_TO_DECIDE: "FAILED_PRECONDITION",
  SETTLE_REQUIRED: "FAILED_PRECONDITION",
  RUN_ENDED: "FAILED_PRECONDITION",
  APPROVAL_EXPIRED: "FAILED_PRECONDITION",
  ALREADY_DECIDED: "ABORTED",
  ARGUMENTS_CHANGED: "ABORTED",
  CONFLICT: "ABORTED",
  IDEMPOTENCY_KEY_REUSED: "ALREADY_EXISTS",
  UNAUTHENTICATED: "UNAUTHENTICATED",
  PERMISSION_DENIED: "PERMISSION_DENIED",
  SELF_APPROVAL: "PERMISSION_DENIED",
  LIMIT_EXCEEDED: "RESOURCE_EXHAUSTED",
  RATE_LIMITED: "RESOURCE_EXHAUSTED",
  STORE_UNAVAILABLE: "UNAVAILABLE",
  BUS_UNAVAILABLE: "UNAVAILABLE",
  ISSUER_UNAVAILABLE: "UNAVAILABLE",
  ROW_UNREADABLE: "DATA_LOSS",
  UNIMPLEMENTED: "UNIMPLEMENTED",
  INTERNAL: "INTERNAL",
} as const satisfies Record<string, CodeName>;

/** Why a request was refused. */
export type Reason = keyof typeof CODE_OF;
export const REASONS = Object.keys(CODE_OF) as readonly Reason[];

export function codeOf(reason: Reason): CodeName {
  return CODE_OF[reason];
}

export interface FieldFault {
  /** Path in the request, as JSON names it: "agent.tools[3].inputSchemaJson". */
  readonly field: string;
  readonly description: string;
}

export interface ErrorDetails {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly fields?: readonly FieldFault[];
  /** Milliseconds after which the same request may succeed. */
  readonly retryAfterMs?: number;
  readonly cause?: unknown;
}

/** A refusal with a reason of the contract. The text tells a person what happened and what to do. */
export class AgentspanError extends Error {
  override readonly name = "AgentspanError";
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly fields: readonly FieldFault[];
  readonly retryAfterMs: number | undefined;

  constructor(reason: Reason, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.reason = reason;
    this.metadata = details.metadata ?? {};
    this.fields = details.fields ?? [];
    this.retryAfterMs = details.retryAfterMs;
  }

  get code(): CodeName {
    return CODE_OF[this.reason];
  }

  /** Whether the same request may succeed later without a change. The one place that decides it. */
  get retryable(): boolean {
    return this.code === "UNAVAILABLE" || this.reason === "RATE_LIMITED" || this.reason === "CONFLICT";
  }

  /** Anything thrown, as one of ours; what is not known is INTERNAL, with its text kept in the cause alone. */
  static from(thrown: unknown): AgentspanError {
    if (thrown instanceof AgentspanError) return thrown;
    return new AgentspanError("INTERNAL", "The server met an error of its own; its log has the details.", {
      cause: thrown,
    });
  }
}
