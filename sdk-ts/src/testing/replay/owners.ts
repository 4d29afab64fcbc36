// What the owners of the tools demanded in a recorded run, beyond what its definition says. Workers told it the server,
// and no event says it plainly: it is read from what happened.
import { type Agent, type OwnerDemand, toolOf } from "@agentspan/orchestrator/core";
import type { MappedEvent } from "../../event-mapping.js";
import type { EventOf, RecordedRun } from "./recorded-run.js";

/** The core's words for it: see its gate.ts. */
export const OWNERS_WORD = "The tool's owner requires approval.";
const PREVIEW_MS = 10_000;

/** By tool. That people are asked is of one call: an owner may have begun to ask in the middle of a run. */
export type Owners = ReadonlyMap<string, OwnerDemand>;

export const NOTHING_DEMANDED: OwnerDemand = { approval: false, once: false, probe: false, enforcesKey: false };

/** `agent` is the definition that the run is pinned to. */
export function ownersIn(record: RecordedRun, agent: Agent): Owners {
  const owners = new Map<string, OwnerDemand>();
  const demands = (tool: string, demand: Partial<OwnerDemand>): void => {
    owners.set(tool, { ...(owners.get(tool) ?? NOTHING_DEMANDED), ...demand });
  };
  for (const event of record.events) {
    const call = "callId" in event ? record.call(event.callId) : undefined;
    if (call === undefined) continue;
    const tool = toolOf(agent, call.toolName);
    const guarded = call.approvalRequired || tool?.once === true;
    if (isOfLost(event) && !guarded) demands(call.toolName, { once: true });
    if (event.type !== "waiting" || event.childRunId !== "" || event.kind !== "APPROVAL") continue;
    const preview = tool?.preview === undefined ? previewOf(record, event) : undefined;
    if (preview !== undefined) demands(call.toolName, { preview });
  }
  return owners;
}

/** Of guarded calls alone does anybody ask whether they happened. */
function isOfLost(event: MappedEvent): boolean {
  return (
    event.type === "probing" || (event.type === "waiting" && event.kind === "SETTLEMENT" && event.childRunId === "")
  );
}

function previewOf(record: RecordedRun, { approvalId, callId, approval }: EventOf<"waiting">): OwnerDemand["preview"] {
  if (approval.preview === undefined) return undefined;
  const asked = record.nextOf(callId, 0, "preview_asked", (event) => event.approvalId === approvalId);
  const timeoutMs =
    asked?.until === undefined || asked.at === undefined ? PREVIEW_MS : asked.until.getTime() - asked.at.getTime();
  return { fields: approval.preview.fields, timeoutMs };
}

/** What the worker of an attempt brought: later ones of the same tool may bring something else. */
export function broughtBy(
  record: RecordedRun,
  callId: string,
  attempt: number,
): Pick<OwnerDemand, "probe" | "enforcesKey"> {
  const asked = record.nextOf(callId, 0, "probing", (event) => {
    return event.unknownOutcome?.attempt === attempt;
  });
  const again = record.nextOf(callId, 0, "probe_answered", (event) => {
    return event.attempt === attempt && event.runsAgain;
  });
  return { probe: asked !== undefined, enforcesKey: again !== undefined };
}
