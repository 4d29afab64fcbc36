// Do the invariants of core-properties.test.ts forbid anything? Each fault of mutants.ts is put into the core, and the
// invariant that it names must catch it.
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { explore, STORY } from "./core/explore.js";
import { Violation } from "./core/explored-run.js";
import { MUTANTS } from "./core/mutants.js";
import { MutatedCores } from "./core/mutated-core.js";

const INVARIANTS = 37;

describe("the invariants of the core", () => {
  const cores = new MutatedCores();
  afterAll(() => cores.remove());

  it("have a mutant each", () => {
    const named = new Set(MUTANTS.map(({ invariant }) => invariant));
    expect([...named].toSorted((a, b) => a - b)).toEqual(Array.from({ length: INVARIANTS }, (_, index) => index + 1));
  });

  it.each(MUTANTS)("$invariant catches that $what", { timeout: 120_000 }, async (mutant) => {
    expect(cores.matches(mutant), `the text to replace in ${mutant.file}`).toBe(1);
    const core = await cores.load(mutant);
    const property = fc.property(STORY, (story) => explore(core, story, { only: mutant.invariant }));
    const { errorInstance } = fc.check(property, { seed: 20_260_101, numRuns: 5_000, endOnFailure: true });
    expect(errorInstance).toBeInstanceOf(Violation);
    expect((errorInstance as Violation).invariant).toBe(mutant.invariant);
  });
});
