// A vitest sequencer: the longest files first, so that no long one is alone at the end, then the other tests with servers,
// then those without. The kinds are not mixed: a test process that changes from one to the other and back is started anew,
// and loads everything again.
import { BaseSequencer, type TestSpecification } from "vitest/node";

/** Files that take more than ten seconds. */
const LONG = [
  "e2e/test/servers/outages",
  "e2e/test/servers/flow",
  "workers/java/test/servers/java",
  "workers/python/test/servers/pytest",
  "workers/go/test/servers/go",
  "contract/test/servers/contract",
  "workers/conformance/test/servers/mutants",
  "workers/conformance/test/servers/python",
  "cli/test/servers/demo",
  "workers/conformance/test/servers/go",
  "workers/conformance/test/servers/java",
  "workers/conformance/test/servers/typescript",
  "e2e/test/servers/desk-open",
  "e2e/test/servers/desk",
  "e2e/test/servers/decision-links",
  "e2e/test/servers/decision-links-signed-in",
  "e2e/test/servers/desk-sign-in",
  "e2e/test/servers/kill-points",
  "cli/test/servers/server-start",
  "cli/test/servers/server-care",
  "prove/test/servers/prove",
  "services/orchestrator/test/servers/mongo-store",
  "e2e/test/servers/kill-trust",
  "services/orchestrator/test/servers/nats-bus",
  "e2e/test/servers/slack",
  "e2e/test/servers/telemetry",
  "e2e/test/servers/mail",
  "e2e/test/servers/probe",
  "prove/test/servers/two-hundred-refunds",
  "cli/test/servers/waiting-run",
  "sdk-ts/test/servers/kit-histories",
  "cli/test/servers/readme",
  "services/gateway/test/servers/streams",
  "e2e/test/servers/tool-times",
  "prove/test/servers/given-installation",
  "cli/test/servers/operator",
  "cli/test/servers/approvals-watch",
  "cli/test/servers/run-file",
  "e2e/test/servers/many",
  "deploy/test/servers/compose",
  "deploy/test/servers/kubernetes",
  "e2e/test/servers/kill-workers",
  "services/gateway/test/servers/orchestrators",
  "e2e/test/servers/kill",
  "cli/test/servers/worker-logins",
  "cli/test/servers/fleet",
  "e2e/test/servers/waiting-cost",
  "services/orchestrator/test/core-properties",
  "services/orchestrator/test/core-mutants/part-1",
  "services/orchestrator/test/core-mutants/part-0",
  "services/orchestrator/test/core-mutants/part-2",
  "sdk-ts/test/testing/drift",
];

export class LongestFirst extends BaseSequencer {
  override async sort(specs: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(specs);
    // The sort is stable, so that the rest stays as vitest has it: on a machine that has run them before, it knows how long
    // each took.
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}

function rank({ moduleId, project }: TestSpecification): number {
  const at = LONG.findIndex((name) => moduleId.endsWith(`/${name}.test.ts`));
  const ofItsKind = at === -1 ? LONG.length : at;
  return project.name === "servers" ? ofItsKind : LONG.length + 1 + ofItsKind;
}
