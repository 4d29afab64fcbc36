// Who serves what, as an orchestrator knows it and as the store has it.
import { beforeEach, describe, expect, it } from "vitest";
import type { Instance, RegisteredWorker, ServedTool } from "../../src/ports.js";
import { WorkerRegistry } from "../../src/worker-registry.js";

const MOST_WORKERS = 10_000;
const AT = { namespace: "default", queue: "desk", tool: "charge" } as const;
const CHARGE = { queue: "desk", tool: "charge" } as const;

function registered(incarnation: string, name: string, ...tools: readonly ServedTool[]): RegisteredWorker {
  return { incarnation, name, namespace: "default", tools };
}

describe("the registry of workers", () => {
  let stored: Map<string, Instance>;
  let reads: number;
  let registry: WorkerRegistry;

  beforeEach(() => {
    stored = new Map();
    reads = 0;
    registry = new WorkerRegistry({
      readInstance: async (incarnation) => {
        reads += 1;
        return stored.get(incarnation);
      },
      liveWorkers: async () => [],
      getTools: async () => [],
    });
  });

  function store(incarnation: string, more: Partial<Instance> = {}): void {
    const tools = [{ queue: "desk", tool: "charge" }];
    const worker = { kind: "worker", name: "w1", namespace: "default", counter: 1, inHand: [], tools } as const;
    stored.set(incarnation, { incarnation, ...worker, ...more });
  }

  const serves = async (incarnation: string, workerId = "w1") =>
    (await registry.servedBy({ workerId, incarnation }, AT)) !== undefined;

  it("asks the store of what it does not know, once, and remembers only what it finds", async () => {
    expect(await serves("w1-1")).toBe(false);
    expect(await serves("w1-1")).toBe(false);
    expect(reads).toBe(2);
    store("w1-1");
    for (let again = 0; again < 3; again += 1) expect(await serves("w1-1")).toBe(true);
    expect(reads).toBe(3);
    registry.put(registered("w1-2", "w1", CHARGE));
    expect(await serves("w1-2")).toBe(true);
    expect(reads).toBe(3);
  });

  it("knows a tool of the very process that registered it: worker, start, namespace, queue and name", async () => {
    store("w1-1");
    store("orc", { kind: "orchestrator" });
    registry.put(registered("w2-1", "w2", CHARGE));
    expect(await serves("w1-1")).toBe(true);
    expect(await serves("orc")).toBe(false);
    expect(await serves("w1-1", "w2")).toBe(false);
    expect(await serves("w2-1", "w1")).toBe(false);
    const elsewhere = [{ namespace: "other" }, { queue: "till" }, { tool: "refund" }];
    for (const more of elsewhere) {
      expect(await registry.servedBy({ workerId: "w1", incarnation: "w1-1" }, { ...AT, ...more })).toBeUndefined();
      expect(await registry.servedBy({ workerId: "w2", incarnation: "w2-1" }, { ...AT, ...more })).toBeUndefined();
    }
  });

  it("puts what is stored beside what it knows of the same process, and of no other", async () => {
    const LOOK_UP = { queue: "desk", tool: "look_up" };
    const lookUp = { ...AT, tool: "look_up" };
    registry.put(registered("w1-1", "w1", LOOK_UP));
    store("w1-1");
    expect(await serves("w1-1")).toBe(true);
    expect(await registry.servedBy({ workerId: "w1", incarnation: "w1-1" }, lookUp)).toEqual({
      queue: "desk",
      tool: "look_up",
    });
    // Who it is says the store: what was put for somebody else is not its.
    for (const other of [{ name: "w2" }, { namespace: "other" }]) {
      registry.put(registered("x-1", "w1", LOOK_UP));
      store("x-1", other);
      const { name = "w1", namespace = "default" } = { ...other } as Partial<Instance>;
      const it = { workerId: name, incarnation: "x-1" };
      expect(await registry.servedBy(it, { ...AT, namespace })).toBeDefined();
      expect(await registry.servedBy(it, { ...lookUp, namespace })).toBeUndefined();
      expect(await registry.servedBy({ workerId: "w1", incarnation: "x-1" }, lookUp)).toBeUndefined();
    }
  });

  it.each(["registered here", "found in the store"])("forgets the oldest of too many that were %s", async (how) => {
    for (let at = 0; at <= MOST_WORKERS; at += 1) {
      store(`w1-${at}`);
      if (how === "registered here") registry.put(registered(`w1-${at}`, "w1", CHARGE));
      else await serves(`w1-${at}`);
    }
    reads = 0;
    expect(await serves(`w1-${MOST_WORKERS}`)).toBe(true);
    expect(await serves("w1-1")).toBe(true);
    expect(reads).toBe(0);
    expect(await serves("w1-0")).toBe(true);
    expect(reads).toBe(1);
  });
});
