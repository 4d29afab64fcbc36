import { AgentspanError } from "@agentspan/internal";

type Headers = Readonly<Record<string, string>>;

/**
 * The headers of every call, with the API key or token among them. An `authorization` that was given stays, where no
 * key was said beside it. Throws INVALID_REQUEST, without the key, where it cannot be one.
 */
export function withCredential(
  headers: Headers | undefined,
  said: string | undefined,
  env: string | undefined,
): Headers {
  const given = Object.keys(headers ?? {}).some((name) => name.toLowerCase() === "authorization");
  const from = said === undefined ? "AGENTSPAN_API_KEY" : "apiKey";
  const key = (said ?? (given ? "" : (env ?? ""))).trim();
  if (key === "" && said === undefined) return { ...headers };
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
