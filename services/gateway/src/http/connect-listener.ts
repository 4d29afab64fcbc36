// gRPC, gRPC-Web, Connect and JSON over HTTP/1.1 and HTTP/2, through connect's handlers.
import { type AgentspanError, Limits, type Logger } from "@agentspan/internal";
import type { Message } from "@bufbuild/protobuf";
import {
  Code,
  ConnectError,
  type ConnectRouter,
  createConnectRouter,
  createContextKey,
  createContextValues,
  type HandlerContext,
} from "@connectrpc/connect";
import type { UniversalHandler, UniversalServerResponse } from "@connectrpc/connect/protocol";
import {
  compressionGzip,
  universalRequestFromNodeRequest,
  universalResponseToNodeResponse,
} from "@connectrpc/connect-node";
import { ANONYMOUS, type Context, DEFAULT_NAMESPACE } from "../context.js";
import { foreign } from "../loopback-rule.js";
import type { Method } from "../method.js";
import type { Readiness } from "../readiness.js";
import { refusalOf } from "../refusal.js";
import { toConnectError } from "./connect-error.js";
import { explained } from "./connect-faults.js";
import { crossOrigin } from "./cors.js";
import type { HttpListener, HttpRequest, HttpResponse } from "./exchange.js";
import { answerError, answerProbe, unknownMethod, withRemedy } from "./plain-answers.js";
import { requestBody } from "./request-body.js";

export interface ConnectListenerOptions {
  readonly methods: readonly Method[];
  readonly readiness: Readiness;
  readonly log: Logger;
  /** Milliseconds in which the body of a request must have come; 60,000 unless said. */
  readonly requestMs?: number | undefined;
}

const REQUEST_MS = 60_000;

/** Whether a handler of ours was called; what fails before is connect's own refusal. */
interface Progress {
  reached: boolean;
}
const PROGRESS = createContextKey<Progress>({ reached: false }, { description: "progress of a call" });

// Small answers cost more to compress than to send.
const COMPRESS_FROM_BYTES = 32 * 1024;

export function connectListener(options: ConnectListenerOptions): HttpListener {
  const { methods, readiness, log, requestMs = REQUEST_MS } = options;
  const jsonOptions = {
    // A misspelt field is refused and never ignored: it may be the one that says that a person must approve.
    ignoreUnknownFields: false,
    textDecoder: new TextDecoder("utf-8", { fatal: true }),
  };
  const router = createConnectRouter({
    readMaxBytes: Limits.requestBytes,
    acceptCompression: [compressionGzip],
    compressMinBytes: COMPRESS_FROM_BYTES,
    jsonOptions,
  });
  for (const method of methods) route(router, method, log);
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request, response) => {
    try {
      const origin = headerOf(request, "origin");
      const refusal = foreign({ authority: authorityOf(request), origin });
      if (refusal === undefined && crossOrigin(request, response)) return;
      if (refusal === undefined && answerProbe(request, response, readiness)) return;
      const path = request.url?.split("?", 1)[0] ?? "";
      const handler = handlers.get(path);
      if (handler === undefined || (refusal !== undefined && request.method !== "POST")) {
        answerError(request, response, refusal ?? unknownMethod(path));
        request.resume();
        return;
      }
      const enveloped = /^application\/(grpc|connect\+)/.test(request.headers["content-type"] ?? "");
      // A conversation takes as long as it takes; everything else is one message.
      const withinMs = handler.method.methodKind === "bidi_streaming" ? undefined : requestMs;
      const body = refusal === undefined ? requestBody(request, enveloped, withinMs) : failing(refusal);
      serve(handler, request, response, body).catch((err: unknown) => {
        // The answer can no longer be changed; the client sees a broken one.
        log.debug({ err, path }, "An answer was not taken to its end");
      });
    } catch (err) {
      log.error({ err }, "A request could not be dispatched");
      response.destroy();
    }
  };
}

async function serve(
  handler: UniversalHandler,
  request: HttpRequest,
  response: HttpResponse,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const progress: Progress = { reached: false };
  const values = createContextValues().set(PROGRESS, progress);
  const answer: UniversalServerResponse = await handler({
    ...universalRequestFromNodeRequest(request, response, undefined, values),
    body,
  });
  const told = progress.reached ? answer : withRemedy(await explained(answer));
  await universalResponseToNodeResponse(told, response);
}

function route(router: ConnectRouter, method: Method, log: Logger): void {
  const name = `${method.desc.parent.typeName}/${method.desc.name}`;
  switch (method.kind) {
    case "unary":
      router.rpc(method.desc, async (request: Message, call: HandlerContext) => {
        call.values.get(PROGRESS).reached = true;
        try {
          return await method.handle(request, contextOf(call));
        } catch (error) {
          throw told(error, call, name, log);
        }
      });
      return;
    case "server_streaming":
      router.rpc(method.desc, async function* (request: Message, call: HandlerContext) {
        call.values.get(PROGRESS).reached = true;
        try {
          yield* method.handle(request, contextOf(call));
        } catch (error) {
          throw told(error, call, name, log);
        }
      });
      return;
    case "bidi_streaming":
      router.rpc(method.desc, async function* (requests: AsyncIterable<Message>, call: HandlerContext) {
        call.values.get(PROGRESS).reached = true;
        try {
          yield* method.handle(requests, contextOf(call));
        } catch (error) {
          throw told(error, call, name, log);
        }
      });
      return;
    default:
      method satisfies never;
  }
}

function told(error: unknown, call: HandlerContext, method: string, log: Logger): ConnectError {
  // Cancelled, or past its deadline: connect's own words.
  if (call.signal.aborted) return ConnectError.from(call.signal.reason, Code.Canceled);
  if (error instanceof ConnectError) return error;
  return toConnectError(refusalOf(error, method, log));
}

function contextOf(call: HandlerContext): Context {
  return {
    signal: call.signal,
    caller: ANONYMOUS,
    namespace: DEFAULT_NAMESPACE,
    header: (name) => call.requestHeader.get(name) ?? undefined,
  };
}

function authorityOf(request: HttpRequest): string | undefined {
  const { host } = request.headers;
  const authority = "authority" in request ? request.authority || undefined : undefined;
  // HTTP/2 may carry both; then both must pass, so the one that is not loopback decides.
  if (authority === undefined || host === undefined || host === authority) return authority ?? host;
  return foreign({ authority, origin: undefined }) === undefined ? host : authority;
}

function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}

function failing(error: AgentspanError): AsyncIterable<Uint8Array> {
  return {
    [Symbol.asyncIterator]: () => ({ next: () => Promise.reject(toConnectError(error)) }),
  };
}
