// A server, or the network before it, that takes no more bytes. The driver then waits for room in its socket, and keeps
// waiting when the socket has been closed: no time-out of its own ends that.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Socket } from "node:net";
import { newId } from "@agentspan/internal";
import { startTestServers, type TestServers } from "@agentspan/servers";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { MongoStore } from "../../src/mongo/mongo-store.js";
import { starting } from "../contracts/store/sample-runs.js";

const TIMES = { selectionMs: 500, answerMs: 500, readMs: 400, searchMs: 400, majorityMs: 400 };
/** More than the sockets on the way hold. */
const MUCH = "x".repeat(12 * 1024 * 1024);

describe("a store whose server takes no more bytes", () => {
  let servers: TestServers;
  let store: MongoStore;
  const near = new Set<Socket>();
  let deaf = false;

  beforeAll(async () => {
    servers = await startTestServers({ own: true, sharesMongo: true });
    const door = createServer((client) => {
      const upstream = connect(servers.mongo.port, "127.0.0.1");
      near.add(client);
      client.on("data", (chunk) => upstream.write(chunk));
      upstream.on("data", (chunk) => client.write(chunk));
      for (const socket of [client, upstream]) {
        socket
          .on("error", () => undefined)
          .on("close", () => {
            near.delete(client);
            client.destroy();
            upstream.destroy();
          });
      }
      if (deaf) client.pause();
    }).listen(0, "127.0.0.1");
    await once(door, "listening");
    const uri = `mongodb://127.0.0.1:${(door.address() as AddressInfo).port}/?directConnection=true`;
    store = await MongoStore.connect({ uri, database: "full-socket", times: TIMES });
    await store.prepare();
    return () => door.close();
  });
  afterAll(async () => {
    await store?.close();
    await servers?.stop();
  });

  function hear(listening: boolean): void {
    deaf = !listening;
    for (const socket of near)
      if (listening) socket.resume();
      else socket.pause();
  }

  it("gives a write up in time, and serves again when the server does", async () => {
    const runId = newId("run");
    hear(false);
    const chunk = { id: `${runId}/1-1/0`, from: 1, to: 1 };
    await expect(store.putChunk(runId, chunk, [JSON.stringify(MUCH)])).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
    });
    const first = starting(runId);
    const big = { ...first, append: [{ sequence: 1, text: JSON.stringify(MUCH) }] };
    await expect(store.commit(big).catch((error: unknown) => error)).resolves.toSatisfy(
      (outcome) =>
        outcome === "unknown" ||
        (outcome instanceof Error && "reason" in outcome && outcome.reason === "STORE_UNAVAILABLE"),
    );
    hear(true);
    await expect.poll(() => store.commit(starting(newId("run"))).catch(String)).toBe("committed");
  });
});
