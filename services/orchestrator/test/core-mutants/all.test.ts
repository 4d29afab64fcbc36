import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { PARTS } from "../core/catch-mutants.js";
import { MUTANTS } from "../core/mutants.js";

const INVARIANTS = 37;

it("each invariant of the core has a mutant", () => {
  const named = new Set(MUTANTS.map(({ invariant }) => invariant));
  expect([...named].toSorted((a, b) => a - b)).toEqual(Array.from({ length: INVARIANTS }, (_, index) => index + 1));
});

it("each part of the mutants has its file", () => {
  const files = readdirSync(new URL(".", import.meta.url)).filter((name) => name.startsWith("part-"));
  expect(files.toSorted()).toEqual(Array.from({ length: PARTS }, (_, part) => `part-${part}.test.ts`));
});
