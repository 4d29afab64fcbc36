// What the model says in each turn, and how people and callers behave: the kinds of run that are driven through faults.
import type { ScriptedCall, Step } from "@agentspan/e2e";
import type { Random } from "./random.js";

export interface Story {
  readonly name: string;
  /** How often it is told, against the others. */
  readonly weight: number;
  readonly steps: (random: Random) => readonly Step[];
  /** Nobody serves its tools; it is cancelled. */
  readonly unserved?: boolean;
  /** It is cancelled when it may have ended already. */
  readonly cancelled?: "late";
  /** Its agent is the one whose tools have policies. */
  readonly policies?: boolean;
  /** People take their time to decide, perhaps until it is too late. */
  readonly dawdles?: boolean;
  /** It is left alone by those who pause and cancel. */
  readonly undisturbed?: boolean;
}

const DONE: Step = { text: "done" };

function order(random: Random, takes = random.between(0, 120)): ScriptedCall {
  return { tool: "get_order", args: { order_id: `ORD-${random.between(1, 99_999)}`, takes } };
}

function refund(random: Random, takes = random.between(20, 400)): ScriptedCall {
  return {
    tool: "refund",
    args: { order_id: `ORD-${random.between(1, 99_999)}`, amount: random.between(1, 500), takes },
  };
}

export const STORIES: readonly Story[] = [
  { name: "a refund", weight: 8, steps: (r) => [{ calls: [order(r)] }, { calls: [refund(r)] }, DONE] },
  {
    name: "plain tools alone",
    weight: 3,
    steps: (r) => [{ calls: [order(r), order(r)] }, { calls: [order(r)] }, DONE],
  },
  {
    name: "plain and gated calls in one turn",
    weight: 5,
    steps: (r) => [{ calls: [order(r), refund(r), { tool: "email", args: { takes: r.between(0, 200) } }] }, DONE],
  },
  { name: "two refunds in a row", weight: 3, steps: (r) => [{ calls: [refund(r)] }, { calls: [refund(r)] }, DONE] },
  {
    name: "a tool that is tried again",
    weight: 2,
    steps: (r) => [{ calls: [{ tool: "get_order", args: { failures: 2 } }] }, { calls: [refund(r)] }, DONE],
  },
  {
    name: "a guarded tool that nobody approves",
    weight: 3,
    steps: (r) => [{ calls: [{ tool: "charge", args: { takes: r.between(20, 400) } }] }, DONE],
  },
  {
    name: "a payout whose receiver enforces the key, with a probe",
    weight: 4,
    steps: (r) => [{ calls: [{ tool: "payout", args: { takes: r.between(20, 600) } }] }, DONE],
  },
  {
    name: "a wire with a probe",
    weight: 3,
    steps: (r) => [{ calls: [{ tool: "wire", args: { takes: r.between(20, 600) } }] }, DONE],
  },
  {
    name: "an adjustment that shows what it would do",
    weight: 3,
    steps: (r) => [{ calls: [{ tool: "adjust", args: { balance: 100, amount: r.between(1, 90) } }] }, DONE],
  },
  {
    name: "an adjustment that would do something else each time",
    weight: 1,
    steps: () => [{ calls: [{ tool: "adjust", args: { amount: 1 } }] }, DONE],
  },
  {
    name: "a refund past its time-out",
    weight: 1,
    steps: (r) => [{ calls: [{ tool: "transfer", args: { takes: r.pick([50, 900]) } }] }, DONE],
  },
  { name: "a slow plain tool", weight: 2, steps: (r) => [{ calls: [order(r, 1_600)] }, { calls: [refund(r)] }, DONE] },
  {
    name: "a long history",
    weight: 1,
    undisturbed: true,
    steps: (r) => [
      ...Array.from({ length: 5 }, () => ({ calls: [{ tool: "get_order", args: { bytes: 200_000 } }] })),
      { calls: [refund(r)] },
      DONE,
    ],
  },
  { name: "tools that nobody serves", weight: 1, unserved: true, steps: (r) => [{ calls: [order(r)] }, DONE] },
];

/** A list in which each story stands as often as it weighs. */
export function weighted(stories: readonly Story[]): readonly Story[] {
  return stories.flatMap((story) => Array.from({ length: story.weight }, () => story));
}
