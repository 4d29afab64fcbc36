// A method of the API as plain functions, which both servers bind to their own protocol.
import { AgentspanError, type CodeName, delegateProblem, methodName } from "@agentspan/internal";
import type {
  DescMessage,
  DescMethod,
  DescMethodBiDiStreaming,
  DescMethodServerStreaming,
  DescMethodUnary,
  Message,
  MessageShape,
} from "@bufbuild/protobuf";
import { requireRole } from "./auth/guard.js";
import type { Context } from "./context.js";
import { refuseUnknownFields } from "./validation/unknown-fields.js";

export type UnaryHandler<I extends Message, O extends Message> = (request: I, context: Context) => Promise<O>;
export type StreamHandler<I extends Message, O extends Message> = (request: I, context: Context) => AsyncIterable<O>;
export type BidiHandler<I extends Message, O extends Message> = (
  requests: AsyncIterable<I>,
  context: Context,
) => AsyncIterable<O>;

// Method syntax, so that a handler of one message type is a handler in the table of all.
export interface UnaryMethod {
  readonly kind: "unary";
  readonly desc: DescMethodUnary;
  handle(request: Message, context: Context): Promise<Message>;
}
export interface StreamMethod {
  readonly kind: "server_streaming";
  readonly desc: DescMethodServerStreaming;
  handle(request: Message, context: Context): AsyncIterable<Message>;
}
export interface BidiMethod {
  readonly kind: "bidi_streaming";
  readonly desc: DescMethodBiDiStreaming;
  handle(requests: AsyncIterable<Message>, context: Context): AsyncIterable<Message>;
}
export type Method = UnaryMethod | StreamMethod | BidiMethod;

/** A refusal of a protocol that is not ours (health): a status without one of the contract's reasons. */
export class PlainStatus extends Error {
  override readonly name = "PlainStatus";
  constructor(
    readonly code: CodeName,
    message: string,
  ) {
    super(message);
  }
}

/** Throws, or rejects, where somebody may not make this very request. */
export type Check<I extends Message> = (request: I, context: Context) => Promise<void>;

/** A method with one answer; whether its caller may make it is checked unless another check is given. */
export function unary<I extends DescMessage, O extends DescMessage>(
  desc: DescMethodUnary<I, O>,
  handle: UnaryHandler<MessageShape<I>, MessageShape<O>>,
  check?: Check<MessageShape<I>>,
): Method {
  const method = methodName(desc.parent.typeName, desc.name);
  return {
    kind: "unary",
    desc,
    handle: async (request: MessageShape<I>, context: Context) => {
      if (isOurs(desc)) refuseUnknownFields(request);
      if (check === undefined) requireRight(method, request, context);
      else await check(request, context);
      return handle(request, context);
    },
  };
}

/** Throws PERMISSION_DENIED: for want of a role, or where a delegate does not say for whom, or another says so. */
export function requireRight(method: string, request: object, { caller }: Context): void {
  requireRole(method, caller);
  const onBehalfOf = "onBehalfOf" in request && typeof request.onBehalfOf === "string" ? request.onBehalfOf : "";
  const problem = delegateProblem(method, caller.roles, onBehalfOf);
  if (problem !== undefined) throw new AgentspanError("PERMISSION_DENIED", problem);
}

export function serverStreaming<I extends DescMessage, O extends DescMessage>(
  desc: DescMethodServerStreaming<I, O>,
  handle: StreamHandler<MessageShape<I>, MessageShape<O>>,
): Method {
  if (!isOurs(desc)) return { kind: "server_streaming", desc, handle };
  return {
    kind: "server_streaming",
    desc,
    handle: (request: MessageShape<I>, context: Context) => {
      refuseUnknownFields(request);
      return handle(request, context);
    },
  };
}

/** Health and reflection have clients that are not the contract's. */
function isOurs({ parent }: DescMethod): boolean {
  return parent.typeName.startsWith("agentspan.");
}

export function bidiStreaming<I extends DescMessage, O extends DescMessage>(
  desc: DescMethodBiDiStreaming<I, O>,
  handle: BidiHandler<MessageShape<I>, MessageShape<O>>,
): Method {
  return { kind: "bidi_streaming", desc, handle };
}
