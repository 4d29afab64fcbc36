// Whether the invariants of core-properties.test.ts forbid anything: each fault of mutants.ts is put into the core, and the
// invariant that it names must catch it. They are parted among files, which run side by side.
//
// Which seed soon tells a story that a fault spoils is written down, in testdata/mutant-seeds.json, so that not each of them
// is looked for in thousands of stories each time. It is a shortcut and no more: a fault that gets away there is looked for
// in all of them. UPDATE_SEEDS=1 writes them down anew.
import { readFileSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { explore, STORY } from "./explore.js";
import { type Core, Violation } from "./explored-run.js";
import type { Mutant } from "./mutants/mutant.js";
import { MUTANTS } from "./mutants.js";
import { MutatedCores } from "./mutated-core.js";

export const PARTS = 3;

const SEEDS = new URL("../../testdata/mutant-seeds.json", import.meta.url);
const UPDATE = process.env.UPDATE_SEEDS === "1";
const SEED = 20_260_101;
const STORIES = 5_000;
const SOON = 40;
/** How many seeds are tried for one that tells soon. */
const TRIED = 50;

/** Registers a test for each mutant of a part, 0 and up. */
export function catchMutants(part: number): void {
  describe("the invariants of the core", () => {
    const cores = new MutatedCores();
    const seeds: Record<string, number> = JSON.parse(readFileSync(SEEDS, "utf8"));
    afterAll(() => cores.remove());

    const mutants = MUTANTS.filter((_, index) => index % PARTS === part);
    it.each(mutants)("$invariant catches that $what", { timeout: 120_000 }, async (mutant) => {
      expect(cores.matches(mutant), `the text to replace in ${mutant.file}`).toBe(1);
      const core = await cores.load(mutant);
      if (UPDATE) keepSeed(mutant, core);
      const soon = seeds[mutant.what];
      const error =
        (soon === undefined ? undefined : spoiled(core, mutant, soon, SOON).error) ??
        spoiled(core, mutant, SEED, STORIES).error;
      expect(error).toBeInstanceOf(Violation);
      expect((error as Violation).invariant).toBe(mutant.invariant);
    });
  });
}

/** What the first story that goes wrong of these throws, and which of them that is, from 1. */
function spoiled(core: Core, { invariant }: Mutant, seed: number, numRuns: number): { error: unknown; story: number } {
  const property = fc.property(STORY, (story) => explore(core, story, { only: invariant }));
  const { errorInstance, numRuns: story } = fc.check(property, { seed, numRuns, endOnFailure: true });
  return { error: errorInstance ?? undefined, story };
}

/** The parts may do so at once: each changes its own, and reads the file right before. */
function keepSeed(mutant: Mutant, core: Core): void {
  let best: { seed: number; story: number } | undefined;
  for (let seed = 1; seed <= TRIED && (best === undefined || best.story > SOON / 4); seed += 1) {
    const { error, story } = spoiled(core, mutant, seed, best?.story ?? SOON);
    if (error instanceof Violation && story < (best?.story ?? Number.POSITIVE_INFINITY)) best = { seed, story };
  }
  const seeds: Record<string, number> = JSON.parse(readFileSync(SEEDS, "utf8"));
  const { [mutant.what]: _, ...others } = seeds;
  const kept = best === undefined ? others : { ...others, [mutant.what]: best.seed };
  const sorted = Object.fromEntries(Object.entries(kept).sort(([a], [b]) => (a < b ? -1 : 1)));
  writeFileSync(SEEDS, `${JSON.stringify(sorted, null, 2)}\n`);
}
