// Agents whose tools the desk's workers serve under other policies than theirs, and what came of their calls.
import { Agent, type ApprovalOptions, tool } from "@agentspan/sdk";
import { MODEL, type Stack } from "../src/index.js";

export const PEOPLE = { users: ["maria", "noah"] } as const;

export function agentWith(name: string, policies: Readonly<Record<string, ApprovalOptions>>): Agent {
  const tools = Object.entries(policies).map(([served, approval]) =>
    tool(() => undefined, { name: served, description: "", inputSchema: { type: "object" }, queue: "desk", approval }),
  );
  return new Agent({ name, model: MODEL, tools });
}

/** How many calls of a run a worker began. */
export function begunIn({ ledger }: Stack, runId: string): number {
  return ledger.all().filter((line) => line.runId === runId && line.step === "begin").length;
}

/** What was thrown, in words. */
export async function reasonOf(refused: Promise<unknown>): Promise<string> {
  const told: unknown = await refused.then(
    () => "nothing",
    (error: unknown) => error,
  );
  return String(told);
}
