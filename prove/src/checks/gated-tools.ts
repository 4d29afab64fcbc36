// What tools really did, by their own ledger: no gated tool began without its approval for exactly those arguments, or
// more than once for one; and what a living worker did is on record.
import type { LedgerLine } from "@agentspan/e2e";
import { canonicalArguments } from "@agentspan/internal";
import { DecisionOutcome, type Event } from "@agentspan/proto";
import { runIdOfRecord } from "../run-record.js";
import { type Checked, type Evidence, Findings } from "./evidence.js";

export function gatedToolsBeganByApproval({ records, ledger, gated }: Evidence): Checked {
  const findings = new Findings("no gated tool began without its approval for those arguments");
  const histories = historiesOf(records);
  for (const line of begins(ledger, gated)) {
    const { runId, callId, approvalId } = line;
    const fault = faultOfBegin(histories.get(runId) ?? [], line);
    findings.expect(
      fault === undefined,
      runId,
      `${line.tool} of ${callId} began with approval "${approvalId}" ${fault}`,
    );
  }
  return findings.checked;
}

/** A tool whose receiver enforces the key runs again on the word of its probe, and for each such word once more. */
export function guardedToolsBeganOnce({ records, ledger, gated, once }: Evidence): Checked {
  const findings = new Findings("no guarded tool began more than once for one approval");
  const histories = historiesOf(records);
  const counts = new Map<string, LedgerLine[]>();
  for (const line of begins(ledger, new Set([...gated, ...once]))) {
    const key = `${line.runId}/${line.callId}/${line.approvalId}`;
    counts.set(key, [...(counts.get(key) ?? []), line]);
  }
  for (const lines of counts.values()) {
    const [first] = lines;
    if (first === undefined) continue;
    const attempts = lines.map(({ attempt, pid }) => `attempt ${attempt} in process ${pid}`).join(", ");
    const allowed = 1 + rerunsByProbe(histories.get(first.runId) ?? [], first.callId);
    findings.expect(
      lines.length <= allowed,
      first.runId,
      `${first.tool} of ${first.callId} began ${lines.length} times: ${attempts}`,
    );
  }
  return findings.checked;
}

export function guardedToolsBeganByRecord({ records, ledger, gated, once }: Evidence): Checked {
  const findings = new Findings("every guarded start was on record before it, under one idempotency key for each call");
  const histories = historiesOf(records);
  const keys = new Map<string, string>();
  for (const line of begins(ledger, new Set([...gated, ...once]))) {
    const { runId, callId, attempt, key, tool } = line;
    const started = (histories.get(runId) ?? []).some(
      ({ event }) => event.case === "toolStarted" && event.value.callId === callId && event.value.attempt === attempt,
    );
    findings.expect(started, runId, `attempt ${attempt} of ${tool} ${callId} began and no claim of it is recorded`);
    const before = keys.get(`${runId}/${callId}`) ?? key;
    findings.expect(before === key, runId, `${tool} of ${callId} began under two idempotency keys`);
    keys.set(`${runId}/${callId}`, key);
  }
  return findings.checked;
}

/** A worker repeats its outcome until it is answered; so one that lived to the end has told all that it did. */
export function outcomesAreRecorded({ records, ledger, gated, once, livingPids }: Evidence): Checked {
  const findings = new Findings("every outcome of a guarded tool whose worker lived is recorded");
  const histories = historiesOf(records);
  const guarded = new Set([...gated, ...once]);
  for (const { step, tool, runId, callId, attempt, pid } of ledger) {
    if (step !== "end" || !guarded.has(tool) || !livingPids.has(pid)) continue;
    const recorded = (histories.get(runId) ?? []).some(({ event }) => {
      if (event.case !== "toolResult" && event.case !== "lateOutcome") return false;
      return event.value.callId === callId && event.value.attempt === attempt;
    });
    findings.expect(recorded, runId, `attempt ${attempt} of ${tool} ${callId} ended and its outcome is not recorded`);
  }
  return findings.checked;
}

function rerunsByProbe(history: readonly Event[], callId: string): number {
  return history.filter(
    ({ event }) => event.case === "probeAnswered" && event.value.callId === callId && event.value.runsAgain,
  ).length;
}

function begins(ledger: readonly LedgerLine[], tools: ReadonlySet<string>): readonly LedgerLine[] {
  return ledger.filter(({ step, tool }) => step === "begin" && tools.has(tool));
}

function historiesOf(records: Evidence["records"]): ReadonlyMap<string, readonly Event[]> {
  return new Map(records.map((record) => [runIdOfRecord(record), record.history]));
}

function isChecked(history: readonly Event[], callId: string, attempt: number, shown: string): boolean {
  return history.some(({ event }) => {
    if (event.case !== "toolStarted" || event.value.callId !== callId || event.value.attempt !== attempt) return false;
    return event.value.checkedPreview === shown;
  });
}

function faultOfBegin(
  history: readonly Event[],
  { callId, approvalId, attempt, args }: LedgerLine,
): string | undefined {
  let digest: string | undefined;
  for (const { event } of history) {
    if (event.case === "toolCall" && event.value.callId === callId) digest = event.value.argumentsDigest;
    if (event.case !== "decided" || event.value.callId !== callId) continue;
    const { decision } = event.value;
    if (decision === undefined) continue;
    const { outcome, editedArgumentsJson } = decision;
    const lets = outcome === DecisionOutcome.APPROVED || outcome === DecisionOutcome.RUN_AGAIN;
    if (lets && editedArgumentsJson !== "") digest = digestOfArguments(editedArgumentsJson);
    if (decision.approvalId !== approvalId) continue;
    if (!lets) return `which was ${DecisionOutcome[outcome]}`;
    const shown = editedArgumentsJson === "" ? decision.previewFingerprint : "";
    if (shown !== "" && !isChecked(history, callId, attempt, shown)) return "without a check of what was shown";
    return digestOfArguments(args) === digest ? undefined : `for other arguments than ${args.slice(0, 200)}`;
  }
  return "that nobody gave";
}

function digestOfArguments(text: string): string {
  const canonical = canonicalArguments(text);
  return canonical.ok ? canonical.digest : "";
}
