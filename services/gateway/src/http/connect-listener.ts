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
import { plainAddress } from "../address.js";
import type { Guard } from "../auth/guard.js";
import type { Identity } from "../auth/identity.js";
import type { Context } from "../context.js";
import { answerDesk } from "../desk/desk-answers.js";
import type { DeskSite } from "../desk/desk-site.js";
import { answerLink, answerPage, isLinkPath, type LinkListener } from "../links/link-answers.js";
import { plainPage } from "../links/link-pages.js";
import type { Method } from "../method.js";
import type { Readiness } from "../readiness.js";
import { refusalOf } from "../refusal.js";
import { SLACK_PATH } from "../slack/interactions.js";
import { toConnectError } from "./connect-error.js";
import { explained } from "./connect-faults.js";
import { crossOrigin } from "./cors.js";
import type { HttpListener, HttpRequest, HttpResponse } from "./exchange.js";
import { withPlainMessage } from "./grpc-status.js";
import { answerError, answerProbe, unknownMethod, withRemedy } from "./plain-answers.js";
import { requestBody } from "./request-body.js";
import type { UnfinishedBodies } from "./unfinished-bodies.js";

export interface ConnectListenerOptions {
  readonly methods: readonly Method[];
  readonly guard: Guard;
  readonly readiness: Readiness;
  readonly log: Logger;
  /** Milliseconds in which the body of a request must have come. */
  readonly requestMs: number;
  readonly unfinished: UnfinishedBodies;
  /** The approval desk; absent, there is no page here. */
  readonly desk?: DeskSite | undefined;
  /** The pages of decision links; absent, there are none here. */
  readonly links?: Pick<LinkListener, "desk" | "authentication"> | undefined;
  /** Hears what is pressed in Slack; absent, nobody does. */
  readonly slack?: HttpListener | undefined;
}

/** What the listener knows of a call before connect reads it. */
interface Arrival {
  /** Whether a handler of ours was called; what fails before is connect's own refusal. */
  reached: boolean;
  readonly address: string;
  /** Who is calling; rejects where that is refused. */
  readonly admitted: Promise<Identity>;
}
const ARRIVAL = createContextKey<Arrival | undefined>(undefined, { description: "arrival of a call" });

// Small answers cost more to compress than to send.
const COMPRESS_FROM_BYTES = 32 * 1024;

export function connectListener(options: ConnectListenerOptions): HttpListener {
  const { methods, guard, readiness, log, desk, links, slack, requestMs, unfinished } = options;
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
  for (const method of methods) route(router, method, { guard, log });
  const handlers = new Map(router.handlers.map((handler) => [handler.requestPath, handler]));

  return (request, response) => {
    try {
      const isLink = links !== undefined && isLinkPath(request);
      const said = headerOf(request, "origin");
      // The forms of a link's page say no more of where they come from: they are asked there.
      const origin = isLink && said === "null" ? undefined : said;
      const refusal = refusalFor(guard, request, origin);
      if (refusal === undefined && isLink) {
        answerLink(request, response, { ...links, requestMs, unfinished }).catch((err: unknown) => {
          log.debug({ err }, "The page of a decision link was not taken to its end");
        });
        return;
      }
      if (refusal === undefined && crossOrigin(request, response)) return;
      if (refusal === undefined && answerProbe(request, response, readiness)) return;
      if (refusal === undefined && desk !== undefined && answerDesk(request, response, desk)) return;
      const path = request.url?.split("?", 1)[0] ?? "";
      if (refusal === undefined && path === SLACK_PATH && slack !== undefined) {
        slack(request, response);
        return;
      }
      const handler = handlers.get(path);
      if (refusal === undefined && handler === undefined && isBrowsers(request)) {
        answerPage(request, response, plainPage(404, "There is nothing here", NOTHING));
        return;
      }
      if (handler === undefined || (refusal !== undefined && request.method !== "POST")) {
        answerError(request, response, refusal ?? unknownMethod(path, handlers.keys()));
        request.resume();
        return;
      }
      const enveloped = /^application\/(grpc|connect\+)/.test(request.headers["content-type"] ?? "");
      // A conversation takes as long as it takes; everything else is one message.
      const withinMs = handler.method.methodKind === "bidi_streaming" ? undefined : requestMs;
      const arrival = arrivalOf(guard, handler, request, refusal);
      const { admitted } = arrival;
      const body = requestBody(request, { unfinished, enveloped, withinMs, admitted });
      serve(handler, request, response, arrival, body).catch((err: unknown) => {
        // The answer can no longer be changed; the client sees a broken one.
        log.debug({ err, path }, "An answer was not taken to its end");
      });
    } catch (err) {
      log.error({ err }, "A request could not be dispatched");
      response.destroy();
    }
  };
}

