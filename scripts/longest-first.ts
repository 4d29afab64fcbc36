// A vitest sequencer: tests with servers before those without, and the longest first, so that no long one is alone at the
// end. On a machine that has run them before, vitest knows how long each took; on a new one this list stands in for it.
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than ten seconds, the longest first. */
const LONG = [
  "e2e/test/servers/outages",
  "e2e/test/servers/flow",
  "workers/python/test/servers/pytest",
  "workers/conformance/test/servers/python",
  "workers/conformance/test/servers/mutants",
  "workers/conformance/test/servers/typescript",
  "cli/test/servers/demo",
  "cli/test/servers/server-start",
  "prove/test/servers/prove",
  "prove/test/servers/given-installation",
  "e2e/test/servers/waiting-cost",
  "e2e/test/servers/kill",
  "e2e/test/servers/kill-points",
  "cli/test/servers/operator",
  "prove/test/servers/two-hundred-refunds",
  "e2e/test/servers/kill-workers",
  "e2e/test/servers/probe",
  "e2e/test/servers/large-results",
  "e2e/test/servers/many",
  "cli/test/servers/readme",
  "e2e/test/servers/signatures",
  "e2e/test/servers/rolling-restart",
  "services/orchestrator/test/core-mutants",
  "services/orchestrator/test/core-properties",
];

export class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specs);
    // The sort is by project, and then as above; it is stable, so that the rest stays as vitest has it.
    return sorted.toSorted((a, b) => (a.project.name === b.project.name ? rank(a) - rank(b) : 0));
  }
}

function rank({ moduleId }: TestSpecification): number {
  const at = LONG.findIndex((name) => moduleId.endsWith(`${name}.test.ts`));
  return at === -1 ? LONG.length : at;
}
