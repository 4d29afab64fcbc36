// The page of a decision link as whoever has it sees it, and the forms on it.
import { AuditService, type DecisionLink } from "@agentspan/proto";
import { createClient, type Interceptor } from "@connectrpc/connect";
import { createGrpcTransport } from "@connectrpc/connect-node";

export interface Seen {
  readonly status: number;
  readonly text: string;
  readonly headers: Headers;
}

/** Where a link is at one of the gateways. */
export function linkAt(gateway: { readonly url: string }, { url }: Pick<DecisionLink, "url">): string {
  return new URL(url, gateway.url).href;
}

export async function look(url: string, method: "GET" | "HEAD" = "GET"): Promise<Seen> {
  const answer = await fetch(url, { method, redirect: "error" });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

/** Sends a form of the page, by no browser: then nobody says where it comes from, unless a header does. */
export async function send(
  url: string,
  fields: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>> = {},
): Promise<Seen> {
  const answer = await fetch(url, { method: "POST", redirect: "error", headers, body: new URLSearchParams(fields) });
  return { status: answer.status, text: await answer.text(), headers: answer.headers };
}

/** The lines of the audit of these kinds, as somebody who may read it. */
export async function audited(
  gateway: { readonly url: string },
  kinds: readonly string[],
  key?: string,
): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const withKey: Interceptor = (next) => (request) => {
    if (key !== undefined) request.header.set("authorization", `Bearer ${key}`);
    return next(request);
  };
  const transport = createGrpcTransport({ baseUrl: gateway.url, interceptors: [withKey] });
  const { entries } = await createClient(AuditService, transport).listAudit({ kinds: [...kinds], pageSize: 1_000 });
  return entries.map(({ line }) => JSON.parse(line) as Readonly<Record<string, unknown>>);
}
