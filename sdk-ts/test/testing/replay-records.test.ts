// Whatever the core can make of a run can be replayed from what a client reads of it: every transcript of the core.
import { readdirSync, readFileSync } from "node:fs";
import type { RunEvent } from "@agentspan/orchestrator/core";
import { describe, expect, it } from "vitest";
import { replayTranscript } from "../../../services/orchestrator/test/core/replay-transcript.js";
import { RecordedRun } from "../../src/testing/replay/recorded-run.js";
import { playAgain, stepsOf } from "../../src/testing/replay/replay-run.js";
import { historyOf } from "./recorded-histories.js";

const FOLDER = new URL("../../../services/orchestrator/testdata/transcripts/", import.meta.url);
const ALL = readdirSync(FOLDER).filter((name) => name.endsWith(".txt"));

/** What no history holds enough of to replay it. */
const BEYOND: Readonly<Record<string, RegExp>> = {
  "a-reply-over-the-limit-ends-the-run.txt": /it ended for its size, and what was too large was not kept/,
  "a-turn-has-128-calls-at-most.txt": /it ended for its size, and what was too large was not kept/,
  "a-run-that-grows-too-large-is-warned-and-then-ended.txt": /cannot be replayed from event 16 on/,
  // Of a result that was cut, only the head and the digest are there.
  "a-probes-result-over-the-limit-is-cut.txt": /cannot be replayed from event 8 on/,
  // How deep a run lies is not told.
  "runs-start-runs-at-most-eight-deep.txt": /cannot be replayed from event 2 on/,
};
/** Their children's results are no JSON, which those of real runs always are. */
const UNREAL = [
  "a-gated-call-starts-its-run-once-it-is-approved.txt",
  "a-pause-is-for-the-runs-that-it-started-too.txt",
  "a-run-does-not-end-before-the-runs-that-it-started.txt",
];

describe("a run of the core's transcripts", () => {
  it.each(ALL.filter((name) => !(name in BEYOND) && !UNREAL.includes(name)))(
    "%s is replayed as it was recorded",
    (name) => {
      const { record, definition } = recorded(name);
      const steps = stepsOf(record, definition);
      expect(steps.steps.reduce((sum, { count }) => sum + count, 0)).toBe(record.events.length);
      expect(playAgain(record, steps, definition)).toEqual({ divergence: undefined, words: [] });
    },
  );

  it.each(Object.entries(BEYOND))("%s is refused, with where and why", (name, why) => {
    const { record, definition } = recorded(name);
    expect(() => stepsOf(record, definition)).toThrow(why);
  });
});

function recorded(name: string) {
  const { run } = replayTranscript(readFileSync(new URL(name, FOLDER), "utf8"));
  const stored = run.storedEvents().map((text) => JSON.parse(text) as RunEvent);
  return { record: new RecordedRun(historyOf(stored)), definition: run.definition };
}
