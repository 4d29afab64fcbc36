// What a browser asks before it lets a page of another port read an answer. Foreign origins never come this far.
import { cors } from "@connectrpc/connect";
import type { HttpRequest, HttpResponse } from "./exchange.js";

const ALLOWED_HEADERS = [...cors.allowedHeaders, "Authorization", "Traceparent"].join(", ");
const ALLOWED_METHODS = cors.allowedMethods.join(", ");
const EXPOSED_HEADERS = cors.exposedHeaders.join(", ");
const PREFLIGHT_HOLDS_S = "7200";

/** Lets the page read the answer; true where the request was a preflight and has been answered. */
export function crossOrigin(request: HttpRequest, response: HttpResponse): boolean {
  const { origin } = request.headers;
  if (typeof origin !== "string") return false;
  response.setHeader("access-control-allow-origin", origin);
  response.setHeader("vary", "Origin");
  if (request.method !== "OPTIONS" || request.headers["access-control-request-method"] === undefined) {
    response.setHeader("access-control-expose-headers", EXPOSED_HEADERS);
    return false;
  }
  response.writeHead(204, {
    "access-control-allow-methods": ALLOWED_METHODS,
    "access-control-allow-headers": ALLOWED_HEADERS,
    "access-control-max-age": PREFLIGHT_HOLDS_S,
  });
  response.end();
  return true;
}
