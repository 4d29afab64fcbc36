// Which tasks workers said they had begun.
//
// 1. What was said to have begun is not given back as not begun, whatever the worker says later and whichever
//    orchestrator hears it. So it is written where the worker's signs of life are written anyway, as a mark in the list
//    of what it has in hand, and costs a read where a task is given back, which is seldom.
// 2. A mark outlives the nonce in the list for a while: until the judge of leases has found the nonce disowned.
import type { TaskInHand } from "@agentspan/proto";
import type { InstanceStore } from "./ports.js";

/** A nonce with this before it is a mark. */
const MARK = "begun:";
/** Heartbeats for which a mark is kept once the nonce is not in hand any more. A lease is about three. */
const KEPT_HEARTBEATS = 10;
const MOST_UNLISTED = 256;
const MOST_WORKERS = 10_000;

interface Known {
  /** Of the newest heartbeat that was taken here. */
  counter: number;
  /** The counter of the heartbeat that listed a nonce last, by nonce. */
  readonly begun: Map<string, number>;
}

export class BegunTasks {
  private readonly known = new Map<string, Known>();

  constructor(private readonly store: Pick<InstanceStore, "readInstance">) {}

  /** What is stored of a heartbeat: the nonces in hand, and the marks. */
  async inHandOf(
    incarnation: string,
    counter: number,
    tasks: readonly Pick<TaskInHand, "nonce" | "begun">[],
  ): Promise<readonly string[]> {
    const { begun } = await this.caughtUp(incarnation, counter);
    const listed = new Set(tasks.map(({ nonce }) => nonce));
    for (const task of tasks) if (task.begun) begun.set(task.nonce, counter);
    for (const nonce of begun.keys()) if (listed.has(nonce)) begun.set(nonce, counter);
    let unlisted = begun.size;
    for (const nonce of begun.keys()) if (listed.has(nonce)) unlisted -= 1;
    for (const [nonce, at] of begun) {
      if (listed.has(nonce) || (unlisted <= MOST_UNLISTED && counter - at <= KEPT_HEARTBEATS)) continue;
      begun.delete(nonce);
      unlisted -= 1;
    }
    return [...listed, ...[...begun.keys()].map((nonce) => `${MARK}${nonce}`)];
  }

  /** Whether the process said, to any orchestrator, that it had begun a task. */
  async has(incarnation: string, nonce: string): Promise<boolean> {
    if (this.known.get(incarnation)?.begun.has(nonce) === true) return true;
    return (await this.stored(incarnation)).includes(nonce);
  }

  /** Its outcome is told: nothing of it is given back any more. */
  forget(incarnation: string, nonce: string): void {
    this.known.get(incarnation)?.begun.delete(nonce);
  }

  /** Where another orchestrator took heartbeats meanwhile, what it marked is marked here too. */
  private async caughtUp(incarnation: string, counter: number): Promise<Known> {
    const before = this.known.get(incarnation);
    const missed = counter > (before?.counter ?? 0) + 1;
    const stored = missed ? await this.stored(incarnation) : [];
    const known = this.known.get(incarnation) ?? { counter, begun: new Map<string, number>() };
    known.counter = Math.max(known.counter, counter);
    for (const nonce of stored) if (!known.begun.has(nonce)) known.begun.set(nonce, counter);
    this.known.delete(incarnation);
    this.known.set(incarnation, known);
    const [oldest] = this.known.keys();
    if (this.known.size > MOST_WORKERS && oldest !== undefined) this.known.delete(oldest);
    return known;
  }

  private async stored(incarnation: string): Promise<readonly string[]> {
    const inHand = (await this.store.readInstance(incarnation))?.inHand ?? [];
    return inHand.flatMap((entry) => (entry.startsWith(MARK) ? [entry.slice(MARK.length)] : []));
  }
}
