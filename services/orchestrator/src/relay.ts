// Acts on what was committed: calls models, announces tasks, tells watchers. Nobody waits for it, and it may die
// between any two instructions: whatever it did not do is still owed, and a sweeper finds it.
import { AgentspanError, faultPoint, type Logger, type TaskAddress } from "@agentspan/internal";
import { EventSchema, LiveEventsSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { AgentCatalog } from "./agent-catalog.js";
import type { Clock } from "./clock.js";
import {
  type Call,
  callOf,
  type Effect,
  type ModelReply,
  modelRequest,
  type OwnerDemand,
  type Run,
} from "./core/index.js";
import type { DeltaWishes } from "./delta-wishes.js";
import { argumentsBefore } from "./encode/approval.js";
import { encodeEvent } from "./encode/event.js";
import type { Committed, Engine } from "./engine.js";
import type { History } from "./history.js";
import { type Bus, ModelCallError, type Models, type StoredRun } from "./ports.js";
import type { WorkerRegistry } from "./worker-registry.js";

type ModelEffect = Extract<Effect, { kind: "call_model" }>;

/** How long a reply in hand is offered again while the store is away. */
const STORE_RETRY_MS = 500;

export interface RelayOptions {
  readonly engine: Engine;
  readonly history: History;
  readonly agents: AgentCatalog;
  readonly registry: WorkerRegistry;
  readonly models: Models;
  readonly bus: Bus;
  readonly wishes: DeltaWishes;
  readonly clock: Clock;
  readonly orchestratorId: string;
  readonly log: Logger;
  /** Model calls at once; others wait their turn here. */
  readonly mostModelCalls: number;
}

export class Relay {
  /** Model calls in hand, by run and obligation: made, or waiting to be made. */
  private readonly inHandCalls = new Map<string, AbortController>();
  private running = 0;
  private readonly queued: (() => void)[] = [];
  private stopping = false;

  constructor(private readonly options: RelayOptions) {}

  /** Keys of the model calls in hand, as this process's signs of life list them. */
  inHand(): readonly string[] {
    return [...this.inHandCalls.keys()];
  }

  hasInHand(key: string): boolean {
    return this.inHandCalls.has(key);
  }

  act({ stored, events, effects }: Committed): void {
    this.publish(stored, events);
    for (const effect of effects) {
      if (effect.kind === "announce") void this.announce(stored.run, effect.callId, effect.attempt);
      else if (effect.kind === "withdraw") void this.withdraw(stored.run, effect);
      else this.callModel(stored, effect);
    }
    if (stored.run.phase.kind !== "active") this.abortModelCalls(stored.run.runId);
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
    const key = modelKey(stored.run.runId, effect);
    if (this.stopping || effect.holder !== this.options.orchestratorId || this.inHandCalls.has(key)) return;
    const controller = new AbortController();
    this.inHandCalls.set(key, controller);
    const wait = Math.max(0, effect.notBefore - this.options.clock.now());
    void this.makeCall(stored, effect, wait, controller.signal).finally(() => this.inHandCalls.delete(key));
  }

  /** Gives up the model calls in hand after the grace; resolves to the runs whose calls others must make. */
  async stop(graceMs: number): Promise<readonly string[]> {
    this.stopping = true;
    const until = performance.now() + graceMs;
    while (this.inHandCalls.size > 0 && performance.now() < until) await sleep(20);
    const left = [...this.inHandCalls.keys()];
    for (const controller of this.inHandCalls.values()) controller.abort(new Error("The orchestrator is stopping."));
    return left;
  }

  private async makeCall(stored: StoredRun, effect: ModelEffect, waitMs: number, signal: AbortSignal): Promise<void> {
    const { runId } = stored.run;
    const { turn, attempt } = effect;
    if (waitMs > 0) await sleep(waitMs, signal);
    await this.slot();
    try {
      if (signal.aborted) return;
      faultPoint("orchestrator.before-model-call");
      const outcome = await this.ask(stored, effect, signal);
      faultPoint("orchestrator.after-model-call");
      if (outcome === undefined || signal.aborted) return;
      await this.deliver(stored, effect, outcome, signal);
    } catch (thrown) {
      // Owed still: the sweeper makes the call again when this process no longer lists it.
      this.options.log.error({ runId, turn, attempt, err: thrown }, "A model call was lost here");
    } finally {
      this.running -= 1;
      this.queued.shift()?.();
    }
  }

  private async slot(): Promise<void> {
    while (this.running >= this.options.mostModelCalls) {
      await new Promise<void>((resolve) => this.queued.push(resolve));
    }
    this.running += 1;
  }

  private async ask(
    stored: StoredRun,
    { turn, attempt }: ModelEffect,
    signal: AbortSignal,
  ): Promise<ModelReply | ModelCallError | undefined> {
    const { models, agents, history, bus, wishes } = this.options;
    const { runId, namespace } = stored.run;
    const agent = await agents.agentOf(stored.run);
    const request = modelRequest(agent, await history.after(stored, 0));
    const onDelta = (text: string): void => {
      const delta = { case: "delta" as const, value: { turn, attempt, text } };
      const event = create(EventSchema, { runId, event: delta });
      bus.publish(namespace, runId, create(LiveEventsSchema, { runId, events: [event] }));
    };
    try {
      return await models.reply(request, { signal, ...(wishes.wants(namespace, runId) ? { onDelta } : {}) });
    } catch (thrown) {
      if (signal.aborted) return undefined;
      if (thrown instanceof ModelCallError) return thrown;
      throw thrown;
    }
  }

  /** Offers the outcome until the store takes it: a reply that was paid for is not thrown away. */
  private async deliver(
    stored: StoredRun,
    { turn, attempt }: ModelEffect,
    outcome: ModelReply | ModelCallError,
    signal: AbortSignal,
  ): Promise<void> {
    const { runId } = stored.run;
    const { log, engine } = this.options;
    for (;;) {
      try {
        if (outcome instanceof ModelCallError) {
          log.warn({ runId, turn, attempt, retryable: outcome.failure.retryable }, "A model call failed");
          await engine.execute(runId, { type: "take_model_failure", turn, attempt, failure: outcome.failure });
        } else {
          const reply = wellFormed(outcome);
          const owners = await this.ownersOf(stored.run, reply);
          await engine.execute(runId, { type: "take_model_reply", turn, attempt, reply, owners });
        }
        return;
      } catch (thrown) {
        const error = AgentspanError.from(thrown);
        if (!error.retryable || signal.aborted) throw error;
        log.warn({ runId, turn, attempt, reason: error.reason }, "A model's reply could not be stored yet");
        await sleep(STORE_RETRY_MS, signal);
      }
    }
  }

  /** What the owners of the tools called demand. Fails closed: without an answer from the store nothing goes on. */
  private async ownersOf(run: Run, reply: ModelReply): Promise<Readonly<Record<string, OwnerDemand>>> {
    if (reply.calls.length === 0) return {};
    const agent = await this.options.agents.agentOf(run);
    const called = agent.tools.filter(({ name }) => reply.calls.some((call) => call.name === name));
    const asked = called.map(async ({ queue, name }) => {
      return [name, await this.options.registry.keptDemand(run.namespace, queue, name)] as const;
    });
    return Object.fromEntries(await Promise.all(asked));
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

  private abortModelCalls(runId: string): void {
    for (const [key, controller] of this.inHandCalls) {
      if (key.startsWith(`${runId}/`)) controller.abort(new Error("The run is ending."));
    }
  }

  private publish({ run, events: stored }: StoredRun, events: Committed["events"]): void {
    if (events.length === 0) return;
    faultPoint("orchestrator.before-live-events");
    const shown = (callId: string, before: number): string => argumentsBefore(stored, callId, before) ?? "";
    const live = create(LiveEventsSchema, {
      runId: run.runId,
      events: events.map((event) => encodeEvent(run.runId, run.agentName, event, shown)),
      lastSequence: BigInt(run.lastSequence),
      ended: run.phase.kind === "ended",
    });
    this.options.bus.publish(run.namespace, run.runId, live);
  }
}

export function modelKey(runId: string, { turn, attempt }: { turn: number; attempt: number }): string {
  return `${runId}/model/${turn}/${attempt}`;
}

export function addressOf(run: Run, { queue, tool, callId }: Call, attempt: number): TaskAddress {
  return { namespace: run.namespace, queue, tool, runId: run.runId, callId, attempt };
}

/** Protobuf strings and stored text hold no lone surrogates; arguments are left for the strict parser to refuse. */
function wellFormed(reply: ModelReply): ModelReply {
  return { ...reply, text: toWellFormed(reply.text) };
}

function toWellFormed(text: string): string {
  return Buffer.from(text, "utf8").toString("utf8");
}

function sleep(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = setTimeout(done, ms);
    signal?.addEventListener("abort", done, { once: true });
  });
}
