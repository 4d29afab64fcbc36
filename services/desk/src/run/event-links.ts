// Where an event leads: to the approval that it is about, and to the run that it began.
import type { Event } from "@agentspan/proto";
import { pathOf } from "../inbox/inbox.js";
import { runPath } from "./run-path.js";

export interface EventLink {
  readonly href: string;
  readonly label: string;
}

export function eventLinks({ runId, event }: Event): readonly EventLink[] {
  const { value } = event;
  if (value === undefined) return [];
  const childRunId = "childRunId" in value ? value.childRunId : "";
  const approvalId = approvalIdOf(event);
  return [
    ...(approvalId === ""
      ? []
      : [
          {
            href: pathOf({ runId: childRunId === "" ? runId : approvalRunOf(event, childRunId), approvalId }),
            label: "Its approval",
          },
        ]),
    ...(childRunId === "" ? [] : [{ href: runPath(childRunId), label: "That run" }]),
  ];
}

function approvalIdOf({ value }: Event["event"]): string {
  if (value === undefined) return "";
  if ("approval" in value) return value.approval?.approvalId ?? "";
  if ("decision" in value) return value.decision?.approvalId ?? "";
  if ("settlesApprovalId" in value) return value.settlesApprovalId;
  return "approvalId" in value ? value.approvalId : "";
}

/** A run further below may have opened it: the waiting event names that one. */
function approvalRunOf({ case: kind, value }: Event["event"], childRunId: string): string {
  return kind === "waiting" ? value.approval?.runId || childRunId : childRunId;
}
