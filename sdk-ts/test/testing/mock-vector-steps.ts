// What the scenarios of made-up runs are written in: [event, ...arguments].
import { ORDER, REFUND } from "./refund-agent.js";

export type Told = readonly [name: string, ...args: readonly unknown[]];

export interface MockScenario {
  readonly name: string;
  readonly agent: string;
  readonly events: readonly Told[];
  /** Expectations that fail, whose words are the same everywhere. */
  readonly expected?: readonly Told[];
}

export const LOOKS = ["toolCall", "get_order", ORDER] as const;
export const FOUND = ["toolResult", "get_order", { amount: 29.99 }] as const;
export const REFUNDS = ["toolCall", "process_refund", REFUND] as const;
export const REFUNDED = ["toolResult", "process_refund", { refunded: true }] as const;
export const ASKS = ["toolCall", "ask_customer", { question: "Which size?" }] as const;
export const WAITS = ["waiting"] as const;
export const DONE = ["done", "Done."] as const;
export const PAYS = ["toolCall", "pay", { amount: 500 }] as const;

export function decided(outcome: string, details: Readonly<Record<string, unknown>> = {}): Told {
  return ["decided", outcome, details];
}
