// What the model says in the runs of the tests, by the input that starts them.
import type { ModelServer, Step } from "@agentspan/e2e";

const REFUND = { tool: "refund", args: { order_id: "ORD-8821", amount: 29.99 } };
const DONE = { text: "All done." };

const SCRIPTS: Readonly<Record<string, readonly Step[]>> = {
  refund: [{ calls: [REFUND] }, DONE],
  twoRefunds: [{ calls: [REFUND, { tool: "email", args: { to: "Zoë", text: "…\u2028" } }] }, DONE],
  ask: [{ calls: [{ tool: "ask", args: { question: "Which colour?" } }] }, DONE],
  // Longer than its definition allows.
  transfer: [{ calls: [{ tool: "transfer", args: { takes: 5_000 } }] }, DONE],
};

/** The input for each script; one serves any number of runs. */
export function scriptModel(model: Pick<ModelServer, "script">): ReadonlyMap<string, string> {
  return new Map(Object.entries(SCRIPTS).map(([name, steps]) => [name, model.script(name, steps)]));
}
