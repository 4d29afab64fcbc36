import { describe, expect, it } from "vitest";
import type { StoredRun } from "../../src/ports.js";
import { RunCache } from "../../src/run-cache.js";
import { Scene, start } from "../scenes/scene.js";

async function runs(ids: readonly string[], input = "hello"): Promise<readonly StoredRun[]> {
  const desk = new Scene().desk();
  const agent = await desk.agent();
  const stored: StoredRun[] = [];
  for (const runId of ids) stored.push((await desk.execute(start(runId, { input }), { agent, runId })).stored);
  return stored;
}

function kept(cache: RunCache, ids: readonly string[]): readonly string[] {
  return ids.filter((id) => cache.get(id) !== undefined);
}

describe("the runs that a process remembers", () => {
  const IDS = ["run_a", "run_b", "run_c", "run_d"];

  it("are so many, and those that were used last", async () => {
    const cache = new RunCache(3);
    const [a, b, c, d] = await runs(IDS);
    for (const one of [a, b, c]) if (one !== undefined) cache.set(one);
    expect(cache.get("run_a")).toBe(a);
    if (d !== undefined) cache.set(d);
    expect(kept(cache, IDS)).toEqual(["run_a", "run_c", "run_d"]);
  });

  it("have so many bytes together, whatever they are of: events, or what a run remembers of people", async () => {
    const cache = new RunCache(100, 100_000);
    for (const one of await runs(IDS, "x".repeat(40_000))) cache.set(one);
    expect(kept(cache, IDS)).toEqual(["run_c", "run_d"]);
    const [light] = await runs(["run_e"]);
    if (light === undefined) throw new Error("There is a run.");
    const act = { approvalId: "a", requestHash: "h", sequence: 1, at: 1, who: "m", outcome: "approved" } as const;
    const acts = Object.fromEntries(
      Array.from({ length: 150 }, (_, at) => [`d${at}`, { ...act, closed: true, votesMissing: 0 }]),
    );
    cache.set({ ...light, run: { ...light.run, acts } });
    expect(kept(cache, [...IDS, "run_e"])).toEqual(["run_e"]);
  });

  it("are forgotten where it is said, and replaced by newer ones", async () => {
    const cache = new RunCache();
    const [a] = await runs(IDS);
    if (a === undefined) throw new Error("There is a run.");
    cache.set(a);
    cache.set({ ...a, version: 2 });
    expect(cache.get("run_a")?.version).toBe(2);
    cache.delete("run_a");
    cache.delete("run_a");
    expect(cache.get("run_a")).toBeUndefined();
  });
});
