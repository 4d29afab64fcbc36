// Every decision that was acknowledged took effect once, and none that was refused did.
import { type Decision, DecisionOutcome, type Event } from "@agentspan/proto";
import { type Act, type RunRecord, runIdOfRecord, type Verdict } from "../run-record.js";
import { type Checked, type Evidence, Findings } from "./evidence.js";

const OUTCOMES: Readonly<Record<Verdict, DecisionOutcome>> = {
  approve: DecisionOutcome.APPROVED,
  edit: DecisionOutcome.APPROVED,
  reject: DecisionOutcome.REJECTED,
  respond: DecisionOutcome.RESPONDED,
  happened: DecisionOutcome.HAPPENED,
  run_again: DecisionOutcome.RUN_AGAIN,
  give_up: DecisionOutcome.GIVEN_UP,
};

export function decisionsTookEffectOnce({ records }: Evidence): Checked {
  const findings = new Findings("every acknowledged decision took effect once and is in the history");
  for (const record of records) {
    for (const act of record.acts) {
      if (act.answer?.kind !== "recorded") continue;
      const fault = faultOfRecorded(record, act, act.answer.closed);
      findings.expect(
        fault === undefined,
        runIdOfRecord(record),
        `decision ${act.decisionId} (${act.verdict}) ${fault}`,
      );
    }
  }
  return findings.checked;
}

export function refusedDecisionsHadNone({ records }: Evidence): Checked {
  const findings = new Findings("no refused decision took effect, and none is in a history that nobody made");
  for (const record of records) {
    const runId = runIdOfRecord(record);
    const known = new Map(record.acts.map((act) => [act.decisionId, act]));
    const seen = new Set<string>();
    const closedBy = new Set<string>();
    for (const { decisionId, approvalId, closes } of recordedActs(record.history)) {
      const act = known.get(decisionId);
      findings.expect(act !== undefined, runId, `decision ${decisionId} is in the history and nobody made it`);
      findings.expect(!seen.has(decisionId), runId, `decision ${decisionId} is in the history twice`);
      const refused = act?.answer?.kind === "refused" ? act.answer.reason : undefined;
      findings.expect(refused === undefined, runId, `decision ${decisionId} was refused (${refused}) and took effect`);
      if (closes) findings.expect(!closedBy.has(approvalId), runId, `approval ${approvalId} was decided twice`);
      if (closes) closedBy.add(approvalId);
      seen.add(decisionId);
    }
  }
  return findings.checked;
}

interface RecordedAct {
  readonly decisionId: string;
  readonly approvalId: string;
  readonly closes: boolean;
}

function recordedActs(history: readonly Event[]): readonly RecordedAct[] {
  return history.flatMap(({ event }): RecordedAct[] => {
    if (event.case === "voted") {
      return [{ decisionId: event.value.decisionId, approvalId: event.value.approvalId, closes: false }];
    }
    const decision = event.case === "decided" ? event.value.decision : undefined;
    // A standing grant decided, of which nobody made an act.
    return decision === undefined || decision.ground !== undefined
      ? []
      : [{ decisionId: decision.decisionId, approvalId: decision.approvalId, closes: true }];
  });
}

function faultOfRecorded(record: RunRecord, act: Act, closed: boolean): string | undefined {
  const found = record.history.flatMap(
    ({ event, sequence }): { decision: Decision | undefined; sequence: bigint }[] => {
      const decision = event.case === "decided" ? event.value.decision : undefined;
      if (decision?.decisionId === act.decisionId) return [{ decision, sequence }];
      const voted = event.case === "voted" && event.value.decisionId === act.decisionId;
      return voted ? [{ decision: undefined, sequence }] : [];
    },
  );
  const [only] = found;
  if (only === undefined) return "was acknowledged and is not in the history";
  if (found.length > 1) return `is in the history ${found.length} times`;
  if (!closed) return only.decision === undefined ? undefined : "was said to be a vote and closed the checkpoint";
  if (only.decision === undefined) return "was said to close the checkpoint and did not";
  return faultOfEffect(record.history, act, only.decision, only.sequence);
}

function faultOfEffect(
  history: readonly Event[],
  { verdict, callId, approvalId }: Act,
  decision: Decision,
  at: bigint,
): string | undefined {
  if (decision.approvalId !== approvalId) return `closed ${decision.approvalId}, and was about ${approvalId}`;
  if (decision.outcome !== OUTCOMES[verdict]) return `is recorded as ${DecisionOutcome[decision.outcome]}`;
  const result = history.find(
    ({ event, sequence }) => sequence > at && event.case === "toolResult" && event.value.callId === callId,
  )?.event;
  const got = result?.case === "toolResult" ? result.value.outcome.case : undefined;
  const wanted = { reject: "rejected", respond: "respondedJson" }[verdict as string];
  if (wanted !== undefined && got !== wanted) return `left the call with ${got ?? "no outcome"}, not ${wanted}`;
  const contradicts = (verdict === "approve" || verdict === "edit") && (got === "rejected" || got === "respondedJson");
  return contradicts ? `was followed by the outcome ${got}` : undefined;
}
