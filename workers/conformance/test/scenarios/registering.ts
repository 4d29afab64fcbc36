import { canonicalJson, newId, OTHER_ACCOUNT_PREFIX } from "@agentspan/internal";
import type { WorkerTool } from "@agentspan/proto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect } from "vitest";
import type { World } from "../../src/index.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

const TYPED = {
  type: "object",
  properties: { order_id: { type: "string" }, amount: { type: "number" } },
  required: ["order_id", "amount"],
  additionalProperties: false,
} as const;

const PLAIN = { approvalRequired: false, once: false, probe: false, enforcesIdempotency: false, preview: false };
const TOOLS = {
  plain: PLAIN,
  typed: PLAIN,
  once: { ...PLAIN, once: true },
  gated: { ...PLAIN, approvalRequired: true },
  probed: { ...PLAIN, once: true, probe: true, enforcesIdempotency: true },
  previewed: { ...PLAIN, approvalRequired: true, preview: true },
};

function declared({ approvalRequired, once, probe, enforcesIdempotency, preview }: WorkerTool) {
  return { approvalRequired, once, probe, enforcesIdempotency, preview: preview !== undefined };
}

function registrationsOf(world: World, workerId: string) {
  return world.bus.of("register").filter(({ request }) => request.workerId === workerId);
}

export const REGISTERING: Scenarios = {
  1: async (world) => {
    const known = { workerId: newId("worker"), queues: [newId("q"), newId("q")] };
    const first = await world.onBus(known);
    await first.process.kill();
    await world.onBus(known);
    const registrations = registrationsOf(world, known.workerId).map(({ request }) => request);
    expect(new Set(registrations.map(({ incarnation }) => incarnation)).size).toBe(2);
    for (const { incarnation, language, sdkVersion, namespace, tools } of registrations) {
      expect(incarnation).not.toBe("");
      expect(language).toBe(world.driver.language);
      expect(sdkVersion).toMatch(/^\d+\.\d+/);
      expect(namespace).toBe("default");
      for (const queue of known.queues) {
        const inQueue = tools.filter((tool) => tool.queue === queue);
        expect(Object.fromEntries(inQueue.map((tool) => [tool.name, declared(tool)]))).toEqual(TOOLS);
        const typed = inQueue.find(({ name }) => name === "typed");
        expect(canonicalJson(typed?.inputSchemaJson ?? "")).toEqual(canonicalJson(JSON.stringify(TYPED)));
      }
    }
  },

  2: async (world) => {
    const workerId = newId("worker");
    const busy = { reason: "RATE_LIMITED", message: "Ask again shortly.", retryAfter: durationFromMs(50) };
    world.bus.rule((seen) => {
      if (seen.verb !== "register" || seen.request.workerId !== workerId) return undefined;
      const nth = registrationsOf(world, workerId).length;
      return nth === 1 ? "deaf" : nth === 2 ? "lost" : nth === 3 ? { error: busy } : "done";
    });
    const serving = await world.onBus({ workerId });
    const [first, ...repeated] = registrationsOf(world, workerId).map(({ request }) => request);
    expect(repeated.length).toBeGreaterThanOrEqual(3);
    for (const one of repeated) expect(one).toEqual(first);
    await new Scene(world, serving).servesOn();
  },

  3: async (world) => {
    const serving = await world.onBus();
    const scene = new Scene(world, serving);
    const registrations = () => registrationsOf(world, serving.workerId);
    let told = false;
    world.bus.rule((seen) => {
      if (seen.verb !== "heartbeat" || seen.request.workerId !== serving.workerId || told) return undefined;
      told = true;
      return {
        alter: (answer) => {
          if (answer.$typeName === "agentspan.v1.HeartbeatResponse") answer.register = true;
        },
      };
    });
    await world.until("it registers again after a heartbeat", () => registrations().length >= 2);

    const before = registrations().length;
    const denied = { reason: "PERMISSION_DENIED", message: "Nobody knows of a registration of that tool." };
    scene.rule("claim", { callId: "c1", attempt: 1 }, () => {
      return registrations().length === before ? { error: denied } : "done";
    });
    const task = await scene.announce("plain");
    await scene.outcome(task);
    expect(world.bus.hintAnswers(task)[0]).toMatch(/^-NAK/);
    expect(world.bus.hintAnswers(task)).toContain("+ACK");
    expect(scene.lines({ step: "begin" }, task)).toHaveLength(1);
    expect(new Set(registrations().map(({ request }) => request.incarnation)).size).toBe(1);
    await scene.servesOn();
  },

  4: async (world) => {
    const scene = await Scene.atResident(world);
    await scene.servesOn();
    await scene.moreHeartbeats(1);
    const { workerId } = scene.serving;
    const said = world.bus.seen.filter(({ request }) => request.workerId === workerId);
    expect(new Set(said.map(({ verb }) => verb))).toEqual(new Set(["register", "claim", "heartbeat", "complete"]));
    for (const { subject, reply } of said) {
      expect(subject.startsWith(`agentspan.worker.${workerId}.`)).toBe(true);
      // It is in another account, where it may listen in its own inbox only: so NATS names that in its own way.
      expect(reply.startsWith(OTHER_ACCOUNT_PREFIX)).toBe(true);
    }
  },
};
