// The pages of decision links over HTTP/1.1 and HTTP/2. They need no script, and the policy lets none in.
import { DECISION_LINK_PATH } from "@agentspan/internal";
import { plainAddress } from "../address.js";
import type { HttpRequest, HttpResponse } from "../http/exchange.js";
import { PAGE_HEADERS } from "../http/page-headers.js";
import { type BodyOptions, wholeBody } from "../http/request-body.js";
import type { UnfinishedBodies } from "../http/unfinished-bodies.js";
import { Html, html } from "./html.js";
import type { Form, LinkDesk } from "./link-desk.js";
import { type LinkPage, plainPage } from "./link-pages.js";
import { STYLE, STYLE_HASH } from "./link-style.js";

const HEADERS = {
  ...PAGE_HEADERS,
  "content-security-policy": [
    "default-src 'none'",
    `style-src ${STYLE_HASH}`,
    "form-action 'self'",
    "base-uri 'none'",
    "frame-ancestors 'none'",
  ].join("; "),
  "content-type": "text/html; charset=utf-8",
  "cache-control": "no-store",
  "x-robots-tag": "noindex, nofollow",
} as const;

export interface LinkListener {
  readonly desk: LinkDesk;
  /** Whether a form needs a credential, which no other page has. */
  readonly authentication: boolean;
  /** Milliseconds in which the body of a form must have come. */
  readonly requestMs: number;
  readonly unfinished: UnfinishedBodies;
}

export function isLinkPath(request: HttpRequest): boolean {
  return pathOf(request).startsWith(DECISION_LINK_PATH);
}

/** Answers a request whose path is that of a link. Never rejects. */
export async function answerLink(request: HttpRequest, response: HttpResponse, options: LinkListener): Promise<void> {
  const page = await pageFor(request, response, options).catch(() =>
    plainPage(400, "This form cannot be read", "It is too long, or was not sent whole. Open the link again."),
  );
  answerPage(request, response, page);
}

/** Whatever the page says, no script and no other page gets at it. */
export function answerPage(request: HttpRequest, response: HttpResponse, page: LinkPage): void {
  if (response.destroyed) return;
  const body = Buffer.from(documentOf(page).text, "utf8");
  const allow = page.status === 405 ? { allow: "GET, HEAD, POST" } : {};
  response.writeHead(page.status, { ...HEADERS, ...allow, "content-length": String(body.length) });
  if (request.method === "HEAD") response.end();
  else response.end(body);
}

async function pageFor(request: HttpRequest, response: HttpResponse, options: LinkListener): Promise<LinkPage> {
  const { desk, authentication, requestMs, unfinished } = options;
  const token = pathOf(request).slice(DECISION_LINK_PATH.length);
  const left = new AbortController();
  response.once("close", () => left.abort(new Error("The browser has gone.")));
  const call = {
    signal: left.signal,
    address: plainAddress(request.socket.remoteAddress),
    header: (name: string) => headerOf(request, name),
  };
  if (request.method === "GET" || request.method === "HEAD") return desk.open(token, call);
  if (request.method !== "POST") return plainPage(405, "That is not done here", "Open the link in a browser.");
  if (isForeignForm(request, authentication)) {
    return plainPage(403, "This form is of another page", "Open the link itself, and decide there.");
  }
  if (!/^application\/x-www-form-urlencoded\b/i.test(headerOf(request, "content-type") ?? "")) {
    return plainPage(415, "This is no form of this page", "Open the link in a browser.");
  }
  return desk.send(token, await formOf(request, { withinMs: requestMs, unfinished }), call);
}

/**
 * Whether a form may be another page's. Browsers say so themselves (Sec-Fetch-Site), over https and on this machine. Where
 * they do not, the page's own policy has them say "null" for its origin, as pages without one do: that is believed only of
 * forms with a credential, which another page does not have. Programs say neither.
 */
export function isForeignForm(request: HttpRequest, authentication: boolean): boolean {
  const site = headerOf(request, "sec-fetch-site");
  if (site !== undefined) return site !== "same-origin";
  const origin = headerOf(request, "origin");
  if (origin === undefined) return false;
  if (origin === "null") return !authentication;
  const authority = "authority" in request ? request.authority : request.headers.host;
  return !URL.canParse(origin) || new URL(origin).host !== authority?.toLowerCase();
}

async function formOf(request: HttpRequest, options: BodyOptions): Promise<Form> {
  const fields = new URLSearchParams((await wholeBody(request, options)).toString("utf8"));
  // As forms send them, line breaks are two characters.
  return (field) => (fields.get(field) ?? "").replaceAll("\r\n", "\n");
}

function documentOf({ title, body }: LinkPage): Html {
  return html`<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="robots" content="noindex, nofollow"><title>${title} · Agentspan</title><style>${new Html(STYLE)}</style></head>
<body><main><h1>${title}</h1>
${body}</main></body></html>
`;
}

function pathOf(request: HttpRequest): string {
  return request.url?.split("?", 1)[0] ?? "";
}

function headerOf(request: HttpRequest, name: string): string | undefined {
  const value = request.headers[name];
  return Array.isArray(value) ? value.join(", ") : value;
}
