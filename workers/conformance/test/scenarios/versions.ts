import { newId } from "@agentspan/internal";
import { RefusalSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { expect } from "vitest";
import { type Answer, addUnknownField, type World } from "../../src/index.js";
import { Scene } from "../scene.js";
import type { Scenarios } from "./scenarios.js";

/** A value that no enum of today has. */
const OF_TOMORROW = 99 as never;

/** Fields that nobody knows, in every answer and in what it holds. */
function tellMore(answer: Answer): void {
  addUnknownField(answer);
  if (answer.$typeName !== "agentspan.v1.ClaimResponse" || answer.answer.case !== "grant") return;
  addUnknownField(answer.answer.value);
  if (answer.answer.value.proof !== undefined) addUnknownField(answer.answer.value.proof);
}

async function newerServer(world: World): Promise<void> {
  const workerId = newId("worker");
  world.bus.rule((seen) => (seen.request.workerId === workerId ? { alter: tellMore } : undefined));
  const scene = new Scene(world, await world.onBus({ workerId }));
  await scene.moreHeartbeats(2);
  await scene.result(await scene.announce("gated"));
}

async function unknownAnswers(world: World): Promise<void> {
  const scene = await Scene.atResident(world);
  const refusal = create(RefusalSchema, { reason: OF_TOMORROW });
  const claims: readonly ((answer: Answer) => void)[] = [
    (answer) => {
      if (answer.$typeName === "agentspan.v1.ClaimResponse") answer.answer = { case: "refusal", value: refusal };
    },
    (answer) => {
      if (answer.$typeName !== "agentspan.v1.ClaimResponse") return;
      answer.answer = { case: undefined };
      addUnknownField(answer);
    },
  ];
  for (const [i, alter] of claims.entries())
    scene.rule("claim", { callId: `c${i + 1}`, attempt: 1 }, () => ({ alter }));
  const unbegun = await Promise.all(claims.map(() => scene.announce("plain")));
  for (const task of unbegun) {
    await world.until("its hint is acknowledged", () => world.bus.hintAnswers(task).includes("+ACK"));
  }
  scene.rule("complete", { callId: "c3", attempt: 1 }, () => ({
    alter: (answer) => {
      if (answer.$typeName === "agentspan.v1.CompleteResponse") answer.status = OF_TOMORROW;
    },
  }));
  const completed = await scene.announce("plain");
  await scene.outcome(completed);
  await scene.moreHeartbeats(2);
  await scene.servesOn();
  expect(scene.requests("complete", completed)).toHaveLength(1);
  for (const task of unbegun) {
    expect(scene.lines({ step: "begin" }, task)).toEqual([]);
    expect(scene.requests("complete", task)).toEqual([]);
  }
}

/** What is not needed for a worker to do its work. */
function tellLess(answer: Answer): void {
  answer.orchestratorId = "";
  if (answer.$typeName === "agentspan.v1.RegisterResponse") {
    delete answer.lease;
    delete answer.heartbeatInterval;
    answer.keyIds = [];
  }
  if (answer.$typeName !== "agentspan.v1.ClaimResponse" || answer.answer.case !== "grant") return;
  answer.answer.value.agentName = "";
  delete answer.answer.value.preview?.timeLeft;
}

async function olderServer(world: World): Promise<void> {
  const workerId = newId("worker");
  world.bus.rule((seen) => (seen.request.workerId === workerId ? { alter: tellLess } : undefined));
  const scene = new Scene(world, await world.onBus({ workerId }));
  await scene.result(await scene.announce("gated"));
  const preview = await scene.announce("previewed", { shows: "all" }, { kind: "preview" });
  expect(await scene.outcome(preview)).toMatchObject({ value: { outcome: { case: "contentJson", value: '"all"' } } });
  // It is not told the interval.
  await scene.moreHeartbeats(2);
}

export const VERSIONS: Scenarios = {
  40: async (world) => {
    await Promise.all([newerServer(world), unknownAnswers(world), olderServer(world)]);
  },
};
