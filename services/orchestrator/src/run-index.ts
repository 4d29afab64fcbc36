// What of a run is stored beside its state so that the store can find it. One function, so that adapters agree.
import type { Approvers } from "./core/agent.js";
import type { CheckpointKind } from "./core/events.js";
import { openCheckpoints, type RunState, stateOf } from "./core/run.js";
import type { RunWrite } from "./ports.js";

export interface OpenCheckpoint {
  readonly kind: CheckpointKind;
  readonly tool: string;
  /** Whoever may decide it, each as `userToken` or `groupToken` has it; absent where anybody may. */
  readonly for?: readonly string[];
}

export interface RunIndex {
  readonly namespace: string;
  readonly state: RunState;
  readonly agentName: string;
  /** Absent where no other run started it. */
  readonly parentRunId?: string;
  /** One text of each label, for filters that ask for several at once. */
  readonly labels: readonly string[];
  readonly startedAt: number;
  readonly updatedAt: number;
  /** When the longest open checkpoint was opened; absent where none is. */
  readonly openSince?: number;
  readonly open: readonly OpenCheckpoint[];
  /** When a checkpoint changed last; absent where there never was one. */
  readonly checkpointAt?: number;
  /** When the run itself changed last; absent where there never was a checkpoint, and so nothing for the audit. */
  readonly auditAt?: number;
  /**
   * When a checkpoint changed last, or the run ended; absent where neither did. Of one of whose checkpoints people were
   * reminded, when the run changed last: a reminder changes nothing of a checkpoint. What is stored never goes back.
   */
  readonly tellAt?: number;
}

export function indexOf({ run, approvers = {} }: Pick<RunWrite, "run" | "approvers">): RunIndex {
  const open = openCheckpoints(run);
  const changes = Object.values(run.checkpoints).map(({ updatedAt }) => updatedAt);
  const lastChange = changes.reduce((last, at) => Math.max(last, at), 0);
  const endedAt = run.phase.kind === "ended" ? run.phase.at : 0;
  const remindedAt = open.some(({ reminders }) => reminders !== undefined) ? run.updatedAt : 0;
  const tellAt = Math.max(lastChange, endedAt, remindedAt);
  const openSince = open.length === 0 ? undefined : Math.min(...open.map((checkpoint) => checkpoint.requestedAt));
  return {
    namespace: run.namespace,
    state: stateOf(run),
    agentName: run.agentName,
    ...(run.parentRunId === undefined ? {} : { parentRunId: run.parentRunId }),
    labels: labelPairs(run.labels),
    startedAt: run.startedAt,
    updatedAt: run.updatedAt,
    ...(openSince === undefined ? {} : { openSince }),
    open: open.map(({ kind, tool, approvalId }) => ({ kind, tool, ...forWhom(approvers[approvalId]) })),
    ...(changes.length === 0 ? {} : { checkpointAt: lastChange, auditAt: run.updatedAt }),
    ...(tellAt === 0 ? {} : { tellAt }),
  };
}

function forWhom(approvers: Approvers | undefined): Pick<OpenCheckpoint, "for"> {
  if (approvers === undefined) return {};
  return { for: [...approvers.users.map(userToken), ...approvers.groups.map(groupToken)] };
}

export function userToken(user: string): string {
  return `user ${user}`;
}

export function groupToken(group: string): string {
  return `group ${group}`;
}

/** The key is escaped, so that no two labels have the same text. */
export function labelPairs(labels: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(labels).map(([key, value]) => `${encodeURIComponent(key)}=${value}`);
}
