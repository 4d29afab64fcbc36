// Two orchestrators on one database, as workers see them, and w1, which has registered at the first.
import { type ClaimResponse, RefusalReason } from "@agentspan/proto";
import { afterEach, beforeEach, vi } from "vitest";
import type { CallState } from "../../src/core/index.js";
import type { Instance } from "../../src/ports.js";
import { Office } from "./office.js";
import { type Desk, Scene } from "./scene.js";

export interface TwoOffices {
  readonly scene: Scene;
  readonly desk: Desk;
  readonly office: Office;
  /** Another orchestrator on the same database. */
  readonly other: Office;
}

/** Registers hooks that make them before each test, with time-outs that pass when the test says so. */
export function withTwoOffices(use: (made: TwoOffices) => void, { registers = true } = {}): void {
  beforeEach(async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const scene = new Scene();
    const desk = scene.desk("orc_1");
    const office = new Office(desk);
    use({ scene, desk, office, other: new Office(scene.desk("orc_2"), office.broker) });
    if (registers) await office.register();
  });
  afterEach(() => {
    vi.useRealTimers();
  });
}

/** Lets a second pass, and what comes of it come to its end. */
export async function second(): Promise<void> {
  await vi.advanceTimersByTimeAsync(1_000);
  for (let i = 0; i < 10; i += 1) await new Promise((resolve) => setImmediate(resolve));
}

export async function stateOf(desk: Desk, callId = "t1c1"): Promise<CallState | undefined> {
  return (await desk.stored()).run.turn.calls.find((call) => call.callId === callId)?.state;
}

export function instanceOf(desk: Desk, incarnation = "w1-1"): Promise<Instance | undefined> {
  return desk.store.readInstance(incarnation);
}

/** What a claim was answered, in a word. */
export function told({ answer, error }: ClaimResponse): string {
  if (error !== undefined) return error.reason;
  return answer.case === "refusal" ? RefusalReason[answer.value.reason] : (answer.case ?? "nothing");
}
