import { BoundedLabel } from "@agentspan/internal/metrics";
import { describe, expect, it } from "vitest";
import type { Fact, RunEvent } from "../../src/core/index.js";
import { AttemptClock, readySince } from "../../src/metrics/attempt-clock.js";
import { OrchestratorMetrics } from "../../src/metrics/orchestrator-metrics.js";
import type { StoredRun } from "../../src/ports.js";

const AT = 1_800_000_000_000;

/** As far as figures look at it. */
function stored(facts: readonly (readonly [number, unknown])[]): StoredRun {
  const events = facts.map(([at, fact], index) => ({
    sequence: index + 1,
    at: AT + at,
    by: "orc",
    fact: fact as Fact,
  }));
  const checkpoints = { apr_1: { kind: "APPROVAL", requestedAt: AT } };
  const run = { checkpoints, turn: { calls: [{ callId: "c1", tool: "refund" }] }, pastCalls: {} };
  return { run, events } as unknown as StoredRun;
}

const last = ({ events }: StoredRun, count: number): readonly RunEvent[] => events.slice(-count);

async function figures(metrics: OrchestratorMetrics): Promise<readonly string[]> {
  const text = await metrics.registry.metrics();
  return text.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
}

const STARTED = { type: "tool_started", callId: "c1", nonce: "n1" };
const RESULT = { type: "tool_result", callId: "c1", nonce: "n1", outcome: { kind: "result", text: "1" } };

describe("an attempt is measured", () => {
  it("by this process's own clock where it was granted here", () => {
    let now = 1_000;
    const clock = new AttemptClock(() => now);
    expect(clock.begin("n1")).toBe(true);
    now += 250;
    expect(clock.begin("n1")).toBe(false);
    expect(clock.end(stored([]), [], "n1", AT)).toBe(0.25);
  });

  it("by the stored times where another orchestrator granted it", () => {
    const run = stored([
      [0, STARTED],
      [4_000, RESULT],
    ]);
    expect(new AttemptClock(() => 0).end(run, last(run, 1), "n1", AT + 4_000)).toBe(4);
  });

  it("not at all where the claim was stored with the outcome: those times say nothing", () => {
    const run = stored([
      [4_000, STARTED],
      [4_000, RESULT],
    ]);
    expect(new AttemptClock(() => 0).end(run, last(run, 2), "n1", AT + 4_000)).toBeUndefined();
  });
});

describe("a call could have begun", () => {
  const asked = [0, { type: "tool_call", callId: "c1" }] as const;

  it.each([
    ["when the model asked for it", [asked], 0],
    ["when it was approved", [asked, [500, { type: "decided", callId: "c1" }]], 500],
    ["when its backoff was over", [asked, [500, { type: "attempt_failed", callId: "c1", retryAt: AT + 900 }]], 900],
    ["before its claim", [asked, [700, STARTED]], 0],
  ] as const)("%s", (_when, facts, since) => {
    expect(readySince(stored(facts), "c1")).toBe(AT + since);
  });

  it("nobody knows when, of a call that is not there", () => {
    expect(readySince(stored([asked]), "c2")).toBeUndefined();
  });
});

describe("the figures of an orchestrator", () => {
  it("count what is committed", async () => {
    const metrics = new OrchestratorMetrics();
    const run = stored([
      [0, { type: "run_started" }],
      [0, { type: "waiting", kind: "APPROVAL", approvalId: "apr_1" }],
      [30_000, { type: "decided", approvalId: "apr_1", outcome: "approved" }],
      [30_000, STARTED],
      [31_000, { ...RESULT, outcome: { kind: "error", message: "no" } }],
      [31_000, { type: "ended", end: { state: "FAILED", reason: "MAX_TURNS", message: "" } }],
    ]);
    metrics.committed({ stored: run, events: run.events, effects: [] });
    expect(await figures(metrics)).toEqual(
      expect.arrayContaining([
        "agentspan_runs_started_total 1",
        'agentspan_checkpoints_opened_total{kind="APPROVAL"} 1',
        'agentspan_checkpoints_opened_total{kind="SETTLEMENT"} 0',
        'agentspan_checkpoint_wait_seconds_sum{kind="APPROVAL",outcome="approved"} 30',
        'agentspan_task_attempts_total{tool="refund",outcome="error"} 1',
        'agentspan_runs_ended_total{state="FAILED",reason="MAX_TURNS"} 1',
      ]),
    );
  });

  it("count no decision of a standing grant as one that people waited for", async () => {
    const metrics = new OrchestratorMetrics();
    const run = stored([[0, { type: "decided", approvalId: "apr_1", outcome: "approved", ground: {} }]]);
    metrics.committed({ stored: run, events: run.events, effects: [] });
    expect((await figures(metrics)).filter((line) => line.includes("checkpoint_wait"))).toEqual([]);
  });

  it("tell how the store stands while it is known, and nothing else", async () => {
    const metrics = new OrchestratorMetrics();
    const standing = async () =>
      (await figures(metrics)).filter((line) => /agentspan_(runs\{|oldest_wait|outbox)/.test(line));
    expect(await standing()).toEqual([]);
    metrics.counted({ runs: { RUNNING: 1, WAITING: 2, PAUSED: 0 }, oldestWait: 9, overdueRun: 0, overdueDelivery: 4 });
    expect(await standing()).toEqual([
      'agentspan_runs{state="RUNNING"} 1',
      'agentspan_runs{state="WAITING"} 2',
      'agentspan_runs{state="PAUSED"} 0',
      "agentspan_oldest_wait_seconds 9",
      'agentspan_outbox_age_seconds{kind="run"} 0',
      'agentspan_outbox_age_seconds{kind="delivery"} 4',
    ]);
    metrics.counted(undefined);
    expect(await standing()).toEqual([]);
  });

  it("have no more series than a label may have values", () => {
    const label = new BoundedLabel(2);
    expect(["a", "b", "c", "a", "d"].map((value) => label.of(value))).toEqual(["a", "b", "other", "a", "other"]);
  });
});
