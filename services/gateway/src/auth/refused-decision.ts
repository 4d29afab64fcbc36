// Decisions, and the attempts of those who may not decide. Such an attempt goes no further than this gateway, but an
// orchestrator is told of it, in the name of whoever made it: the audit keeps it beside what was decided.
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

export interface DecisionDeps {
  readonly orchestrators: Pick<Orchestrators, "exchange">;
  readonly log: Logger;
}

/** What the audit keeps of a request; longer texts are no ids of ours. */
const KEPT = ["runId", "approvalId", "decisionId", "onBehalfOf", "argumentsDigest"] as const;
const MOST_CHARS = 256;

/** A method by which somebody decides. */
export function decision<I extends DescMessage, O extends DescMessage>(
  desc: DescMethodUnary<I, O>,
  handle: UnaryHandler<MessageShape<I>, MessageShape<O>>,
  { orchestrators, log }: DecisionDeps,
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

function kept(request: Message): Readonly<Record<string, string>> {
  const fields: [string, unknown][] = KEPT.map((name) => [name, Reflect.get(request, name)]);
  return Object.fromEntries(
    fields.flatMap(([name, value]) => (typeof value === "string" ? [[name, value.slice(0, MOST_CHARS)]] : [])),
  );
}
