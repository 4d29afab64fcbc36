// Faults that somebody might write into the core, each with the invariant of core-properties.test.ts that forbids it.
// Where the text that one replaces is no longer there, it is to be brought up to date.
import { CHILDREN } from "./mutants/children.js";
import { DECISIONS } from "./mutants/decisions.js";
import { GUARDED } from "./mutants/guarded.js";
import type { Mutant } from "./mutants/mutant.js";
import { POLICIES } from "./mutants/policies.js";
import { PREVIEWS } from "./mutants/previews.js";
import { PROGRESS } from "./mutants/progress.js";
import { RECORD } from "./mutants/record.js";

export const MUTANTS: readonly Mutant[] = [
  ...RECORD,
  ...DECISIONS,
  ...POLICIES,
  ...GUARDED,
  ...PREVIEWS,
  ...CHILDREN,
  ...PROGRESS,
];
