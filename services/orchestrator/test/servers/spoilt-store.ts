// A store in a database of its own, and a client beside it that writes there what the store never would.
import type { Logger } from "@agentspan/internal";
import { startTestServers } from "@agentspan/servers";
import { MongoClient } from "mongodb";
import { MongoStore } from "../../src/mongo/mongo-store.js";
import type { Page } from "../../src/ports.js";

export interface SpoiltStore {
  readonly store: MongoStore;
  readonly direct: MongoClient;
  stop(): Promise<void>;
}

export async function openSpoiltStore(database: string, logger?: Logger): Promise<SpoiltStore> {
  const servers = await startTestServers({ own: true, sharesMongo: true });
  const direct = new MongoClient(servers.mongoUri);
  const uri = servers.mongoUri;
  const store = await MongoStore.connect({ uri, database, ...(logger === undefined ? {} : { logger }) });
  await store.prepare();
  const stop = async (): Promise<void> => {
    await store.close();
    await direct.close();
    await servers.stop();
  };
  return { store, direct, stop };
}

/** Page by page, so that each row is once the last of a page. */
export async function rowByRow<T>(
  list: (page: { limit: number; pageToken?: string }) => Promise<Page<T>>,
): Promise<readonly T[]> {
  const items: T[] = [];
  for (let pageToken: string | undefined; ; ) {
    const page = await list({ limit: 1, ...(pageToken === undefined ? {} : { pageToken }) });
    items.push(...page.items);
    if (page.nextPageToken === undefined) return items;
    pageToken = page.nextPageToken;
  }
}
