// The vectors of made-up runs, which every SDK's kit must play as the server's core does. UPDATE_VECTORS=1 writes them.
import { readFileSync, writeFileSync } from "node:fs";
import { ruleVerdict } from "@agentspan/internal";
import { AgentDefinitionSchema } from "@agentspan/proto";
import * as kit from "@agentspan/sdk/testing";
import { type JsonValue, toJson } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { AGENTS } from "./mock-vector-agents.js";
import { INPUT, vectorsOf } from "./mock-vector-runs.js";
import { MOCK_SCENARIOS } from "./mock-vector-scenarios.js";
import { RULE_ARGS, RULES } from "./rule-vectors.js";

const FILE = new URL("../../../workers/vectors/mock-runs.json", import.meta.url);
const DESCRIPTION =
  "Made-up runs, as the server's core has them. Each scenario is played with an agent, whose definition is under agents; each event is [the kit's function, ...its arguments]. Where it is refused, message is the first line of why, in which {step} is the event as it is written, and at is the index of that event. Otherwise run says what came of it: ids are numbered in the order of their first mention, dates are only there or not, and fields that are empty or false are left out. failures are what expectations that do not hold say. rules says whether approval rules ask for people, and of which they do because they fail.";
/** What went wrong is told in the words of whoever reads the rule. */
function verdictOf(rule: string): unknown {
  const { asks, problem } = ruleVerdict(rule, { arguments: JSON.stringify(RULE_ARGS), labels: {} });
  return problem === undefined ? { rule, asks } : { rule, asks, fails: true };
}

const definitions: Readonly<Record<string, JsonValue>> = Object.fromEntries(
  Object.entries(AGENTS).map(([name, { definition }]) => [name, toJson(AgentDefinitionSchema, definition)]),
);
const made = JSON.parse(
  JSON.stringify({
    description: DESCRIPTION,
    input: INPUT,
    agents: definitions,
    vectors: vectorsOf(kit),
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

  it("cover every event that can be made up, and what every expectation says", () => {
    const events = new Set(MOCK_SCENARIOS.flatMap((scenario) => scenario.events.map(([name]) => name)));
    expect([...events].sort()).toEqual(Object.keys(kit.MockEvent).sort());
    const said = new Set(MOCK_SCENARIOS.flatMap(({ expected = [] }) => expected.map(([name]) => name)));
    // What a pattern or a type is, is the language's own.
    const own = ["constructor", "outputMatches", "outputType"];
    const chain = Object.getOwnPropertyNames(kit.Expectation.prototype).filter((name) => !own.includes(name));
    expect([...said].sort()).toEqual(chain.sort());
  });
});
