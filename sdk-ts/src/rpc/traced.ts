// Calls as spans, and their place in the headers, where the program has an SDK of OpenTelemetry. Without one nothing is done.
import { inSpan, SpanKind } from "@agentspan/internal";
import { context, propagation } from "@opentelemetry/api";
import type { CallHeaders } from "./credential.js";
import type { RpcTransport } from "./transport.js";

/** The transport, each of whose calls with one answer is a span. A stream is none: it may last for days. */
export function tracedTransport(transport: RpcTransport, system: "grpc" | "connectrpc"): RpcTransport {
  const { hostname, port } = new URL(transport.address);
  return {
    ...transport,
    unary: (method, request, options) => {
      const name = `${method.parent.typeName}/${method.name}`;
      const attributes = {
        "rpc.system.name": system,
        "rpc.method": name,
        "server.address": hostname,
        ...(port === "" ? {} : { "server.port": Number(port) }),
      };
      return inSpan(name, { kind: SpanKind.CLIENT, attributes }, () => transport.unary(method, request, options));
    },
  };
}

/** The headers, with those by which the program's own propagator tells of the active span: traceparent unless said. */
export function tracedHeaders(headers: CallHeaders): CallHeaders {
  return async () => {
    const carrier: Record<string, string> = {};
    propagation.inject(context.active(), carrier);
    return { ...carrier, ...(await headers()) };
  };
}
