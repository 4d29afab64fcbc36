// What the owner of a tool demands holds at each claim, whoever makes it and whichever orchestrator is asked.
import { describe, expect, it } from "vitest";
import { WorkerRegistry } from "../../src/worker-registry.js";
import { type Office, TOOLS } from "../scenes/office.js";
import type { Desk, Scene } from "../scenes/scene.js";
import { stateOf, told, withTwoOffices } from "../scenes/two-offices.js";

let scene: Scene;
let desk: Desk;
let office: Office;
/** Another orchestrator on the same database. */
let other: Office;

withTwoOffices((made) => {
  ({ scene, desk, office, other } = made);
});

describe("the owner of a tool", () => {
  const GATED = [{ ...TOOLS[0], approvalRequired: true }];

  it("gates it at the claim, whoever claims", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: GATED });
    expect(told(await office.claim({ nonce: "n1" }, "w1"))).toBe("GATED");
    expect(await stateOf(desk)).toMatchObject({ kind: "gated" });
  });

  it("gates it at the claim of his own worker, whatever was registered since", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: GATED });
    await office.register("w3");
    expect(told(await office.claim({ nonce: "n1" }, "w2"))).toBe("GATED");
  });

  it("is the strictest of all who serve it: an older version that starts beside takes no gate away", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: GATED });
    await office.register("w3");
    expect(await new WorkerRegistry(desk.store).keptDemand("default", "desk", "look_up")).toMatchObject({
      approval: true,
    });
    expect(told(await office.claim({ nonce: "n1" }, "w3"))).toBe("GATED");
  });

  it("is heard for ten minutes after the last sign of life, and then whoever registered since", async () => {
    const gated = async () => (await new WorkerRegistry(desk.store).keptDemand("default", "desk", "look_up")).approval;
    await office.register("w2", { tools: GATED });
    scene.now += 60 * 60_000;
    expect(await gated()).toBe(true);
    await office.register("w3");
    expect(await gated()).toBe(false);
    await office.register("w2", { tools: GATED, incarnation: "w2-2" });
    await office.register("w3", { incarnation: "w3-2" });
    scene.now += 9 * 60_000;
    expect(await gated()).toBe(true);
    scene.now += 2 * 60_000;
    expect(await gated()).toBe(false);
  });

  it.each([true, false])(
    "is heard by an orchestrator that knew the run from before the call: gated %s",
    async (gated) => {
      await desk.startWith(["look_up"]);
      await office.claim({ nonce: "n1" });
      // The other has the run in mind as it is now; then the model calls the tool once more, which it does not see.
      await other.desk.execute({ type: "tick" });
      await office.complete({ nonce: "n1" });
      const reply = { text: "", finishReason: "TOOL_CALLS", usage: { inputTokens: 1, outputTokens: 1 } } as const;
      const calls = [{ modelCallId: "m", name: "look_up", argumentsText: "{}" }];
      await desk.execute({ type: "take_model_reply", turn: 2, attempt: 1, reply: { ...reply, calls }, owners: {} });
      if (gated) await office.register("w2", { tools: GATED });
      expect(told(await other.claim({ nonce: "n2", callId: "t2c1" }))).toBe(gated ? "GATED" : "grant");
      expect(await stateOf(desk, "t2c1")).toMatchObject({ kind: gated ? "gated" : "ready" });
    },
  );

  it("makes it start at most once: then its claim is stored before the grant", async () => {
    await desk.startWith(["look_up"]);
    await office.register("w2", { tools: [{ ...TOOLS[0], once: true }] });
    const { answer } = await office.claim({ nonce: "n1" });
    expect(answer).toMatchObject({ case: "grant", value: { guarded: true } });
    expect(await stateOf(desk)).toMatchObject({ kind: "claimed", nonce: "n1" });
  });
});
