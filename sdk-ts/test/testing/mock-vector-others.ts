// Made-up runs of agents with policies, schemas and limits of all kinds.
import { DONE, decided, FOUND, LOOKS, type MockScenario, PAYS, REFUNDS, WAITS } from "./mock-vector-steps.js";
import { ORDER } from "./refund-agent.js";

export const OTHER_RUNS: readonly MockScenario[] = [
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
    expected: [
      ["approved", "pay", "tom"],
      ["didNotUseTool", "pay"],
    ],
  },
  {
    name: "one vote is not enough",
    agent: "payer",
    events: [PAYS, decided("APPROVED", { by: "maria" }), WAITS],
    expected: [
      ["approved", "pay"],
      ["approved", "pay", "tom"],
    ],
  },
  {
    name: "refused: an end after one vote of two",
    agent: "payer",
    events: [PAYS, WAITS, decided("APPROVED", { by: "maria" }), DONE],
  },
  {
    name: "an edit begins the votes anew",
    agent: "payer",
    events: [
      ...[PAYS, decided("APPROVED", { by: "maria" }), decided("APPROVED", { by: "tom", args: { amount: 5 } })],
      ...[decided("APPROVED", { by: "maria" }), ["toolResult", "pay", 1] as const],
    ],
    expected: [["usedTool", "pay", { amount: 500 }]],
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
  {
    name: "refused: waiting where the rule does not ask",
    agent: "ruled",
    events: [["toolCall", "pay", { amount: 5 }], WAITS],
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
    expected: [
      ...[["usedTool", "process_refund"] as const, ["didNotUseTool", "process_refund"] as const],
      ...[["usedTimes", "process_refund", 0] as const, ["toolFailed", "process_refund"] as const],
      ...[["toolCallOrder", ["process_refund", "refund_agent"]] as const, ["toolsUsedExactly", ["get_order"]] as const],
      ...[["paused"] as const, ["approved"] as const, ["approved", "process_refund"] as const, ["rejected"] as const],
      ...[["answered"] as const, ["expired", "process_refund"] as const, ["allowedByGrant"] as const],
    ],
  },
  {
    name: "a run in a run that fails",
    agent: "desk",
    events: [["toolCall", "refund_agent", { input: "Refund" }], ["toolError", "refund_agent", "overloaded"], DONE],
    expected: [["noErrors"]],
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
