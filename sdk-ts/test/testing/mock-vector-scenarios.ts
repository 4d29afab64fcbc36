// Made-up runs that every SDK's kit must play alike, as data: [event, ...arguments], and what is expected of the run.
import { ORDER, REFUND } from "./refund-agent.js";

export type Told = readonly [name: string, ...args: readonly unknown[]];

export interface MockScenario {
  readonly name: string;
  readonly agent: string;
  readonly events: readonly Told[];
  /** Expectations that fail, whose words are the same everywhere. */
  readonly expected?: readonly Told[];
}

const LOOKS = ["toolCall", "get_order", ORDER] as const;
const FOUND = ["toolResult", "get_order", { amount: 29.99 }] as const;
const REFUNDS = ["toolCall", "process_refund", REFUND] as const;
const REFUNDED = ["toolResult", "process_refund", { refunded: true }] as const;
const ASKS = ["toolCall", "ask_customer", { question: "Which size?" }] as const;
const WAITS = ["waiting"] as const;
const DONE = ["done", "Done."] as const;
const PAYS = ["toolCall", "pay", { amount: 500 }] as const;

function decided(outcome: string, details: Readonly<Record<string, unknown>> = {}): Told {
  return ["decided", outcome, details];
}

const REFUND_RUNS: readonly Omit<MockScenario, "agent">[] = [
  {
    name: "the page's example",
    events: [
      LOOKS,
      FOUND,
      REFUNDS,
      ["waiting", "Waiting for refund approval"],
      ["done", "Refund of $29.99 processed."],
    ],
    expected: [
      ["failed"],
      ["failed", "MAX_TURNS"],
      ["status", "WAITING"],
      ["usedTool", "ask_customer"],
      ["usedTool", "process_refund", { ...REFUND, amount: 2999 }],
      ["didNotUseTool", "process_refund"],
      ["toolCallOrder", ["process_refund", "get_order"]],
      ["toolsUsedExactly", ["get_order", "ask_customer"]],
      ["output", "Lost."],
      ["outputContains", "Lost"],
      ["eventsContain", "error"],
      ["eventsContain", { type: "error", reason: "MODEL_FAILED" }],
      ["eventSequence", ["done", "tool_call"]],
      ["maxTurns", 2],
      ["paused", "get_order"],
      ["approved", "process_refund", "maria"],
      ["rejected"],
      ["answered", "process_refund"],
      ["expired", "get_order"],
    ],
  },
  { name: "nothing happens yet", events: [], expected: [["completed"], ["usedTool", "get_order"], ["output", 1]] },
  { name: "an answer at once", events: [["done", 'It says "no".\n✓']], expected: [["usedTool", "process_refund"]] },
  { name: "an answer that is no text", events: [["done", { refunded: true, lines: [1, 2.5, null] }]] },
  { name: "a plain call that has no result yet", events: [LOOKS] },
  { name: "a plain call whose result is left out", events: [LOOKS, DONE] },
  {
    name: "a call that waits for ever",
    events: [REFUNDS, WAITS],
    expected: [["completed"], ["usedTool", "process_refund"], ["output", "x"], ["approved"]],
  },
  { name: "an approved call", events: [REFUNDS, WAITS, decided("APPROVED", { by: "maria" }), REFUNDED, DONE] },
  { name: "an approval without a word of waiting", events: [REFUNDS, decided("APPROVED", { reason: "ok" }), REFUNDED] },
  {
    name: "other arguments than the model's",
    events: [REFUNDS, decided("APPROVED", { by: "maria", args: { ...REFUND, amount: 10 } }), REFUNDED, DONE],
    expected: [
      ["usedTool", "process_refund", REFUND],
      ["rejected", "process_refund"],
    ],
  },
  { name: "the same arguments again are no edit", events: [REFUNDS, decided("APPROVED", { args: REFUND }), REFUNDED] },
  {
    name: "a rejected call",
    events: [REFUNDS, WAITS, decided("REJECTED", { by: "maria", reason: "not delivered yet" }), ["done", "Sorry."]],
    expected: [["usedTool", "process_refund"], ["approved"], ["rejected", "process_refund", "too late"]],
  },
  {
    name: "an answer in place of a tool",
    events: [REFUNDS, decided("RESPONDED", { content: { paid: true } }), DONE],
    expected: [
      ["usedTool", "process_refund"],
      ["answered", "get_order"],
    ],
  },
  {
    name: "a question that is answered",
    events: [ASKS, WAITS, decided("RESPONDED", { by: "alex", content: { size: "M" } }), DONE],
    expected: [["didNotUseTool", "ask_customer"]],
  },
  { name: "a question that is declined", events: [ASKS, decided("REJECTED", { reason: "nobody knows" }), DONE] },
  {
    name: "several calls in one reply, decided one by one",
    events: [
      ...[REFUNDS, ["toolCall", "process_refund", { ...REFUND, amount: 1 }] as const, LOOKS, WAITS],
      ...[decided("APPROVED"), decided("REJECTED", { reason: "once is enough" }), FOUND, REFUNDED, DONE],
    ],
  },
  { name: "one waiting for several calls", events: [REFUNDS, REFUNDS, WAITS, DONE] },
  { name: "a decision by its tool's name", events: [REFUNDS, ASKS, decided("REJECTED", { toolName: "ask_customer" })] },
  {
    name: "a model that fails",
    events: [LOOKS, FOUND, ["error", "overloaded"]],
    expected: [["completed"], ["noErrors"]],
  },
  { name: "a model that fails at once", events: [["error", "no such model"]] },
  {
    name: "what the kit alone knows",
    events: [
      ...[["thinking", "An order first."] as const, LOOKS, ["message", "Looking."] as const, FOUND],
      ...[["handoff", "closer"] as const, ["guardrailPass", "tone"] as const],
      ...[["guardrailFail", "length", "too long"] as const, ["guardrailFail", "tone"] as const, DONE],
    ],
    expected: [["eventsContain", { type: "handoff", agentName: "nobody" }]],
  },
  { name: "a word within one reply", events: [LOOKS, ["thinking", "And the refund."], REFUNDS] },
  { name: "refused: a result before the approval", events: [REFUNDS, REFUNDED] },
  { name: "refused: a result while it waits", events: [REFUNDS, WAITS, REFUNDED] },
  { name: "refused: a result after a rejection", events: [REFUNDS, decided("REJECTED"), REFUNDED] },
  { name: "refused: done before the approval", events: [REFUNDS, ["done", "Refunded."]] },
  { name: "refused: done while a question waits", events: [ASKS, WAITS, DONE] },
  { name: "refused: an error while it waits", events: [REFUNDS, ["error", "overloaded"]] },
  { name: "refused: a question's result", events: [ASKS, ["toolResult", "ask_customer", "M"]] },
  { name: "refused: a question that is approved", events: [ASKS, decided("APPROVED")] },
  { name: "refused: an answer that the question does not allow", events: [ASKS, decided("RESPONDED", { content: 7 })] },
  { name: "refused: waiting for nobody", events: [LOOKS, ["waiting", "hm"]] },
  { name: "refused: a decision that nobody asked for", events: [decided("APPROVED")] },
  {
    name: "refused: a decision about another tool",
    events: [REFUNDS, decided("REJECTED", { toolName: "get_order", reason: "no" })],
  },
  {
    name: "refused: edited arguments that do not fit",
    events: [REFUNDS, decided("APPROVED", { args: { order_id: "ORD-8821" } })],
  },
  { name: "refused: a tool that there is not", events: [["toolCall", "refund", {}]] },
  { name: "refused: the result of a tool that there is not", events: [["toolResult", "refund", 1]] },
  { name: "refused: a result of no call", events: [["toolResult", "get_order", 1]] },
  { name: "refused: a second result", events: [LOOKS, FOUND, FOUND] },
  {
    name: "refused: arguments that do not fit",
    events: [["toolCall", "process_refund", { order_id: "ORD-1" }], WAITS],
  },
  { name: "refused: the second of two calls", events: [LOOKS, ["toolCall", "process_refund", {}]] },
  { name: "refused: the model's next step before a result", events: [LOOKS, WAITS, LOOKS] },
  {
    name: "refused: the model's next step before a plain result",
    events: [LOOKS, REFUNDS, decided("APPROVED"), LOOKS],
  },
  { name: "refused: the model's next step while it waits", events: [LOOKS, REFUNDS, FOUND, LOOKS] },
  { name: "refused: anything after the end", events: [DONE, LOOKS] },
  { name: "refused: a second end", events: [["error", "overloaded"], DONE] },
];

