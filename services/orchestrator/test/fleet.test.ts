// Who serves what, as it is told to people.
import { createLogger, systemTime } from "@agentspan/internal";
import { AgentDefinitionSchema, ListToolsRequestSchema, ListWorkersRequestSchema, ToolKind } from "@agentspan/proto";
import { create, type MessageInitShape, toJsonString } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { MemoryStore } from "../src/memory/memory-store.js";
import type { ServedTool } from "../src/ports.js";
import type { RequestContext } from "../src/requests/context.js";
import { Fleet, type FleetOptions } from "../src/requests/fleet.js";
import { listTools, listWorkers } from "../src/requests/workers.js";
import { Scene } from "./scenes/scene.js";

const MINUTE = 60_000;
const REFUND: ServedTool = { queue: "desk", tool: "refund" };

let scene: Scene;
let store: MemoryStore;
beforeEach(() => {
  scene = new Scene();
  store = new MemoryStore({ database: scene.database, now: () => scene.now });
});

function desk(more: Partial<FleetOptions> = {}) {
  const fleet = new Fleet({
    store,
    bus: { queued: async (_namespace, tools) => tools.map(({ tool }) => (tool === "refund" ? 7 : undefined)) },
    registrations: { problem: () => undefined, cover: () => true },
    clock: scene.clock,
    leaseMs: 10_000,
    log: createLogger("test", "silent"),
    time: { ...systemTime, monotonic: () => scene.now },
    ...more,
  });
  const context = { fleet, namespace: "default" } as unknown as RequestContext;
  return {
    workers: (page: MessageInitShape<typeof ListWorkersRequestSchema> = {}) =>
      listWorkers(context, create(ListWorkersRequestSchema, page)),
    tools: (page: MessageInitShape<typeof ListToolsRequestSchema> = {}) =>
      listTools(context, create(ListToolsRequestSchema, page)),
  };
}

async function register(name: string, tools: readonly ServedTool[], more: object = {}): Promise<void> {
  const worker = { incarnation: `${name}-1`, name, namespace: "default", tools, ...more };
  await store.registerWorker(worker);
  const bare = { inputSchema: "{}", approval: false, once: false, probe: false, enforcesKey: false };
  await store.putTools(tools.map((tool) => ({ ...bare, ...tool, namespace: worker.namespace })));
}

async function put(name: string, tools: MessageInitShape<typeof AgentDefinitionSchema>["tools"] = []): Promise<void> {
  const definition = toJsonString(AgentDefinitionSchema, create(AgentDefinitionSchema, { name, tools }));
  await store.putAgent({ namespace: "default", name, version: `of ${name}`, definition, createdAt: scene.now });
}

describe("workers", () => {
  it("are told with what they serve, since when, and whether they live, by id and instance in pages", async () => {
    const about = { language: "go", sdkVersion: "1.2.3", registeredAt: scene.now };
    const tools = [{ ...REFUND, approval: true, probe: true } as const, { queue: "desk", tool: "look_up" }];
    await register("b", tools, { about });
    await register("a", []);
    scene.now += MINUTE;
    await register("c", []);
    await register("elsewhere", [], { namespace: "acme" });
    await store.beat([
      { incarnation: "c-1", kind: "worker", name: "c", namespace: "default", counter: 1, inHand: ["n"], tools: [] },
    ]);
    const { workers } = desk();
    const first = await workers({ pageSize: 2 });
    expect(first.workers.map(({ workerId, live }) => [workerId, live])).toEqual([
      ["a", false],
      ["b", false],
    ]);
    const [a, b] = first.workers;
    expect(a?.registeredAt).toBeUndefined();
    expect(b).toMatchObject({ instanceId: "b-1", language: "go", sdkVersion: "1.2.3", problem: "" });
    expect(b?.registeredAt && timestampMs(b.registeredAt)).toBe(about.registeredAt);
    expect(b?.lastSeenAt && timestampMs(b.lastSeenAt)).toBe(scene.now - MINUTE);
    expect(b?.tools).toMatchObject([
      { queue: "desk", name: "refund", approvalRequired: true, once: false, probe: true, notPermitted: false },
      { name: "look_up", approvalRequired: false, probe: false },
    ]);
    const second = await workers({ pageSize: 2, pageToken: first.nextPageToken });
    expect(second).toMatchObject({ workers: [{ workerId: "c", live: true, tasksInHand: 1 }], nextPageToken: "" });
    await expect(workers({ pageToken: "x" })).rejects.toMatchObject({ reason: "INVALID_REQUEST" });
    scene.now += 60 * MINUTE;
    expect((await workers()).workers.map(({ workerId }) => workerId)).toEqual(["c"]);
  });

  it("whose registration counts for nothing, or whose permit lets them have no calls, serve nothing", async () => {
    for (const name of ["forged", "narrowed", "good"]) await register(name, [REFUND]);
    const { workers, tools } = desk({
      registrations: {
        problem: ({ name }) => (name === "forged" ? "it is not signed" : undefined),
        cover: ({ name }) => name !== "narrowed",
      },
    });
    expect((await workers()).workers).toMatchObject([
      { workerId: "forged", problem: "it is not signed" },
      { workerId: "good", problem: "", tools: [{ notPermitted: false }] },
      { workerId: "narrowed", problem: "", tools: [{ notPermitted: true }] },
    ]);
    expect((await tools()).tools).toMatchObject([{ workerIds: ["good"], workerProcesses: 1 }]);
  });
});

