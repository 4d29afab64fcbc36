import { taskSubject } from "@agentspan/internal";
import { LiveEventsSchema } from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import { create } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import { askGatewayRequest, echo, recordingWorkers, task } from "./bus-clients.js";
import type { OpenBus } from "./bus-contract.js";

const TOOL = { queue: "refund_agent", tool: "process_refund" };
const SOON_MS = 5_000;

export function outageContract(open: OpenBus): void {
  it("refuses as BUS_UNAVAILABLE while the broker is away, and works again by itself", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    await bus.serve("orc_1", echo, recordingWorkers());
    await fixture.stopBroker();
    const away = { reason: "BUS_UNAVAILABLE", retryAfterMs: expect.any(Number) };
    await expect(bus.announce(task(), "orc_1")).rejects.toMatchObject(away);
    await expect(bus.withdraw(task())).rejects.toMatchObject(away);
    await expect(bus.ensureConsumers("default", [TOOL])).rejects.toMatchObject(away);
    bus.publish("default", "run_a", create(LiveEventsSchema, { runId: "run_a", lastSequence: 1n }));
    expect(await bus.answers(SOON_MS)).toBe(false);
    await fixture.startBroker("kept");
    await eventually(async () => expect(await bus.announce(task(), "orc_1")).toBe("announced"));
    const gateway = await fixture.client();
    await eventually(() => askGatewayRequest(gateway, "RunService/Start"));
    expect((await askGatewayRequest(gateway, "RunService/Start", "orc_1")).outcome.case).toBe("body");
    expect(await bus.answers(SOON_MS)).toBe(true);
  });

  it("keeps hints and consumers over a restart of the broker with its store", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    await bus.announce(task({ callId: "call_1" }), "orc_1");
    await fixture.stopBroker();
    await fixture.startBroker("kept");
    await eventually(async () => expect(await bus.announce(task({ callId: "call_1" }), "orc_1")).toBe("already_there"));
    const worker = await fixture.client();
    const hint = await worker.pull(consumer, SOON_MS);
    expect(hint?.subject).toBe(taskSubject(task({ callId: "call_1" })));
    await hint?.ack();
    expect(await bus.announce(task({ callId: "call_1" }), "orc_1")).toBe("announced");
  });

  it("takes announcements again after the broker lost its store, and makes the consumers of known tools again", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const other = await fixture.connect();
    const [first = ""] = await bus.ensureConsumers("default", [TOOL]);
    const [second = ""] = await other.ensureConsumers("default", [{ ...TOOL, tool: "get_order" }]);
    await bus.announce(task(), "orc_1");
    await fixture.stopBroker();
    await fixture.startBroker("lost");
    await eventually(async () => expect(await bus.announce(task(), "orc_1")).toBe("announced"));
    await eventually(() => other.announce(task({ tool: "get_order" }), "orc_2"));
    const worker = await fixture.client();
    for (const consumer of [first, second]) {
      const hint = await eventually(() => worker.pull(consumer, SOON_MS));
      expect(hint?.deliveries).toBe(1);
    }
  });

  it("tells those who asked that the bus is back, until they no longer ask", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    let told = 0;
    let toldFormer = 0;
    bus.onReconnect(() => {
      told += 1;
      throw new Error("a listener's own fault");
    });
    bus.onReconnect(() => {
      told += 1;
    });
    bus.onReconnect(() => {
      toldFormer += 1;
    })();
    await fixture.stopBroker();
    expect(told).toBe(0);
    await fixture.startBroker("lost");
    await eventually(() => expect(told).toBe(2));
    expect(await bus.announce(task(), "orc_1")).toBe("announced");
    expect(toldFormer).toBe(0);
    expect(fixture.log.some((line) => line.includes("a listener's own fault"))).toBe(true);
  });

  it("can be drained and closed during an outage, and closed twice", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    await bus.serve("orc_1", echo, recordingWorkers());
    await fixture.stopBroker();
    await bus.drain();
    await bus.close();
    await bus.close();
    await expect(bus.announce(task(), "orc_1")).rejects.toMatchObject({ reason: "BUS_UNAVAILABLE" });
    bus.publish("default", "run_a", create(LiveEventsSchema, { runId: "run_a", lastSequence: 1n }));
  });
}
