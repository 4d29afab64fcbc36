// Who decided, on what ground, and how it can be proved afterwards.
import { approvalsOf, makeReceipt, receiptFaults } from "@agentspan/internal";
import { type Approvers, DecisionOutcome, type Event } from "@agentspan/proto";
import { runIdOfRecord } from "../run-record.js";
import { STARTER } from "../trust/people.js";
import { GRANTED_AMOUNT } from "../trust/policies.js";
import { type Checked, type Evidence, Findings } from "./evidence.js";

/** What the finance group is, as the keys say. */
const FINANCE: readonly string[] = ["maria", "noah", STARTER];

export function decidedByWhoMay({ records }: Evidence): Checked {
  const findings = new Findings("nothing was decided by one who may not, or by fewer than must");
  for (const { acts, history, ...record } of records) {
    const runId = runIdOfRecord({ acts, history, ...record });
    for (const { allowed, answer, decisionId } of acts) {
      if (allowed) continue;
      findings.expect(answer?.kind !== "recorded", runId, `decision ${decisionId} of one who may not was taken`);
    }
    for (const problem of policyProblems(history)) findings.expect(problem === "", runId, problem);
  }
  return findings.checked;
}

/** One for each act of a person, empty where it is as it must be. */
function policyProblems(history: readonly Event[]): readonly string[] {
  const approvers = new Map<string, Approvers | undefined>();
  const required = new Map<string, number>();
  const votes = new Map<string, Set<string>>();
  const problems: string[] = [];
  for (const { event } of history) {
    switch (event.case) {
      case "waiting":
        approvers.set(event.value.approval?.approvalId ?? "", event.value.approval?.approvers);
        required.set(event.value.approval?.approvalId ?? "", event.value.approval?.votesRequired ?? 1);
        break;
      case "escalated":
        approvers.set(event.value.approvalId, event.value.approvers);
        break;
      case "voted":
      case "decided": {
        const by = event.case === "voted" ? event.value.vote : undefined;
        const decision = event.case === "decided" ? event.value.decision : undefined;
        if (decision?.ground !== undefined) break;
        const approvalId = decision?.approvalId ?? (event.case === "voted" ? event.value.approvalId : "");
        const who = by?.who ?? decision?.decidedBy ?? "";
        const outcome = by?.what ?? decision?.outcome;
        const named = approvers.get(approvalId);
        const may =
          named === undefined ||
          named.users.includes(who) ||
          (named.groups.includes("finance") && FINANCE.includes(who));
        const own = who === STARTER && outcome !== DecisionOutcome.REJECTED;
        const agreed = votes.get(approvalId) ?? new Set<string>();
        agreed.add(who);
        votes.set(approvalId, agreed);
        const lets = outcome === DecisionOutcome.APPROVED || outcome === DecisionOutcome.RUN_AGAIN;
        const few = decision !== undefined && lets && agreed.size < (required.get(approvalId) ?? 1);
        problems.push(
          !may
            ? `${who} decided ${approvalId}`
            : own
              ? `${who} decided its own ${approvalId}`
              : few
                ? `${approvalId} has too few votes`
                : "",
        );
        break;
      }
      default:
        break;
    }
  }
  return problems;
}

export function grantsHold({ records, trust }: Evidence): Checked {
  const findings = new Findings("no standing grant was used more often than allowed, or for other calls");
  const most = new Map((trust?.grants ?? []).map(({ grantId, maxUses }) => [grantId ?? "", maxUses]));
  const unknown = (trust?.grants ?? []).some(({ grantId }) => grantId === undefined);
  const seen = new Map<string, string>();
  for (const record of records) {
    const runId = runIdOfRecord(record);
    const calls = new Map<string, string>();
    for (const { event } of record.history) {
      if (event.case === "toolCall") calls.set(event.value.callId, event.value.argumentsJson);
      const ground = event.case === "decided" ? event.value.decision?.ground : undefined;
      if (event.case !== "decided" || ground === undefined) continue;
      const { grantId, use } = ground;
      const key = `${grantId}#${use}`;
      findings.expect(!seen.has(key), runId, `use ${use} of ${grantId} let a call of ${seen.get(key)} run too`);
      seen.set(key, runId);
      const allowed = most.get(grantId) ?? (unknown ? Number.POSITIVE_INFINITY : 0);
      findings.expect(use >= 1 && use <= allowed, runId, `use ${use} of ${grantId}, which allows ${allowed}`);
      const { amount } = JSON.parse(calls.get(event.value.callId) ?? "{}") as { readonly amount?: number };
      findings.expect((amount ?? Number.NaN) <= GRANTED_AMOUNT, runId, `${grantId} let an email of ${amount} run`);
    }
  }
  return findings.checked;
}

export function receiptsVerify({ records, ledger, gated, trust }: Evidence): Checked {
  const findings = new Findings("every approved execution has a receipt that verifies");
  if (trust === undefined) return findings.checked;
  const began = new Set(ledger.filter(({ step, tool }) => step === "begin" && gated.has(tool)).map(keyOf));
  for (const record of records) {
    const runId = runIdOfRecord(record);
    const results = record.history.flatMap(({ event }) => (event.case === "toolResult" ? [event.value] : []));
    for (const { callId } of results) {
      if (!began.has(keyOf({ runId, callId })) || approvalsOf(record.history, callId).length === 0) continue;
      const receipt = makeReceipt(record.history, callId);
      const faults = "why" in receipt ? [receipt.why] : receiptFaults(receipt, trust.trusted);
      findings.expect(faults.length === 0, runId, `${callId}: ${faults.join("; ")}`);
    }
  }
  return findings.checked;
}

function keyOf({ runId, callId }: { readonly runId: string; readonly callId: string }): string {
  return `${runId}/${callId}`;
}

export function auditVerifies({ records, trust }: Evidence): Checked {
  const findings = new Findings("the audit verifies, and has every decision of every run");
  if (trust === undefined) return findings.checked;
  const { report, audit } = trust;
  for (const { entry, problem } of report.faults) findings.expect(false, entry, problem);
  findings.expect(report.signed === report.entries, "", `${report.entries - report.signed} entries are not signed`);
  const decided = new Map<string, Set<string>>();
  for (const line of audit) {
    const { run, kind, decision } = JSON.parse(line) as Readonly<Record<string, string>>;
    if (run === undefined || decision === undefined || (kind !== "decided" && kind !== "voted")) continue;
    decided.set(run, (decided.get(run) ?? new Set()).add(decision));
  }
  for (const record of records) {
    const runId = runIdOfRecord(record);
    const acts = record.history.flatMap(({ event }) =>
      event.case === "decided"
        ? [event.value.decision?.decisionId]
        : event.case === "voted"
          ? [event.value.decisionId]
          : [],
    );
    for (const id of acts)
      findings.expect(decided.get(runId)?.has(id ?? "") === true, runId, `decision ${id} is missing`);
    findings.expect(
      (decided.get(runId)?.size ?? 0) === acts.length,
      runId,
      "the audit has decisions that the run has not",
    );
  }
  return findings.checked;
}
