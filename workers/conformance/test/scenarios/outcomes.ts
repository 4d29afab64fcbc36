import { canonicalJson, digestOf, newId } from "@agentspan/internal";
import { CompletionStatus } from "@agentspan/proto";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { expect } from "vitest";
import { type Answer, CuttableWire } from "../../src/index.js";
import { Scene } from "../scene.js";
import { hard } from "./running.js";
import type { Scenarios } from "./scenarios.js";

const RESULT_LIMIT = 256 * 1024;
/** The largest message that NATS takes. */
const MAX_PAYLOAD = 1024 * 1024;

function answeredAs(status: CompletionStatus) {
  return {
    alter: (answer: Answer) => {
      if (answer.$typeName !== "agentspan.v1.CompleteResponse") return;
      answer.status = status;
      answer.detail = "as the scenario wants it";
    },
  };
}

export const OUTCOMES: Scenarios = {
  25: async (world) => {
    const scene = await Scene.atResident(world);
    const values = [hard(), "null", '"ünïcode 🜁"', "[9007199254740994,1e+21]", "{}"];
    for (const text of values) {
      const task = await scene.announce("plain", `{"returns":${text}}`);
      expect(canonicalJson(await scene.result(task))).toMatchObject({ ok: true, text });
      expect(scene.requests("complete", task)[0]?.request.argumentsDigest).toBe(digestOf(task.argumentsJson));
    }
  },

  26: async (world) => {
    const scene = await Scene.atResident(world);
    const busy = { reason: "STORE_UNAVAILABLE", message: "Ask again shortly.", retryAfter: durationFromMs(50) };
    scene.rule("complete", { callId: "c1", attempt: 1 }, (_, nth) => {
      return nth === 1 ? "deaf" : nth === 2 ? "lost" : nth === 3 ? { error: busy } : "done";
    });
    const task = await scene.announce("once");
    await world.until("the outcome is told four times", () => scene.requests("complete", task).length >= 4);
    await scene.servesOn();
    const [first, ...repeated] = scene.requests("complete", task);
    for (const { request } of repeated) expect(request).toEqual(first?.request);
    expect(scene.lines({ step: "begin" }, task)).toHaveLength(1);
  },

  27: async (world) => {
    const serving = await world.onBus();
    const scene = new Scene(world, serving);
    const denied = { reason: "PERMISSION_DENIED", message: "Nobody knows of a registration of that tool." };
    scene.rule("complete", { callId: "c1", attempt: 1 }, (_, nth) => (nth === 1 ? { error: denied } : "done"));
    const task = await scene.announce("once");
    await scene.result(task);
    const told = world.bus.seen.filter(({ verb, request }) => {
      return request.workerId === serving.workerId && (verb === "complete" || verb === "register");
    });
    expect(told.map(({ verb }) => verb)).toEqual(["register", "complete", "register", "complete"]);
    expect(new Set(told.map(({ request }) => request.incarnation)).size).toBe(1);
    const [first, second] = scene.requests("complete", task);
    expect(second?.request).toEqual(first?.request);
    expect(scene.lines({ step: "begin" }, task)).toHaveLength(1);
  },

  28: async (world) => {
    const scene = await Scene.atResident(world);
    const refused = { reason: "INVALID_REQUEST", message: "Such an outcome cannot be." };
    const faults = [answeredAs(CompletionStatus.LATE), answeredAs(CompletionStatus.STALE), { error: refused }];
    for (const [i, fault] of faults.entries()) scene.rule("complete", { callId: `c${i + 1}`, attempt: 1 }, () => fault);
    const tasks = await Promise.all(faults.map(() => scene.announce("once")));
    for (const task of tasks) {
      await world.until("its outcome is told", () => scene.requests("complete", task).length > 0);
    }
    const nonces = tasks.map((task) => scene.requests("claim", task)[0]?.request.nonce);
    await world.until("no heartbeat names them any more", () => {
      return !scene
        .heartbeats()
        .at(-1)
        ?.request.tasks.some(({ nonce }) => nonces.includes(nonce));
    });
    await scene.moreHeartbeats(2);
    await scene.servesOn();
    for (const task of tasks) {
      expect(scene.requests("complete", task)).toHaveLength(1);
      expect(scene.requests("release", task)).toEqual([]);
      expect(scene.lines({ step: "begin" }, task)).toHaveLength(1);
    }
  },

  29: async (world) => {
    const scene = await Scene.atResident(world);
    const words = "the order is ünknown 🜁";
    for (const tool of ["plain", "once"]) {
      const failing = await scene.announce(tool, { fail: words });
      expect(await scene.failure(failing)).toMatchObject({ retryable: true, message: expect.stringContaining(words) });
      const final = await scene.announce(tool, { final: words });
      expect(await scene.failure(final)).toMatchObject({ retryable: false, message: expect.stringContaining(words) });
    }
  },

  30: async (world) => {
    const scene = await Scene.atResident(world);
    const plain = await scene.announce("plain", { bytes: RESULT_LIMIT });
    const failure = await scene.failure(plain);
    expect(failure.retryable).toBe(false);
    expect(failure.message).toMatch(/262144|262,144|256 KiB/);
    const fits = await scene.announce("plain", { bytes: RESULT_LIMIT - 1_000 });
    expect(JSON.parse(await scene.result(fits))).toEqual({ filler: "x".repeat(RESULT_LIMIT - 1_000) });
    for (const bytes of [RESULT_LIMIT, 2 * MAX_PAYLOAD]) {
      const result = await scene.result(await scene.announce("once", { bytes }));
      expect(canonicalJson(result).ok).toBe(true);
      expect(Buffer.byteLength(result)).toBeLessThan(MAX_PAYLOAD);
    }
  },

  31: async (world) => {
    const wire = await CuttableWire.to(world.nats.port);
    try {
      const scene = new Scene(world, await world.onBus({ natsUrl: wire.url }));
      const hold = newId("gate");
      const task = await scene.announce("once", { hold });
      await scene.step("begin", task);
      wire.cut();
      await world.openGate(hold);
      await scene.step("end", task);
      // So that the outcome is told for the first time while nobody hears it.
      const before = wire.refused;
      await world.until("it tries to connect again, twice", () => wire.refused >= before + 2);
      wire.mend();
      await scene.result(task);
      await scene.servesOn();
      expect(scene.lines({ step: "begin" }, task)).toHaveLength(1);
      expect(scene.lines({ step: "cancelled" }, task)).toEqual([]);
    } finally {
      await wire.close();
    }
  },
};
