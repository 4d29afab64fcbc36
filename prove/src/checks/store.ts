// What stands in the store of a stack of our own.
import { runIdOfRecord } from "../run-record.js";
import { type Checked, type Evidence, Findings } from "./evidence.js";
import { misfold } from "./stored-histories.js";

export function storedHistoriesFold({ stored = [], records }: Evidence): Checked {
  const findings = new Findings("stored histories fold to the documents beside them");
  for (const history of stored) {
    const { runId, run, events, owes, missingChunks } = history;
    findings.expect(missingChunks.length === 0, runId, `chunks are missing: ${missingChunks.join(", ")}`);
    const gapless = events.every(({ sequence }, index) => sequence === index + 1);
    findings.expect(gapless, runId, "the stored events have a gap or a double");
    const fault = misfold(history);
    findings.expect(fault === undefined, runId, `of the stored events: ${fault}`);
    findings.expect(
      !(run.phase.kind === "ended" && owes && !hasGrantToWatch(history.run)),
      runId,
      "it has ended and is still looked after",
    );
  }
  const ids = new Set(stored.map(({ runId }) => runId));
  for (const record of records) {
    const runId = runIdOfRecord(record);
    if (runId !== "") findings.expect(ids.has(runId), runId, "it was started and is not in the store");
  }
  findings.expect(ids.size <= records.length, "", `${records.length} keys made ${ids.size} runs`);
  return findings.checked;
}

/** An ended run may still wait for the end of a grant whose outcome is unknown. */
function hasGrantToWatch(run: {
  readonly turn: { readonly calls: readonly { readonly state: { readonly kind: string } }[] };
}): boolean {
  return run.turn.calls.some(({ state }) => state.kind === "unknown");
}
