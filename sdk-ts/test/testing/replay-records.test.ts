// Whatever the core can make of a run can be replayed from what a client reads of it: every transcript of the core.
import { readdirSync, readFileSync } from "node:fs";
import type { Agent, ApprovalPolicy, RunEvent, ToolDefinition } from "@agentspan/orchestrator/core";
import { describe, expect, it } from "vitest";
import { replayTranscript } from "../../../services/orchestrator/test/core/replay-transcript.js";
import { RecordedRun } from "../../src/testing/replay/recorded-run.js";
import { playAgain, stepsOf } from "../../src/testing/replay/replay-run.js";
import { whyOf } from "../../src/testing/replay/why.js";
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
      expect(playAgain(record, steps, definition, definition)).toEqual({ divergence: undefined, words: [] });
    },
  );

  it.each(Object.entries(BEYOND))("%s is refused, with where and why", (name, why) => {
    const { record, definition } = recorded(name);
    expect(() => stepsOf(record, definition)).toThrow(why);
  });
});

/** Transcripts by a definition of today, and why they go otherwise by it; changes of the core's own form of it. */
describe("a run of the core's transcripts goes otherwise", () => {
  const tools = (change: Partial<ToolDefinition>) => (agent: Agent) => ({
    ...agent,
    tools: agent.tools.map((tool) => ({ ...tool, ...change })),
  });
  const policies = (change: Partial<ApprovalPolicy>) => (agent: Agent) => ({
    ...agent,
    tools: agent.tools.map((tool) => ({ ...tool, approval: { ...tool.approval, ...change } })),
  });
  const tries = (maxAttempts: number) =>
    tools({ retry: { maxAttempts, initialBackoffMs: 1, maxBackoffMs: 1, multiplier: 1 } });
  const cases: readonly (readonly [string, (agent: Agent) => Agent, string])[] = [
    [
      "an-approval-that-expires-may-end-the-run.txt",
      tools({ timeoutMs: 1 }),
      "By today's definition the tool ran past its time-out.",
    ],
    [
      "what-has-begun-is-not-given-back.txt",
      tools({ startTimeoutMs: 1 }),
      "By today's definition the call waited too long for a worker.",
    ],
    [
      "what-has-begun-is-not-given-back.txt",
      (agent) => ({ ...agent, deadlineMs: 1 }),
      "By today's definition the run's deadline is over before that.",
    ],
    [
      "a-tool-may-let-starters-approve-and-unknown-ones-always-may.txt",
      (agent) => ({
        ...agent,
        tools: agent.tools.map(({ approval: { selfApproval: _, ...approval }, ...tool }) => ({ ...tool, approval })),
      }),
      "alex approved gift in the record; today that is refused: Whoever asks started run run_1, and what tool gift does in it takes the word of somebody else.",
    ],
    [
      "a-plain-tool-that-runs-past-its-time-out-is-tried-again.txt",
      tries(1),
      "The call was tried again in the record; by today's definition it fails for good: error: The tool ran past its time-out. It was tried 1 times.",
    ],
    [
      "what-has-begun-is-not-given-back.txt",
      tries(9),
      "The call failed for good in the record; by today's definition it is tried again.",
    ],
    [
      "an-owners-gate-on-a-rerun-by-a-probes-word-asks-whether-it-happened.txt",
      tries(1),
      "It ran again by itself in the record; by today's definition its attempts are used up, and a person is asked.",
    ],
    [
      "what-has-begun-is-not-given-back.txt",
      tools({ once: true }),
      "By today's definition the call may start only once: nobody knows then whether it happened, and a person is asked.",
    ],
    [
      "a-standing-grant-decides-before-anybody-is-asked.txt",
      policies({ votesRequired: 2 }),
      "pay_out was allowed by maria's standing grant gra_1 in the record; by today's definition no such grant decides it.",
    ],
    [
      "a-question-is-answered-by-people-and-never-told-to-workers.txt",
      (agent) => ({ ...agent, tools: agent.tools.map(({ human: _, ...tool }) => tool) }),
      "ask_customer asked a person in the record; today's definition does not ask.",
    ],
    [
      "who-names-the-preview-that-they-saw-approves-that-or-nothing.txt",
      tools({ human: {} }),
      "process_refund was approved by maria in the record; by today's definition people carry it out themselves.",
    ],
    [
      "an-approval-that-nobody-decides-in-time-is-rejected.txt",
      (agent) => ({
        ...agent,
        tools: agent.tools.map(({ approval: { expiry: _, ...approval }, ...tool }) => ({ ...tool, approval })),
      }),
      "Nobody had decided in time in the record; today there is still time then.",
    ],
  ];
  it.each(cases)("%s", (name, change, why) => {
    const { record, definition } = recorded(name);
    const today = change(definition);
    const { divergence } = playAgain(record, stepsOf(record, definition), definition, today);
    expect(divergence && whyOf(divergence, record, today)).toBe(why);
  });
});

function recorded(name: string) {
  const { run } = replayTranscript(readFileSync(new URL(name, FOLDER), "utf8"));
  const stored = run.storedEvents().map((text) => JSON.parse(text) as RunEvent);
  return { record: new RecordedRun(historyOf(stored)), definition: run.definition };
}