describe("tools", () => {
  it("are those of workers and of agents' newest versions, with who serves them and what waits", async () => {
    await put("desk", [
      { name: "refund" },
      { name: "email" },
      { name: "ask", kind: ToolKind.HUMAN },
      { name: "delegate", kind: ToolKind.AGENT, agentName: "desk" },
    ]);
    await put("sales", [{ name: "refund", queue: "desk" }]);
    await register("one", [REFUND, { queue: "other", tool: "odd" }]);
    await register("two", [REFUND]);
    await register("two", [REFUND], { incarnation: "two-2" });
    const told = await desk().tools();
    expect(told.tools.map(({ queue, name }) => `${queue}/${name}`)).toEqual(["desk/email", "desk/refund", "other/odd"]);
    const [email, refund, odd] = told.tools;
    expect(email).toMatchObject({ workerIds: [], workerProcesses: 0, agentNames: ["desk"] });
    expect([email?.lastServedAt, email?.waitingTasks]).toEqual([undefined, undefined]);
    expect(refund).toMatchObject({ workerIds: ["one", "two"], workerProcesses: 3, waitingTasks: 7n });
    expect(refund?.agentNames).toEqual(["desk", "sales"]);
    expect(odd).toMatchObject({ workerIds: ["one"], agentNames: [] });
    const page = await desk().tools({ pageSize: 1 });
    const next = await desk().tools({ pageSize: 1, pageToken: page.nextPageToken });
    expect(next.tools).toMatchObject([{ name: "refund" }]);
  });

  it("are as strict as the strictest that was said in ten minutes, and as the newest for ever", async () => {
    await put("desk", [{ name: "refund" }, { name: "charge" }]);
    await register("old", [
      { ...REFUND, approval: true },
      { queue: "desk", tool: "charge", once: true },
    ]);
    await register("new", [REFUND]);
    const said = async () =>
      (await desk().tools()).tools.map(({ name, approvalRequired, once }) => ({ name, approvalRequired, once }));
    const gated = [
      { name: "charge", approvalRequired: false, once: true },
      { name: "refund", approvalRequired: true, once: false },
    ];
    expect(await said()).toEqual(gated);
    scene.now += 9 * MINUTE;
    expect(await said()).toEqual(gated);
    scene.now += 2 * MINUTE;
    expect(await said()).toEqual([gated[0], { name: "refund", approvalRequired: false, once: false }]);
    const [charge] = (await desk().tools()).tools;
    expect(charge).toMatchObject({ workerProcesses: 0, lastServedAt: expect.anything() });
  });

  it("are told also where the queue is away, and where a definition cannot be read", async () => {
    await put("desk", [{ name: "refund" }]);
    await store.putAgent({ namespace: "default", name: "odd", version: "1", definition: "{", createdAt: 1 });
    const queued = () => Promise.reject(new Error("away"));
    expect((await desk({ bus: { queued } }).tools()).tools).toMatchObject([{ name: "refund", agentNames: ["desk"] }]);
  });

  it("cost one reading for whoever asks at once, and are read anew a moment later", async () => {
    await put("desk", [{ name: "refund" }]);
    const { tools } = desk();
    const [one, other] = await Promise.all([tools(), tools()]);
    expect(one.tools).toHaveLength(1);
    expect(other).toEqual(one);
    await put("sales", [{ name: "email" }]);
    expect((await tools()).tools).toHaveLength(1);
    scene.now += 2_000;
    expect((await tools()).tools).toHaveLength(2);
  });
});
