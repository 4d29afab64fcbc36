// Runs once before the tests that need servers, so that what must be fetched is fetched once and is seen to be. And has
// each test process share a MongoDB server among its tests.
import { resolveServers, shareMongo } from "@agentspan/servers";

export async function setup(): Promise<() => Promise<void>> {
  await resolveServers({ onProgress: (line) => process.stderr.write(`${line}\n`) });
  return shareMongo();
}
