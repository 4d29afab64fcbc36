import { createLogger } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import type { Standing } from "../src/meter.js";
import type { Census } from "../src/ports.js";
import { Surveyor } from "../src/surveyor.js";

const NOW = 1_800_000_000_000;
const RUNS = { RUNNING: 3, WAITING: 2, PAUSED: 1 };

function surveyor(census: () => Promise<Census>, id = "orc_1", others: readonly string[] = []) {
  const told: (Standing | undefined)[] = [];
  const made = new Surveyor({
    store: { census },
    meter: { counted: (standing) => told.push(standing) },
    clock: { now: () => NOW },
    orchestratorId: id,
    orchestrators: () => others,
    log: createLogger("surveyor", "silent"),
  });
  return { made, told };
}

describe("a surveyor", () => {
  it("tells counts, and how old the oldest is", async () => {
    const census = async () => ({
      ...{ runs: RUNS, waitingSince: NOW - 90_000 },
      ...{ owedSince: NOW - 1_500, deliverySince: NOW + 60_000 },
    });
    const { made, told } = surveyor(census);
    await made.look();
    expect(told).toEqual([{ runs: RUNS, oldestWait: 90, overdueRun: 1.5, overdueDelivery: 0 }]);
  });

  it("tells 0 of what is not there", async () => {
    const { made, told } = surveyor(async () => ({ runs: RUNS }));
    await made.look();
    expect(told).toEqual([{ runs: RUNS, oldestWait: 0, overdueRun: 0, overdueDelivery: 0 }]);
  });

  it("is one of all orchestrators that live", async () => {
    const ids = ["orc_1", "orc_2", "orc_3"];
    const all = ids.map((id) => surveyor(async () => ({ runs: RUNS }), id, ids));
    for (const { made } of all) await made.look();
    const looked = all.filter(({ told }) => told[0] !== undefined);
    expect(looked).toHaveLength(1);
    expect(all.flatMap(({ told }) => told)).toHaveLength(3);
  });

  it("tells nothing where the store does not answer, rather than what was", async () => {
    let away = false;
    const { made, told } = surveyor(async () => {
      if (away) throw new Error("away");
      return { runs: RUNS };
    });
    await made.look();
    away = true;
    await made.look();
    expect(told.map((standing) => standing?.runs)).toEqual([RUNS, undefined]);
  });

  it("asks a slow store once at a time", async () => {
    let asked = 0;
    let answer: (census: Census) => void = () => undefined;
    const { made } = surveyor(() => {
      asked += 1;
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const looks = [made.look(), made.look()];
    answer({ runs: RUNS });
    await Promise.all(looks);
    expect(asked).toBe(1);
  });
});
