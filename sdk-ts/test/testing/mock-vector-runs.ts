// What a kit makes of the scenarios: the content of workers/vectors/mock-runs.json.
import type { Agent } from "@agentspan/sdk";
import type { Expectation, MockEvent, TestedRun } from "@agentspan/sdk/testing";
import { AGENTS } from "./mock-vector-agents.js";
import { MOCK_SCENARIOS } from "./mock-vector-scenarios.js";
import type { MockScenario, Told } from "./mock-vector-steps.js";

/** The SDK's kit, or one on another core. */
export type PlayingKit = Pick<
  typeof import("@agentspan/sdk/testing"),
  "mockRun" | "MockEvent" | "expect" | "normalisedHistory"
>;

/** Fields that hold what the author of a test wrote. */
const DATA = new Set(["args", "askedArgs", "arguments", "output", "value", "labels", "answerSchema"]);
export const INPUT = "Refund order ORD-8821";

type Call = (...args: readonly unknown[]) => unknown;

function stepOf(steps: PlayingKit["MockEvent"], [name, ...args]: Told): MockEvent {
  const make = (steps as Readonly<Record<string, Call>>)[name];
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
  return text.replace(/\brun_[a-z0-9]{20,}/g, "run_1").replace(/\b(apr|que)_t(\d+)c(\d+)_\d+/g, "$1_t$2c$3");
}

/** What a kit makes of each scenario. */
export function vectorsOf(kit: PlayingKit): readonly unknown[] {
  return JSON.parse(JSON.stringify(MOCK_SCENARIOS.map((scenario) => resultOf(kit, scenario))));
}

/** What a kit makes of one: the same content, of the scenario's run or of why there is none. */
export function resultOf(
  { mockRun, MockEvent, expect, normalisedHistory }: PlayingKit,
  scenario: MockScenario,
): object {
  const { name, agent, events, expected = [] } = scenario;
  const steps = events.map((event) => stepOf(MockEvent, event));
  const told = { name, agent, events };
  try {
    const run = mockRun(agentOf(scenario), INPUT, { events: steps });
    const failures = expected.map((one) => ({ expected: one, says: failureOf(expect(run), one) }));
    return { ...told, run: plain(run, normalisedHistory(run.events)), ...(failures.length === 0 ? {} : { failures }) };
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

function failureOf(expectation: Expectation, [name, ...args]: Told): string {
  const chain = expectation as unknown as Readonly<Record<string, Call>>;
  try {
    chain[name]?.call(chain, ...args);
  } catch (error) {
    if (error instanceof Error) return withoutIds(error.message);
    throw error;
  }
  throw new Error(`${name} holds of ${expectation.run.agentName}.`);
}

function plain({ runId: _, tools: _tools, ...run }: TestedRun, events: readonly unknown[]): unknown {
  return JSON.parse(withoutIds(JSON.stringify(terse({ ...run, events }, ""))));
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
