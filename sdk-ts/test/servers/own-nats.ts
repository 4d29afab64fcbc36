import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type RunningNats, resolveServers, startNats } from "@agentspan/servers";

/** A NATS server of this test's own, with its data in a folder that goes with it; no MongoDB. */
export async function startOwnNats(config?: string): Promise<RunningNats & { stop(): Promise<void> }> {
  const { NATS_URL: _, ...env } = process.env;
  const found = await resolveServers({ env: { ...env, MONGODB_URI: "mongodb://not.used" } });
  if (!("binary" in found.nats)) throw new Error("resolveServers named a server although NATS_URL was taken out.");
  const folder = await mkdtemp(join(tmpdir(), "agentspan-sdk-"));
  const running = await startNats({ binary: found.nats.binary, storeDir: folder, config });
  return {
    ...running,
    stop: async () => {
      await running.process.stop();
      await rm(folder, { recursive: true, force: true });
    },
  };
}
