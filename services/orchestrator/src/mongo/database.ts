// Commands to the database as this adapter sends them: to the primary, majority and journaled, each sent once.
import { type Db, type Document, type Filter, type FindOptions, type Timestamp, WriteConcern } from "mongodb";
import {
  DUPLICATE_KEY,
  failureOfCode,
  isWorthRetrying,
  refusal,
  storeErrorOf,
  storeUnavailable,
} from "./store-failure.js";
import { TimeLimit } from "./time-limit.js";

/** One statement of an update command. */
export interface Statement {
  readonly q: Document;
  readonly u: Document;
  readonly upsert?: boolean;
}

/** What the server answered to an update command. */
export interface UpdateAnswer {
  /** Statements that matched a document or inserted one. */
  readonly matched: number;
  readonly inserted: ReadonlySet<number>;
  /** Codes of the statements that failed, by index. */
  readonly failed: ReadonlyMap<number, number>;
  /** The time after which a read sees what was written. */
  readonly operationTime: Timestamp | undefined;
}

export interface Lookup {
  readonly filter: Document;
  /** Documents at most; what is asked for must fit into one answer of 16 MiB. */
  readonly limit: number;
  readonly projection?: Document;
  readonly level?: "majority" | "linearizable";
  /** Sees at least what was written up to then. */
  readonly after?: Timestamp | undefined;
}

export interface DatabaseTimes {
  /** Milliseconds that a read by id may take on the server. */
  readonly readMs: number;
  /** Milliseconds that a search may take on the server. */
  readonly searchMs: number;
  /** Milliseconds that the server may wait for a majority. */
  readonly majorityMs: number;
  /** Milliseconds after which a command is given up that the driver has not ended. */
  readonly limitMs: number;
}

interface RawUpdateReply {
  readonly n: number;
  readonly upserted?: readonly { readonly index: number }[];
  readonly writeErrors?: readonly { readonly index: number; readonly code: number }[];
  readonly operationTime?: Timestamp;
}

/** How long a command may go on after the connections were lost. */
const AFTER_LOSS_MS = 1_000;

export class Database {
  readonly #db: Db;
  readonly #times: DatabaseTimes;
  readonly #limit: TimeLimit;

  constructor(db: Db, times: DatabaseTimes) {
    this.#db = db;
    this.#times = times;
    this.#limit = new TimeLimit(times.limitMs);
  }

