import { newId } from "@agentspan/internal";
import { eventually } from "@agentspan/servers/eventually";
import { expect, it } from "vitest";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { Bus } from "../../src/ports.js";
import { askGatewayRequest, echo, recordingWorkers, task } from "./bus-clients.js";
import type { OpenBus } from "./bus-contract.js";
import { NoRespondersError } from "./bus-fixture.js";

const TOOL = { queue: "refund_agent", tool: "process_refund" };
const REFUSED = {
  reason: "BUS_UNAVAILABLE",
  message: expect.stringMatching(
    /^The NATS of NATS_URL belongs to another database \(db_.*nats stream rm AGENTSPAN_TASKS/,
  ),
};

export function ownerContract(open: OpenBus): void {
  it("takes every orchestrator of its database, and none of another, which has changed nothing", async () => {
    const fixture = await open();
    const [mine, other] = [new MemoryStore(), new MemoryStore()];
    const bus = await fixture.connect(mine);
    const id = await mine.readDatabaseId();
    expect(id).toMatch(/^db_[a-z2-7]{26}$/);
    const second = await fixture.connect(mine);
    await expect(fixture.connect(other)).rejects.toMatchObject(REFUSED);
    expect(await other.readDatabaseId()).toBeUndefined();
    expect(await mine.readDatabaseId()).toBe(id);
    await fixture.stopBroker();
    await fixture.startBroker("kept");
    for (const [at, one] of [bus, second, await fixture.connect(mine)].entries()) {
      await eventually(async () => expect(await one.announce(task({ callId: `call_${at}` }), "orc_1")).toBeDefined());
      expect(one.standsBack).toBeUndefined();
    }
  });

  it("is of one database where two start together at a new broker", async () => {
    const fixture = await open();
    const stores = [new MemoryStore(), new MemoryStore()];
    const starts = stores.flatMap((store) => [fixture.connect(store), fixture.connect(store)]);
    const [first, again, ...others] = (await Promise.allSettled(starts)).map(({ status }) => status);
    expect(again).toBe(first);
    expect(new Set(others)).toEqual(new Set([first === "fulfilled" ? "rejected" : "fulfilled"]));
    for (const start of await Promise.allSettled(starts)) {
      if (start.status === "rejected") expect(start.reason).toMatchObject(REFUSED);
      else expect(start.value.standsBack).toBeUndefined();
    }
  });

  it("has the first whose orchestrator starts, with its hints, where a version before left it to nobody", async () => {
    const fixture = await open();
    const before = await fixture.connect();
    await before.announce(task(), "orc_1");
    const mine = new MemoryStore();
    const bus = await fixture.connect(mine);
    expect(await bus.announce(task(), "orc_2")).toBe("already_there");
    await expect(fixture.connect(new MemoryStore())).rejects.toMatchObject(REFUSED);
    // In the middle of an upgrade both work at it.
    expect(await before.announce(task({ attempt: 2 }), "orc_1")).toBe("announced");
    await fixture.connect(mine);
  });

  it("goes on with one database alone where two start together at a queue that nobody had", async () => {
    const fixture = await open();
    await fixture.connect();
    const starts = [new MemoryStore(), new MemoryStore()].map((store) => fixture.connect(store));
    const started = (await Promise.allSettled(starts)).flatMap((start) =>
      start.status === "fulfilled" ? [start.value] : [],
    );
    const goOn = (): readonly Bus[] => started.filter(({ standsBack }) => standsBack === undefined);
    await eventually(() => expect(goOn()).toHaveLength(1));
    expect(await goOn()[0]?.announce(task(), "orc_1")).toBe("announced");
  });

  it("is marked again after the broker lost its store", async () => {
    const fixture = await open();
    const mine = new MemoryStore();
    const bus = await fixture.connect(mine);
    await fixture.stopBroker();
    await fixture.startBroker("lost");
    await eventually(async () => expect(await bus.announce(task(), "orc_1")).toBeDefined());
    await expect(fixture.connect(new MemoryStore())).rejects.toMatchObject(REFUSED);
    await fixture.connect(mine);
    expect(bus.standsBack).toBeUndefined();
  });

  it("is left alone by one that works, for good, as soon as it is another's; who asks by name is still answered", async () => {
    const fixture = await open();
    const mine = new MemoryStore();
    const bus = await fixture.connect(mine);
    await bus.serve("orc_1", echo, recordingWorkers());
    const gateway = await fixture.client();
    expect((await askGatewayRequest(gateway, "RunService/Start")).outcome.case).toBe("body");
    await fixture.giveQueueTo(newId("db"));
    await eventually(() => expect(bus.standsBack).toEqual(REFUSED.message));
    expect(await bus.answers(5_000)).toBe(false);
    await expect(bus.announce(task(), "orc_1")).rejects.toMatchObject(REFUSED);
    await expect(bus.withdraw(task())).rejects.toMatchObject(REFUSED);
    await expect(bus.ensureConsumers("default", [TOOL])).rejects.toMatchObject(REFUSED);
    await expect(bus.queued("default", [TOOL])).rejects.toMatchObject(REFUSED);
    await eventually(() => expect(askGatewayRequest(gateway, "RunService/Start")).rejects.toThrow(NoRespondersError));
    expect((await askGatewayRequest(gateway, "RunService/Start", "orc_1")).outcome.case).toBe("body");
    await expect(fixture.connect(mine)).rejects.toMatchObject(REFUSED);
    expect(await fixture.storedHints()).toBe(0);
    // Whoever it is given to by now: this one does not take it back.
    await fixture.stopBroker();
    await fixture.startBroker("lost");
    await fixture.connect(new MemoryStore());
    await expect(bus.announce(task(), "orc_1")).rejects.toMatchObject(REFUSED);
    expect(fixture.log.filter((line) => line.includes("Stands back"))).toHaveLength(1);
    await bus.drain();
  });
}
