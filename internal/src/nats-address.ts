// What NATS_URL says, in the form that the client of NATS takes: it reads neither logins nor schemes by itself.
import { AgentspanError } from "./errors.js";
import type { TlsFiles } from "./tls-files.js";

export interface NatsAddress {
  /** host:port of each server, without logins: these are written in errors. */
  readonly servers: string[];
  /** Present where the connection must be by TLS; the client then refuses a server that offers none. */
  readonly tls?: { ca?: string; cert?: string; key?: string };
  readonly user?: string;
  readonly pass?: string;
  readonly token?: string;
}

const DEFAULT_PORT = 4222;

/**
 * Reads nats:// or tls://, with user:password@ or token@ where the server asks; several of a cluster, joined by commas,
 * of which the first has the login. With files, or a tls:// among them, the connection is by TLS. Throws
 * INVALID_REQUEST, without the text.
 */
export function natsAddress(url: string | readonly string[], files: TlsFiles | undefined): NatsAddress {
  const texts = typeof url === "string" ? url.split(",") : url;
  const urls = texts.flatMap((text) => (text.trim() === "" ? [] : [parsed(text.trim())]));
  const first = urls[0];
  const secured = files !== undefined || urls.some(({ protocol }) => protocol === "tls:");
  return {
    servers: urls.map(({ hostname, port }) => `${hostname}:${port === "" ? DEFAULT_PORT : port}`),
    ...(secured ? { tls: { ...files } } : {}),
    ...(first === undefined ? {} : login(decoded(first.username), decoded(first.password))),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    const why = "In the login of NATS_URL a % must begin an escape such as %40; % itself is %25.";
    throw new AgentspanError("INVALID_REQUEST", why);
  }
}

function login(user: string, pass: string): Pick<NatsAddress, "user" | "pass" | "token"> {
  if (user === "") return {};
  return pass === "" ? { token: user } : { user, pass };
}

function parsed(text: string): URL {
  const whole = text.includes("://") ? text : `nats://${text}`;
  if (!URL.canParse(whole) || !["nats:", "tls:"].includes(new URL(whole).protocol)) {
    throw new AgentspanError("INVALID_REQUEST", "NATS_URL must be nats://host:port or tls://host:port.");
  }
  return new URL(whole);
}
