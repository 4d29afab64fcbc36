import type { Time } from "@agentspan/internal";
import type { TaskHint } from "@agentspan/proto";
import type { Tool } from "../tool.js";
import { runProbe } from "./probe-run.js";
import { Slots } from "./slots.js";
import { attemptKey, joinHint, type TaskInHand, taskInHand } from "./task-in-hand.js";
import type { TaskMessage } from "./task-message.js";
import { runTask } from "./task-run.js";
import type { WorkerParts } from "./worker-parts.js";

/** A hint waits so long for room here before another worker may have it. */
const ROOM_WAIT_MS = 1_000;

export interface TaskDeskOptions {
  /** Tasks in hand at once. */
  readonly concurrency: number;
  /** Once it aborts, nothing new begins. */
  readonly draining: AbortSignal;
  /** There is room again. */
  readonly onRoom: () => void;
  readonly time: Time;
}

/** The tasks that this worker has in hand, and the room for more. */
export class TaskDesk {
  readonly #options: TaskDeskOptions;
  readonly #slots: Slots;
  readonly #inHand = new Map<string, TaskInHand>();
  readonly #running = new Set<Promise<void>>();

  constructor(options: TaskDeskOptions) {
    this.#options = options;
    this.#slots = new Slots(options.concurrency, options.time);
  }

  get room(): number {
    return this.#slots.free;
  }

  /** Claims in flight included. */
  inHand(): readonly TaskInHand[] {
    return [...this.#inHand.values()];
  }

  /** Takes a hint as far as it goes: to the answered outcome of its task, or back to the server. */
  take(parts: WorkerParts, tool: Tool, message: TaskMessage): void {
    const taken = this.#take(parts, tool, message).finally(() => this.#running.delete(taken));
    this.#running.add(taken);
  }

  /** Resolves when nothing is in hand and no hint waits. */
  async idle(): Promise<void> {
    while (this.#running.size > 0) await Promise.all(this.#running);
  }

  /** Aborts the signals of functions. */
  abort(tasks: readonly TaskInHand[], why: string): void {
    for (const task of tasks) task.abort.abort(new Error(why));
  }

  async #take(parts: WorkerParts, tool: Tool, message: TaskMessage): Promise<void> {
    const { hint } = message;
    if (hint === undefined) {
      parts.logger.error({ tool: tool.name }, "A message in the task stream is no task hint; dropped it");
      return message.drop();
    }
    if (!(await this.#slots.take(ROOM_WAIT_MS))) return message.giveBack();
    try {
      if (this.#options.draining.aborted) message.giveBack();
      else if (!this.#joined(hint, tool, message)) await this.#run(parts, taskInHand(hint, tool, message));
    } finally {
      this.#slots.give();
      this.#options.onRoom();
    }
  }

  /** Whether the hint is about something that is in hand already: that one's claim speaks for it. */
  #joined(hint: TaskHint, tool: Tool, message: TaskMessage): boolean {
    const known = this.#inHand.get(attemptKey(hint));
    // Once its preview is answered, the attempt itself may be announced before this worker has heard of that.
    if (known === undefined || known.looks) return false;
    const probing = this.#inHand.get(probeKey(hint));
    // What runs here is announced again: its time may be over, and its probe be asked.
    if (known.begun && tool.probe !== undefined && probing === undefined) return false;
    joinHint(probing ?? known, message);
    return true;
  }

  async #run(parts: WorkerParts, task: TaskInHand): Promise<void> {
    const known = this.#inHand.get(attemptKey(task));
    if (known?.looks) this.#inHand.set(`${attemptKey(task)}/${known.nonce}`, known);
    const runs = known !== undefined && !known.looks;
    const key = runs ? probeKey(task) : attemptKey(task);
    this.#inHand.set(key, task);
    parts.link.hold();
    try {
      await (runs ? runProbe : runTask)(parts, task, { draining: () => this.#options.draining.aborted });
    } catch (error) {
      const { runId, callId, attempt } = task;
      // Only the end of the worker and a test's hook come here: whatever can go on goes on.
      parts.logger.error({ runId, callId, attempt, err: error }, "A task was left unanswered");
    } finally {
      for (const [at, held] of this.#inHand) if (held === task) this.#inHand.delete(at);
      parts.link.release();
    }
  }
}

/** Its place in hand beside the attempt itself. */
function probeKey(of: Parameters<typeof attemptKey>[0]): string {
  return `${attemptKey(of)}/probe`;
}
