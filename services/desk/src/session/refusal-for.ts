import type { WhoAmIResponse } from "@agentspan/proto";

/** Why somebody may not make a call, by their roles; undefined where they may. */
export function refusalFor({ allowedCalls, roles }: WhoAmIResponse, call: string): string | undefined {
  if (allowedCalls.includes(call)) return undefined;
  return roles.length === 0
    ? "You have no role here."
    : `You are here as ${roles.join(" and ")}, which does not allow it.`;
}
