// The vectors of made-up runs, which every SDK's kit must play as the server's core does. UPDATE_VECTORS=1 writes them.
import { readFileSync, writeFileSync } from "node:fs";
import { ruleVerdict } from "@agentspan/internal";
import { AgentDefinitionSchema } from "@agentspan/proto";
import type { Agent } from "@agentspan/sdk";
import { expect as expectRun, MockEvent, mockRun, normalisedHistory, type TestedRun } from "@agentspan/sdk/testing";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AGENTS } from "./mock-vector-agents.js";
import { MOCK_SCENARIOS, type MockScenario, type Told } from "./mock-vector-scenarios.js";
import { RULE_ARGS, RULES } from "./rule-vectors.js";

const FILE = new URL("../../../workers/vectors/mock-runs.json", import.meta.url);
const DESCRIPTION =
  "Made-up runs, as the server's core has them. Each scenario is played with an agent, whose definition is under agents; each event is [the kit's function, ...its arguments]. Where it is refused, message is the first line of why, in which {step} is the event as it is written, and at is the index of that event. Otherwise run says what came of it: ids are numbered in the order of their first mention, dates are only there or not, and fields that are empty or false are left out. failures are what expectations that do not hold say. rules says whether approval rules ask for people, and of which they do because they fail.";
/** Fields that hold what the author of a test wrote. */
const DATA = new Set(["args", "askedArgs", "arguments", "output", "value", "labels", "answerSchema"]);
const INPUT = "Refund order ORD-8821";

type Call = (...args: readonly unknown[]) => unknown;

function stepOf([name, ...args]: Told): MockEvent {
  const make = (MockEvent as Readonly<Record<string, Call>>)[name];
  if (make === undefined) throw new Error(`There is no MockEvent.${name}.`);
  return make(...args) as MockEvent;
}

function agentOf({ agent }: MockScenario): Agent {
  const found = AGENTS[agent];
  if (found === undefined) throw new Error(`There is no agent ${agent}.`);
  return found;
}

/** What any run would say of it: its ids differ. */
function withoutIds(text: string): string {
  return text.replace(/\brun_\w+/g, "run_1").replace(/\b(apr|que)_t(\d+)c(\d+)_\d+/g, "$1_t$2c$3");
}

function resultOf(scenario: MockScenario): unknown {
  const { name, agent, events, expected = [] } = scenario;
  const steps = events.map(stepOf);
  const told = { name, agent, events };
  try {
    const run = mockRun(agentOf(scenario), INPUT, { events: steps });
    const failures = expected.map((one) => ({ expected: one, says: failureOf(run, one) }));
    return { ...told, run: plain(run), ...(failures.length === 0 ? {} : { failures }) };
  } catch (error) {
    if (!(error instanceof Error) || error.name !== "KitError") throw error;
    return { ...told, refused: refusalOf(error.message, steps) };
  }
}

function refusalOf(text: string, steps: readonly MockEvent[]): { readonly message: string; readonly at: number } {
  const [message = "", , ...lines] = text.split("\n");
  const at = lines.findIndex((line) => line.startsWith("  > ")) - 1;
  const step = steps[at]?.text;
  return { message: withoutIds(step === undefined ? message : message.replace(step, "{step}")), at };
}

function failureOf(run: TestedRun, [name, ...args]: Told): string {
  const chain = expectRun(run) as unknown as Readonly<Record<string, Call>>;
  try {
    chain[name]?.call(chain, ...args);
  } catch (error) {
    if (error instanceof Error) return withoutIds(error.message);
    throw error;
  }
  throw new Error(`${name} holds of ${run.agentName}.`);
}

/** What went wrong is told in the words of whoever reads the rule. */
function verdictOf(rule: string): unknown {
  const { asks, problem } = ruleVerdict(rule, { arguments: JSON.stringify(RULE_ARGS), labels: {} });
  return problem === undefined ? { rule, asks } : { rule, asks, fails: true };
}

function plain({ runId: _, events, ...run }: TestedRun): unknown {
  return terse({ ...run, events: normalisedHistory(events) }, "");
}

/** Without what every event has, and without fields that say nothing. What others wrote stays as it is. */
function terse(value: unknown, key: string): unknown {
  if (DATA.has(key) || typeof value !== "object" || value === null) return value;
  if (Array.isArray(value)) return value.map((one) => terse(one, ""));
  const { runId: _, at: _at, ...fields } = value as Readonly<Record<string, unknown>>;
  return Object.fromEntries(
    Object.entries(fields)
      .filter(([, field]) => field !== undefined && field !== "" && field !== false && !isEmpty(field))
      .map(([name, field]) => [name, terse(field, name)]),
  );
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

const definitions: Readonly<Record<string, JsonValue>> = Object.fromEntries(
  Object.entries(AGENTS).map(([name, { definition }]) => [name, toJson(AgentDefinitionSchema, definition)]),
);
const made = JSON.parse(
  JSON.stringify({
    description: DESCRIPTION,
    input: INPUT,
    agents: definitions,
    vectors: MOCK_SCENARIOS.map(resultOf),
    rules: { args: RULE_ARGS, verdicts: RULES.map(verdictOf) },
  }),
);
if (process.env.UPDATE_VECTORS === "1") writeFileSync(FILE, `${JSON.stringify(made, undefined, 2)}\n`);
const file = JSON.parse(readFileSync(FILE, "utf8"));

describe("the vectors of made-up runs", () => {
  it("are of the agents as they are", () => {
    expect({ ...file, vectors: [] }).toEqual({ ...made, vectors: [] });
  });

  it.each(MOCK_SCENARIOS.map(({ name }, index) => ({ name, index })))(
    "say what the core makes of $name",
    ({ index }) => {
      expect(file.vectors[index]).toEqual(made.vectors[index]);
    },
  );

  it("have names of their own, each refused where its name says so", () => {
    const names = MOCK_SCENARIOS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    const refused = (made.vectors as readonly { name: string; refused?: unknown }[]).filter((one) => one.refused);
    expect(refused.map(({ name }) => name)).toEqual(names.filter((name) => name.startsWith("refused: ")));
  });

  it("cover every event that can be made up, and the words of every expectation", () => {
    const events = new Set(MOCK_SCENARIOS.flatMap((scenario) => scenario.events.map(([name]) => name)));
    expect([...events].sort()).toEqual(Object.keys(MockEvent).sort());
  });
});
