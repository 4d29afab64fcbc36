import { newId } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Delivery } from "../../../src/ports.js";
import { end, following, gatedTurn, pause, resume, starting } from "./sample-runs.js";
import { loaded, type UseFixture } from "./store-fixture.js";

/** Before anything else of the suite. */
const FIRST = 1;

export function censusContract(use: UseFixture): void {
  describe("the census", () => {
    it("counts the runs that have not ended, by state and over all namespaces, and tells what is the oldest", async () => {
      const { store } = use();
      const before = await store.census();
      const [running, waiting, paused, ended] = ["run", "run", "run", "run"].map((kind) => newId(kind));
      const ids = [running, waiting, paused, ended].map(String);
      for (const [index, runId] of ids.entries()) {
        await store.commit(starting(runId, { namespace: newId("ns"), wakeAt: FIRST + 10 + index }));
      }
      const next = async (runId: string, facts: Parameters<typeof following>[1], at = FIRST + 100): Promise<void> => {
        await store.commit(following(await loaded(store, runId), facts, { at }));
      };
      await next(String(waiting), gatedTurn([{ callId: "c1", tool: "refund" }]), FIRST);
      await next(String(paused), [pause("so")]);
      await next(String(ended), [end]);
      const after = await store.census();
      expect(after.runs).toEqual({
        RUNNING: before.runs.RUNNING + 1,
        WAITING: before.runs.WAITING + 1,
        PAUSED: before.runs.PAUSED + 1,
      });
      expect(after).toMatchObject({ waitingSince: FIRST, owedSince: FIRST + 10 });

      await next(String(waiting), [end]);
      await next(String(paused), [resume]);
      await next(String(running), [end]);
      const last = await store.census();
      expect(last.runs).toEqual({
        ...after.runs,
        PAUSED: before.runs.PAUSED,
        WAITING: before.runs.WAITING,
        RUNNING: last.runs.RUNNING,
      });
      expect(last.waitingSince).not.toBe(FIRST);
      expect(last.owedSince).not.toBe(FIRST + 10);
    });

    it("tells since when a delivery is due that was not sent", async () => {
      const { store } = use();
      const deliveryId = newId("msg");
      const delivery: Delivery = {
        ...{ deliveryId, webhookId: newId("whk"), namespace: "default", runId: newId("run"), sequence: 3, at: FIRST },
        ...{ body: "{}", attempts: 0, attemptsBefore: 0, dueAt: FIRST + 5 },
        event: "WAITING",
        state: "PENDING",
      };
      await store.putDeliveries([delivery]);
      expect((await store.census()).deliverySince).toBe(FIRST + 5);
      await store.takeDelivery(delivery, FIRST + 5, FIRST + 30_000);
      await store.endAttempt(deliveryId, 1, { state: "DELIVERED", endedAt: FIRST + 6 });
      expect((await store.census()).deliverySince).not.toBe(FIRST + 5);
    });
  });
}