const OTHER_RUNS: readonly MockScenario[] = [
  { name: "refused: waiting of an agent without tools", agent: "bare", events: [WAITS] },
  { name: "refused: a call of an agent without tools", agent: "bare", events: [["toolCall", "get_order", ORDER]] },
  { name: "the turns are used up", agent: "short", events: [LOOKS, FOUND], expected: [["completed"], ["noErrors"]] },
  { name: "the turns are used up by a rejection", agent: "short", events: [REFUNDS, decided("REJECTED")] },
  { name: "the turns are used up before the end", agent: "short", events: [LOOKS, DONE] },
  { name: "refused: done after the turns are used up", agent: "short", events: [LOOKS, FOUND, DONE] },
  { name: "an answer by its schema", agent: "typed", events: [["done", { refunded: true }]] },
  { name: "refused: an answer that the schema does not allow", agent: "typed", events: [["done", "Yes."]] },
  { name: "refused: an answer with the wrong type in it", agent: "typed", events: [["done", { refunded: 1 }]] },
  { name: "an answer that does not fit, and no turn is left", agent: "typedOnce", events: [["done", "Yes."]] },
  {
    name: "two votes, one by a group",
    agent: "payer",
    events: [
      ...[PAYS, WAITS, decided("APPROVED", { by: "maria" }), decided("APPROVED", { by: "eve", groups: ["finance"] })],
      ...[["toolResult", "pay", 1] as const, DONE],
    ],
  },
  { name: "one vote is not enough", agent: "payer", events: [PAYS, decided("APPROVED", { by: "maria" }), WAITS] },
  {
    name: "an edit begins the votes anew",
    agent: "payer",
    events: [
      ...[PAYS, decided("APPROVED", { by: "maria" }), decided("APPROVED", { by: "tom", args: { amount: 5 } })],
      ...[decided("APPROVED", { by: "maria" }), ["toolResult", "pay", 1] as const],
    ],
  },
  { name: "one rejection closes", agent: "payer", events: [PAYS, decided("REJECTED", { by: "tom", reason: "no" })] },
  { name: "refused: somebody whom the policy does not name", agent: "payer", events: [PAYS, decided("APPROVED")] },
  {
    name: "refused: a result after one vote of two",
    agent: "payer",
    events: [PAYS, decided("APPROVED", { by: "maria" }), ["toolResult", "pay", 1]],
  },
  {
    name: "refused: the same person twice, and a result",
    agent: "payer",
    events: [PAYS, decided("APPROVED", { by: "tom" }), decided("APPROVED", { by: "tom" }), ["toolResult", "pay", 1]],
  },
  { name: "refused: an unsaid approval that the policy does not allow", agent: "payer", events: [PAYS, WAITS, DONE] },
  {
    name: "a rule that does not ask",
    agent: "ruled",
    events: [["toolCall", "pay", { amount: 5 }], ["toolResult", "pay"], DONE],
  },
  { name: "a rule that asks", agent: "ruled", events: [PAYS, WAITS] },
  { name: "a rule that cannot be applied asks", agent: "ruled", events: [["toolCall", "give", { amount: 5 }], WAITS] },
  {
    name: "an edit that the rule does not ask about",
    agent: "ruled",
    events: [PAYS, decided("APPROVED", { args: { amount: 50 } }), ["toolResult", "pay", 1], DONE],
  },
  { name: "refused: an unsaid approval where two must agree", agent: "ruled", events: [PAYS, WAITS, DONE] },
  {
    name: "refused: a decision that comes too late",
    agent: "hasty",
    events: [["toolCall", "late", { amount: 1 }], WAITS, decided("APPROVED")],
  },
  {
    name: "nobody decided in time, and others do",
    agent: "hasty",
    events: [["toolCall", "handed_on", { amount: 1 }], decided("APPROVED", { by: "eve", groups: ["board"] })],
  },
  {
    name: "refused: whoever came too late",
    agent: "hasty",
    events: [["toolCall", "handed_on", { amount: 1 }], decided("APPROVED", { by: "maria" })],
  },
  {
    name: "a call that starts once",
    agent: "careful",
    events: [["toolCall", "pay_once", { amount: 1 }], ["toolResult", "pay_once", "x".repeat(20)], DONE],
  },
  {
    name: "a call with a preview",
    agent: "careful",
    events: [["toolCall", "adjust", { amount: 1 }], WAITS, decided("APPROVED"), ["toolResult", "adjust", 1], DONE],
  },
  {
    name: "a run in a run",
    agent: "desk",
    events: [["toolCall", "refund_agent", { input: "Refund" }], ["toolResult", "refund_agent", "Refunded."], DONE],
  },
  { name: "a run in a run that goes on", agent: "desk", events: [["toolCall", "refund_agent", { input: "Refund" }]] },
  {
    name: "a run in a run that waits for its approval",
    agent: "desk",
    events: [
      ["toolCall", "closer", { input: "x" }],
      WAITS,
      decided("APPROVED"),
      ["toolResult", "closer", "Closed."],
      DONE,
    ],
  },
  {
    name: "refused: a run in a run before its approval",
    agent: "desk",
    events: [
      ["toolCall", "closer", { input: "x" }],
      ["toolResult", "closer", 1],
    ],
  },
  {
    name: "refused: a run in a run without its input",
    agent: "desk",
    events: [["toolCall", "refund_agent", {}], DONE],
  },
];

