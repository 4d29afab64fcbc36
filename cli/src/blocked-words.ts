// Why a call does not run though it may.
import type { BlockedTool } from "@agentspan/sdk";
import { safeText } from "./safe-text.js";

export function blockedWords({ toolName, why }: BlockedTool): string {
  const tool = safeText(toolName);
  switch (why) {
    case "NO_WORKER":
      return `no connected worker serves ${tool}`;
    case "INCOMPATIBLE":
      return `a worker's ${tool} takes other arguments (its events say which)`;
    case "NO_PROOF":
      return `a worker does not believe the proofs for ${tool}: look at its trusted keys, and at its clock`;
    case "UNSPECIFIED":
      return `${tool} is not run, for a reason that this version does not know`;
    default:
      return why satisfies never;
  }
}
