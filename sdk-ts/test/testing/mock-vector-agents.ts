// The agents of the made-up runs that every SDK's kit must play alike.
import { Agent, agentTool, tool } from "@agentspan/sdk";
import { z } from "zod";
import { refundAgent, till } from "./refund-agent.js";

const refund = refundAgent(till());
const pays = { description: "Pays.", inputSchema: z.object({ amount: z.number() }) } as const;
const model = "openai/gpt-4o-mini";

/** What an airline's tool takes: a constraint of each kind. */
const SEATS = {
  type: "object",
  properties: {
    flight: { type: "string", minLength: 2, maxLength: 6, pattern: "^[A-Z]" },
    seats: { type: "integer", minimum: 1, maximum: 9 },
    cabin: { enum: ["economy", "business"] },
    bags: { type: "array", items: { type: "number", exclusiveMinimum: 0 }, minItems: 1, maxItems: 2 },
    note: { anyOf: [{ type: "string" }, { type: "null" }] },
    terms: { const: true },
    tags: { type: "array", items: { type: "string" }, uniqueItems: true },
    legs: { type: "array", uniqueItems: true, contains: { type: "object" } },
    extras: { type: "object", additionalProperties: { type: "integer" }, minProperties: 1, maxProperties: 2 },
    fare: { oneOf: [{ type: "number" }, { type: "integer" }], not: { const: 0 } },
    step: { type: "number", multipleOf: 5, exclusiveMaximum: 50 },
  },
  required: ["flight", "seats"],
  additionalProperties: false,
} as const;

export const AGENTS: Readonly<Record<string, Agent>> = {
  refund,
  bare: new Agent({ name: "bare", model }),
  short: new Agent({ name: "short", model, tools: refund.tools, maxTurns: 1 }),
  typed: new Agent({ name: "typed", model, outputSchema: z.object({ refunded: z.boolean() }) }),
  typedOnce: new Agent({ name: "typed", model, outputSchema: z.object({ refunded: z.boolean() }), maxTurns: 1 }),
  payer: new Agent({
    name: "payer",
    model,
    tools: [
      tool(() => 1, {
        ...pays,
        name: "pay",
        approval: { approvers: { users: ["maria", "tom"], groups: ["finance"] }, votes: 2, expiresIn: "30d" },
      }),
    ],
  }),
  ruled: new Agent({
    name: "ruled",
    model,
    tools: [
      tool(() => 1, { ...pays, name: "pay", approval: { rule: "args.amount > 100", votes: 2 } }),
      tool(() => 1, { ...pays, name: "give", approval: { rule: "args.missing > 100" } }),
    ],
  }),
  hasty: new Agent({
    name: "hasty",
    model,
    tools: [
      tool(() => 1, { ...pays, name: "late", approval: { expiresIn: "1s" } }),
      tool(() => 1, {
        ...pays,
        name: "handed_on",
        approval: {
          approvers: { users: ["maria"] },
          expiresIn: "1s",
          onExpiry: "escalate",
          escalateTo: { groups: ["board"] },
          escalationExpiresIn: "1d",
        },
      }),
    ],
  }),
  careful: new Agent({
    name: "careful",
    model,
    tools: [
      tool(() => 1, { ...pays, name: "pay_once", once: true, timeout: "2m" }),
      tool(() => 1, {
        ...pays,
        name: "adjust",
        approval: { explicit: true },
        preview: ({ amount }) => ({ before: 0, after: amount }),
        previewFields: ["after"],
      }),
    ],
  }),
  desk: new Agent({
    name: "desk",
    model,
    tools: [
      agentTool(refund, { description: "Refunds." }),
      agentTool("closer", { description: "Closes accounts.", approvalRequired: true }),
    ],
  }),
  airline: new Agent({
    name: "airline",
    model,
    tools: [tool(() => 1, { name: "book", description: "Books seats.", inputSchema: SEATS })],
  }),
};
