// What a kit says of a run that does not do what the test waits for.
import type { Agent } from "../agent.js";
import type { Approval } from "../approval.js";
import type { RunEvent } from "../run-event.js";
import type { BlockedTool, RunStatus } from "../run-status.js";
import type { WhichApproval } from "./which-approval.js";

export interface StuckOptions {
  readonly agent: Agent;
  readonly status: RunStatus;
  /** Workers have taken none of some tool's calls for long, and no others will come. */
  readonly blocked: boolean;
  /** Whether the script decides an approval. */
  readonly scripted: (approvalId: string) => boolean;
}

/** Why a run in which nothing happens never ends; undefined where it may. */
export function stuckFor({ agent, status, blocked, scripted }: StuckOptions): string | undefined {
  const { state, pendingApprovals } = status;
  if (state === "PAUSED") return "The run is paused, and nobody resumes it.";
  if (state !== "WAITING") {
    const ends = status.blocked.some(({ toolName }) => startsInTime(agent, toolName));
    return blocked && !ends && pendingApprovals.length === 0 ? status.blocked.map(blockedText).join(" ") : undefined;
  }
  const lasting = pendingApprovals.filter(({ approvalId, expiresAt }) => {
    return expiresAt === undefined && !scripted(approvalId);
  });
  if (lasting.length < pendingApprovals.length) return undefined;
  const remedy = `Write down what they do, as decisions: { ${lasting[0]?.toolName}: approve() } of the kit, or decide in the test, as with run.approve().`;
  return `The run waits for a person to decide ${lasting.map(callText).join(" and ")}, and nobody does. ${remedy}`;
}

/** What a run waits for, a sentence each; empty where nobody can tell. */
export function waitsForWhat({ pendingApprovals, blocked }: RunStatus): string {
  const people = pendingApprovals.map((approval) => {
    const until = approval.expiresAt === undefined ? "" : `, until ${approval.expiresAt.toISOString()}`;
    return `The run waits for a person to decide ${callText(approval)}${until}.`;
  });
  return [...people, ...blocked.map(blockedText)].join(" ");
}

/** Why a run that has ended does not wait for a person. */
export function neverWaited(events: readonly RunEvent[], { toolName, approvalId }: WhichApproval): string {
  const asked = events.findLast((event) => {
    if (event.type !== "waiting") return false;
    if (approvalId !== undefined) return event.approvalId === approvalId;
    return toolName === undefined || event.toolName === toolName;
  });
  if (asked?.type === "waiting") {
    return `The run has ended, and waits for nobody any more: ${asked.toolName} ${whatBecame(events, asked.approvalId)}.`;
  }
  if (approvalId !== undefined) return `The run has ended and never had an approval ${approvalId}.`;
  return `The run has ended and never waited ${toolName === undefined ? "for a person" : `for a person to decide ${toolName}`}.`;
}

export function severalWait(approvals: readonly Approval[]): string {
  const all = approvals.map((approval) => `${callText(approval)} (${approval.approvalId})`).join(" and ");
  return `The run waits for a person to decide ${all}: say which of them, as { toolName: ${JSON.stringify(approvals[0]?.toolName)} }, or by { approvalId } where they are of one tool.`;
}

/** That a run ended otherwise than by its answer, for whoever reads what its script has left over. */
export function endedEarly({ state, error }: RunStatus): readonly string[] {
  if (state === "COMPLETED") return [];
  return [`The run is ${state}${error === undefined ? "" : ` (${error.reason}: ${error.message})`}.`];
}

function whatBecame(events: readonly RunEvent[], approvalId: string): string {
  const end = events.findLast((event) => {
    if (event.type === "decided") return event.decision?.approvalId === approvalId;
    return event.type === "checkpoint_closed" && event.approvalId === approvalId;
  });
  if (end?.type === "decided" && end.decision !== undefined) {
    const { outcome, onBehalfOf, decidedBy } = end.decision;
    const words: Partial<Record<typeof outcome, string>> = {
      ...{ APPROVED: "approved", REJECTED: "rejected", RESPONDED: "answered" },
    };
    return `was ${words[outcome] ?? `settled as ${outcome}`} by ${onBehalfOf || decidedBy}`;
  }
  return end?.type === "checkpoint_closed" && end.why === "EXPIRED" ? "expired" : "is not wanted any more";
}

function callText({ toolName, argumentsJson }: Approval): string {
  return `${toolName} ${argumentsJson}`;
}

function blockedText({ toolName, why }: BlockedTool): string {
  return why === "INCOMPATIBLE"
    ? `The schema of ${toolName} in the worker refuses the arguments.`
    : `The run waits for a worker that serves ${toolName}${why === "NO_PROOF" ? " and believes the server's proof" : ""}, and there is none.`;
}

/** A call of the tool that no worker takes fails after some time. */
function startsInTime({ tools }: Agent, toolName: string): boolean {
  return tools.some(({ name, message }) => name === toolName && message.startTimeout !== undefined);
}
