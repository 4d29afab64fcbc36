// Acts on what was committed: calls models, announces tasks, tells watchers. Nobody waits for it, and it may die
// between any two instructions: whatever it did not do is still owed, and a sweeper finds it.
import { AgentspanError, faultPoint, type TaskAddress, under } from "@agentspan/internal";
import { LiveEventsSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { type ChildEffect, ChildRuns, type ChildRunsOptions, isChildEffect } from "./child-runs.js";
import { type Call, callOf, type Effect, type Run } from "./core/index.js";
import { argumentsBefore, type EarlierEvents } from "./encode/approval.js";
import { encodeEvent } from "./encode/event.js";
import type { Committed } from "./engine.js";
import { type LeftCall, ModelCalls, type ModelCallsOptions, type ModelEffect } from "./model-calls.js";
import type { Bus, StoredRun } from "./ports.js";
import { causeOf } from "./run-trace.js";

export type RelayOptions = ModelCallsOptions &
  ChildRunsOptions & { readonly bus: Pick<Bus, "announce" | "withdraw" | "publish"> };

export class Relay {
  private readonly calls: ModelCalls;

  private readonly children: ChildRuns;

  constructor(private readonly options: RelayOptions) {
    this.calls = new ModelCalls(options);
    this.children = new ChildRuns(options);
  }

  /** Keys of the model calls in hand, as this process's signs of life list them. */
  inHand(): readonly string[] {
    return this.calls.keys();
  }

  hasInHand(key: string): boolean {
    return this.calls.has(key);
  }

  act(committed: Committed): void {
    under(causeOf(committed.stored), () => this.actUnder(committed));
  }

  private actUnder({ stored, events, effects }: Committed): void {
    this.publish(stored, events);
    for (const effect of effects) {
      if (effect.kind === "announce") void this.announce(stored.run, effect.callId, effect.attempt);
      else if (effect.kind === "withdraw") void this.withdraw(stored.run, effect);
      else if (isChildEffect(effect)) void this.children.see(stored, effect);
      else this.callModel(stored, effect);
    }
    if (stored.run.phase.kind !== "active") this.calls.abort(stored.run.runId);
  }

  /** Tells workers of an attempt; false where the bus is away and it must be done again. */
  async announce(run: Run, callId: string, attempt: number): Promise<boolean> {
    const call = callOf(run, callId);
    if (call === undefined) return true;
    try {
      faultPoint("orchestrator.before-announce");
      await this.options.bus.announce(addressOf(run, call, attempt), this.options.orchestratorId);
      faultPoint("orchestrator.after-announce");
      return true;
    } catch (thrown) {
      const { reason } = AgentspanError.from(thrown);
      this.options.log.warn({ runId: run.runId, callId, attempt, reason }, "A task could not be announced; it will be");
      return false;
    }
  }

  /** Makes a model call that this process holds, if it is not in hand already. */
  callModel(stored: StoredRun, effect: ModelEffect): void {
    this.calls.take(stored, effect);
  }

  /** Sees to what a run owes the runs above and below it; false where it is still to be done. */
  seeTo(stored: StoredRun, effect: ChildEffect): Promise<boolean> {
    return under(causeOf(stored), () => this.children.see(stored, effect));
  }

  /** Takes no more model calls, and gives up after the grace those in hand. */
  stop(graceMs: number): Promise<void> {
    return this.calls.stop(graceMs);
  }

  /** The model calls that others must make, once this process has stopped. */
  leftCalls(): readonly LeftCall[] {
    return this.calls.leftCalls();
  }

  private async withdraw(run: Run, { callId, tool, queue }: Extract<Effect, { kind: "withdraw" }>): Promise<void> {
    const { runId, namespace } = run;
    try {
      faultPoint("orchestrator.before-withdraw");
      await this.options.bus.withdraw({ namespace, queue, tool, runId, callId });
    } catch (thrown) {
      // A claim of it is refused anyway.
      this.options.log.debug(
        { runId, callId, reason: AgentspanError.from(thrown).reason },
        "A hint stays in the queue",
      );
    }
  }

  private publish({ run, events: stored }: StoredRun, events: Committed["events"]): void {
    if (events.length === 0) return;
    faultPoint("orchestrator.before-live-events");
    const earlier: EarlierEvents = {
      arguments: (callId, before) => argumentsBefore(stored, callId, before) ?? "",
      at: (sequence) => stored.find((event) => event.sequence === sequence),
    };
    const live = create(LiveEventsSchema, {
      runId: run.runId,
      events: events.map((event) => encodeEvent(run.runId, run.agentName, event, earlier)),
      lastSequence: BigInt(run.lastSequence),
      ended: run.phase.kind === "ended",
    });
    this.options.bus.publish(run.namespace, run.runId, live);
  }
}

export function addressOf(run: Run, { queue, tool, callId }: Call, attempt: number): TaskAddress {
  return { namespace: run.namespace, queue, tool, runId: run.runId, callId, attempt };
}