  /**
   * Sends one update command, once: the driver does not repeat it behind our back, so an answer tells what
   * became of this very command. Throws the driver's own errors, for the caller to judge. An ordered one ends at the
   * first statement that fails.
   */
  async update(collection: string, statements: readonly Statement[], ordered = false): Promise<UpdateAnswer> {
    const writeConcern = { w: "majority", j: true, wtimeout: this.#times.majorityMs };
    const reply = (await this.#command({
      update: collection,
      updates: statements,
      ordered,
      writeConcern,
    })) as unknown as RawUpdateReply;
    return {
      matched: reply.n,
      inserted: new Set(reply.upserted?.map(({ index }) => index)),
      failed: new Map(reply.writeErrors?.map(({ index, code }) => [index, code])),
      operationTime: reply.operationTime,
    };
  }

  /**
   * Carries out upserts that may be repeated. Two that insert one key at an instant leave one with a duplicate key: it
   * is sent again and then finds the document. Resolves to the indexes that inserted, and those still refused as
   * duplicates, because their guard does not hold. Rejects with AgentspanError.
   */
  async upsert(
    collection: string,
    statements: readonly Statement[],
  ): Promise<{ readonly inserted: ReadonlySet<number>; readonly duplicates: ReadonlySet<number> }> {
    const inserted = new Set<number>();
    let left = statements.map((_, index) => index);
    for (let round = 0; round < 2 && left.length > 0; round += 1) {
      const sent = left;
      const answer = await this.#upsertOnce(
        collection,
        sent.flatMap((index) => statements[index] ?? []),
      );
      left = sent.filter((_, position) => answer.failed.has(position));
      for (const [position, index] of sent.entries()) if (answer.inserted.has(position)) inserted.add(index);
    }
    return { inserted, duplicates: new Set(left) };
  }

  /**
   * Inserts in order until one's id is there already; `statements` have guards that match nothing. Resolves to how many
   * were inserted. Rejects as upsert.
   */
  async insertInOrder(collection: string, statements: readonly Statement[]): Promise<number> {
    return (await this.#upsertOnce(collection, statements, true)).inserted.size;
  }

  async #upsertOnce(collection: string, statements: readonly Statement[], ordered = false): Promise<UpdateAnswer> {
    try {
      const answer = await this.update(
        collection,
        statements.map((statement) => ({ ...statement, upsert: true })),
        ordered,
      );
      for (const code of answer.failed.values()) {
        if (code === DUPLICATE_KEY) continue;
        throw failureOfCode(code) === "unanswered" ? storeUnavailable(undefined) : refusal(code, undefined);
      }
      return answer;
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  /** One guarded update, once: whether its guard held. Where its answer is lost nobody knows, and it rejects as upsert. */
  async changeOne(collection: string, statement: Statement): Promise<boolean> {
    return (await this.change(collection, [statement])) === 1;
  }

  /**
   * Carries out guarded updates that may be repeated; one whose guard does not hold changes nothing. Resolves to how many
   * held. Rejects as upsert.
   */
  async change(collection: string, statements: readonly Statement[]): Promise<number> {
    try {
      const { failed, matched } = await this.update(collection, statements);
      for (const code of failed.values()) {
        throw failureOfCode(code) === "unanswered" ? storeUnavailable(undefined) : refusal(code, undefined);
      }
      return matched;
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  /** Documents by id or ids, in one answer: cheaper than a cursor. Rejects with AgentspanError. */
  async lookUp<T>(collection: string, { filter, limit, projection, level, after }: Lookup): Promise<readonly T[]> {
    const reply = await this.#reading(() =>
      this.#command({
        find: collection,
        filter,
        limit,
        batchSize: limit,
        singleBatch: true,
        ...(projection === undefined ? {} : { projection }),
        readConcern: { level: level ?? "majority", ...(after === undefined ? {} : { afterClusterTime: after }) },
        maxTimeMS: this.#times.readMs,
      }),
    );
    return reply.cursor.firstBatch as readonly T[];
  }

  /** All that match, in order, read as they are taken. Throws AgentspanError. */
  async *scan<T extends Document>(collection: string, filter: Filter<T>, options: FindOptions): AsyncGenerator<T> {
    try {
      const stop = new AbortController();
      const cursor = this.#db.collection<T>(collection).find<T>(filter, {
        ...options,
        readConcern: { level: "majority" },
        maxTimeMS: this.#times.searchMs,
        signal: stop.signal,
      });
      // Each batch has its own time; how long the reader takes with one is its own affair.
      const hasMore = (): Promise<boolean> =>
        this.#limit.of((signal) => {
          signal.addEventListener("abort", () => stop.abort(signal.reason), { once: true });
          return cursor.hasNext();
        });
      try {
        while (await hasMore()) yield* cursor.readBufferedDocuments();
      } finally {
        await this.#limit.of(() => cursor.close());
      }
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  async all<T extends Document>(collection: string, filter: Filter<T>, options: FindOptions = {}): Promise<T[]> {
    const found: T[] = [];
    for await (const document of this.scan<T>(collection, filter, options)) found.push(document);
    return found;
  }

  /** How many match, by one index and no document. It may be a little wrong while a sharded cluster moves them. */
  async count(collection: string, query: Document, index: string): Promise<number> {
    const maxTimeMS = this.#times.searchMs;
    const reply = await this.#reading(() => this.#command({ count: collection, query, hint: index, maxTimeMS }));
    return Number(reply.n);
  }

  async remove(collection: string, filter: Document): Promise<void> {
    try {
      const writeConcern = new WriteConcern("majority", this.#times.majorityMs, true);
      await this.#limit.of(() => this.#db.collection(collection).deleteMany(filter, { writeConcern }));
    } catch (error) {
      throw storeErrorOf(error);
    }
  }

  /** The server's clock, milliseconds since the epoch. */
  async serverTime(): Promise<number> {
    const { localTime } = await this.#reading(() => this.#command({ hello: 1 }));
    return (localTime as Date).getTime();
  }

  /** Connections were lost: what has no end by then will hardly have one. */
  connectionsLost(): void {
    this.#limit.hurry(AFTER_LOSS_MS);
  }

  #command(command: Document): Promise<Document> {
    return this.#limit.of((signal) => this.#db.command(command, { signal }));
  }

  /** A read is tried again once where its connection had died or the primary had moved. */
  async #reading<T>(read: () => Promise<T>): Promise<T> {
    try {
      return await read().catch((error: unknown) => {
        if (!isWorthRetrying(error)) throw error;
        return read();
      });
    } catch (error) {
      throw storeErrorOf(error);
    }
  }
}
