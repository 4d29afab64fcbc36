// Recorded runs must replay for ever: their events stand as they were stored, and are never written anew. A field that
// the state gains on purpose is brought in with UPDATE_HISTORIES=1, which folds the stored events and touches nothing
// else. A history that is missing is recorded from its transcript with the same switch.
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { beforeAll, describe, expect, it } from "vitest";
import { fold, type RunEvent } from "../src/core/index.js";
import { eventText, runText } from "../src/run-shape.js";
import { replayTranscript } from "./core/replay-transcript.js";

const HISTORIES = new URL("../testdata/histories/", import.meta.url);
const TRANSCRIPTS = new URL("../testdata/transcripts/", import.meta.url);
const UPDATE = process.env.UPDATE_HISTORIES === "1";

/** Which story each was recorded from. */
const RECORDED: Readonly<Record<string, string>> = {
  "refund-approved": "a-refund-that-a-person-approves-is-paid-once",
  "refund-rejected": "a-rejected-refund-is-not-paid-and-the-model-goes-on",
  "arguments-edited": "edited-arguments-run-and-the-model-is-told",
  "votes-and-an-edit": "an-edit-clears-the-votes-and-binds-those-that-follow",
  "settlement-run-again": "a-settlement-after-a-time-out-runs-again-only-when-the-old-grant-is-dead",
  "settlement-after-the-end": "a-late-outcome-after-the-run-ended-closes-its-settlement",
  "cancelled-in-a-guarded-tool": "cancel-in-the-middle-of-a-guarded-tool-waits-for-it",
  "cancelled-over-reruns": "a-run-does-not-end-over-a-rerun-whose-first-attempt-is-unknown",
  "retries-and-pause": "a-task-that-no-worker-takes-in-time-fails",
  "refused-calls": "a-call-that-cannot-be-read-is-refused-and-the-model-tries-again",
  "output-schema": "an-answer-that-does-not-fit-the-output-schema-is-asked-for-again",
  "probe-happened": "a-lost-workers-probe-says-that-it-happened",
  "probe-runs-again": "a-tool-that-kills-its-worker-each-time-is-not-run-for-ever",
  "votes-through-a-delegate": "whoever-started-a-run-does-not-approve-its-calls",
  "expired-after-an-escalation": "an-approval-goes-to-others-and-is-then-rejected",
  "expiry-ends-the-run": "an-approval-that-expires-may-end-the-run",
  "rule-and-a-spared-edit": "a-rule-says-which-calls-wait-for-people",
  "rule-that-fails": "a-rule-that-says-neither-yes-nor-no-asks-for-people",
  "standing-grant": "a-standing-grant-decides-before-anybody-is-asked",
  "preview-drifted": "what-a-call-would-do-has-changed-and-people-are-asked-again",
  "preview-unstable": "a-call-that-drifts-three-times-is-unstable",
  "preview-checked-again": "a-rerun-by-a-probes-word-is-checked-again-and-a-person-settles-what-has-changed",
  "preview-of-an-edit": "an-edit-is-looked-at-anew-and-one-that-decides-is-not",
  reminded: "people-are-reminded-and-nothing-moves",
  "question-answered": "a-question-is-answered-by-people-and-never-told-to-workers",
  "child-mirrored": "what-a-child-waits-for-is-seen-above-it-and-decided-in-its-own-run",
  "children-ended-first": "a-run-does-not-end-before-the-runs-that-it-started",
  "child-tells": "a-run-tells-the-one-that-started-it-what-it-waits-for-and-how-it-ended",
  deadline: "waiting-for-a-person-does-not-count-against-the-deadline",
};

interface History {
  /** Stored texts, oldest first. */
  readonly events: readonly string[];
  readonly run: unknown;
}

function fileOf(name: string): URL {
  return new URL(`${name}.json`, HISTORIES);
}

/** The state as it is stored: through JSON text. */
function folded(events: readonly string[]): unknown {
  return JSON.parse(JSON.stringify(fold(events.map((text) => JSON.parse(text) as RunEvent))));
}

function write(name: string, history: History): void {
  writeFileSync(fileOf(name), `${JSON.stringify(history, null, 1)}\n`);
}

describe("recorded histories", () => {
  beforeAll(() => {
    for (const [name, transcript] of UPDATE ? Object.entries(RECORDED) : []) {
      if (existsSync(fileOf(name))) continue;
      const { run } = replayTranscript(readFileSync(new URL(`${transcript}.txt`, TRANSCRIPTS), "utf8"));
      const events = run.storedEvents();
      write(name, { events, run: folded(events) });
    }
  });

  it("are all there", () => {
    const names = readdirSync(HISTORIES).map((name) => name.replace(/\.json$/u, ""));
    expect(names.toSorted()).toEqual(Object.keys(RECORDED).toSorted());
  });

  it.each(Object.keys(RECORDED))("%s folds into its state", (name) => {
    const { events, run } = JSON.parse(readFileSync(fileOf(name), "utf8")) as History;
    if (UPDATE) write(name, { events, run: folded(events) });
    else expect(folded(events)).toEqual(run);
  });

  it.each(Object.keys(RECORDED))("%s is read from a row as it was stored", (name) => {
    const { events, run } = JSON.parse(readFileSync(fileOf(name), "utf8")) as History;
    expect(runText(JSON.stringify(run), "run")).toEqual(run);
    expect(events.map((text) => eventText(text, "events"))).toEqual(events.map((text) => JSON.parse(text)));
  });
});
