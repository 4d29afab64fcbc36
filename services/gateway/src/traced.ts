// A span for each call with one answer. Streams have none: they last as long as somebody watches, which may be days.
import { type Attributes, contextUnder, inSpan, SpanKind } from "@agentspan/internal";
import type { Message } from "@bufbuild/protobuf";
import type { Context } from "./context.js";
import type { Method } from "./method.js";

/** The method, each of whose calls is a span, part of its caller's trace where the call says of which. */
export function traced(method: Method): Method {
  if (method.kind !== "unary" || !method.desc.parent.typeName.startsWith("agentspan.")) return method;
  const name = `${method.desc.parent.typeName}/${method.desc.name}`;
  return {
    ...method,
    handle: (request: Message, context: Context) => {
      const parent = contextUnder(context.header("traceparent"));
      const attributes = attributesOf(name, request, context);
      return inSpan(name, { kind: SpanKind.SERVER, attributes, parent }, () => method.handle(request, context));
    },
  };
}

function attributesOf(name: string, request: Message, { header, namespace }: Context): Attributes {
  const isGrpc = (header("content-type") ?? "application/grpc").startsWith("application/grpc");
  const runId = "runId" in request && typeof request.runId === "string" ? request.runId : "";
  return {
    "rpc.system.name": isGrpc ? "grpc" : "connectrpc",
    "rpc.method": name,
    "agentspan.namespace": namespace,
    ...(runId === "" ? {} : { "agentspan.run.id": runId }),
  };
}
