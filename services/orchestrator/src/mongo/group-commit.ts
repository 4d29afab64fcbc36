// Group commit. While one batch is on its way, what comes collects for the next; when none is, it leaves with whatever
// else this turn of the event loop brings. So a lone write waits for nobody and no timer is needed. (Leaving at the end
// of the turn and not within it halved the commands that the database got, at no cost in latency.)
//
// 1. One batch is in flight. So a batch is never overtaken by a later one.
// 2. A key stands at most once in a batch, and writes of one key leave in the order they came: the writes of a batch
//    are carried out in any order.
// 3. Each submit is settled exactly once, with what its own batch brought.

export interface Groupable {
  /** What the write is about; two of one key never share a batch. */
  readonly key: string;
  readonly bytes: number;
}

export interface GroupCommitOptions<Op extends Groupable, Result> {
  readonly maxOps: number;
  /** A single larger write makes a batch of its own. */
  readonly maxBytes: number;
  /** Carries out one batch; a result each, in order. A rejection is that of every write in it. */
  readonly send: (batch: readonly Op[]) => Promise<readonly Result[]>;
}

interface Waiting<Op, Result> {
  readonly op: Op;
  readonly resolve: (result: Result) => void;
  readonly reject: (error: unknown) => void;
}

export class GroupCommit<Op extends Groupable, Result> {
  readonly #options: GroupCommitOptions<Op, Result>;
  #waiting: Waiting<Op, Result>[] = [];
  #running: Promise<void> | undefined;

  constructor(options: GroupCommitOptions<Op, Result>) {
    this.#options = options;
  }

  submit(op: Op): Promise<Result> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ op, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Resolves when nothing is waiting or in flight. */
  async idle(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
  }

  async #run(): Promise<void> {
    while (this.#waiting.length > 0) {
      await new Promise((resolve) => setImmediate(resolve));
      const batch = this.#take();
      try {
        const results = await this.#options.send(batch.map(({ op }) => op));
        if (results.length !== batch.length) throw new Error(`${results.length} results for ${batch.length} writes`);
        results.forEach((result, index) => {
          batch[index]?.resolve(result);
        });
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    this.#running = undefined;
  }

  #take(): readonly Waiting<Op, Result>[] {
    const batch: Waiting<Op, Result>[] = [];
    const left: Waiting<Op, Result>[] = [];
    const keys = new Set<string>();
    let bytes = 0;
    let full = false;
    for (const waiting of this.#waiting) {
      const { key, bytes: size } = waiting.op;
      full ||= batch.length > 0 && (batch.length >= this.#options.maxOps || bytes + size > this.#options.maxBytes);
      if (full || keys.has(key)) {
        left.push(waiting);
      } else {
        batch.push(waiting);
        bytes += size;
      }
      keys.add(key);
    }
    this.#waiting = left;
    return batch;
  }
}
