// Who is taken while authentication is off: programs on this machine, and pages that this machine serves.
//
// A server on the loopback interface is within reach of every web page that a person on this machine opens: by a name
// that suddenly resolves to 127.0.0.1 (DNS rebinding), or by a request that the browser sends for it (CSRF). Both give
// themselves away, the one by its Host or :authority, the other by its Origin.
import { isIPv4 } from "node:net";
import { AgentspanError } from "@agentspan/internal";

/** What a request says of where it goes and where it comes from; absent headers are undefined. */
export interface Provenance {
  /** The Host header or the :authority of HTTP/2. */
  readonly authority: string | undefined;
  readonly origin: string | undefined;
}

/** Whether a host, as it is configured or stands in a URL, is this machine's own: localhost, 127.0.0.0/8 or ::1. */
export function isLoopbackHost(host: string): boolean {
  const name = host.toLowerCase();
  return name === "localhost" || name === "::1" || name === "[::1]" || (name.startsWith("127.") && isIPv4(name));
}

/** Why a request is refused while authentication is off; undefined where it is taken. */
export function foreign({ authority, origin }: Provenance): AgentspanError | undefined {
  if (!isLoopbackAuthority(authority)) {
    return new AgentspanError(
      "PERMISSION_DENIED",
      "Authentication is off, so only requests to localhost, 127.0.0.1 or [::1] are taken. Use such an address.",
    );
  }
  if (origin !== undefined && !isLoopbackOrigin(origin)) {
    return new AgentspanError(
      "PERMISSION_DENIED",
      "Authentication is off, so only web pages of localhost, 127.0.0.1 or [::1] may ask. This page is of another origin.",
    );
  }
  return undefined;
}

/**
 * Why a page is refused while authentication is on; undefined where it may ask, or where no page asks. The desk is a page
 * of the gateway's own and asks the host that it came from.
 */
export function foreignPage(
  { authority, origin }: Provenance,
  allowed: ReadonlySet<string>,
): AgentspanError | undefined {
  if (origin === undefined || allowed.has(origin) || isLoopbackOrigin(origin)) return undefined;
  if (authority !== undefined && authorityOf(origin) === authority.toLowerCase()) return undefined;
  return new AgentspanError(
    "PERMISSION_DENIED",
    "Web pages of this origin may not ask. Put it into the gateway's AGENTSPAN_ALLOWED_ORIGINS if they should.",
  );
}

/** Whether an Origin header names a page that this machine serves. "null", a sandboxed page, is anybody. */
export function isLoopbackOrigin(origin: string): boolean {
  const authority = authorityOf(origin);
  return authority !== undefined && isLoopbackAuthority(authority);
}

/** The host and port of an origin of the web; undefined for "null" and for what is none. */
function authorityOf(origin: string): string | undefined {
  return /^https?:\/\/([^/?#@]+)$/i.exec(origin)?.[1]?.toLowerCase();
}

function isLoopbackAuthority(authority: string | undefined): boolean {
  const match = /^(\[[^\]]*\]|[^:[\]]+)(?::\d{1,5})?$/.exec(authority ?? "");
  return match?.[1] !== undefined && isLoopbackHost(match[1]);
}
