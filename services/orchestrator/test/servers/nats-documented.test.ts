// The configuration of a NATS server in docs/security.md is whole: the services work with it, and so does a worker, which
// stops nobody.
import { readFileSync } from "node:fs";
import { consumerName, TASK_STREAM, workerInboxPrefix, workerPermissions } from "@agentspan/internal";
import { eventually } from "@agentspan/servers/eventually";
import { connect, nkeyAuthenticator, nkeys } from "nats";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { NatsBus } from "../../src/nats/nats-bus.js";
import { askAsWorker, echo, recordingWorkers, task } from "../contracts/bus-clients.js";
import { clientOf, type NatsServer, startServer } from "./nats-fixture.js";

const TOOL = { namespace: "default", queue: "support", tool: "process_refund" };
const CONSUMER = consumerName(TOOL.namespace, TOOL.queue, TOOL.tool);
const WORKER = "refunds-1";
const PASSWORD = "geheim";

const page = readFileSync(new URL("../../../../docs/security.md", import.meta.url), "utf8");
const documented = /```conf\n(.*?)```/s.exec(page)?.[1] ?? "";
const user = /\{"nkey":"(U[A-Z2-7]{55})","permissions":(.*)\}$/m.exec(documented);

describe("the documented configuration of NATS", () => {
  const key = nkeys.createUser();
  let server: NatsServer;
  let bus: NatsBus;
  beforeAll(async () => {
    // The test says where it keeps its data.
    const config = documented.replace(/ store_dir: \S+/, "").replace(user?.[1] ?? "", key.getPublicKey());
    server = await startServer(`NATS_PASSWORD: ${PASSWORD}\n${config}`);
    bus = await NatsBus.connect({ url: server.url.replace("://", `://services:${PASSWORD}@`) });
    await bus.ensureConsumers(TOOL.namespace, [TOOL]);
    await bus.serve("orc_1", echo, recordingWorkers());
  });
  afterAll(async () => {
    await bus?.close();
    await server?.close();
  });

  it("gives the worker the permissions of its tool", () => {
    expect(JSON.parse(user?.[2] ?? "{}")).toEqual(workerPermissions(WORKER, [TOOL]));
  });

  it("lets it in to serve its tool, and not to take away everybody's tasks", async () => {
    const inboxPrefix = workerInboxPrefix(WORKER);
    const worker = await connect({ servers: server.url, authenticator: nkeyAuthenticator(key.getSeed()), inboxPrefix });
    try {
      const ask = { workerId: WORKER, verb: "claim", request: {}, form: "json" } as const;
      expect(await askAsWorker(clientOf(worker), ask)).toMatchObject({ orchestratorId: "orc_1" });
      const told: number[] = [];
      worker.subscribe(`${inboxPrefix}.x`, { callback: (_, { headers }) => told.push(headers?.code ?? 0) });
      for (const reply of [`$JS.API.STREAM.DELETE.${TASK_STREAM}`, `${inboxPrefix}.x`]) {
        worker.publish(`$JS.API.CONSUMER.MSG.NEXT.${TASK_STREAM}.${CONSUMER}`, '{"no_wait":true}', { reply });
      }
      await eventually(() => expect(told).toEqual([404]));
      await bus.announce(task(TOOL), "orc_1");
      const hint = await clientOf(worker).pull(CONSUMER, 5_000);
      expect(hint?.deliveries).toBe(1);
      await hint?.ack();
      expect(await clientOf(worker).pull(CONSUMER, 1_000)).toBeUndefined();
    } finally {
      await worker.close();
    }
  });
});
