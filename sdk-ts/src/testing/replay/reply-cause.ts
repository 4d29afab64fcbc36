// How a recorded run began, and what its model said.
import type { Command, FinishReason, GrantUse, OwnerDemand, TakeModelReply } from "@agentspan/orchestrator/core";
import type { Place } from "./causes.js";
import { NOTHING_DEMANDED, OWNERS_WORD } from "./owners.js";
import type { EventOf, RecordedRun } from "./recorded-run.js";

const FINISH_REASONS: readonly FinishReason[] = ["STOP", "TOOL_CALLS", "LENGTH", "REFUSED"];

export function startCause({ record, agent }: Place, event: EventOf<"run_started">): Command {
  const { runId, input, startedBy, onBehalfOf, labels } = event;
  const { parentRunId } = record.head;
  const deadlineMs = struckDeadline(record);
  return {
    type: "start",
    ...{ runId, namespace: "default", input, startedBy, labels, requestHash: "" },
    ...(onBehalfOf === "" ? {} : { onBehalfOf }),
    ...(parentRunId === "" ? {} : { parentRunId }),
    ...(deadlineMs === undefined || deadlineMs === agent.deadlineMs ? {} : { deadlineMs }),
  };
}

/** A start may have asked for another deadline than its definition's: a run that ended by one says so. Milliseconds. */
function struckDeadline(record: RecordedRun): number | undefined {
  const message = record.next(0, "timed_out")?.error?.message ?? "";
  const found = /than its deadline of (\d+) ms\.$/u.exec(message)?.[1];
  return found === undefined ? undefined : Number(found);
}

export function replyCause(place: Place, event: EventOf<"model_replied">): TakeModelReply {
  const { record, index } = place;
  const { turn, attempt, text, callIds, usage } = event;
  const finishReason = FINISH_REASONS.find((reason) => reason === event.finishReason) ?? "STOP";
  const calls = callIds.flatMap((callId) => {
    const call = record.nextOf(callId, index, "tool_call");
    const argumentsText = call?.refused === undefined ? call?.argumentsJson : call.refusedArguments;
    return call === undefined ? [] : [{ modelCallId: callId, name: call.toolName, argumentsText: argumentsText ?? "" }];
  });
  return {
    type: "take_model_reply",
    ...{ turn, attempt, reply: { text, calls, usage, finishReason } },
    owners: ownersAtReply(place, callIds),
    grants: grantsOf(place, callIds),
  };
}

/** Whoever registers a tool later demands nothing of the calls before: those wait only where they did. */
function ownersAtReply({ record, index, owners }: Place, callIds: readonly string[]): TakeModelReply["owners"] {
  const demands = new Map<string, OwnerDemand>();
  for (const callId of callIds) {
    const call = record.call(callId);
    if (call === undefined || call.refused !== undefined) continue;
    const known = demands.get(call.toolName) ?? owners.get(call.toolName) ?? NOTHING_DEMANDED;
    const asked = record.nextOf(callId, index, "waiting", (event) => event.childRunId === "");
    const approval = known.approval || (call.approvalRequired && asked?.approval.reason === OWNERS_WORD);
    demands.set(call.toolName, { ...known, approval });
  }
  return Object.fromEntries(demands);
}

/** Standing grants that decided calls of this reply. */
function grantsOf({ record, index }: Place, callIds: readonly string[]): Readonly<Record<string, GrantUse>> {
  const uses = callIds.flatMap((callId) => {
    const decided = record.nextOf(callId, index, "decided", (one) => one.decision?.ground !== undefined);
    const { ground, decidedBy: who = "", onBehalfOf = "", decisionId = "" } = decided?.decision ?? {};
    if (ground === undefined) return [];
    const group = record.groupOf(decisionId);
    const by = {
      ...{ who, groups: group === undefined ? [] : [group], authenticated: who !== "anonymous" },
      ...(onBehalfOf === "" ? {} : { onBehalfOf }),
    };
    // Its rule held of these arguments, and its time was not over: it was used.
    return [[callId, { ...ground, by, rule: "", expiresAt: Number.POSITIVE_INFINITY }] as const];
  });
  return Object.fromEntries(uses);
}
