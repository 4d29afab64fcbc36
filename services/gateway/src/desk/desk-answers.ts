// The desk's page and its files, over HTTP/1.1 and HTTP/2.
//
// The page shows what models wrote, to people who decide by it. So a browser is told to run and load nothing that is not
// a file of ours, to show the page in no other page, and to tell nobody where it was. It needs no style or script inside
// of the page; styles that React sets on an element are no markup, and are let through by every browser.
import type { HttpRequest, HttpResponse } from "../http/exchange.js";
import { PAGE_HEADERS } from "../http/page-headers.js";
import { type DeskFile, PAGE } from "./desk-files.js";
import { CONFIG_PATH, type DeskSite } from "./desk-site.js";

/** A year, as long as caches keep anything. */
const FOR_EVER = "public, max-age=31536000, immutable";
/** Kept, and asked about each time: a new build is seen at the next look. */
const ASK_FIRST = "no-cache";

/** The places of the desk that a person may open or reload; the page itself finds what to show. */
const PLACES: readonly RegExp[] = [
  /^\/$/,
  /^\/approvals\/[^/]+\/[^/]+$/,
  /^\/runs(?:\/[^/]+)?$/,
  /^\/agents(?:\/[^/]+)?$/,
  /^\/(?:workers|signed-in)$/,
];

/** True where the request was for the desk and has been answered. */
export function answerDesk(request: HttpRequest, response: HttpResponse, site: DeskSite): boolean {
  if (site.signIn?.(request, response) === true) return true;
  if (request.method !== "GET" && request.method !== "HEAD") return false;
  const path = request.url?.split("?", 1)[0] ?? "";
  const isPlace = PLACES.some((place) => place.test(path));
  // A program that asks for JSON is told in JSON that there is nothing.
  if (isPlace && !takesPages(request)) return false;
  if (path === CONFIG_PATH) {
    answerConfig(request, response, site);
    return true;
  }
  const file = site.files.get(isPlace ? PAGE : path);
  if (file === undefined) return false;
  answerFile(request, response, file, site.policy);
  return true;
}

function answerConfig(request: HttpRequest, response: HttpResponse, { config, policy }: DeskSite): void {
  response.writeHead(200, {
    ...PAGE_HEADERS,
    "content-security-policy": policy,
    "cache-control": "no-store",
    "content-type": "application/json",
    "content-length": String(config.length),
  });
  if (request.method === "HEAD") response.end();
  else response.end(config);
}

function answerFile(request: HttpRequest, response: HttpResponse, file: DeskFile, policy: string): void {
  const { etag, contentType, immutable } = file;
  const { encoding, body } = encoded(file, headerOf(request, "accept-encoding"));
  const tag = encoding === undefined ? etag : `${etag.slice(0, -1)}-${encoding}"`;
  const headers = {
    ...PAGE_HEADERS,
    "content-security-policy": policy,
    "cache-control": immutable ? FOR_EVER : ASK_FIRST,
    etag: tag,
    vary: response.hasHeader("vary") ? "Accept-Encoding, Origin" : "Accept-Encoding",
  };
  if (isKnown(tag, headerOf(request, "if-none-match"))) {
    response.writeHead(304, headers);
    response.end();
    return;
  }
  response.writeHead(200, {
    ...headers,
    "content-type": contentType,
    "content-length": String(body.length),
    ...(encoding === undefined ? {} : { "content-encoding": encoding }),
  });
  if (request.method === "HEAD") response.end();
  else response.end(body);
}

function encoded(file: DeskFile, accepted: string): { readonly encoding?: string; readonly body: Buffer } {
  const takes = new Set(
    accepted.split(",").flatMap((part) => {
      const [coding = "", ...parameters] = part
        .trim()
        .toLowerCase()
        .split(/\s*;\s*/);
      return parameters.some((one) => /^q=0(?:\.0*)?$/.test(one)) ? [] : [coding];
    }),
  );
  if (file.br !== undefined && takes.has("br")) return { encoding: "br", body: file.br };
  if (file.gzip !== undefined && takes.has("gzip")) return { encoding: "gzip", body: file.gzip };
  return { body: file.plain };
}

function isKnown(tag: string, known: string): boolean {
  return known.split(",").some((one) => one.trim() === "*" || one.trim().replace(/^W\//, "") === tag);
}

function takesPages(request: HttpRequest): boolean {
  const accept = headerOf(request, "accept");
  return accept === "" || /text\/(?:html|\*)|\*\/\*/i.test(accept);
}

function headerOf(request: HttpRequest, name: string): string {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : (value ?? "");
}
