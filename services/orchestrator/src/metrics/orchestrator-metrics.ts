// The figures of an orchestrator. Each is in docs/observability.md, and a test compares the two.
import type { ManagementPages } from "@agentspan/internal";
import {
  BoundedLabel,
  BUCKETS,
  Counter,
  Gauge,
  gaugeBus,
  Histogram,
  metricsPages,
  Registry,
} from "@agentspan/internal/metrics";
import type { RunEvent, Usage } from "../core/index.js";
import type { Committed } from "../engine.js";
import type { Granted, Meter, MeterSources, Standing } from "../meter.js";
import type { StoredRun } from "../ports.js";
import { AttemptClock, readySince } from "./attempt-clock.js";

/** Distinct values of a label, in one process. */
const MOST = { tools: 500, models: 100 } as const;
const DECISIONS: Readonly<Record<string, string>> = {
  "RunService/Approve": "approve",
  "RunService/Reject": "reject",
  "RunService/Respond": "respond",
  "RunService/Settle": "settle",
};

export class OrchestratorMetrics implements Meter {
  readonly registry = new Registry();
  private readonly tools = new BoundedLabel(MOST.tools);
  private readonly models = new BoundedLabel(MOST.models);
  private readonly attempts = new AttemptClock(() => performance.now());

  private readonly started = this.counter("runs_started_total", "Runs that were started.", []);
  private readonly ended = this.counter("runs_ended_total", "Runs that ended, by how.", ["state", "reason"]);
  private readonly waits = this.histogram(
    "checkpoint_wait_seconds",
    "How long approvals, questions and settlements were open, by what closed them.",
    ["kind", "outcome"],
    BUCKETS.people,
  );
  private readonly opened = this.counter("checkpoints_opened_total", "Times that people were asked.", ["kind"]);
  private readonly decisions = this.histogram(
    "decision_duration_seconds",
    "From a decision's arrival at the orchestrator until it was committed.",
    ["decision"],
    BUCKETS.quick,
  );
  private readonly requests = this.histogram(
    "request_duration_seconds",
    "Requests of gateways, by what they were answered.",
    ["method", "code"],
    BUCKETS.quick,
  );
  private readonly outcomes = this.counter("task_attempts_total", "Attempts at tools, by what became of them.", [
    "tool",
    "outcome",
  ]);
  private readonly durations = this.histogram(
    "task_duration_seconds",
    "From a worker's grant until the outcome of the attempt was stored.",
    ["tool", "outcome"],
    BUCKETS.work,
  );
  private readonly delays = this.histogram(
    "task_start_delay_seconds",
    "From when an attempt could begin until a worker had its grant.",
    ["tool"],
    BUCKETS.work,
  );
  private readonly modelCalls = this.histogram(
    "model_call_duration_seconds",
    "Attempts at model calls.",
    ["model", "outcome"],
    BUCKETS.work,
  );
  private readonly tokens = this.counter("model_tokens_total", "Tokens of model calls that succeeded.", [
    "model",
    "type",
  ]);
  private readonly deliveries = this.counter("webhook_attempts_total", "Attempts to send deliveries of webhooks.", [
    "outcome",
  ]);
  private readonly runs = this.gauge("runs", "Runs that have not ended. One orchestrator tells, for all.", ["state"]);
  private readonly oldestWait = this.gauge(
    "oldest_wait_seconds",
    "How long the longest waiting run has waited for people. One orchestrator tells.",
    [],
  );
  private readonly outbox = this.gauge(
    "outbox_age_seconds",
    "How overdue the most overdue of what is owed is. One orchestrator tells.",
    ["kind"],
  );

  constructor() {
    // What is looked for in alerts is there from the start: a series that begins with 1 has not grown.
    for (const kind of ["APPROVAL", "QUESTION", "SETTLEMENT"]) this.opened.inc({ kind }, 0);
    for (const outcome of ["delivered", "failed", "dead"]) this.deliveries.inc({ outcome }, 0);
    this.counted(undefined);
  }

  committed({ stored, events }: Committed): void {
    for (const event of events) this.happened(stored, events, event);
  }

  answered(method: string, code: string, seconds: number): void {
    this.requests.observe({ method, code }, seconds);
    const decision = DECISIONS[method];
    if (decision !== undefined && code === "OK") this.decisions.observe({ decision }, seconds);
  }

  modelCalled(name: string, seconds: number, usage: Usage | undefined): void {
    const model = this.models.of(name);
    this.modelCalls.observe({ model, outcome: usage === undefined ? "error" : "ok" }, seconds);
    if (usage === undefined) return;
    this.tokens.inc({ model, type: "input" }, usage.inputTokens);
    this.tokens.inc({ model, type: "output" }, usage.outputTokens);
  }

  granted(stored: StoredRun, { callId, tool, nonce }: Granted, now: number): void {
    // The same claim is granted again where its answer was lost: it has begun already.
    if (!this.attempts.begin(nonce)) return;
    const since = readySince(stored, callId);
    if (since === undefined) return;
    this.delays.observe({ tool: this.tools.of(tool) }, Math.max(0, now - since) / 1_000);
  }

  posted(outcome: "delivered" | "failed" | "dead"): void {
    this.deliveries.inc({ outcome });
  }

  counted(standing: Standing | undefined): void {
    for (const gauge of [this.runs, this.oldestWait, this.outbox]) gauge.reset();
    if (standing === undefined) {
      // A gauge without labels is told as 0 by its reset, which would be a lie here.
      this.oldestWait.remove();
      return;
    }
    for (const [state, count] of Object.entries(standing.runs)) this.runs.set({ state }, count);
    this.oldestWait.set(standing.oldestWait);
    this.outbox.set({ kind: "run" }, standing.overdueRun);
    this.outbox.set({ kind: "delivery" }, standing.overdueDelivery);
  }

