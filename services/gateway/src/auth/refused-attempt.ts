// Decisions; grants and keys, which give others the right to one; webhooks, which say who is told; and the attempts of those who may not. Such an
// attempt goes no further than this gateway, but an orchestrator is told of it, in the name of whoever made it: the audit
// keeps it beside what was done.
import { AgentspanError, type Logger, methodName } from "@agentspan/internal";
import { NoteRefusalRequestSchema } from "@agentspan/proto";
import { create, type DescMessage, type DescMethodUnary, type MessageShape, toBinary } from "@bufbuild/protobuf";
import type { Orchestrators } from "../bus/orchestrators.js";
import type { Context } from "../context.js";
import { type Method, requireRight, type UnaryHandler, unary } from "../method.js";

export interface AttemptDeps {
  readonly orchestrators: Pick<Orchestrators, "exchange">;
  readonly log: Logger;
}

/** What the audit keeps of a request. */
const KEPT = [
  ...["runId", "approvalId", "decisionId", "onBehalfOf", "argumentsDigest"],
  ...["grantId", "agentName", "toolName", "keyId", "owner", "roles", "webhookId", "person"],
] as const;
/** Longer texts, and longer lists, are none that would have been taken. */
const MOST_CHARS = 256;
const MOST_ITEMS = 16;

/** A method whose refusal for want of a right is kept: refusalIsKept says so of it. */
export function attempt<I extends DescMessage, O extends DescMessage>(
  desc: DescMethodUnary<I, O>,
  handle: UnaryHandler<MessageShape<I>, MessageShape<O>>,
  deps: AttemptDeps,
): Method {
  return unary(desc, handle, (request, context) => requireRightOrNote(desc, request, context, deps));
}

/** Rejects with PERMISSION_DENIED, once the audit has been told of it. */
export async function requireRightOrNote<I extends DescMessage, O extends DescMessage>(
  desc: DescMethodUnary<I, O>,
  request: MessageShape<I>,
  context: Context,
  deps: AttemptDeps,
): Promise<void> {
  try {
    requireRight(methodName(desc.parent.typeName, desc.name), request, context);
  } catch (refusal) {
    await noteAttempt(desc, request, context, AgentspanError.from(refusal).message, deps);
    throw refusal;
  }
}

/** Tells the audit what somebody asked in vain, and what they were told. Never rejects: what it cannot tell is logged. */
export async function noteAttempt(
  desc: DescMethodUnary,
  request: object,
  context: Context,
  message: string,
  { orchestrators, log }: AttemptDeps,
): Promise<void> {
  const method = methodName(desc.parent.typeName, desc.name);
  const body = toBinary(desc.input, create(desc.input, kept(request)));
  const noted = toBinary(NoteRefusalRequestSchema, create(NoteRefusalRequestSchema, { method, body, message }));
  await orchestrators.exchange("Internal/NoteRefusal", noted, context).catch((err: unknown) => {
    log.error({ err, method }, "A refusal is missing in the audit");
  });
}

function kept(request: object): Readonly<Record<string, unknown>> {
  return Object.fromEntries(KEPT.map((name) => [name, short(Reflect.get(request, name))]));
}

/** Undefined where the request has no such field. */
function short(value: unknown): string | readonly string[] | undefined {
  if (typeof value === "string") return value.slice(0, MOST_CHARS);
  return Array.isArray(value) ? value.slice(0, MOST_ITEMS).map((one) => String(one).slice(0, MOST_CHARS)) : undefined;
}
