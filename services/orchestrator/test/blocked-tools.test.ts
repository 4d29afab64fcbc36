// Why a task waits though it may run, for people who look at its run.
import { BlockedReason, ReleaseReason } from "@agentspan/proto";
import { expect, it } from "vitest";
import { BlockedTools } from "../src/requests/index.js";
import { Office } from "./scenes/office.js";
import { Scene } from "./scenes/scene.js";

it("a task that waits says whether nobody serves it, or what a worker refused it for, until one has it", async () => {
  const scene = new Scene();
  const desk = scene.desk();
  const office = new Office(desk);
  await desk.startWith(["look_up"]);
  const blocked = async () => {
    const told = await new BlockedTools(desk.store, scene.timing.leaseMs).of((await desk.stored()).run);
    return told.map(({ toolName, why }) => `${toolName} ${BlockedReason[why]}`);
  };
  expect(await blocked()).toEqual(["look_up NO_WORKER"]);
  await office.register();
  await office.heartbeat();
  expect(await blocked()).toEqual([]);
  const reasons = [ReleaseReason.NO_PROOF, ReleaseReason.INCOMPATIBLE, ReleaseReason.NO_PROOF, ReleaseReason.TOO_LATE];
  for (const [at, reason] of reasons.entries()) {
    const task = { nonce: `n${at}`, attempt: at + 1 };
    await office.claim(task);
    await office.release(task, reason);
    scene.now += 60_000;
    await office.heartbeat();
    const word = ReleaseReason[reason];
    expect(await blocked()).toEqual(word === "TOO_LATE" ? [] : [`look_up ${word}`]);
  }
});
