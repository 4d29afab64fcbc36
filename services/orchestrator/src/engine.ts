// Carries out commands: load, decide, commit, answer, act.
//
// Commands for one run queue here and are decided together, in order, in one guarded update; everybody is answered
// after the commit, from the state it left. On a conflict all are decided anew. A refusal, and an answer that says
// "already done", is only given from a run that was read linearizably: until then a copy may be stale.
import {
  AgentspanError,
  activeTraceparent,
  faultPoint,
  type Logger,
  sleep,
  systemTime,
  type Time,
} from "@agentspan/internal";
import { openApprovers } from "./assignees.js";
import {
  type Agent,
  type Answer,
  type Command,
  type Effect,
  effectsOwed,
  openCheckpoints,
  type Rejection,
  type Run,
  type RunEvent,
} from "./core/index.js";
import { chunkToMove, type DocumentRoom } from "./history.js";
import { notFound, type Plan, type PlanOptions, planBatch } from "./plan-batch.js";
import type { RunStore, RunWrite, StoredRun } from "./ports.js";
import { RunCache } from "./run-cache.js";

/** Conflicts in a row after which a command is given up with CONFLICT. */
const MOST_TRIES = 12;
/** Commands decided together. A flood for one run is carried out in several updates, and others get their turn between. */
const MOST_TOGETHER = 256;

/** What was committed, for whoever acts on it. */
export interface Committed {
  readonly stored: StoredRun;
  readonly events: readonly RunEvent[];
  readonly effects: readonly Effect[];
}

export interface EngineOptions extends PlanOptions {
  readonly store: RunStore;
  readonly log: Logger;
  /** Acts on what was committed: effects and live events. It must not throw, and nobody waits for it. */
  readonly onCommitted: (committed: Committed) => void;
  /** DOCUMENT_ROOM unless said. */
  readonly room?: DocumentRoom;
  readonly time?: Time | undefined;
}

/** What became of the writes of an engine since it began. */
export interface EngineFigures {
  readonly commits: number;
  /** Another writer was faster, and everything was decided anew. */
  readonly conflicts: number;
  /** The answer was lost. */
  readonly unknown: number;
}

export interface ExecuteOptions {
  /** The definition, where the run may not exist yet. */
  readonly agent?: Agent | undefined;
  /** The run as the caller has just read it; spares reading it again where it is newer than what is known here. */
  readonly known?: StoredRun;
}

export interface Outcome<A extends Answer = Answer> {
  readonly answer: A;
  /** The run as the answer left it. */
  readonly stored: StoredRun;
}

interface Pending {
  readonly command: Command;
  readonly trace: string | undefined;
  readonly options: ExecuteOptions;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (error: AgentspanError) => void;
}

export class Engine {
  private readonly queues = new Map<string, Pending[]>();
  private readonly cache = new RunCache();
  private inProgress = 0;
  private idle: (() => void)[] = [];
  private counts = { commits: 0, conflicts: 0, unknown: 0 };

  constructor(private readonly options: EngineOptions) {}

  get figures(): EngineFigures {
    return { ...this.counts };
  }

  /**
   * Carries out one command. Rejects with an AgentspanError: the core's rejection, CONFLICT after many lost races, or
   * STORE_UNAVAILABLE. After the latter two nobody knows whether it was carried out; asking again is safe.
   */
  execute(runId: string, command: Command, options: ExecuteOptions = {}): Promise<Outcome> {
    return new Promise<Outcome>((resolve, reject) => {
      const pending = { command, trace: activeTraceparent(), options, resolve, reject };
      const queue = this.queues.get(runId);
      if (queue !== undefined) {
        queue.push(pending);
        return;
      }
      this.queues.set(runId, [pending]);
      void this.work(runId);
    });
  }

  /** The run as it is stored, read linearizably. */
  async read(runId: string): Promise<StoredRun | undefined> {
    const stored = await this.options.store.load(runId, "linearizable");
    if (stored !== undefined) this.cache.set(stored);
    return stored;
  }

  /** The run as this process saw it last, or as it is stored. */
  async peek(runId: string): Promise<StoredRun | undefined> {
    return this.cache.get(runId) ?? (await this.options.store.load(runId, "majority"));
  }

  /** Whether this process saw the run lately, so that there is one. */
  hasSeen(runId: string): boolean {
    return this.cache.has(runId);
  }

  /** Resolves when no command is in progress. */
  async drain(): Promise<void> {
    if (this.inProgress > 0) await new Promise<void>((resolve) => this.idle.push(resolve));
  }

  private async work(runId: string): Promise<void> {
    this.inProgress += 1;
    // Commands that were sent in the same tick are decided together.
    await Promise.resolve();
    for (;;) {
      const queue = this.queues.get(runId);
      if (queue === undefined || queue.length === 0) break;
      const batch = queue.splice(0, MOST_TOGETHER);
      try {
        queue.unshift(...(await this.carryOut(runId, batch)));
      } catch (thrown) {
        this.cache.delete(runId);
        const error = AgentspanError.from(thrown);
        if (error.reason === "INTERNAL") this.options.log.error({ runId, err: error.cause }, "A command failed");
        for (const { reject } of batch) reject(error);
      }
    }
    this.queues.delete(runId);
    this.inProgress -= 1;
    if (this.inProgress > 0) return;
    for (const resolve of this.idle.splice(0)) resolve();
  }

