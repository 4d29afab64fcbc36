// The descriptors of protobuf-es in the form that grpc-js takes.

import type { AgentspanError } from "@agentspan/internal";
import { Limits } from "@agentspan/internal";
import { type DescMessage, fromBinary, type Message, toBinary } from "@bufbuild/protobuf";
import type { MethodDefinition } from "@grpc/grpc-js";
import type { Method } from "../method.js";
import { unreadable } from "../refusal.js";
import { limitExceeded } from "../validation/faults.js";

/** A request as it was read. grpc-js would call what a deserializer throws INTERNAL, so it is told as a value. */
export type Received = { readonly message: Message } | { readonly fault: AgentspanError };

export function methodDefinition(method: Method): MethodDefinition<Received, Message> {
  const { desc } = method;
  return {
    path: `/${desc.parent.typeName}/${desc.name}`,
    requestStream: method.kind === "bidi_streaming",
    responseStream: method.kind !== "unary",
    requestDeserialize: (bytes) => receive(desc.input, bytes),
    responseSerialize: (message) => serialize(desc.output, message),
    requestSerialize: (received) => {
      if ("fault" in received) throw received.fault;
      return serialize(desc.input, received.message);
    },
    responseDeserialize: (bytes) => fromBinary(desc.output, bytes),
  };
}

function receive(desc: DescMessage, bytes: Uint8Array): Received {
  if (bytes.length > Limits.requestBytes) {
    return { fault: limitExceeded({ field: "the request", limit: "requestBytes", size: bytes.length }) };
  }
  try {
    return { message: fromBinary(desc, bytes) };
  } catch (error) {
    return { fault: unreadable(error instanceof Error ? error.message : String(error)) };
  }
}

function serialize(desc: DescMessage, message: Message): Buffer {
  const bytes = toBinary(desc, message);
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
