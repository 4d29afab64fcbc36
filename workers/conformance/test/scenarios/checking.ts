import { Gate } from "@agentspan/e2e";
import { newSigningKey, signingKey } from "@agentspan/internal";
import { ReleaseReason } from "@agentspan/proto";
import { expect } from "vitest";
import type { Bound, GrantChanges, ScriptedTask, World } from "../../src/index.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

/** All are handed back for this reason and begun by nobody, and an honest one beside them is begun. Their details. */
async function handedBack(scene: Scene, tasks: readonly ScriptedTask[], reason: ReleaseReason): Promise<string[]> {
  const details: string[] = [];
  for (const task of tasks) {
    const handed = await scene.world.until(`${task.tool} ${task.callId} is handed back`, () => {
      return scene.lines({ step: "begin" }, task).length > 0 ? "begun" : scene.requests("release", task)[0];
    });
    if (handed === "begun") throw new Error(`${task.tool} ${task.callId} was begun.`);
    const { request } = handed;
    expect({ callId: task.callId, reason: ReleaseReason[request.reason] }).toEqual({
      callId: task.callId,
      reason: ReleaseReason[reason],
    });
    expect(request.nonce).toBe(scene.requests("claim", task)[0]?.request.nonce);
    expect(request.detail).not.toBe("");
    details.push(request.detail);
  }
  await scene.servesOn();
  for (const task of tasks) {
    expect(scene.lines({ step: "begin" }, task)).toEqual([]);
    expect(scene.requests("complete", task)).toEqual([]);
  }
  return details;
}

/** Grants that are changed so, of a plain and of a guarded tool. */
async function unproved(world: World, all: readonly GrantChanges[], tools = ["plain", "once"]): Promise<void> {
  const scene = await Scene.atResident(world);
  const announced = all.flatMap((changes) => tools.map((tool) => scene.announce(tool, {}, { changes })));
  await handedBack(scene, await Promise.all(announced), ReleaseReason.NO_PROOF);
}

export const CHECKING: Scenarios = {
  11: (world) =>
    unproved(world, [
      { unsigned: true },
      {
        after: (grant) => {
          delete grant.proof;
        },
      },
      {
        after: (grant) => {
          delete grant.proof;
          grant.guarded = false;
        },
      },
    ]),

  12: async (world) => {
    const stranger = signingKey(newSigningKey().pem);
    await unproved(world, [
      { key: stranger },
      {
        key: stranger,
        after: ({ proof }) => {
          // By the name of a trusted key.
          if (proof !== undefined) proof.keyId = world.bus.keyId;
        },
      },
      { key: await world.gatewayKey() },
      {
        after: ({ proof }) => {
          if (proof !== undefined) proof.signature = proof.signature.map((byte, i) => (i === 0 ? byte ^ 1 : byte));
        },
      },
      {
        after: (grant) => {
          grant.idempotencyKey += "-again";
        },
      },
      {
        after: (grant) => {
          grant.guarded = !grant.guarded;
        },
      },
      {
        after: ({ proof }) => {
          if (proof !== undefined) proof.approvalId = "apr_2";
        },
      },
    ]);
  },

  13: (world) => {
    const others: readonly Partial<Bound>[] = [
      { runId: "run_other" },
      { callId: "c99" },
      { attempt: 2 },
      { nonce: "ffffffffffffffffffffffffffffffff" },
      { workerId: "worker-other" },
    ];
    return unproved(
      world,
      others.flatMap((bound): GrantChanges[] => [
        { bound },
        {
          bound,
          // It says that it is for this claim, and was signed for the other.
          after: ({ proof }, { runId, callId, attempt, nonce, workerId }) => {
            if (proof !== undefined) Object.assign(proof, { runId, callId, attempt, nonce, workerId });
          },
        },
      ]),
      ["once"],
    );
  },

  14: (world) => unproved(world, [{ clockMs: -31_000 }, { validMs: 31_000 }]),

  15: (world) =>
    unproved(world, [
      {
        after: (grant) => {
          grant.argumentsJson = '{"amount":1000000}';
        },
      },
    ]),

  16: async (world) => {
    const scene = await Scene.atResident(world);
    const unapproved = { approvalId: "", decisionId: "" };
    const tasks = await Promise.all([
      scene.announce("gated", {}, unapproved),
      scene.announce("gated", {}, { ...unapproved, guarded: false }),
    ]);
    await handedBack(scene, tasks, ReleaseReason.NO_PROOF);
    const approved = await scene.announce("gated");
    await scene.result(approved);
  },

  17: async (world) => {
    const scene = await Scene.atResident(world);
    const tasks = await Promise.all([
      scene.announce("typed", { order_id: 5, amount: 1 }),
      scene.announce("typed", { order_id: "ORD-8821" }),
      scene.announce("typed", { order_id: "ORD-8821", amount: 1, currency: "EUR" }),
    ]);
    const details = await handedBack(scene, tasks, ReleaseReason.INCOMPATIBLE);
    for (const [i, field] of ["order_id", "amount", "currency"].entries()) expect(details[i]).toContain(field);
  },

  18: async (world) => {
    const scene = await Scene.atResident(world);
    const late = new Gate();
    for (const callId of ["c1", "c2"]) {
      scene.rule("claim", { callId, attempt: 1 }, () => late.arrive().then(() => "done"));
    }
    const guarded = await scene.announce("once");
    const plain = await scene.announce("plain");
    await world.until("both are claimed", () =>
      [guarded, plain].every((task) => scene.requests("claim", task).length > 0),
    );
    // The time itself is what the behaviour is about.
    setTimeout(() => late.open(), 3_100);
    await scene.result(plain);
    await handedBack(scene, [guarded], ReleaseReason.TOO_LATE);
  },
};
