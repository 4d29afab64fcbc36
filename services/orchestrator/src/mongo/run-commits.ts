// Commits transitions in groups, and finds out what became of each.
import { randomUUID } from "node:crypto";
import type { Logger } from "@agentspan/internal";
import type { CommitOutcome, RunWrite } from "../ports.js";
import { RUNS } from "../run-record.js";
import type { Database, UpdateAnswer } from "./database.js";
import { GroupCommit } from "./group-commit.js";
import { answersOf, judgeWrite, needsReadBack, type ReadBack, type WriteAnswer } from "./judge-write.js";
import { type EncodedWrite, encodeWrite } from "./run-document.js";
import { failureOf, isServersRefusal, storeErrorOf } from "./store-failure.js";

const MiB = 1024 * 1024;
const BATCH_OPS = 200;
const BATCH_BYTES = 8 * MiB;

export class RunCommits {
  readonly #database: Database;
  readonly #log: Logger | undefined;
  readonly #group: GroupCommit<EncodedWrite, CommitOutcome | Error>;

  constructor(database: Database, log?: Logger) {
    this.#database = database;
    this.#log = log;
    this.#group = new GroupCommit({
      maxOps: BATCH_OPS,
      maxBytes: BATCH_BYTES,
      send: (batch) => this.#send(batch),
    });
  }

  async commit(write: RunWrite): Promise<CommitOutcome> {
    const outcome = await this.#group.submit(encodeWrite(write, randomUUID()));
    if (outcome instanceof Error) throw outcome;
    return outcome;
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    return this.#group.idle();
  }

  async #send(batch: readonly EncodedWrite[], sentBefore = false): Promise<readonly (CommitOutcome | Error)[]> {
    let answer: UpdateAnswer | undefined;
    try {
      answer = await this.#database.update(
        RUNS,
        batch.map(({ statement }) => statement),
      );
    } catch (error) {
      const failure = failureOf(error);
      if (batch.length > 1 && isServersRefusal(error)) return this.#sendHalves(batch, error);
      const runId = batch.length === 1 ? batch[0]?.key : undefined;
      this.#log?.warn(
        { err: error, failure, writes: batch.length, runId },
        "The answer to a batch of writes is missing",
      );
      if (failure !== "unanswered") throw storeErrorOf(error);
    }
    const answers: readonly WriteAnswer[] =
      answer === undefined ? batch.map(() => ({ kind: "unanswered" })) : answersOf(answer, batch.length, sentBefore);
    const unclear = batch.filter((_, index) => needsReadBack(answers[index] ?? { kind: "unanswered" }));
    const found = unclear.length === 0 ? new Map<string, ReadBack>() : await this.#readBack(unclear, answer);
    return batch.map((write, index) =>
      judgeWrite(write, answers[index] ?? { kind: "unanswered" }, found.get(write.key) ?? { kind: "unreadable" }),
    );
  }

  /**
   * One write that a server does not take makes it refuse the whole command: halves of halves find it, and the others
   * are stored. What a half meets is its own outcome, so that none is lost with the error of another.
   */
  async #sendHalves(batch: readonly EncodedWrite[], error: unknown): Promise<readonly (CommitOutcome | Error)[]> {
    this.#log?.warn({ err: error, writes: batch.length }, "A batch of writes was refused; it is sent again in halves");
    const outcomes: (CommitOutcome | Error)[] = [];
    const middle = Math.ceil(batch.length / 2);
    for (const half of [batch.slice(0, middle), batch.slice(middle)]) {
      try {
        outcomes.push(...(await this.#send(half, true)));
      } catch (failure) {
        const refused = storeErrorOf(failure);
        outcomes.push(...half.map(() => refused));
      }
    }
    return outcomes;
  }

  /** Majority, and after the batch where it was answered: so what it does not show did not come about. */
  async #readBack(
    writes: readonly EncodedWrite[],
    answer: UpdateAnswer | undefined,
  ): Promise<ReadonlyMap<string, ReadBack>> {
    const ids = writes.map(({ key }) => key);
    const read = new Map<string, ReadBack>();
    try {
      const documents = await this.#database.lookUp<{ _id: string; v: number; t: string }>(RUNS, {
        filter: { _id: { $in: ids } },
        limit: ids.length,
        projection: { v: 1, t: 1 },
        after: answer?.operationTime,
      });
      // Without a time to read after, a missing write may be one that this read is too early for.
      const certain = answer === undefined || answer.operationTime !== undefined;
      if (certain) for (const id of ids) read.set(id, { kind: "absent" });
      for (const { _id, v, t } of documents) read.set(_id, { kind: "found", v, t });
    } catch (error) {
      this.#log?.warn({ err: error, writes: ids.length }, "Writes could not be read back; their outcome is unknown");
    }
    return read;
  }
}