  /** Resolves to those of the batch that one write has no room for. */
  private async carryOut(runId: string, batch: readonly Pending[]): Promise<readonly Pending[]> {
    const { store, onCommitted } = this.options;
    const starts = batch.some(({ command }) => command.type === "start");
    let stored = newestOf(this.cache.get(runId), batch);
    // A run that is being started is not there, most of the time: the guarded insert finds out.
    if (stored === undefined && !starts) stored = await store.load(runId, "majority");
    let current = false;
    /** The last event before the first write whose answer was lost. */
    let lostAfter: number | undefined;
    for (let tries = 1; ; tries += 1) {
      const plan = await planBatch(stored, batch, this.options);
      if (plan.refuses && !current) {
        stored = await store.load(runId, "linearizable");
        current = true;
        continue;
      }
      if (!plan.changes || plan.run === undefined) {
        if (stored !== undefined) this.cache.set(stored);
        this.answer(plan, stored);
        if (lostAfter !== undefined && stored !== undefined) onCommitted(this.everythingSince(lostAfter, stored));
        return plan.left;
      }
      const write = await this.writeOf(plan, plan.run, stored);
      faultPoint("orchestrator.before-commit");
      const outcome = await store.commit(write);
      if (outcome === "committed") {
        this.counts.commits += 1;
        if (write.trim !== undefined) faultPoint("orchestrator.after-trim");
        faultPoint("orchestrator.after-commit");
        const next = after(plan, plan.run, stored, write);
        this.cache.set(next);
        this.answer(plan, next);
        const { events, effects } = plan;
        onCommitted(
          lostAfter === undefined ? { stored: next, events, effects } : this.everythingSince(lostAfter, next),
        );
        return plan.left;
      }
      this.options.log.debug({ runId, outcome, tries }, "Another writer was faster, or the answer was lost");
      if (outcome === "conflict") this.counts.conflicts += 1;
      else {
        this.counts.unknown += 1;
        lostAfter ??= stored?.run.lastSequence ?? 0;
      }
      if (tries >= MOST_TRIES) {
        throw new AgentspanError("CONFLICT", `Run ${runId} is being changed by others all the time; try again.`, {
          retryAfterMs: 200,
        });
      }
      if (tries > 1) await sleep(this.options.time ?? systemTime, Math.random() * Math.min(5 * 2 ** tries, 200));
      stored = await store.load(runId, "linearizable");
      if (stored === undefined && outcome === "conflict" && starts) throw wasRemoved(runId);
      current = true;
    }
  }

  /** Perhaps it was our own write that went through, and nobody acted on it yet. Telling and acting twice is safe. */
  private everythingSince(sequence: number, stored: StoredRun): Committed {
    const { timing, clock } = this.options;
    const events = stored.events.filter((event) => event.sequence > sequence);
    return { stored, events, effects: effectsOwed(stored.run, timing, clock.now()) };
  }

  private async writeOf(plan: Plan<Pending>, run: Run, stored: StoredRun | undefined): Promise<RunWrite> {
    const { append, bytes } = plan;
    const write: RunWrite = {
      runId: run.runId,
      expectedVersion: stored?.version ?? 0,
      run,
      ...(await this.approvers(run)),
      append,
      schedule: plan.schedule,
      ...(plan.wakeAt === undefined ? {} : { wakeAt: plan.wakeAt }),
      inlineBytes: (stored?.inlineBytes ?? 0) + bytes,
      totalBytes: (stored?.totalBytes ?? 0) + bytes,
    };
    const move = stored === undefined ? undefined : chunkToMove(stored, bytes, this.options.room);
    if (move === undefined) return write;
    faultPoint("orchestrator.before-chunk");
    await this.options.store.putChunk(run.runId, move.chunk, move.texts);
    faultPoint("orchestrator.after-chunk");
    return { ...write, inlineBytes: write.inlineBytes - move.movedBytes, trim: { ...move.chunk, keep: move.keep } };
  }

  private async approvers(run: Run): Promise<Pick<RunWrite, "approvers">> {
    if (openCheckpoints(run).length === 0) return {};
    return { approvers: openApprovers(run, await this.options.agents.agentOf(run)) };
  }

  private answer(plan: Plan<Pending>, stored: StoredRun | undefined): void {
    for (const { pending, result } of plan.settled) {
      if (result.type === "rejection") pending.reject(errorOf(result));
      else if (stored === undefined) pending.reject(errorOf(notFound()));
      else pending.resolve({ answer: result, stored });
    }
  }
}

function newestOf(cached: StoredRun | undefined, batch: readonly Pending[]): StoredRun | undefined {
  let newest = cached;
  for (const { options } of batch) {
    const { known } = options;
    if (known !== undefined && known.version > (newest?.version ?? 0)) newest = known;
  }
  return newest;
}

function after(plan: Plan<Pending>, run: Run, stored: StoredRun | undefined, write: RunWrite): StoredRun {
  const { trim } = write;
  const kept = (stored?.events ?? []).filter(({ sequence }) => trim === undefined || sequence > trim.to);
  const chunks = stored?.chunks ?? [];
  return {
    run,
    version: write.expectedVersion + 1,
    events: [...kept, ...plan.events],
    chunks: trim === undefined ? chunks : [...chunks, { id: trim.id, from: trim.from, to: trim.to }],
    schedule: plan.schedule,
    inlineBytes: write.inlineBytes,
    totalBytes: write.totalBytes,
  };
}

/** Its id is taken, and nobody is there: a run that would begin under it could not be told from the old one. */
function wasRemoved(runId: string): AgentspanError {
  return new AgentspanError(
    "RUN_NOT_FOUND",
    `Run ${runId} was started with this idempotency key, ended and was removed. Use a fresh key for another run.`,
  );
}

function errorOf({ reason, message, metadata, fields, retryAfterMs }: Rejection): AgentspanError {
  return new AgentspanError(reason, message, {
    ...(metadata === undefined ? {} : { metadata }),
    ...(fields === undefined ? {} : { fields }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  });
}
