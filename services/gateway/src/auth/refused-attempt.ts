// Decisions; grants and keys, which give others the right to one; webhooks, which say who is told; and the attempts of those who may not. Such an
// attempt goes no further than this gateway, but an orchestrator is told of it, in the name of whoever made it: the audit
// keeps it beside what was done.
import { AgentspanError, type Logger, methodName } from "@agentspan/internal";
import { NoteRefusalRequestSchema } from "@agentspan/proto";
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
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
  { orchestrators, log }: AttemptDeps,
): Method {
  const method = methodName(desc.parent.typeName, desc.name);

  const note = async (request: Message, context: Context, message: string): Promise<void> => {
    const body = toBinary(desc.input, create(desc.input, kept(request) as MessageInitShape<I>));
    const noted = toBinary(NoteRefusalRequestSchema, create(NoteRefusalRequestSchema, { method, body, message }));
    await orchestrators.exchange("Internal/NoteRefusal", noted, context);
  };

  return unary(desc, handle, async (request, context) => {
    try {
      requireRight(method, request, context);
    } catch (refusal) {
      const { message } = AgentspanError.from(refusal);
      await note(request, context, message).catch((err: unknown) => {
        log.error({ err, method }, "A refusal is missing in the audit");
      });
      throw refusal;
    }
  });
}

function kept(request: Message): Readonly<Record<string, unknown>> {
  return Object.fromEntries(KEPT.map((name) => [name, short(Reflect.get(request, name))]));
}

/** Undefined where the request has no such field. */
function short(value: unknown): string | readonly string[] | undefined {
  if (typeof value === "string") return value.slice(0, MOST_CHARS);
  return Array.isArray(value) ? value.slice(0, MOST_ITEMS).map((one) => String(one).slice(0, MOST_CHARS)) : undefined;
}
