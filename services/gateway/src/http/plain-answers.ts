// Answers that are not of an RPC: probes, and requests that reach none.
import { AgentspanError, healthAnswer } from "@agentspan/internal";
import { createAsyncIterable, type UniversalServerResponse } from "@connectrpc/connect/protocol";
import { codeToHttpStatus, errorToJsonBytes } from "@connectrpc/connect/protocol-connect";
import type { Readiness } from "../readiness.js";
import { unreadable } from "../refusal.js";
import { toConnectError } from "./connect-error.js";
import type { HttpRequest, HttpResponse } from "./exchange.js";
import { setGrpcStatus } from "./grpc-status.js";

/** `/healthz`: this process is alive. `/readyz`: a request can be served now. True where it was one of them. */
export function answerProbe(request: HttpRequest, response: HttpResponse, readiness: Readiness): boolean {
  const path = request.url?.split("?", 1)[0];
  if (path !== "/healthz" && path !== "/readyz") return false;
  if (request.method !== "GET" && request.method !== "HEAD") {
    answerText(response, 405, "Use GET.\n");
  } else if (path === "/healthz") {
    answerText(response, 200, "ok\n");
  } else {
    void readiness.problem().then((problem) => {
      const { status, body } = healthAnswer(problem);
      answerText(response, status, body);
    });
  }
  return true;
}

/** In the form that the client reads: gRPC's status in headers, JSON for everybody else. */
export function answerError(request: HttpRequest, response: HttpResponse, error: AgentspanError): void {
  const connectError = toConnectError(error);
  const type = request.headers["content-type"] ?? "";
  if (type.startsWith("application/grpc")) {
    const status = Object.fromEntries(setGrpcStatus(new Headers({ "content-type": type }), connectError));
    // Headers that end the stream are a status; an empty body behind them would be an answer without one.
    if ("stream" in response) {
      response.stream.respond({ ...response.getHeaders(), ":status": 200, ...status }, { endStream: true });
    } else response.writeHead(200, status).end();
    return;
  }
  response.writeHead(codeToHttpStatus(connectError.code), { "content-type": "application/json" });
  response.end(Buffer.from(errorToJsonBytes(connectError, undefined)));
}

/** No path that has more than names in it: it may be a link's, by which somebody decides. */
const NAMES = /^(?:\/[A-Za-z][A-Za-z0-9_.]{0,99})?\/[A-Za-z_]{0,99}$/;

/** A method that no service has, or another service than the one of the path: then that is named. `paths` are all there are. */
export function unknownMethod(path: string, paths: Iterable<string>): AgentspanError {
  const name = nameIn(path);
  const meant = [...paths].filter((one) => nameIn(one) === name);
  const where =
    meant.length === 0 ? "The API is under /agentspan.v1.RunService/." : `Did you mean ${meant.join(" or ")}?`;
  return new AgentspanError(
    "UNIMPLEMENTED",
    `This server has ${NAMES.test(path) ? `no ${path}` : "nothing at this path"}. ${where}`,
  );
}

function nameIn(path: string): string {
  return path.slice(path.lastIndexOf("/") + 1).toLowerCase();
}

/** Connect refuses a wrong verb or content type with a bare status; a person with curl deserves the remedy. */
export function withRemedy(response: UniversalServerResponse): UniversalServerResponse {
  if (response.body !== undefined || (response.status !== 405 && response.status !== 415)) return response;
  const remedy = "send it with POST and content-type: application/json";
  const body = errorToJsonBytes(toConnectError(unreadable(remedy)), undefined);
  const header = new Headers(response.header);
  header.set("content-type", "application/json");
  return { ...response, header, body: createAsyncIterable([body]) };
}

function answerText(response: HttpResponse, status: number, text: string): void {
  response.writeHead(status, { "content-type": "text/plain; charset=utf-8", "cache-control": "no-store" });
  response.end(text);
}
