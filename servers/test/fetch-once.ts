// Runs once before the tests that need servers, so that what must be fetched is fetched once and is seen to be.
import { resolveServers } from "@agentspan/servers";

export async function setup(): Promise<void> {
  await resolveServers({ onProgress: (line) => process.stderr.write(`${line}\n`) });
}
