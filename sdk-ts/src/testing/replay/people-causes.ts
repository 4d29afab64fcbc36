// What people said in a recorded run, as the commands that say it again.
import { type Approvers, type Decide, type Run, toolOf, type Verdict } from "@agentspan/orchestrator/core";
import type { Decision } from "../../approval.js";
import type { Place } from "./causes.js";
import type { EventOf } from "./recorded-run.js";

export function decisionCauses(place: Place, event: EventOf<"voted"> | EventOf<"decided">): readonly Decide[] {
  const { record, run } = place;
  const said = saidIn(event);
  if (said === undefined) return [];
  const { who, onBehalfOf, decisionId, approvalId, comment } = said;
  const checkpoint = run?.checkpoints[approvalId];
  const verdict = verdictOf(place, said, event);
  const known = record.groupOf(decisionId);
  const base: Omit<Decide, "authenticated" | "groups"> = {
    type: "decide",
    ...{ decisionId, requestHash: decisionId, who, approvalId, comment, verdict },
    ...(onBehalfOf === "" ? {} : { onBehalfOf }),
    ...(checkpoint === undefined ? {} : { digest: checkpoint.digest }),
  };
  // Of a vote no event says by which group it was let in: by one of those that were asked for.
  const groups = known === undefined ? [[], ...groupsAsked(place, checkpoint).map((group) => [group])] : [[known]];
  // Whether it was known who they are: it was, except where nobody ever is.
  return [who !== "anonymous", who === "anonymous"].flatMap((authenticated) =>
    groups.map((of): Decide => ({ ...base, groups: of, authenticated })),
  );
}

interface Said extends Pick<Decision, "approvalId" | "decisionId" | "outcome" | "comment" | "onBehalfOf"> {
  readonly who: string;
  /** Empty where it was no edit. */
  readonly edited: string;
}

function saidIn(event: EventOf<"voted"> | EventOf<"decided">): Said | undefined {
  if (event.type === "decided") {
    const { decision } = event;
    return decision && { ...decision, who: decision.decidedBy, edited: decision.editedArgumentsJson };
  }
  const { vote, approvalId, decisionId, editedArgumentsJson: edited } = event;
  if (vote === undefined) return undefined;
  const { who, what: outcome, comment, onBehalfOf } = vote;
  return { who, outcome, comment, onBehalfOf, approvalId, decisionId, edited };
}

function verdictOf(
  { record, index }: Place,
  { outcome, edited }: Said,
  { callId }: { readonly callId: string },
): Verdict {
  const result = record.nextOf(callId, index, "tool_result")?.outcome;
  switch (outcome) {
    case "REJECTED":
      return { kind: "reject" };
    case "RESPONDED":
      return {
        kind: "respond",
        content: result?.kind === "result" || result?.kind === "responded" ? result.json : "null",
      };
    case "HAPPENED":
      return { kind: "settle", outcome: "happened", result: result?.kind === "result" ? result.json : "null" };
    case "RUN_AGAIN":
      return { kind: "settle", outcome: "run_again" };
    case "GIVEN_UP":
      return { kind: "settle", outcome: "given_up" };
    default:
      return { kind: "approve", ...(edited === "" ? {} : { editedArguments: edited }) };
  }
}

function groupsAsked({ run, agent }: Place, checkpoint: Run["checkpoints"][string] | undefined): readonly string[] {
  const policy = run && checkpoint && toolOf(agent, checkpoint.tool)?.approval;
  const lists: (Approvers | undefined)[] = [
    policy?.approvers,
    policy?.expiry?.action === "escalate" ? policy.expiry.to : undefined,
  ];
  return lists.flatMap((approvers) => approvers?.groups ?? []);
}