  follow({ engine, sweeper, modelCalls }: MeterSources): void {
    this.read("commits_total", "Transitions that were committed.", () => engine().commits);
    this.read("commit_conflicts_total", "Commits that another writer was faster than.", () => engine().conflicts);
    this.read("commits_unknown_total", "Commits whose answer was lost.", () => engine().unknown);
    this.read("sweeps_total", "Looks for what is overdue.", () => sweeper().sweeps);
    this.read("swept_runs_total", "Overdue runs that were looked after.", () => sweeper().lookedAfter);
    this.read(
      "sweep_failures_total",
      "Runs that could not be looked after, and sweeps that failed as a whole.",
      () => sweeper().failures,
    );
    const gauges = [
      ["sweeper_lag_seconds", "How overdue the most overdue run of the last sweep was.", () => sweeper().lagMs / 1_000],
      ["store_connected", "1 while MongoDB answers sweeps, 0 while it does not.", () => Number(sweeper().storeAnswers)],
      ["model_calls_in_hand", "Model calls that this orchestrator makes, or will.", modelCalls],
    ] as const;
    for (const [name, help, now] of gauges) {
      const collect = function (this: Gauge) {
        this.set(now());
      };
      new Gauge({ name: `agentspan_${name}`, help, registers: [this.registry], collect });
    }
  }

  /** For a management port. */
  pages(): ManagementPages {
    return metricsPages(this.registry);
  }

  /** Whether the bus is there, asked when somebody comes for it. */
  followBus(connected: () => boolean): void {
    gaugeBus(this.registry, "agentspan_bus_connected", connected);
  }

  private happened(stored: StoredRun, together: readonly RunEvent[], event: RunEvent): void {
    const { fact } = event;
    switch (fact.type) {
      case "run_started":
        this.started.inc();
        break;
      case "ended":
        this.ended.inc({ state: fact.end.state, reason: "message" in fact.end ? fact.end.reason : "none" });
        break;
      case "waiting":
        this.opened.inc({ kind: fact.kind });
        break;
      case "decided":
        // A standing grant decides what was never open.
        if (fact.ground === undefined) this.closed(stored, event, fact.approvalId, fact.outcome);
        break;
      case "checkpoint_closed":
        this.closed(stored, event, fact.approvalId, fact.why.toLowerCase());
        break;
      case "tool_result":
        if (fact.nonce === undefined) break;
        this.attempted(stored, together, fact, fact.outcome.kind === "error" ? "error" : "ok", event.at);
        break;
      case "attempt_failed":
        this.attempted(stored, together, fact, FAILED[fact.reason], event.at);
        break;
      case "task_released":
        this.attempted(stored, together, fact, "released", event.at);
        break;
      case "late_outcome":
        this.attempted(stored, together, fact, "late", event.at);
        break;
      case "grant_ended":
        this.attempted(stored, together, { callId: fact.callId }, "unknown", event.at);
        break;
      default:
        break;
    }
  }

  private closed({ run }: StoredRun, { at }: RunEvent, approvalId: string, outcome: string): void {
    const checkpoint = run.checkpoints[approvalId];
    if (checkpoint === undefined) return;
    const { kind, requestedAt } = checkpoint;
    this.waits.observe({ kind, outcome }, Math.max(0, at - requestedAt) / 1_000);
  }

  private attempted(
    stored: StoredRun,
    together: readonly RunEvent[],
    { callId, nonce }: { readonly callId: string; readonly nonce?: string | undefined },
    outcome: string,
    at: number,
  ): void {
    const tool = this.toolOf(stored, callId);
    this.outcomes.inc({ tool, outcome });
    const seconds = nonce === undefined ? undefined : this.attempts.end(stored, together, nonce, at);
    if (seconds !== undefined) this.durations.observe({ tool, outcome }, seconds);
  }

  private toolOf({ run }: StoredRun, callId: string): string {
    const tool = run.turn.calls.find((call) => call.callId === callId)?.tool ?? run.pastCalls[callId]?.tool;
    return this.tools.of(tool ?? "unknown");
  }

  private counter<L extends string>(name: string, help: string, labelNames: readonly L[]): Counter<L> {
    return new Counter({ name: `agentspan_${name}`, help, labelNames, registers: [this.registry] });
  }

  private gauge<L extends string>(name: string, help: string, labelNames: readonly L[]): Gauge<L> {
    return new Gauge({ name: `agentspan_${name}`, help, labelNames, registers: [this.registry] });
  }

  private histogram<L extends string>(
    name: string,
    help: string,
    labelNames: readonly L[],
    buckets: readonly number[],
  ): Histogram<L> {
    return new Histogram({
      name: `agentspan_${name}`,
      help,
      labelNames,
      buckets: [...buckets],
      registers: [this.registry],
    });
  }

  /** A counter that somebody else counts. */
  private read(name: string, help: string, now: () => number): void {
    const collect = function (this: Counter) {
      this.reset();
      this.inc(now());
    };
    new Counter({ name: `agentspan_${name}`, help, registers: [this.registry], collect });
  }
}

const FAILED = {
  TOOL_FAILED: "failed",
  TOOL_LOST: "lost",
  TOOL_DISOWNED: "lost",
  TOOL_TIMED_OUT: "timed_out",
} as const;