const NOTHING = "This server has no page at this address. Open the link that you were given as a whole.";

/** Somebody opened an address, and is told in a page. Programs that ask for none are told as ever. */
function isBrowsers(request: HttpRequest): boolean {
  return (
    (request.method === "GET" || request.method === "HEAD") && /\btext\/html\b/i.test(headerOf(request, "accept") ?? "")
  );
}

async function serve(
  handler: UniversalHandler,
  request: HttpRequest,
  response: HttpResponse,
  arrival: Arrival,
  body: AsyncIterable<Uint8Array>,
): Promise<void> {
  const values = createContextValues().set(ARRIVAL, arrival);
  const asked = universalRequestFromNodeRequest(request, response, undefined, values);
  // Connect would make room for all of it before anything has come, and refuse what is too long with less than we say.
  asked.header.delete("content-length");
  const answer: UniversalServerResponse = await handler({ ...asked, body });
  const told = arrival.reached ? answer : withRemedy(await explained(answer));
  await universalResponseToNodeResponse(withPlainTrailer(told), response);
}

/** Connect fills in the trailer while the body is read; it is asked for afterwards. */
function withPlainTrailer(answer: UniversalServerResponse): UniversalServerResponse {
  const { trailer } = answer;
  if (trailer === undefined) return answer;
  return {
    ...answer,
    get trailer() {
      return withPlainMessage(trailer);
    },
  };
}

interface Parts {
  readonly guard: Guard;
  readonly log: Logger;
}

function route(router: ConnectRouter, method: Method, { guard, log }: Parts): void {
  const name = `${method.desc.parent.typeName}/${method.desc.name}`;
  switch (method.kind) {
    case "unary":
      router.rpc(method.desc, async (request: Message, call: HandlerContext) => {
        try {
          return await method.handle(request, await contextOf(guard, method, call));
        } catch (error) {
          throw told(error, call, name, log);
        }
      });
      return;
    case "server_streaming":
      router.rpc(method.desc, async function* (request: Message, call: HandlerContext) {
        try {
          yield* method.handle(request, await contextOf(guard, method, call));
        } catch (error) {
          throw told(error, call, name, log);
        }
      });
      return;
    case "bidi_streaming":
      router.rpc(method.desc, async function* (requests: AsyncIterable<Message>, call: HandlerContext) {
        try {
          yield* method.handle(requests, await contextOf(guard, method, call));
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

async function contextOf(guard: Guard, { desc }: Method, call: HandlerContext): Promise<Context> {
  const arrival = call.values.get(ARRIVAL);
  if (arrival === undefined) throw new Error("A call came by another way than through the listener");
  arrival.reached = true;
  const { address } = arrival;
  const identity = await arrival.admitted;
  const header = (name: string): string | undefined => call.requestHeader.get(name) ?? undefined;
  return guard.contextOf(identity, desc, { signal: call.signal, address, header });
}

/** Begins to ask who is calling; what is refused already is refused for that. */
function arrivalOf(guard: Guard, { method }: UniversalHandler, request: HttpRequest, refusal: unknown): Arrival {
  const address = plainAddress(request.socket.remoteAddress);
  const authorization = headerOf(request, "authorization");
  const admitted = refusal === undefined ? guard.admit(method, { authorization, address }) : Promise.reject(refusal);
  // Whoever awaits it is told. A client may be gone before anybody does.
  admitted.catch(() => undefined);
  return { reached: false, address, admitted };
}

function refusalFor(guard: Guard, request: HttpRequest, origin: string | undefined): AgentspanError | undefined {
  const { host } = request.headers;
  const authority = "authority" in request ? request.authority || undefined : undefined;
  // HTTP/2 may carry both; then both must pass.
  const named = [...new Set([authority, host])].filter((one) => one !== undefined);
  if (named.length === 0) return guard.refusal({ authority: undefined, origin });
  return named.map((one) => guard.refusal({ authority: one, origin })).find((refusal) => refusal !== undefined);
}

function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
