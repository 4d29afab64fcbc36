import { homedir } from "node:os";
import { join } from "node:path";

/** Where what is fetched is kept: $XDG_CACHE_HOME/agentspan, or ~/.cache/agentspan. */
export function cacheFolder(env: Readonly<Record<string, string | undefined>> = process.env): string {
  return join(env.XDG_CACHE_HOME || join(env.HOME || homedir(), ".cache"), "agentspan");
}
