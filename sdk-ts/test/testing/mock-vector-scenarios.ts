// Made-up runs that every SDK's kit must play alike, as data, and what is expected of the runs.
import { OTHER_RUNS } from "./mock-vector-others.js";
import { REFUND_RUNS } from "./mock-vector-refunds.js";
import type { MockScenario } from "./mock-vector-steps.js";

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
  "a text twice": { ...BOOKED, tags: ["a", "b", "a", "a"] },
  "an element twice": { ...BOOKED, legs: [{}, 1, {}, 1] },
  "a list without one of a kind": { ...BOOKED, legs: [1] },
  "two members of another type": { ...BOOKED, extras: { y: "1", x: 1.5 } },
  "too many members": { ...BOOKED, extras: { x: 1, y: 2, z: 3 } },
  "no members": { ...BOOKED, extras: {} },
  "two of the choices": { ...BOOKED, fare: 7 },
  "none of the choices, and what must not be": { ...BOOKED, fare: 0 },
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