const BOOKED = { flight: "BA117", seats: 1 } as const;
const UNFIT: Readonly<Record<string, unknown>> = {
  "two that are missing": {},
  "one of another type": { ...BOOKED, seats: "1" },
  "one too many": { ...BOOKED, meal: true },
  "one too small": { ...BOOKED, seats: 0 },
  "one too large": { ...BOOKED, seats: 10 },
  "a text too short": { ...BOOKED, flight: "B" },
  "a text too long": { ...BOOKED, flight: "BA117117" },
  "a text of another form": { ...BOOKED, flight: "ba117" },
  "none of the allowed": { ...BOOKED, cabin: "first" },
  "not the constant": { ...BOOKED, terms: false },
  "an empty list": { ...BOOKED, bags: [] },
  "a list too long": { ...BOOKED, bags: [1, 2, 3] },
  "an element that is wrong": { ...BOOKED, bags: [1, 0] },
  "none of the choices": { ...BOOKED, note: 7 },
  "no multiple": { ...BOOKED, step: 7 },
  "one at the limit": { ...BOOKED, step: 50 },
  "several at once": { seats: "1", meal: true, cabin: "first" },
};

export const MOCK_SCENARIOS: readonly MockScenario[] = [
  ...REFUND_RUNS.map((scenario) => ({ ...scenario, agent: "refund" })),
  ...OTHER_RUNS,
  ...Object.entries(UNFIT).map(([what, args]) => {
    return { name: `refused: arguments with ${what}`, agent: "airline", events: [["toolCall", "book", args] as const] };
  }),
  {
    name: "arguments of every kind",
    agent: "airline",
    events: [["toolCall", "book", { ...BOOKED, note: null, bags: [0.5] }]],
  },
];
