// Faults for the store on a real server: a proxy in between loses, holds and cuts; signals freeze and kill the server.
import { startTestServers } from "@agentspan/servers";
import { MongoClient } from "mongodb";
import { MongoStore } from "../../../src/mongo/mongo-store.js";
import { FaultyProxy } from "./faulty-proxy.js";
import { type StoreFixture, whenBack } from "./store-fixture.js";

const DATABASE = "store-contract";
/** Short enough for a test of an outage and long enough for a loaded machine. */
const TIMES = { selectionMs: 2000, answerMs: 3000, readMs: 2500, searchMs: 2500, majorityMs: 2500 };

export async function mongoFixture(): Promise<StoreFixture> {
  const servers = await startTestServers({ own: true });
  const proxy = await FaultyProxy.start(servers.mongo.port);
  const uri = `mongodb://127.0.0.1:${proxy.port}/?directConnection=true`;
  const options = { uri, database: DATABASE, times: TIMES };
  const store = await MongoStore.connect(options);
  await store.prepare();
  const others: MongoStore[] = [];
  const direct = new MongoClient(servers.mongoUri);

  const runs = direct.db(DATABASE).collection<{ _id: string }>("runs");

  return {
    store,
    connect: async () => {
      const other = await MongoStore.connect(options);
      others.push(other);
      return other;
    },
    loseNextAnswer: () => proxy.loseNextAnswer(),
    loseNextAnswerAndLeave: () => proxy.loseNextAnswer(() => proxy.refuse()),
    holdNextCommit: () => proxy.holdNextCommit(),
    leave: async () => proxy.refuse(),
    freeze: async () => servers.mongo.pause(),
    comeBack: async () => {
      proxy.accept();
      servers.mongo.resume();
      await whenBack(() => store.serverTime());
    },
    crash: async () => {
      await servers.mongo.kill();
      await servers.mongo.restart();
      await whenBack(() => store.serverTime());
    },
    plantNewer: async (write) => {
      await store.commit(write);
      await runs.updateOne({ _id: write.runId }, { $inc: { schema: 1 } });
    },
    spoilRun: async (runId, fields) => {
      await runs.updateOne({ _id: runId }, { $set: fields });
    },
    close: async () => {
      await Promise.all([store, ...others].map((one) => one.close()));
      await direct.close();
      await proxy.close();
      await servers.stop();
    },
  };
}
