// Why MongoDB cannot be used at a start, for whoever set MONGODB_URI. The driver's own words may hold a part of the URI,
// and so of a password: they are shown only where nothing of one can be in them.
import { AgentspanError } from "@agentspan/internal";
import { MongoClient, type MongoClientOptions, MongoServerError } from "mongodb";
import { failureOf, storeErrorOf } from "./store-failure.js";

/** Unauthorized, AuthenticationFailed, and the same as Atlas has it. */
const REFUSED_LOGIN: ReadonlySet<unknown> = new Set([13, 18, 8000]);

/** Throws INVALID_REQUEST, without any part of the URI, where the driver cannot read it. */
export function mongoClient(uri: string, options: MongoClientOptions): MongoClient {
  try {
    return new MongoClient(uri, options);
  } catch {
    // Without its cause: whoever logs this one would log the driver's words.
    throw unreadable();
  }
}

/** As the error that ends a start. */
export function connectFailure(error: unknown, uri: string, client: MongoClient): AgentspanError {
  const where = hostsOf(uri, client);
  if (error instanceof MongoServerError && REFUSED_LOGIN.has(error.code)) {
    const text = `MongoDB${where} refuses the login of MONGODB_URI (code ${error.code}). Correct its user, its password or its authSource, or give that user the role readWrite on the database.`;
    return new AgentspanError("STORE_UNAVAILABLE", text, { cause: error });
  }
  // With mongodb+srv:// hosts and options come with the name: they are read when it connects.
  if (isOfUri(error)) return unreadable();
  if (error instanceof MongoServerError || failureOf(error) === "refused") return storeErrorOf(error);
  const text = `No MongoDB server can be reached${where}. Start one, or correct MONGODB_URI.`;
  return new AgentspanError("STORE_UNAVAILABLE", text, { retryAfterMs: 1_000, cause: error });
}

function unreadable(): AgentspanError {
  const text =
    "MONGODB_URI cannot be read. It must be mongodb://[user:password@]host[:port][,host[:port]...]/[?options] or mongodb+srv://..., with options that MongoDB's driver knows, and with characters such as : / ? # @ % of a user or password percent-encoded (@ as %40).";
  return new AgentspanError("INVALID_REQUEST", text);
}

function isOfUri(error: unknown): boolean {
  return error instanceof Error && ["MongoParseError", "MongoAPIError", "MongoRuntimeError"].includes(error.name);
}

/** Nothing where a second @ may mean that what was read as a host is a part of the login. */
function hostsOf(uri: string, { options }: MongoClient): string {
  if (uri.split("@").length > 2) return "";
  const hosts = options.srvHost === undefined ? options.hosts.map(String) : [options.srvHost];
  return ` at ${hosts.join(", ")}`;
}
