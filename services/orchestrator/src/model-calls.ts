// The model calls that this process holds: made, or waiting to be made.
//
// 1. What is in hand is listed in this process's signs of life from the moment it is taken until its outcome is stored;
//    so nobody else makes it meanwhile, and somebody does when this process is gone.
// 2. A reply that was paid for is not thrown away: it is offered until the store takes it, or the run ends.
// 3. Whatever goes wrong is an attempt that failed, and those are counted: no run asks a model for ever.
import { AgentspanError, faultPoint, type Logger, sleep, systemTime, type Time, under } from "@agentspan/internal";
import { EventSchema, LiveEventsSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import type { AgentCatalog } from "./agent-catalog.js";
import type { Clock } from "./clock.js";
import {
  type Effect,
  type ModelReply,
  modelRequest,
  type OwnerDemand,
  type Run,
  type TakeModelReply,
  type Usage,
} from "./core/index.js";
import type { DeltaWishes } from "./delta-wishes.js";
import type { Engine } from "./engine.js";
import type { History } from "./history.js";
import type { Meter } from "./meter.js";
import { inModelSpan, type TracedReply } from "./model-span.js";
import { type Bus, ModelCallError, type Models, type StoredRun } from "./ports.js";
import { causeOf } from "./run-trace.js";
import type { StandingGrants } from "./standing-grants.js";
import type { WorkerRegistry } from "./worker-registry.js";

export type ModelEffect = Extract<Effect, { kind: "call_model" }>;

export interface ModelCallsOptions {
  readonly engine: Pick<Engine, "execute" | "peek" | "read">;
  readonly history: History;
  readonly agents: AgentCatalog;
  readonly registry: Pick<WorkerRegistry, "keptDemand">;
  readonly grants: Pick<StandingGrants, "usesFor">;
  readonly models: Models;
  readonly bus: Pick<Bus, "publish">;
  readonly wishes: DeltaWishes;
  readonly clock: Clock;
  readonly orchestratorId: string;
  readonly log: Logger;
  readonly meter?: Pick<Meter, "modelCalled"> | undefined;
  /** Model calls at once; others wait their turn here. */
  readonly mostModelCalls: number;
  readonly time?: Time | undefined;
}

/** A model call that this process holds and will not make: another must. */
export interface LeftCall {
  readonly runId: string;
  /** The obligation's. */
  readonly key: string;
}

/** How long a reply in hand waits before it is offered again, while the store is away. Milliseconds. */
const STORE_RETRY_MS = 500;
/** A timer that is set for longer goes off at once. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

const STOPPING = new Error("The orchestrator is stopping.");

export class ModelCalls {
  private readonly inHand = new Map<string, AbortController>();
  private running = 0;
  private readonly queued: (() => void)[] = [];
  private stopping = false;
  private readonly left = new Map<string, LeftCall>();
  private noneLeft: (() => void)[] = [];
  private readonly time: Time;

  constructor(private readonly options: ModelCallsOptions) {
    this.time = options.time ?? systemTime;
  }

  /** Their keys. */
  keys(): readonly string[] {
    return [...this.inHand.keys()];
  }

  has(key: string): boolean {
    return this.inHand.has(key);
  }

  /** Makes a call that this process holds, if it is not in hand already. */
  take({ run: { runId } }: StoredRun, effect: ModelEffect): void {
    const key = modelKey(runId, effect);
    if (effect.holder !== this.options.orchestratorId || this.inHand.has(key)) return;
    if (this.stopping) {
      this.left.set(key, { runId, key: effect.key });
      return;
    }
    const controller = new AbortController();
    this.inHand.set(key, controller);
    void this.make(runId, effect, controller.signal).finally(() => this.drop(key));
  }

  /** Gives up the calls of a run that is ending. */
  abort(runId: string): void {
    for (const [key, controller] of this.inHand) {
      if (key.startsWith(`${runId}/`)) controller.abort(new Error("The run is ending."));
    }
  }

  /** Takes no more, and gives up after the grace what is in hand. Resolves when nothing is. */
  async stop(graceMs: number): Promise<void> {
    this.stopping = true;
    const grace = new AbortController();
    await Promise.race([this.idle(), sleep(this.time, graceMs, grace.signal)]);
    grace.abort();
    for (const controller of this.inHand.values()) controller.abort(STOPPING);
    await this.idle();
  }

  /** What others must make: calls that were given up, and those that this process came to hold since it stops. */
  leftCalls(): readonly LeftCall[] {
    return [...this.left.values()];
  }

  private async idle(): Promise<void> {
    if (this.inHand.size > 0) await new Promise<void>((resolve) => this.noneLeft.push(resolve));
  }

  private drop(key: string): void {
    this.inHand.delete(key);
    if (this.inHand.size === 0) for (const resolve of this.noneLeft.splice(0)) resolve();
  }

  private async make(runId: string, effect: ModelEffect, signal: AbortSignal): Promise<void> {
    const { clock, log } = this.options;
    const { turn, attempt } = effect;
    const waitMs = effect.notBefore - clock.now();
    if (waitMs > 0) await sleep(this.time, Math.min(waitMs, LONGEST_TIMER_MS), signal);
    await this.slot();
    try {
      if (!signal.aborted) await this.askAndDeliver(runId, effect, signal);
    } catch (thrown) {
      // Owed still: a sweeper makes the call again when this process no longer lists it.
      log.error({ runId, turn, attempt, err: thrown }, "A model call was lost here");
    } finally {
      this.running -= 1;
      this.queued.shift()?.();
    }
    if (signal.reason === STOPPING) this.left.set(modelKey(runId, effect), { runId, key: effect.key });
  }

  private async slot(): Promise<void> {
    while (this.running >= this.options.mostModelCalls) {
      await new Promise<void>((resolve) => this.queued.push(resolve));
    }
    this.running += 1;
  }

  private async askAndDeliver(runId: string, effect: ModelEffect, signal: AbortSignal): Promise<void> {
    const stored = await this.whileAway(runId, signal, () => this.runOf(runId, effect));
    if (stored === undefined) return;
    const asked = await this.outcomeOf(stored, effect, signal);
    if (asked === undefined || signal.aborted) return;
    // What the model wanted was committed in the span in which it said so: a later decision points there.
    await under(asked.trace ?? causeOf(stored), () => this.deliver(stored, effect, asked.outcome, signal));
  }

  /**
   * The run as the call needs it; undefined where it is not owed any more. Read when its turn has come: what waits here
   * for a model must not keep whole runs in memory.
   */
  private async runOf(runId: string, effect: ModelEffect): Promise<StoredRun | undefined> {
    const { engine } = this.options;
    const seen = await engine.peek(runId);
    if (seen !== undefined && isOwed(seen.run, effect)) return seen;
    const stored = await engine.read(runId);
    return stored !== undefined && isOwed(stored.run, effect) ? stored : undefined;
  }

  /** Undefined where it was given up. */
  private async outcomeOf(
    stored: StoredRun,
    effect: ModelEffect,
    signal: AbortSignal,
  ): Promise<{ readonly outcome: ModelReply | ModelCallError; readonly trace?: string | undefined } | undefined> {
    const { runId } = stored.run;
    try {
      faultPoint("orchestrator.before-model-call");
      const { reply, trace } = await this.ask(stored, effect, signal);
      faultPoint("orchestrator.after-model-call");
      return { outcome: reply, trace };
    } catch (thrown) {
      if (signal.aborted) return undefined;
      if (thrown instanceof ModelCallError) return { outcome: thrown };
      this.options.log.error({ runId, turn: effect.turn, attempt: effect.attempt, err: thrown }, "A model call failed");
      return { outcome: ownFailure("The model could not be asked") };
    }
  }

  private async ask(stored: StoredRun, effect: ModelEffect, signal: AbortSignal): Promise<TracedReply> {
    const { turn, attempt } = effect;
    const { models, agents, history, bus, wishes } = this.options;
    const { runId, namespace } = stored.run;
    const request = await this.whileAway(runId, signal, async () =>
      modelRequest(await agents.agentOf(stored.run), await history.after(stored, 0)),
    );
    const onDelta = (text: string): void => {
      const delta = { case: "delta" as const, value: { turn, attempt, text } };
      const event = create(EventSchema, { runId, event: delta });
      bus.publish(namespace, runId, create(LiveEventsSchema, { runId, events: [event] }));
    };
    const options = { signal, ...(wishes.wants(namespace, runId) ? { onDelta } : {}) };
    return inModelSpan(stored, effect, request, () =>
      this.measured(request.model, () => models.reply(request, options)),
    );
  }

  private async measured(model: string, ask: () => Promise<ModelReply>): Promise<ModelReply> {
    const begun = this.time.monotonic();
    const ended = (usage?: Usage): void => {
      this.options.meter?.modelCalled(model, (this.time.monotonic() - begun) / 1_000, usage);
    };
    try {
      const reply = await ask();
      ended(reply.usage);
      return reply;
    } catch (thrown) {
      ended();
      throw thrown;
    }
  }

  private async deliver(
    stored: StoredRun,
    { turn, attempt }: ModelEffect,
    outcome: ModelReply | ModelCallError,
    signal: AbortSignal,
  ): Promise<void> {
    const { runId } = stored.run;
    const { log, engine } = this.options;
    const fail = ({ failure }: ModelCallError) =>
      this.whileAway(runId, signal, () =>
        engine.execute(runId, { type: "take_model_failure", turn, attempt, failure }),
      );
    if (outcome instanceof ModelCallError) {
      log.warn({ runId, turn, attempt, retryable: outcome.failure.retryable }, "A model call failed");
      await fail(outcome);
      return;
    }
    const reply = wellFormed(outcome);
    // What was taken stays with this reply, however often it is offered.
    let taken: TakeModelReply["grants"];
    try {
      await this.whileAway(runId, signal, async () => {
        const owners = await this.ownersOf(stored.run, reply);
        const command = { type: "take_model_reply", turn, attempt, reply, owners } as const;
        const grants = taken ?? (await this.options.grants.usesFor(stored.run, command));
        taken = grants;
        await engine.execute(runId, { ...command, grants });
      });
    } catch (thrown) {
      if (signal.aborted) throw thrown;
      log.error({ runId, turn, attempt, err: thrown }, "A model's reply was refused");
      await fail(ownFailure("The model's reply could not be taken"));
    }
  }

  /** Tries again while the store is away. Throws what will not pass by itself, and anything once it is given up. */
  private async whileAway<T>(runId: string, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
    for (;;) {
      try {
        return await work();
      } catch (thrown) {
        const error = AgentspanError.from(thrown);
        if (!error.retryable || signal.aborted) throw error;
        this.options.log.warn({ runId, reason: error.reason }, "A model call waits for the store");
        await sleep(this.time, STORE_RETRY_MS, signal);
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
}

/** How a model call is listed among what a process has in hand. */
export function modelKey(runId: string, { turn, attempt }: { turn: number; attempt: number }): string {
  return `${runId}/model/${turn}/${attempt}`;
}

/** Whether the run waits for this very call. */
function isOwed({ phase, turn }: Run, effect: ModelEffect): boolean {
  const { model, number } = turn;
  if (phase.kind !== "active" || number !== effect.turn) return false;
  return model.kind === "calling" && model.attempt === effect.attempt;
}

/** An attempt that failed through no fault of the model's: its details are in the log. */
function ownFailure(message: string): ModelCallError {
  return new ModelCallError({ message: `${message}: the server met an error of its own.`, retryable: true });
}

/** Protobuf strings and stored text hold no lone surrogates; arguments are left for the strict parser to refuse. */
function wellFormed(reply: ModelReply): ModelReply {
  return { ...reply, text: Buffer.from(reply.text, "utf8").toString("utf8") };
}
