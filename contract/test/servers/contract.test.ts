// The contract as clients of independent stacks see it: the same calls to the same gateway, and the same answers to each.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, it } from "vitest";
import { withStack } from "../../../e2e/test/stack-fixture.js";
import { withStack as withScriptedGateway } from "../../../services/gateway/test/servers/harness.js";
import { featuresOf, type Port, type Scenario } from "../checks/check.js";
import { OF_THE_GATEWAY, OF_THE_HANDLERS, OF_THE_INSTALLATION } from "../checks/scenarios.js";
import type { Probe } from "../harness/call.js";
import { expectGolden, UPDATING } from "../harness/golden.js";
import { leavesNothing, outlastsPings, witness } from "../harness/lasting.js";
import { runScenario, type Subject } from "../harness/run-scenario.js";
import { scriptModel } from "../harness/scripted-model.js";
import { script } from "../harness/scripted-orchestrator.js";
import { STACKS, type Stack } from "../harness/stacks.js";
import { Variables } from "../harness/variables.js";
import { clientsPage } from "../page/clients-page.js";

// Where nothing is signed there are no decision links.
const installation = withStack({ signed: true });
// It compares what it has told readers with the orchestrator so often that a test can wait for that.
const scripted = withScriptedGateway({ compareEveryMs: { running: 200, waiting: 200 } });

const folder = await mkdtemp(join(tmpdir(), "agentspan-contract-"));
const started = await Promise.all(STACKS.map(async (stack) => ({ stack, probe: await stack.start(folder) })));
let inputs: ReadonlyMap<string, string>;
let reader: Probe;
/** Streams that are silent while their clients ping: some for ten seconds, in which all else goes on. */
const silences = new Map<string, Promise<void>>();

beforeAll(async () => {
  inputs = scriptModel(installation.current.model);
  script(scripted.orchestrator);
  reader = await witness(scripted.orchestrator, scripted.gateway.port);
  for (const { stack, probe } of started) {
    if ("missing" in probe || stack.pingEveryMs === undefined) continue;
    for (const port of stack.ports) {
      const silence = outlastsPings(scripted.orchestrator, subjectOf(stack, port, probe, scripted.gateway));
      silences.set(`${stack.name} ${port}`, silence);
      // Told by the test that waits for it.
      silence.catch(() => undefined);
    }
  }
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
  describe.concurrent.each(stack.ports)(`${stack.name}, on %s,`, (port) => {
    for (const scenario of OF_THE_INSTALLATION.filter((each) => takes(stack, port, each))) {
      it(`is told what every stack is told of ${scenario.name}`, async () => {
        await compare(scenario, stack, port, subjectOf(stack, port, probe, installation.current.gateway()));
      });
    }
    for (const scenario of OF_THE_GATEWAY.filter((each) => takes(stack, port, each))) {
      it(`is told what every stack is told of ${scenario.name}`, async () => {
        await compare(scenario, stack, port, subjectOf(stack, port, probe, scripted.gateway));
      });
    }
    it("leaves nothing of a stream behind that it gives up", async () => {
      await leavesNothing(scripted.orchestrator, subjectOf(stack, port, probe, scripted.gateway));
    });
  });
}

describe("a client that pings as often as it can", () => {
  for (const { stack, probe } of started) {
    if ("missing" in probe || stack.pingEveryMs === undefined) continue;
    it.each(stack.ports)(`keeps its connection, by ${stack.name} on %s`, async (port) => {
      await silences.get(`${stack.name} ${port}`);
    });
  }
});

describe("docs/clients.md", () => clientsPage(() => installation.current));

let subjects = 0;
/** Each with a name of its own, for what it starts and stores. */
function subjectOf(stack: Stack, port: Port, probe: Probe, gateway: Readonly<Record<Port, number>>): Subject {
  subjects += 1;
  const variables = new Variables();
  variables.set("me", `me_${stack.name.replaceAll(/\W/g, "_")}_${port}_${subjects}_`.toLowerCase());
  for (const [name, input] of inputs) variables.set(`script.${name}`, input);
  return { probe, port: gateway[port], pingEveryMs: stack.pingEveryMs, variables };
}

function takes({ name, lacks }: Stack, port: Port, scenario: Scenario): boolean {
  const { only = port } = scenario;
  const features = featuresOf(scenario);
  // Both ports have the same handlers: one stack asks all of both, and the others of the second what hangs on the wire.
  const asksBoth = name === "grpc-js" || port === "port" || !OF_THE_HANDLERS.includes(scenario);
  return asksBoth && only === port && !lacks.some((feature) => features.has(feature));
}

async function compare(scenario: Scenario, stack: Stack, port: Port, subject: Subject): Promise<void> {
  const recorded = await runScenario(scenario, subject);
  const takers = STACKS.filter((each) => each.ports.includes(port) && takes(each, port, scenario));
  // The first that takes it writes it down.
  const writes = takers[0] === stack && port === (scenario.only ?? "port");
  if (!UPDATING || writes) expectGolden(scenario.name, recorded);
}
