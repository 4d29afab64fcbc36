// What people call the states of a run.
import { BlockedReason, RunState, type RunStatus } from "@agentspan/proto";
import { Badge } from "@mantine/core";
import type { ReactNode } from "react";

export const STATE_WORDS: Readonly<Record<RunState, string>> = {
  [RunState.UNSPECIFIED]: "Unknown",
  [RunState.RUNNING]: "Running",
  [RunState.WAITING]: "Waits for people",
  [RunState.PAUSED]: "Paused",
  [RunState.COMPLETED]: "Completed",
  [RunState.FAILED]: "Failed",
  [RunState.CANCELLED]: "Cancelled",
  [RunState.TIMED_OUT]: "Out of time",
};

const STATE_COLORS: Readonly<Record<RunState, string>> = {
  [RunState.UNSPECIFIED]: "gray",
  [RunState.RUNNING]: "blue",
  [RunState.WAITING]: "orange",
  [RunState.PAUSED]: "gray",
  [RunState.COMPLETED]: "green",
  [RunState.FAILED]: "red",
  [RunState.CANCELLED]: "gray",
  [RunState.TIMED_OUT]: "red",
};

export function StateBadge({ state }: { readonly state: RunState }): ReactNode {
  return (
    <Badge color={STATE_COLORS[state]} variant="light">
      {STATE_WORDS[state]}
    </Badge>
  );
}

const BLOCKED_WORDS: Readonly<Record<BlockedReason, string>> = {
  [BlockedReason.UNSPECIFIED]: "it is not known why",
  [BlockedReason.NO_WORKER]: "no connected worker serves it",
  [BlockedReason.INCOMPATIBLE]: "a worker's schema refuses the arguments",
  [BlockedReason.NO_PROOF]: "a worker has no proof that it believes: its trusted keys, or its clock, are wrong",
};

/** "refund: no connected worker serves it". */
export function blockedWords({ blocked, blockedOn }: Pick<RunStatus, "blocked" | "blockedOn">): readonly string[] {
  if (blocked.length === 0) return blockedOn;
  return blocked.map(({ toolName, why }) => `${toolName}: ${BLOCKED_WORDS[why]}`);
}
