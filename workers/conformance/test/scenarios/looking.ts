import { ProbeVerdict, RefusalReason } from "@agentspan/proto";
import { expect } from "vitest";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

const VERDICTS = ["HAPPENED", "DID_NOT_HAPPEN", "UNKNOWN"] as const;

export const LOOKING: Scenarios = {
  33: async (world) => {
    const scene = await Scene.atResident(world);
    for (const probe of VERDICTS) {
      const task = await scene.announce("probed", { probe }, { kind: "probe" });
      const outcome = await scene.outcome(task);
      if (outcome.case !== "probeAnswer") throw new Error(`It answered ${outcome.case}.`);
      const { verdict, resultJson, detail } = outcome.value;
      expect(ProbeVerdict[verdict]).toBe(probe);
      expect(detail).toBe(`looked for ${task.key}`);
      if (probe === "HAPPENED") expect(JSON.parse(resultJson)).toEqual({ found: task.key });
      expect(scene.requests("claim", task).map(({ request }) => request.probe)).toEqual([false, true]);
      expect(scene.lines({ step: "probe" }, task)).toMatchObject([{ attempt: 1, key: task.key }]);
      await world.until("its hint is acknowledged", () => world.bus.hintAnswers(task).includes("+ACK"));
    }
    expect(scene.lines({ step: "begin" })).toEqual([]);
  },

  34: async (world) => {
    const scene = await Scene.atResident(world);
    const failing = await scene.announce("probed", { probe: "fail" }, { kind: "probe" });
    const unprobed = await scene.announce("once", {}, { kind: "probe" });
    await scene.step("probe", failing);
    await world.until("the hint of the tool without one is put back", () => {
      return world.bus.hintAnswers(unprobed).some((words) => words.startsWith("-NAK"));
    });
    unprobed.refusal = RefusalReason.ENDED;
    await scene.moreHeartbeats(2);
    await scene.servesOn();
    for (const task of [failing, unprobed]) {
      expect([...scene.requests("complete", task), ...scene.requests("release", task)]).toEqual([]);
      expect(scene.lines({ step: "begin" }, task)).toEqual([]);
    }
    expect(scene.requests("claim", unprobed).some(({ request }) => request.probe)).toBe(false);
  },

  35: async (world) => {
    const scene = await Scene.atResident(world);
    const shows = { before: { balance: 100 }, after: { balance: 70.01 }, note: "ünïcode 🜁" };
    const seen = await scene.announce("previewed", { shows }, { kind: "preview", number: 3 });
    const blind = await scene.announce("previewed", { blind: "the account is closed" }, { kind: "preview", number: 4 });
    const none = await scene.announce("gated", {}, { kind: "preview", number: 5 });
    const answers = [];
    for (const task of [seen, blind, none]) {
      const outcome = await scene.outcome(task);
      if (outcome.case !== "previewAnswer") throw new Error(`It answered ${outcome.case}.`);
      expect(outcome.value.number).toBe(task.number);
      expect(scene.requests("claim", task).map(({ request }) => request.preview)).toEqual([false, true]);
      answers.push(outcome.value.outcome);
    }
    const [content, failure, missing] = answers;
    expect(content?.case).toBe("contentJson");
    expect(JSON.parse(content?.value ?? "")).toEqual(shows);
    expect(failure).toMatchObject({ case: "failure", value: expect.stringContaining("the account is closed") });
    expect(missing).toMatchObject({ case: "failure", value: expect.stringMatching(/./) });
    expect(scene.lines({ step: "begin" })).toEqual([]);
    expect(scene.lines({ step: "preview" })).toHaveLength(2);
  },
};
