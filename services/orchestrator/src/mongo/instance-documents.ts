// Keeps signs of life, in batches of their own: they never wait behind the runs' writes, nor those behind them.
import type { Document, Filter, FindOptions } from "mongodb";
import type { Instance, InstanceStore, KeptInstances, RegisteredWorker, SignOfLife } from "../ports.js";
import type { Database } from "./database.js";
import { GroupCommit } from "./group-commit.js";
import { idOf, RowReader } from "./row-reader.js";
import { instance, registration } from "./rows.js";

const INSTANCES = "instances";

const BATCH_OPS = 100;
const BATCH_BYTES = 4 * 1024 * 1024;
/** Roughly, of an instance without its lists, and of an entry in them. */
const BASE_BYTES = 256;
const ENTRY_BYTES = 64;

interface InstanceDocument extends Document {
  readonly _id: string;
}

interface Beat {
  readonly key: string;
  readonly bytes: number;
  readonly instance: Instance;
}

export class InstanceDocuments implements InstanceStore {
  readonly #database: Database;
  readonly #rows: RowReader;
  readonly #group: GroupCommit<Beat, undefined>;

  constructor(database: Database, rows = new RowReader()) {
    this.#database = database;
    this.#rows = rows;
    this.#group = new GroupCommit({
      maxOps: BATCH_OPS,
      maxBytes: BATCH_BYTES,
      send: (beats) => this.#send(beats),
    });
  }

  /** Guarded by who it is: where that is another it tries to insert, and is refused as a duplicate. */
  async registerWorker({ incarnation, name, namespace, tools, seal, about }: RegisteredWorker): Promise<boolean> {
    const kind = "worker" as const;
    const statement = {
      q: { _id: incarnation, kind, name },
      u: {
        $set: { namespace, tools, ...(seal && { seal }) },
        ...(seal === undefined ? { $unset: { seal: "" } } : {}),
        $setOnInsert: { counter: 0, inHand: [], ...(about && { about }) },
        $currentDate: { seenAt: true },
      },
    };
    return (await this.#database.upsert(INSTANCES, [statement])).duplicates.size === 0;
  }

  async beat(instances: readonly Instance[]): Promise<void> {
    await Promise.all(
      instances.map((one) => {
        const bytes = BASE_BYTES + ENTRY_BYTES * (one.inHand.length + one.tools.length);
        return this.#group.submit({ key: one.incarnation, bytes, instance: one });
      }),
    );
  }

  async readInstance(incarnation: string): Promise<Instance | undefined> {
    const [row] = await this.#database.all<InstanceDocument>(INSTANCES, { _id: incarnation });
    return row === undefined ? undefined : this.#withRegistration(row, this.#rows.read(INSTANCES, row, instance));
  }

  readInstances(): Promise<KeptInstances> {
    return this.#find({}, { projection: { tools: 0, seal: 0, about: 0 } }, (_, read) => read);
  }

  async liveWorkers(namespace: string, withinMs: number): Promise<readonly Instance[]> {
    const since = new Date((await this.#database.serverTime()) - withinMs);
    const filter = { kind: "worker", namespace, seenAt: { $gte: since } };
    return (await this.#find(filter, {}, (row, read) => this.#withRegistration(row, read))).instances;
  }

  async forgetInstances(unseenForMs: number): Promise<void> {
    const since = new Date((await this.#database.serverTime()) - unseenForMs);
    await this.#database.remove(INSTANCES, { seenAt: { $lt: since } });
  }

  removeInstance(incarnation: string): Promise<void> {
    return this.#database.remove(INSTANCES, { _id: incarnation });
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    return this.#group.idle();
  }

  /**
   * An upsert on a lower counter: where the stored one is not lower it tries to insert, is refused as a duplicate, and
   * so changes nothing. The time is the server's, so that the clocks of those who beat do not matter.
   */
  async #send(beats: readonly Beat[]): Promise<readonly undefined[]> {
    const statements = beats.map(({ instance: told }) => {
      const { incarnation, kind, name, namespace, counter, inHand, tools, seal, about, keys } = told;
      return {
        q: { _id: incarnation, counter: { $lt: counter } },
        u: {
          $set: { counter, inHand, ...(keys && { keys }) },
          $setOnInsert: { kind, name, namespace, tools, ...(seal && { seal }), ...(about && { about }) },
          $currentDate: { seenAt: true },
        },
      };
    });
    await this.#database.upsert(INSTANCES, statements);
    return beats.map(() => undefined);
  }

  async #find<T extends SignOfLife>(
    filter: Filter<InstanceDocument>,
    options: FindOptions,
    of: (row: InstanceDocument, read: SignOfLife) => T,
  ): Promise<{ readonly instances: readonly T[]; readonly unreadable: readonly string[] }> {
    const instances: T[] = [];
    const unreadable: string[] = [];
    for (const row of await this.#database.all<InstanceDocument>(INSTANCES, filter, options)) {
      const read = this.#rows.readOrLeaveOut(INSTANCES, row, instance);
      if (read === undefined) unreadable.push(idOf(row));
      else instances.push(of(row, read));
    }
    return { instances, unreadable };
  }

  #withRegistration(row: InstanceDocument, read: SignOfLife): Instance {
    return { ...read, ...(this.#rows.readOrLeaveOut(INSTANCES, row, registration) ?? { tools: [] }) };
  }
}
