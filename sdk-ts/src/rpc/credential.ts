import { AgentspanError } from "@agentspan/internal";

export type Headers = Readonly<Record<string, string>>;

/** An API key or a token; or what gives the one to use, asked before each call, for tokens that end. */
export type ApiKey = string | (() => string | Promise<string>);

/** The headers of every call, with the API key or token among them. */
export type CallHeaders = () => Promise<Headers>;

/**
 * An `authorization` that was given stays, where no key was said beside it. Throws INVALID_REQUEST, without the key, where
 * it cannot be one; the headers of a call reject with UNAUTHENTICATED where a function gives none.
 */
export function callHeaders(
  headers: Headers | undefined,
  said: ApiKey | undefined,
  env: string | undefined,
): CallHeaders {
  if (typeof said === "function") return async () => withKey(headers, await given(said), "what apiKey() gives");
  const own = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "authorization");
  const key = said ?? (own ? "" : (env ?? "").trim());
  const fixed =
    key === "" && said === undefined
      ? { ...headers }
      : withKey(headers, key, said === undefined ? "AGENTSPAN_API_KEY" : "apiKey");
  return () => Promise.resolve(fixed);
}

async function given(ask: () => string | Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new AgentspanError("UNAUTHENTICATED", `apiKey() gave no API key or token: ${why}`, { cause });
  }
}

function withKey(headers: Headers | undefined, said: unknown, from: string): Headers {
  const key = typeof said === "string" ? said.trim() : "";
  if (!/^[\x21-\x7e]+$/.test(key)) {
    throw new AgentspanError(
      "INVALID_REQUEST",
      `${from} must be one API key or token, without blanks and line breaks in it.`,
      {
        fields: [{ field: from, description: "is no API key or token" }],
      },
    );
  }
  const others = Object.entries(headers ?? {}).filter(([name]) => name.toLowerCase() !== "authorization");
  return { ...Object.fromEntries(others), authorization: `Bearer ${key}` };
}
