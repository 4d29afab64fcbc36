// The contract as clients of independent stacks see it: the same calls to the same gateway, and the same answers to each.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { withStack } from "../../../e2e/test/stack-fixture.js";
import { withStack as withScriptedGateway } from "../../../services/gateway/test/servers/harness.js";
import type { Port, Scenario } from "../checks/check.js";
import { OF_THE_GATEWAY, OF_THE_INSTALLATION } from "../checks/scenarios.js";
import type { Probe } from "../harness/call.js";
import { expectGolden, UPDATING } from "../harness/golden.js";
import { leavesNothing, outlastsPings, witness } from "../harness/lasting.js";
import { runScenario, type Subject } from "../harness/run-scenario.js";
import { scriptModel } from "../harness/scripted-model.js";
import { script } from "../harness/scripted-orchestrator.js";
import { STACKS, type Stack } from "../harness/stacks.js";
import { Variables } from "../harness/variables.js";

const installation = withStack();
// It compares what it has told readers with the orchestrator so often that a test can wait for that.
const scripted = withScriptedGateway({ compareEveryMs: { running: 200, waiting: 200 } });

const folder = await mkdtemp(join(tmpdir(), "agentspan-contract-"));
const started = await Promise.all(STACKS.map(async (stack) => ({ stack, probe: await stack.start(folder) })));
let inputs: ReadonlyMap<string, string>;
let reader: Probe;

beforeAll(async () => {
  inputs = scriptModel(installation.current.model);
  script(scripted.orchestrator);
  reader = await witness(scripted.orchestrator, scripted.gateway.port);
});
afterAll(async () => {
  await Promise.all([reader, ...started.map(({ probe }) => probe)].map((probe) => "stop" in probe && probe.stop()));
  await rm(folder, { recursive: true, force: true });
});

for (const { stack, probe } of started) {
  if ("missing" in probe) {
    process.stderr.write(`Skipped the contract's tests by ${stack.name}: ${probe.missing}\n`);
    it.skip(`${stack.name} is told what every stack is told: ${probe.missing}`, () => undefined);
    continue;
  }
  describe.each(stack.ports)(`${stack.name}, on %s,`, (port) => {
    for (const scenario of OF_THE_INSTALLATION.filter((each) => takes(stack, port, each))) {
      it.concurrent(`is told what every stack is told of ${scenario.name}`, async () => {
        await compare(scenario, stack, port, subject(probe, installation.current.gateway()));
      });
    }
    for (const scenario of OF_THE_GATEWAY) {
      it.concurrent(`is told what every stack is told of ${scenario.name}`, async () => {
        await compare(scenario, stack, port, subject(probe, scripted.gateway));
      });
    }
    it.concurrent("leaves nothing of a stream behind that it gives up", async () => {
      await leavesNothing(scripted.orchestrator, subject(probe, scripted.gateway));
    });
    if (stack.pingEveryMs !== undefined) {
      it.concurrent("may ping as often as it can", async () => {
        await outlastsPings(scripted.orchestrator, subject(probe, scripted.gateway));
      });
    }

    /** Each with a name of its own, for what it starts and stores. */
    let subjects = 0;
    function subject(client: Probe, gateway: Readonly<Record<Port, number>>): Subject {
      subjects += 1;
      const variables = new Variables();
      variables.set("me", `me_${stack.name.replaceAll(/\W/g, "_")}_${port}_${subjects}_`.toLowerCase());
      for (const [name, input] of inputs) variables.set(`script.${name}`, input);
      return { probe: client, port: gateway[port], pingEveryMs: stack.pingEveryMs, variables };
    }
  });
}

function takes({ conversations }: Stack, port: Port, { only = port, checks }: Scenario): boolean {
  if (only !== port) return false;
  return conversations || !checks.some((check) => "requests" in check);
}

async function compare(scenario: Scenario, stack: Stack, port: Port, subject: Subject): Promise<void> {
  const recorded = await runScenario(scenario, subject);
  const takers = STACKS.filter((each) => each.ports.includes(port) && takes(each, port, scenario));
  // The first that takes it writes it down.
  const writes = takers[0] === stack && port === (scenario.only ?? "port");
  if (!UPDATING || writes) expectGolden(scenario.name, recorded);
}
