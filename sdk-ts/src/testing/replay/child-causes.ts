// What a recorded run heard of the runs that it started, as reports that tell it again, one fact in each.
import {
  type ChildEnd,
  type Command,
  childOf,
  type ErrorReason,
  type MirroredCheckpoint,
  type MirroredClosing,
  type Outcome,
  type TakeReport,
} from "@agentspan/orchestrator/core";
import type { Place } from "./causes.js";
import type { EventOf } from "./recorded-run.js";

type OfChild =
  | EventOf<"child_started">
  | EventOf<"child_reported">
  | EventOf<"waiting">
  | EventOf<"decided">
  | EventOf<"checkpoint_closed">;

export function childReport(place: Place, event: OfChild): readonly Command[] {
  if (event.type === "child_started") {
    const { callId, childRunId, agentName, agentVersion } = event;
    return [{ type: "record_child", callId, childRunId, agentName, agentVersion }];
  }
  const { childRunId } = event;
  const callId = event.type === "waiting" ? place.record.callOfChild(event) : event.callId;
  const child = place.run && childOf(place.run, callId);
  const report = {
    ...reportOf(place, callId, childRunId),
    waits: event.type === "child_reported" ? event.waiting : (child?.waits ?? false),
  };
  if (event.type === "child_reported") return [{ ...report, checkpoints: [] }];
  if (event.type === "waiting") return [{ ...report, checkpoints: [checkpointIn(event)] }];
  const closing = event.type === "decided" ? decidedIn(event) : closedIn(event);
  const approvalId = event.type === "decided" ? (event.decision?.approvalId ?? "") : event.approvalId;
  const opened = place.record.opened(approvalId);
  if (closing === undefined || opened === undefined) return [];
  return [{ ...report, checkpoints: [{ ...checkpointIn(opened), closed: closing }] }];
}

/** The child's end, or that none could be started. */
export function endOfChild(place: Place, event: EventOf<"tool_result">): readonly Command[] {
  const { callId, outcome } = event;
  const childRunId = (place.run && childOf(place.run, callId)?.runId) ?? "";
  const started = place.record.nextOf(callId, 0, "child_started");
  const report = { ...reportOf(place, callId, childRunId), waits: false, checkpoints: [] };
  const ends = endsFor(outcome, `Run ${childRunId} of agent ${started?.agentName ?? ""}`);
  const problem = outcome.kind === "error" ? outcome.message : "";
  return [{ type: "refuse_child", callId, problem }, ...ends.map((end): TakeReport => ({ ...report, end }))];
}

function reportOf({ record, run }: Place, callId: string, childRunId: string) {
  const started = record.nextOf(callId, 0, "child_started");
  const { agentName = "", agentVersion = "" } = started ?? {};
  const seen = (run && childOf(run, callId)?.seen) ?? 0;
  return { type: "take_report", callId, childRunId, agentName, agentVersion, sequence: seen + 1 } as const;
}

function endsFor(outcome: EventOf<"tool_result">["outcome"], which: string): readonly ChildEnd[] {
  if (outcome.kind === "result") return [{ state: "COMPLETED", result: outcome.json }];
  if (outcome.kind === "cancelled") return [{ state: "CANCELLED", reason: "", who: "" }];
  if (outcome.kind !== "error" || !outcome.message.startsWith(which)) return [];
  const said = outcome.message.slice(which.length);
  const [, failedFor, failure] = /^ failed with ([A-Z_]+): ([\s\S]*)$/u.exec(said) ?? [];
  if (failedFor !== undefined) return [{ state: "FAILED", reason: failedFor as ErrorReason, message: failure ?? "" }];
  const [, late] = /^ took too long: ([\s\S]*)$/u.exec(said) ?? [];
  if (late !== undefined) return [{ state: "TIMED_OUT", reason: "DEADLINE", message: late }];
  const [, who] = /^ was cancelled by ([\s\S]*)\.$/u.exec(said) ?? [];
  const [, whom, why] = /^ was cancelled by ([\s\S]*?): ([\s\S]*)$/u.exec(said) ?? [];
  return [
    ...(who === undefined ? [] : [{ state: "CANCELLED", reason: "", who } as const]),
    ...(whom === undefined ? [] : [{ state: "CANCELLED", reason: why ?? "", who: whom } as const]),
  ];
}

function checkpointIn({ approval }: EventOf<"waiting">): MirroredCheckpoint {
  const { runId, agentName, approvalId, callId, toolName: tool, argumentsDigest: digest, votesRequired } = approval;
  const kind = approval.kind === "QUESTION" || approval.kind === "SETTLEMENT" ? approval.kind : "APPROVAL";
  const expiresAt = approval.expiresAt?.getTime();
  return {
    ...{ runId, agentName, approvalId, callId, kind, tool, digest, votesRequired },
    requestedAt: approval.requestedAt?.getTime() ?? 0,
    ...(expiresAt === undefined ? {} : { expiresAt }),
  };
}

const OUTCOMES: Readonly<Record<string, Outcome>> = {
  APPROVED: "approved",
  REJECTED: "rejected",
  RESPONDED: "responded",
  HAPPENED: "happened",
  RUN_AGAIN: "run_again",
  GIVEN_UP: "given_up",
};

function decidedIn({ decision }: EventOf<"decided">): MirroredClosing | undefined {
  const outcome = OUTCOMES[decision?.outcome ?? ""];
  if (decision === undefined || outcome === undefined) return undefined;
  const { decidedBy: who, onBehalfOf, decisionId, decidedAt } = decision;
  const at = decidedAt?.getTime() ?? 0;
  return { how: "decided", at, outcome, who, decisionId, ...(onBehalfOf === "" ? {} : { onBehalfOf }) };
}

function closedIn({ why, at }: EventOf<"checkpoint_closed">): MirroredClosing | undefined {
  const how = (["expired", "cancelled", "withdrawn"] as const).find((one) => one.toUpperCase() === why);
  return how && { how, at: at?.getTime() ?? 0 };
}
