// What a tool's definition says of who carries it out and who is asked, in words.
import { type Approvers, type Tool, ToolKind } from "@agentspan/proto";
import { durationMs } from "@bufbuild/protobuf/wkt";
import { lasting } from "../text/reading.js";

/** Where workers take its tasks; undefined where none carry it out. */
export function queueOf({ kind, queue }: Tool, agent: string): string | undefined {
  if (kind !== ToolKind.UNSPECIFIED) return undefined;
  return queue === "" ? agent : queue;
}

/** When people are asked about a call, and who may decide; what is not said is left out. */
export function gateWords({ kind, approval, once, preview }: Tool): readonly string[] {
  const asked = kind === ToolKind.HUMAN;
  const gated = approval !== undefined && (approval.required || approval.rule !== "");
  return [
    asked ? "A person answers each call." : "",
    approval?.required === true && !asked ? "A person approves each call." : "",
    approval !== undefined && approval.rule !== "" && !approval.required
      ? `A person approves calls for which this holds: ${approval.rule}`
      : "",
    !asked && !gated ? (once ? "Nobody is asked. It starts at most once." : "Nobody is asked.") : "",
    gated && approval.votesRequired > 1 ? `It takes ${approval.votesRequired} people.` : "",
    approval?.approvers === undefined ? "" : `Only ${approversWords(approval.approvers)} may decide.`,
    approval?.selfApproval === true ? "Whoever started the run may decide too." : "",
    approval?.expiresIn === undefined ? "" : `It is open for ${lasting(durationMs(approval.expiresIn))}.`,
    preview === undefined ? "" : "Whoever decides is shown what it would do.",
  ].filter((words) => words !== "");
}

function approversWords({ users, groups }: Approvers): string {
  return [...users, ...groups.map((group) => `the group ${group}`)].join(", ");
}
