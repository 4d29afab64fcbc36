// Whether the invariants of core-properties.test.ts forbid anything: each fault of mutants.ts is put into the core, and the
// invariant that it names must catch it. They are parted among files, which run side by side.
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { explore, STORY } from "./explore.js";
import { Violation } from "./explored-run.js";
import { MUTANTS } from "./mutants.js";
import { MutatedCores } from "./mutated-core.js";

export const PARTS = 3;

/** Registers a test for each mutant of a part, 0 and up. */
export function catchMutants(part: number): void {
  describe("the invariants of the core", () => {
    const cores = new MutatedCores();
    afterAll(() => cores.remove());

    const mutants = MUTANTS.filter((_, index) => index % PARTS === part);
    it.each(mutants)("$invariant catches that $what", { timeout: 120_000 }, async (mutant) => {
      expect(cores.matches(mutant), `the text to replace in ${mutant.file}`).toBe(1);
      const core = await cores.load(mutant);
      const property = fc.property(STORY, (story) => explore(core, story, { only: mutant.invariant }));
      const { errorInstance } = fc.check(property, { seed: 20_260_101, numRuns: 5_000, endOnFailure: true });
      expect(errorInstance).toBeInstanceOf(Violation);
      expect((errorInstance as Violation).invariant).toBe(mutant.invariant);
    });
  });
}
