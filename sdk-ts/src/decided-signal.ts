// While a person is asked, somebody else may decide. Who asks does not read the events meanwhile, so this reads them.
import { AgentspanError } from "@agentspan/internal";
import type { Approval, Decision } from "./approval.js";
import { eventFeed } from "./event-feed.js";
import type { MappedEvent } from "./event-mapping.js";
import type { RunClient } from "./rpc/run-client.js";
import type { WaitingEvent } from "./run-event.js";

/**
 * The event with its `decided`, which is watched from when it is first asked for until it aborts, the runtime is shut
 * down, or `signal` aborts. It is no part of what is copied or written as JSON.
 */
export function withDecided(
  event: Omit<WaitingEvent, "decided">,
  client: RunClient,
  signal: AbortSignal | undefined,
): WaitingEvent {
  let decided: AbortSignal | undefined;
  const watched = () => {
    decided ??= decidedSignal(event, client, signal ?? new AbortController().signal);
    return decided;
  };
  return Object.defineProperty(event, "decided", { get: watched }) as WaitingEvent;
}

function decidedSignal(event: Omit<WaitingEvent, "decided">, client: RunClient, signal: AbortSignal): AbortSignal {
  const decided = new AbortController();
  const watch = async () => {
    const feed = { after: event.sequence, includeDeltas: false, signal };
    for await (const later of eventFeed(client, event.runId, feed)) {
      const why = closing(event.approval, later);
      if (why !== undefined) return decided.abort(why);
    }
    // A settlement outlives its run.
    if (event.kind !== "SETTLEMENT") decided.abort(runEnded(event));
  };
  watch().catch((error: unknown) => {
    // Whoever is asked must not be left to believe that nobody else has decided.
    if (!signal.aborted) decided.abort(error);
  });
  return decided.signal;
}

/** Why it is closed; undefined where this event does not close it. */
function closing({ approvalId, callId, toolName }: Approval, later: MappedEvent): AgentspanError | undefined {
  switch (later.type) {
    case "decided":
      return later.decision?.approvalId === approvalId ? alreadyDecided(toolName, later.decision) : undefined;
    case "checkpoint_closed": {
      if (later.approvalId !== approvalId) return undefined;
      const reason = later.why === "EXPIRED" ? "APPROVAL_EXPIRED" : "NOTHING_TO_DECIDE";
      return new AgentspanError(reason, `Nobody decides about ${toolName} any more: ${later.why}.`, {
        metadata: { approvalId },
      });
    }
    case "late_outcome":
      if (later.settlesApprovalId !== approvalId || later.callId !== callId) return undefined;
      return new AgentspanError("ALREADY_DECIDED", `The worker of ${toolName} reported its outcome itself.`, {
        metadata: { approvalId },
      });
    default:
      return undefined;
  }
}

/** As the server refuses whoever decides after it. */
function alreadyDecided(toolName: string, decision: Decision): AgentspanError {
  const { approvalId, decidedBy, outcome, decidedAt } = decision;
  const time = decidedAt === undefined ? {} : { time: String(decidedAt.getTime()) };
  return new AgentspanError("ALREADY_DECIDED", `${toolName} has been decided: ${outcome} by ${decidedBy}.`, {
    metadata: { approvalId, winner: decidedBy, outcome, ...time },
  });
}

function runEnded({ runId, approvalId }: Omit<WaitingEvent, "decided">): AgentspanError {
  return new AgentspanError("RUN_ENDED", `Run ${runId} has ended.`, { metadata: { approvalId } });
}
