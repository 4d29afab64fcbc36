// Where a page ended, as the opaque token of the next one. One form, so that adapters agree and callers cannot steer.
import { AgentspanError } from "@agentspan/internal";

/** Which listing a token belongs to. */
export type Listing =
  | "runs"
  | "open"
  | "changed"
  | "agents"
  | "agent_versions"
  | "workers"
  | "tools"
  | "grants"
  | "keys"
  | "audit"
  | "webhooks"
  | "deliveries";

/** The last row of a page: the value the listing is sorted by (0 where that is the id alone), and its id. */
export interface Position {
  readonly at: number;
  readonly id: string;
}

export function encodePageToken(listing: Listing, position: Position): string {
  return Buffer.from(JSON.stringify([listing, position.at, position.id]), "utf8").toString("base64url");
}

/** Undefined for no token. Throws AgentspanError INVALID_REQUEST for one that this listing never gave out. */
export function decodePageToken(listing: Listing, token: string | undefined): Position | undefined {
  if (token === undefined) return undefined;
  const [of, at, id] = parsedTriple(token);
  if (of !== listing || !Number.isSafeInteger(at) || typeof at !== "number" || typeof id !== "string") {
    throw new AgentspanError("INVALID_REQUEST", "The page token is not one of this list. Begin again without one.", {
      fields: [{ field: "pageToken", description: "is not a token that this list gave out" }],
    });
  }
  return { at, id };
}

function parsedTriple(token: string): readonly unknown[] {
  try {
    const parsed: unknown = JSON.parse(Buffer.from(token, "base64url").toString("utf8"));
    return Array.isArray(parsed) && parsed.length === 3 ? parsed : [];
  } catch {
    return [];
  }
}
