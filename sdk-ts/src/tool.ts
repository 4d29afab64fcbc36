import { AgentspanError, Limits, NAME_PATTERN, previewFault } from "@agentspan/internal";
import {
  type ApprovalPolicy,
  type PreviewPolicy,
  PreviewPolicySchema,
  type Tool as ToolMessage,
  ToolSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import type { z } from "zod";
import { type ApprovalOptions, policyOf } from "./approval-policy.js";
import { type Duration, toMilliseconds } from "./duration.js";
import { type JsonSchema, type SchemaReading, schemaSource } from "./input-schema.js";
import type { JsonObject } from "./json-text.js";
import { type OptionKinds, requireKind, requireOptions, shown } from "./option-check.js";
import type { PreviewContext, PreviewFunction } from "./preview.js";
import type { Probe, ProbeContext } from "./probe.js";
import type { ToolContext } from "./tool-context.js";

/** How failed attempts of a plain tool are repeated; the server's defaults where left out (3 attempts, 1 s, 60 s, 2). */
export interface RetryOptions {
  /** Attempts in all, the first included. Of a guarded tool: starts for one approval, where its probe answers no. */
  readonly maxAttempts?: number;
  readonly initialBackoff?: Duration;
  readonly maxBackoff?: Duration;
  readonly multiplier?: number;
}

/** Whether people must approve the calls of a tool. */
export interface GateOptions {
  /** A person must approve each call before it runs. */
  readonly approvalRequired?: boolean;
  /** Approving demands the approval id and the digest that was shown: a bare approve is refused. */
  readonly approvalExplicit?: boolean;
  /** `true` is approvalRequired; an object also says who may approve, and how. */
  readonly approval?: true | ApprovalOptions;
}

export interface ToolOptions extends GateOptions {
  /** Letters, digits, '_' and '-', at most 64, not beginning with a digit or '-'. */
  readonly name: string;
  /** What the tool does, in words for the model; at most 16 KiB. */
  readonly description: string;
  /** Starts at most once, like an approved call, but without a person. */
  readonly once?: boolean;
  readonly retry?: RetryOptions;
  /** How long one attempt may run; 10 minutes for a guarded tool where unset, no limit for a plain one. */
  readonly timeout?: Duration;
  /** How long a call may wait for a worker; for ever where unset. */
  readonly startTimeout?: Duration;
  /** Where workers take its calls; the agent's name unless said. */
  readonly queue?: string;
  /**
   * Whoever receives the effect enforces the idempotency key: a second call with it changes nothing. Where the probe
   * answers that a call did not happen, it then runs again by itself; otherwise a person is asked.
   */
  readonly enforcesIdempotency?: boolean;
}

/** For a tool that starts at most once (approvalRequired, or once). */
export interface ProbeOptions<A> {
  /**
   * Asked where the worker of a call was lost and nobody knows whether it took effect, before a person is. It only
   * looks, by the idempotency key. One that throws answers nothing, and is asked again.
   */
  readonly probe?: Probe<A>;
}

/** For a tool that a person must approve (approvalRequired, or approval). */
export interface PreviewOptions<A> {
  /**
   * Looks at what a call would do. Whoever decides is shown it, and it is looked at again right before the call runs: where
   * that is something else, or fails, they are asked again.
   */
  readonly preview?: PreviewFunction<A>;
  /** What of it must be the same when the call runs, as paths ("after.balance"); all of it where left out. */
  readonly previewFields?: readonly string[];
  /** How long it may take; 10 s where unset. */
  readonly previewTimeout?: Duration;
}

type FunctionOptions<A> = ToolOptions & ProbeOptions<A> & PreviewOptions<A>;

const TOOL_OPTIONS: OptionKinds<FunctionOptions<never> & { readonly inputSchema: unknown }> = {
  name: "text",
  description: "text",
  inputSchema: "object",
  approvalRequired: "flag",
  approvalExplicit: "flag",
  approval: "anything",
  once: "flag",
  retry: "object",
  timeout: "duration",
  startTimeout: "duration",
  queue: "text",
  enforcesIdempotency: "flag",
  probe: "function",
  preview: "function",
  previewFields: "list",
  previewTimeout: "duration",
};
const RETRY_OPTIONS: OptionKinds<RetryOptions> = {
  maxAttempts: "count",
  initialBackoff: "duration",
  maxBackoff: "duration",
  multiplier: "number",
};

/** A function that a model may call, ready to be listed by an agent and served by a worker. */
export interface Tool {
  readonly kind: "worker";
  readonly name: string;
  readonly approvalRequired: boolean;
  readonly once: boolean;
  readonly enforcesIdempotency: boolean;
  /** Undefined where it is the agent's name. */
  readonly queue: string | undefined;
  /** As an agent's definition tells it. */
  readonly message: ToolMessage;
  /** Checks parsed arguments and gives what the function gets. */
  readArguments(value: unknown): Promise<SchemaReading>;
  /** Runs the function on what readArguments gave. */
  execute(args: unknown, context: ToolContext): Promise<unknown>;
  /** Asks the probe, on what readArguments gave; what it answers is not checked yet. Undefined where there is none. */
  readonly probe: ((args: unknown, context: ProbeContext) => Promise<unknown>) | undefined;
  /** Looks at what a call would do, on what readArguments gave. Undefined where there is none. */
  readonly preview: ((args: unknown, context: PreviewContext) => Promise<unknown>) | undefined;
}

/**
 * Makes a tool of a function. Its arguments are typed by the zod schema; what it returns is sent as JSON (at most
 * 256 KiB). A thrown error is tried again by the retry options, a TerminalError is not.
 * Throws INVALID_REQUEST or LIMIT_EXCEEDED where the options cannot be used.
 *
 * @example
 * const getOrder = tool(({ order_id }) => orders.find(order_id), {
 *   name: "get_order",
 *   description: "Look up an order by ID.",
 *   inputSchema: z.object({ order_id: z.string() }),
 * });
 *
 * @example
 * const refund = tool(({ order_id }, { idempotencyKey }) => billing.refund(order_id, { key: idempotencyKey }), {
 *   name: "process_refund",
 *   description: "Issue a refund.",
 *   inputSchema: z.object({ order_id: z.string() }),
 *   approvalRequired: true,
 *   enforcesIdempotency: true,
 *   probe: async (_, { idempotencyKey }) => {
 *     const found = await billing.findByKey(idempotencyKey);
 *     return found === undefined ? { happened: false } : { happened: true, result: found };
 *   },
 * });
 */
export function tool<S extends z.ZodType>(
  fn: (args: z.output<S>, context: ToolContext) => unknown,
  options: FunctionOptions<z.output<S>> & { readonly inputSchema: S },
): Tool;
/** The same with a JSON Schema: the arguments are what the text says, checked but not changed. */
export function tool<A extends object = JsonObject>(
  fn: (args: A, context: ToolContext) => unknown,
  options: FunctionOptions<A> & { readonly inputSchema: JsonSchema },
): Tool;
export function tool(
  // Both overloads hand the function what its own schema has read.
  fn: (args: never, context: ToolContext) => unknown,
  options: FunctionOptions<never> & { readonly inputSchema: z.ZodType | JsonSchema },
): Tool {
  requireKind(fn, "function", "fn", "The first argument of tool()");
  const owner = `tool ${shown(options?.name)}`;
  requireOptions(options, `The ${owner}`, TOOL_OPTIONS, ["name", "description", "inputSchema"]);
  if (options.retry !== undefined) requireOptions(options.retry, `The retry of the ${owner}`, RETRY_OPTIONS);
  requireName(options.name, "a tool");
  if (options.queue !== undefined) requireName(options.queue, `the queue of ${owner}`);
  const approval = approvalOf(options, owner);
  requireGuarded(options, approval, owner);
  const looks = previewPolicyOf(options, approval, owner);
  const { probe, preview } = options;
  const schema = schemaSource(options.inputSchema, `${owner}.inputSchema`);
  requireSize(options.description, Limits.toolDescriptionBytes, `description of ${owner}`);
  requireSize(schema.jsonText, Limits.toolSchemaBytes, `schema of ${owner}`);
  return {
    kind: "worker",
    name: options.name,
    approvalRequired: approval?.required ?? false,
    once: options.once ?? false,
    enforcesIdempotency: options.enforcesIdempotency ?? false,
    queue: options.queue,
    message: messageOf(options, { approval, preview: looks }, schema.jsonText, owner),
    readArguments: schema.read,
    execute: async (args, context) => fn(args as never, context),
    probe: probe && (async (args, context) => probe(args as never, context)),
    preview: preview && (async (args, context) => preview(args as never, context)),
  };
}

/** Undefined where no person is asked. */
export function approvalOf(options: GateOptions, owner: string): ApprovalPolicy | undefined {
  const { approval, approvalRequired = false, approvalExplicit = false } = options;
  if (approval === undefined || approval === true) {
    if (approval === undefined && !approvalRequired) {
      if (!approvalExplicit) return undefined;
      throw misplaced("approvalExplicit", owner, "is for a tool that needs approval: set approvalRequired as well");
    }
    return policyOf({ explicit: approvalExplicit }, owner);
  }
  if (approvalRequired && approval.rule !== undefined) {
    throw misplaced("approvalRequired", owner, "makes every call wait, and the rule of its approval says which ones");
  }
  if (approvalExplicit) throw misplaced("approvalExplicit", owner, "is said as explicit in its approval");
  return policyOf(approval, owner);
}

/** A plain tool is tried again anyway: nobody asks what became of an attempt. */
function requireGuarded(options: FunctionOptions<never>, approval: ApprovalPolicy | undefined, owner: string): void {
  if (approval !== undefined || options.once) return;
  for (const field of ["probe", "enforcesIdempotency"] as const) {
    if (options[field] === undefined || options[field] === false) continue;
    const rule = "is for a tool that starts at most once: set approvalRequired or once as well";
    throw misplaced(field, owner, rule);
  }
}

/** Nobody is shown what a tool would do that nobody approves. */
function previewPolicyOf(
  { preview, previewFields, previewTimeout }: FunctionOptions<never>,
  approval: ApprovalPolicy | undefined,
  owner: string,
): PreviewPolicy | undefined {
  if (preview === undefined) {
    if (previewFields !== undefined) throw misplaced("previewFields", owner, "is for a tool with a preview");
    if (previewTimeout !== undefined) throw misplaced("previewTimeout", owner, "is for a tool with a preview");
    return undefined;
  }
  if (approval === undefined) {
    throw misplaced("preview", owner, "is for a tool that a person must approve: set approvalRequired as well");
  }
  const fields = (previewFields ?? []).map((path: unknown) => {
    if (typeof path === "string") return path;
    throw misplaced("previewFields", owner, `must be texts, and has ${shown(path)}`);
  });
  const policy = create(PreviewPolicySchema, {
    fields,
    ...(previewTimeout === undefined
      ? {}
      : { timeout: durationFromMs(toMilliseconds(previewTimeout, `${owner}.previewTimeout`)) }),
  });
  const fault = previewFault(policy);
  if (fault !== undefined) throw misplaced("preview", owner, fault);
  return policy;
}

function misplaced(field: string, owner: string, rule: string): AgentspanError {
  return new AgentspanError("INVALID_REQUEST", `The ${field} of ${owner} ${rule}.`, {
    fields: [{ field, description: rule }],
  });
}

function messageOf(
  options: ToolOptions,
  { approval, preview }: { approval: ApprovalPolicy | undefined; preview: PreviewPolicy | undefined },
  inputSchemaJson: string,
  owner: string,
): ToolMessage {
  const { retry } = options;
  const duration = (value: Duration | undefined, field: string) =>
    value === undefined ? undefined : durationFromMs(toMilliseconds(value, `${owner}.${field}`));
  const message = create(ToolSchema, {
    name: options.name,
    description: options.description,
    inputSchemaJson,
    queue: options.queue ?? "",
    once: options.once ?? false,
  });
  if (approval !== undefined) message.approval = approval;
  if (preview !== undefined) message.preview = preview;
  if (retry !== undefined) {
    const initialBackoff = duration(retry.initialBackoff, "retry.initialBackoff");
    const maxBackoff = duration(retry.maxBackoff, "retry.maxBackoff");
    message.retry = {
      $typeName: "agentspan.v1.RetryPolicy",
      maxAttempts: retry.maxAttempts ?? 0,
      multiplier: retry.multiplier ?? 0,
      ...(initialBackoff && { initialBackoff }),
      ...(maxBackoff && { maxBackoff }),
    };
  }
  const timeout = duration(options.timeout, "timeout");
  const startTimeout = duration(options.startTimeout, "startTimeout");
  if (timeout !== undefined) message.timeout = timeout;
  if (startTimeout !== undefined) message.startTimeout = startTimeout;
  return message;
}

/** Throws INVALID_REQUEST where `name` is not a name of the contract. */
export function requireName(name: string, what: string): void {
  if (NAME_PATTERN.test(name)) return;
  const rule =
    "must begin with a letter or '_', go on with letters, digits, '_' or '-', and have at most 64 characters";
  throw new AgentspanError("INVALID_REQUEST", `The name ${JSON.stringify(name)} of ${what} ${rule}.`, {
    fields: [{ field: "name", description: rule }],
  });
}

/** Throws LIMIT_EXCEEDED where `text` has more bytes of UTF-8 than `limit`. */
export function requireSize(text: string, limit: number, what: string): void {
  const size = Buffer.byteLength(text);
  if (size <= limit) return;
  throw new AgentspanError("LIMIT_EXCEEDED", `The ${what} has ${size} bytes; the limit is ${limit}.`, {
    metadata: { limit: String(limit), size: String(size) },
  });
}
