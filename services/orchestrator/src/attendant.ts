// Sees to one obligation that is overdue.
import type { Logger } from "@agentspan/internal";
import type { Clock } from "./clock.js";
import { type Command, DONE, type Obligation, obligationsOf, type Run, type Timing } from "./core/index.js";
import type { Engine } from "./engine.js";
import type { LeaseJudge } from "./lease-judge.js";
import { modelKey } from "./model-calls.js";
import type { StoredRun } from "./ports.js";
import type { Relay } from "./relay.js";

export interface AttendantOptions {
  readonly engine: Pick<Engine, "execute" | "read">;
  readonly relay: Pick<Relay, "announce" | "callModel" | "hasInHand" | "seeTo">;
  readonly judge: Pick<
    LeaseJudge,
    "verdict" | "holderVerdict" | "leaseLeftMs" | "liveOrchestrators" | "lastHeartbeatAt"
  >;
  readonly clock: Clock;
  readonly timing: Timing;
  readonly orchestratorId: string;
  /** Where a verdict is still out, the next look is after this. Milliseconds. */
  readonly intervalMs: number;
  readonly log: Logger;
}

export class Attendant {
  constructor(private readonly options: AttendantOptions) {}

  /** A command where something is to happen, or the time of the next look. */
  async attend(stored: StoredRun, obligation: Obligation, now: number): Promise<Command | number> {
    const { relay } = this.options;
    switch (obligation.kind) {
      case "tick":
        return { type: "tick", lastHeartbeats: this.lastHeartbeats(stored.run) };
      case "announce": {
        await relay.announce(stored.run, obligation.callId, obligation.attempt);
        // Ever more rarely: each wait is as long as the task has been overdue. Where the bus is away or its queue is
        // full, it is no other: there may be a million of them.
        return now + this.everMoreRarelyMs(obligation, now);
      }
      case "start_child":
      case "cancel_child":
      case "steer_child":
      case "tell_parent":
        // Whoever was told to end, or was told, needs no second word; what was started is owed no more.
        return (await relay.seeTo(stored, obligation)) ? DONE : now + this.everMoreRarelyMs(obligation, now);
      case "call_model":
        return this.attendModelCall(stored, obligation, now);
      case "watch_claim":
        return this.attendClaim(obligation, now);
      default:
        return obligation satisfies never;
    }
  }

  private everMoreRarelyMs({ due }: Obligation, now: number): number {
    const { announceMs, maxAnnounceMs } = this.options.timing;
    return Math.min(Math.max(now - due, announceMs), maxAnnounceMs);
  }

  /** Announces whatever may be claimed. False where the bus is away. */
  async announceAll(run: Run): Promise<boolean> {
    const now = this.options.clock.now();
    const announced = obligationsOf(run, this.options.timing).map(
      (owed) =>
        owed.kind !== "announce" || owed.notBefore > now || this.options.relay.announce(run, owed.callId, owed.attempt),
    );
    return (await Promise.all(announced)).every((done) => done);
  }

  private async attendModelCall(
    { run }: StoredRun,
    obligation: Extract<Obligation, { kind: "call_model" }>,
    now: number,
  ): Promise<Command | number> {
    const { judge, relay, orchestratorId, timing, log } = this.options;
    const { turn, attempt, holder } = obligation;
    const key = modelKey(run.runId, obligation);
    if (holder === orchestratorId) {
      if (!relay.hasInHand(key)) await this.makeOwnCall(run.runId, key);
      return now + timing.leaseMs;
    }
    const verdict = judge.holderVerdict(holder, key);
    if (verdict === "lost" || verdict === "disowned") {
      log.warn({ runId: run.runId, turn, attempt, holder, verdict }, "A model call is made again");
      return { type: "replace_model_call", turn, attempt };
    }
    return now + this.nextLookMs(verdict, holder);
  }

  private attendClaim(obligation: Extract<Obligation, { kind: "watch_claim" }>, now: number): Command | number {
    const { judge } = this.options;
    const { callId, attempt, nonce, incarnation } = obligation;
    const verdict = judge.verdict(incarnation, nonce);
    if (verdict === "lost" || verdict === "disowned") {
      const how = verdict === "lost" ? "LEASE_ENDED" : "DISOWNED";
      const lastHeartbeatAt = judge.lastHeartbeatAt(incarnation);
      const seen = lastHeartbeatAt === undefined ? {} : { lastHeartbeatAt };
      return { type: "end_claim", callId, attempt, nonce, how, ...seen };
    }
    return now + this.nextLookMs(verdict, incarnation);
  }

  /** Of whoever lives, the lease ends no earlier than this; so its end is seen when it comes, and not a lease later. */
  private nextLookMs(verdict: "alive" | "undecided", incarnation: string): number {
    const { intervalMs, judge } = this.options;
    return verdict === "alive" ? Math.max(intervalMs, judge.leaseLeftMs(incarnation)) : intervalMs;
  }

  /**
   * A model call of ours that is not in hand: the answer of the commit was lost, or it was answered since the run was
   * read. Only the run as it is now tells the two apart, and a second call costs what the first did.
   */
  private async makeOwnCall(runId: string, key: string): Promise<void> {
    const { engine, relay, timing } = this.options;
    const current = await engine.read(runId);
    if (current === undefined) return;
    for (const obligation of obligationsOf(current.run, timing)) {
      if (obligation.kind === "call_model" && modelKey(runId, obligation) === key) relay.callModel(current, obligation);
    }
  }

  /** Of the workers that hold something of the run, for whoever is asked what became of it. */
  private lastHeartbeats(run: Run): Readonly<Record<string, number>> {
    return Object.fromEntries(
      run.turn.calls.flatMap(({ state }) => {
        if (state.kind !== "claimed") return [];
        const at = this.options.judge.lastHeartbeatAt(state.incarnation);
        return at === undefined ? [] : [[state.incarnation, at]];
      }),
    );
  }
}
