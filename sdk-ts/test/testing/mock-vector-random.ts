// Scripts of made-up runs by chance. Of each, what is refused is left out, so that it goes on from what was taken.
import fc from "fast-check";
import { AGENTS } from "./mock-vector-agents.js";
import { type PlayingKit, resultOf } from "./mock-vector-runs.js";
import type { Told } from "./mock-vector-steps.js";

/** What each tool may be called with; most of it fits. */
const ARGS: Readonly<Record<string, readonly unknown[]>> = {
  get_order: [{ order_id: "ORD-1" }, { order_id: "ORD-2" }, { order_id: 1 }],
  process_refund: [{ order_id: "ORD-1", amount: 1 }, { order_id: "ORD-1", amount: 2.5 }, {}],
  ask_customer: [{ question: "Which size?" }, { question: "" }],
  book: [
    { flight: "BA1", seats: 1 },
    { flight: "b", seats: 0 },
    { seats: 1, meal: true },
  ],
  refund_agent: [{ input: "Refund" }, {}],
  closer: [{ input: "Close" }],
};
const AMOUNTS = [{ amount: 5 }, { amount: 101 }, { amount: 500 }, { amount: "5" }];

function told(tools: readonly string[]): fc.Arbitrary<Told> {
  const tool = fc.constantFrom(...(tools.length === 0 ? ["get_order"] : tools));
  const argsOf = (name: string) => fc.constantFrom(...(ARGS[name] ?? AMOUNTS));
  const maybe = <T>(of: fc.Arbitrary<T>, freq: number) => fc.option(of, { nil: undefined, freq });
  const details = tool.chain((name) =>
    fc.record({
      by: maybe(fc.constantFrom("maria", "tom", "eve", " tom"), 3),
      groups: maybe(fc.constantFrom(["finance"], ["board"], ["finance", "board"], ["others"]), 1),
      reason: maybe(fc.constantFrom("because", "✓"), 1),
      args: maybe(argsOf(name), 1),
      toolName: maybe(fc.constant(name), 1),
      content: maybe(fc.constantFrom<unknown>({ size: "M" }, { size: "XL" }, 7, null), 1),
    }),
  );
  const outcomes = ["APPROVED", "APPROVED", "APPROVED", "REJECTED", "RESPONDED"];
  return fc.oneof(
    { weight: 7, arbitrary: tool.chain((name) => argsOf(name).map((args): Told => ["toolCall", name, args])) },
    {
      weight: 6,
      arbitrary: fc
        .tuple(tool, fc.constantFrom<unknown>(null, 1, "x", { a: [1, 2.5, null] }))
        .map(([name, value]): Told => {
          return ["toolResult", name, value];
        }),
    },
    { weight: 2, arbitrary: tool.map((name): Told => ["toolError", name, "closed"]) },
    { weight: 2, arbitrary: fc.constant<Told>(["waiting"]) },
    {
      weight: 6,
      arbitrary: fc.tuple(fc.constantFrom(...outcomes), details).map(([outcome, said]): Told => {
        const given = Object.entries(said).filter(([, one]) => one !== undefined);
        return ["decided", outcome, Object.fromEntries(given)];
      }),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<Told>(["thinking", "Hm."], ["guardrailFail", "tone"], ["error", "overloaded"]),
    },
    {
      weight: 1,
      arbitrary: fc.constantFrom<unknown>("Done.", { refunded: true }, "", 7).map((result): Told => ["done", result]),
    },
  );
}

/** What a kit makes of that many scripts and of all their beginnings. */
export function randomVectors(
  kit: PlayingKit,
  { scripts, seed }: { scripts: number; seed: number },
): readonly unknown[] {
  const script = fc.constantFrom(...Object.keys(AGENTS)).chain((agent) => {
    const tools = AGENTS[agent]?.tools.map(({ name }) => name) ?? [];
    return fc.record({ agent: fc.constant(agent), tries: fc.array(told(tools), { minLength: 4, maxLength: 14 }) });
  });
  return fc.sample(script, { numRuns: scripts, seed }).flatMap(({ agent, tries }) => {
    let taken: readonly Told[] = [];
    return tries.map((one) => {
      const events = [...taken, one];
      const result = resultOf(kit, { name: "by chance", agent, events });
      if (!("refused" in result)) taken = events;
      return result;
    });
  });
}
