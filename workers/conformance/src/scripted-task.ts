import type { RefusalReason } from "@agentspan/proto";
import type { GrantChanges } from "./scripted-grant.js";

/** What a scenario has workers asked for. */
export interface ScriptedTask {
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
  readonly queue: string;
  readonly tool: string;
  readonly argumentsJson: string;
  /** The idempotency key. */
  readonly key: string;
  readonly guarded: boolean;
  readonly approvalId: string;
  readonly decisionId: string;
  readonly kind: "call" | "probe" | "preview";
  /** Of the preview. */
  readonly number: number;
  /** Who announces it. */
  readonly orchestratorId: string;
  /** From the grant on. */
  readonly deadlineMs?: number;
  readonly changes?: GrantChanges;
  /** Whoever claims it is told so, and nothing else. */
  refusal?: RefusalReason;
}

/** The tools of a driver whose calls start at most once, and those that people approve. */
const GUARDED: readonly string[] = ["once", "gated", "probed", "previewed"];
const GATED: readonly string[] = ["gated", "previewed"];

/** A call as an honest orchestrator would have it, but for what is said. */
export function scriptedTask(
  init: Partial<ScriptedTask> & Pick<ScriptedTask, "runId" | "callId" | "queue" | "tool">,
): ScriptedTask {
  const gated = GATED.includes(init.tool);
  return {
    attempt: 1,
    argumentsJson: "{}",
    key: `${init.runId}-${init.callId}`,
    guarded: GUARDED.includes(init.tool),
    approvalId: gated ? "apr_1" : "",
    decisionId: gated ? "dec_1" : "",
    kind: "call",
    number: 7,
    orchestratorId: "orc-a",
    ...init,
  };
}

export function attemptOf(of: Pick<ScriptedTask, "runId" | "callId" | "attempt">): string {
  return `${of.runId}/${of.callId}/${of.attempt}`;
}
