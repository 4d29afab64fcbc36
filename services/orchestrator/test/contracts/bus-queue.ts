import { AgentspanError, consumerName, taskSubject } from "@agentspan/internal";
import { expect, it } from "vitest";
import type { Bus } from "../../src/ports.js";
import { readHint, task } from "./bus-clients.js";
import type { OpenBus } from "./bus-contract.js";
import { NoRespondersError } from "./bus-fixture.js";

const TOOL = { queue: "refund_agent", tool: "process_refund" };
const SOON_MS = 5_000;

export function queueContract(open: OpenBus): void {
  it("names the consumer of each tool in order, however often it is asked", async () => {
    const bus = await (await open()).connect();
    const tools = [TOOL, { queue: "refund_agent", tool: "get_order" }];
    const names = tools.map(({ queue, tool }) => consumerName("default", queue, tool));
    expect(await bus.ensureConsumers("default", tools)).toEqual(names);
    expect(await bus.ensureConsumers("default", tools.toReversed())).toEqual(names.toReversed());
    expect(await bus.ensureConsumers("default", [])).toEqual([]);
  });

  it("carries run, call, attempt and the announcing orchestrator to a worker of the tool", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    expect(await bus.announce(task({ attempt: 3 }), "orc_1")).toBe("announced");
    const hint = await worker.pull(consumer, SOON_MS);
    expect(hint?.subject).toBe(taskSubject(task({ attempt: 3 })));
    expect(readHint(hint?.data ?? new Uint8Array())).toMatchObject({
      runId: "run_a",
      callId: "call_a",
      attempt: 3,
      orchestratorId: "orc_1",
    });
  });

  it("keeps one message when several orchestrators announce the same attempt at once", async () => {
    const fixture = await open();
    const buses = [await fixture.connect(), await fixture.connect(), await fixture.connect()];
    const said = await Promise.all(buses.map((bus, at) => bus.announce(task(), `orc_${at}`)));
    expect(said.toSorted()).toEqual(["already_there", "already_there", "announced"]);
    expect(await fixture.storedHints()).toBe(1);
  });

  it("accepts an announcement again as soon as the one before is acknowledged", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    for (let round = 0; round < 3; round += 1) {
      expect(await bus.announce(task(), "orc_1")).toBe("announced");
      const hint = await worker.pull(consumer, SOON_MS);
      expect(await bus.announce(task(), "orc_1")).toBe("already_there");
      await hint?.ack();
    }
    expect(await fixture.storedHints()).toBe(0);
  });

  it("delivers a hint again that was not acknowledged in time", async () => {
    const fixture = await open({ ackWaitMs: 300 });
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    await bus.announce(task(), "orc_1");
    expect((await worker.pull(consumer, SOON_MS))?.deliveries).toBe(1);
    const again = await worker.pull(consumer, SOON_MS);
    expect(again?.deliveries).toBe(2);
    await again?.ack();
    expect(await fixture.storedHints()).toBe(0);
  });

  it("delivers again what a worker gave back: at once, or after the time that it said, and holds it meanwhile", async () => {
    const fixture = await open({ ackWaitMs: 60_000 });
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    await bus.announce(task(), "orc_1");
    (await worker.pull(consumer, SOON_MS))?.giveBack();
    const second = await worker.pull(consumer, SOON_MS);
    expect(second?.deliveries).toBe(2);
    second?.giveBack(300);
    expect(await worker.pull(consumer, 50)).toBeUndefined();
    expect(await bus.announce(task(), "orc_1")).toBe("already_there");
    const third = await worker.pull(consumer, SOON_MS);
    expect(third?.deliveries).toBe(3);
    await third?.ack();
    expect(await fixture.storedHints()).toBe(0);
  });

  it("takes out what was given back and rests", async () => {
    const fixture = await open({ ackWaitMs: 60_000 });
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    await bus.announce(task(), "orc_1");
    (await worker.pull(consumer, SOON_MS))?.giveBack(60_000);
    expect(await worker.pull(consumer, 50)).toBeUndefined();
    await bus.withdraw(task());
    expect(await fixture.storedHints()).toBe(0);
    expect(await bus.announce(task(), "orc_1")).toBe("announced");
  });

  it("delivers nothing again while a worker says that it is at it", async () => {
    const fixture = await open({ ackWaitMs: 1_000 });
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    await bus.announce(task(), "orc_1");
    const hint = await worker.pull(consumer, SOON_MS);
    for (let round = 0; round < 8; round += 1) {
      hint?.working();
      expect(await worker.pull(consumer, 200)).toBeUndefined();
    }
    await hint?.ack();
    expect(await fixture.storedHints()).toBe(0);
  });

  it("keeps hints for a tool that no worker has served yet", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const worker = await fixture.client();
    await bus.announce(task(), "orc_1");
    await expect(worker.pull(consumerName("default", TOOL.queue, TOOL.tool), 100)).rejects.toThrow(NoRespondersError);
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    expect((await worker.pull(consumer, SOON_MS))?.subject).toBe(taskSubject(task()));
  });

  it("keeps tools of one name apart that belong to two queues or two namespaces", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [first = ""] = await bus.ensureConsumers("default", [TOOL]);
    const [second = ""] = await bus.ensureConsumers("default", [{ ...TOOL, queue: "other_agent" }]);
    const [third = ""] = await bus.ensureConsumers("other", [TOOL]);
    await bus.announce(task({ namespace: "other", runId: "run_3" }), "orc_1");
    await bus.announce(task({ queue: "other_agent", runId: "run_2" }), "orc_1");
    await bus.announce(task({ runId: "run_1" }), "orc_1");
    for (const [at, consumer] of [first, second, third].entries()) {
      const hint = await worker.pull(consumer, SOON_MS);
      expect(readHint(hint?.data ?? new Uint8Array()).runId).toBe(`run_${at + 1}`);
    }
  });

  it("counts the hints of each tool, those that a worker holds too, and says where nobody can tell", async () => {
    const fixture = await open({ ackWaitMs: 60_000 });
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const other = { ...TOOL, queue: "other_agent" };
    const asked = [other, TOOL];
    await bus.announce(task({ queue: other.queue }), "orc_1");
    expect(await bus.queued("default", asked)).toEqual([undefined, undefined]);
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    for (const attempt of [1, 2, 3]) await bus.announce(task({ attempt }), "orc_1");
    const hint = await worker.pull(consumer, SOON_MS);
    expect(await bus.queued("default", asked)).toEqual([undefined, 3]);
    await hint?.ack();
    await bus.ensureConsumers("default", [other]);
    expect(await bus.queued("default", asked)).toEqual([1, 2]);
    expect(await bus.queued("default", [])).toEqual([]);
    await expect(bus.queued("default", [{ ...TOOL, queue: "*" }])).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
  });

  it("withdraws every attempt of a call and nothing of another", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const worker = await fixture.client();
    const [consumer = ""] = await bus.ensureConsumers("default", [TOOL]);
    await bus.announce(task({ attempt: 1 }), "orc_1");
    await worker.pull(consumer, SOON_MS);
    await bus.announce(task({ attempt: 2 }), "orc_1");
    await bus.announce(task({ callId: "call_b" }), "orc_1");
    await bus.announce(task({ runId: "run_b" }), "orc_1");
    await bus.withdraw(task());
    expect(await fixture.storedHints()).toBe(2);
    expect(await bus.announce(task({ attempt: 1 }), "orc_1")).toBe("announced");
    await bus.withdraw(task());
    await bus.withdraw(task());
    expect(readHint((await worker.pull(consumer, SOON_MS))?.data ?? new Uint8Array()).callId).toBe("call_b");
  });

  it("refuses names that could reach another tool's workers, and stores nothing", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    const unsafe = [
      task({ namespace: "*" }),
      task({ queue: "a.b" }),
      task({ tool: ">" }),
      task({ tool: "" }),
      task({ runId: "run a" }),
      task({ callId: "call\r\n" }),
      task({ attempt: 0 }),
      task({ attempt: 1.5 }),
    ];
    for (const address of unsafe) {
      await expect(bus.announce(address, "orc_1")).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    }
    for (const address of unsafe.slice(0, 6)) {
      await expect(bus.withdraw(address)).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    }
    await expect(bus.ensureConsumers("default", [{ queue: "*", tool: "t" }])).rejects.toMatchObject({
      reason: "INVALID_REQUEST",
    });
    expect(await fixture.storedHints()).toBe(0);
  });

  it("refuses more hints than the queue holds, says so, and takes them when there is room", async () => {
    const fixture = await open({ mostHints: 3 });
    const bus = await fixture.connect();
    for (const callId of ["call_1", "call_2", "call_3"]) await bus.announce(task({ callId }), "orc_1");
    const refusal = await bus.announce(task({ callId: "call_4" }), "orc_1").catch((thrown: unknown) => thrown);
    expect(refusal).toBeInstanceOf(AgentspanError);
    expect(refusal).toMatchObject({ reason: "BUS_UNAVAILABLE", message: expect.stringContaining("full") });
    expect((refusal as AgentspanError).retryAfterMs).toBeGreaterThan(0);
    expect(await bus.announce(task({ callId: "call_1" }), "orc_1")).toBe("already_there");
    await bus.withdraw(task({ callId: "call_1" }));
    expect(await bus.announce(task({ callId: "call_4" }), "orc_1")).toBe("announced");
  });

  it("takes a hundred thousand hints that nobody serves without growing by them", async () => {
    const fixture = await open();
    const bus = await fixture.connect();
    await announceMany(bus, "warm", 2_000);
    const before = await usedHeap();
    await announceMany(bus, "many", 100_000);
    const grownBytes = (await usedHeap()) - before;
    expect(await fixture.storedHints()).toBe(102_000);
    expect(grownBytes).toBeLessThan(8 * 1024 * 1024 + 100_000 * fixture.bytesOfHint);
  }, 120_000);
}

async function announceMany(bus: Bus, run: string, most: number) {
  let next = 0;
  const announcer = async () => {
    while (next < most) {
      const callId = `call_${next}`;
      next += 1;
      await bus.announce(task({ runId: `run_${run}`, callId }), "orc_1");
    }
  };
  await Promise.all(Array.from({ length: 256 }, announcer));
}

async function usedHeap(): Promise<number> {
  const { setFlagsFromString } = await import("node:v8");
  const { runInNewContext } = await import("node:vm");
  setFlagsFromString("--expose_gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
