// Events and ends: what readers saw, what the history says, and whether everything came to an end or waits for a reason.
import { isTerminal, textOf } from "../read-events.js";
import { runIdOfRecord } from "../run-record.js";
import { type Checked, type Evidence, Findings } from "./evidence.js";

/** Longer than a gateway takes to notice a lost message on a run that waits. */
const READERS_TIME_MS = 20_000;
const AFTER_THE_END: readonly (string | undefined)[] = ["decided", "voted", "lateOutcome", "checkpointClosed", "error"];

export function readersSawEverything({ records }: Evidence): Checked {
  const findings = new Findings("no event missing, doubled, changed or out of order for any reader");
  for (const record of records) {
    const runId = runIdOfRecord(record);
    const history = record.history.map(textOf);
    const end = record.history.findIndex(isTerminal);
    record.readings.forEach(({ events, faults, ended }, index) => {
      const reader = `reader ${index + 1}`;
      findings.expect(faults.length === 0, runId, `${reader}: ${faults.join("; ")}`);
      const other = events.findIndex((text, at) => text !== history[at]);
      const given = events[other]?.slice(0, 600);
      const kept = history[other]?.slice(0, 600);
      findings.expect(other === -1, runId, `${reader} was given ${given} where the history has ${kept}`);
      // Whoever was cut off with the run, or soon after its end, may not have had it yet.
      const cut = (record.readersHadMs ?? 0) < READERS_TIME_MS && !ended;
      const complete = end === -1 || cut || (ended && events.length > end);
      findings.expect(complete, runId, `${reader} had ${events.length} of ${history.length} events when it was over`);
    });
  }
  return findings.checked;
}

export function historiesAreGapless({ records }: Evidence): Checked {
  const findings = new Findings(
    "histories are gapless from 1, with at most one terminal event and nothing new after it",
  );
  for (const record of records) {
    const runId = runIdOfRecord(record);
    const { history, status } = record;
    const gap = history.findIndex(({ sequence }, index) => Number(sequence) !== index + 1);
    findings.expect(gap === -1, runId, `the history has a gap or a double at ${gap + 1}`);
    const ends = history.filter(isTerminal).length;
    findings.expect(ends <= 1, runId, `the history has ${ends} terminal events`);
    findings.expect(ends === 0 || status?.isComplete === true, runId, "status and history disagree about the end");
    findings.expect(
      // A run that is still in progress may have gone on between the two.
      status?.isComplete === true
        ? Number(status.lastSequence) === history.length
        : Number(status?.lastSequence ?? 0) >= history.length,
      runId,
      "status and history disagree in length",
    );
    const end = history.findIndex(isTerminal);
    const after =
      end === -1 ? undefined : history.slice(end + 1).find(({ event }) => !AFTER_THE_END.includes(event.case));
    findings.expect(after === undefined, runId, `${after?.event.case} comes after the terminal event`);
    const results = history.flatMap(({ event }) => (event.case === "toolResult" ? [event.value.callId] : []));
    findings.expect(new Set(results).size === results.length, runId, "a call has two outcomes");
  }
  return findings.checked;
}

export function runsEndOrSayWhy({ records }: Evidence): Checked {
  const findings = new Findings("every run ends, or waits for a named reason");
  for (const record of records) {
    const { status } = record;
    const runId = runIdOfRecord(record);
    findings.expect(runId !== "", record.key, "no start under this key was ever answered");
    if (runId === "") continue;
    const waits = (status?.pendingApprovals.length ?? 0) > 0 || status?.paused === true;
    const named = status?.isComplete === true || waits || (status?.blockedOn.length ?? 0) > 0;
    findings.expect(named, runId, `${record.story}: it neither ended nor waits for anything`);
  }
  return findings.checked;
}

export function questionsAreAnswered({ records }: Evidence): Checked {
  const findings = new Findings("every question about a run is answered");
  for (const record of records) {
    findings.expect(record.faults.length === 0, runIdOfRecord(record), `refused: ${record.faults.join("; ")}`);
  }
  return findings.checked;
}

/** People answered whatever was open until the end, so that nothing should be. */
export function runsEnded({ records }: Evidence): Checked {
  const findings = new Findings("every run whose people answered has ended");
  for (const record of records) {
    const { status, story } = record;
    if (status === undefined) continue;
    const open = status.pendingApprovals.length;
    const still = `${story}: state ${status.state}, ${open} open, paused ${status.paused}, blocked on ${status.blockedOn.join(", ")}`;
    findings.expect(status.isComplete && open === 0, runIdOfRecord(record), still);
  }
  return findings.checked;
}

export function startsAreIdempotent({ records }: Evidence): Checked {
  const findings = new Findings("one key starts one run");
  for (const record of records) {
    const { starts, history } = record;
    const runId = runIdOfRecord(record);
    findings.expect(new Set(starts.map((start) => start.runId)).size <= 1, runId, "one key started several runs");
    findings.expect(
      starts.filter(({ created }) => created).length <= 1,
      runId,
      "two starts were both told that they made it",
    );
    const begun = history.filter(({ event }) => event.case === "runStarted").length;
    findings.expect(starts.length === 0 || begun === 1, runId, `the run has ${begun} beginnings`);
  }
  const ids = records.map(runIdOfRecord).filter((runId) => runId !== "");
  findings.expect(new Set(ids).size === ids.length, "", "two keys started one run");
  return findings.checked;
}
