// What the store contract needs of a store, and of what it stands on, so that the same faults befall each adapter.
import type { RunWrite, Store, StoredRun } from "../../../src/ports.js";

export interface StoreFixture {
  readonly store: Store;
  /** Another process at the same data; the fixture closes it. */
  connect(): Promise<Store>;
  /** The next commit is carried out and its answer is lost; what comes after it passes. */
  loseNextAnswer(): void;
  /** The next commit is carried out, its answer is lost, and nothing passes any more until `comeBack`. */
  loseNextAnswerAndLeave(): void;
  /** The next commit is held up on its way until the function is called; until then its caller has no answer. */
  holdNextCommit(): () => void;
  /** Nothing reaches the database. */
  leave(): Promise<void>;
  /** The database takes what is sent and answers nothing. */
  freeze(): Promise<void>;
  /** Ends leave and freeze; resolves when the store answers again. */
  comeBack(): Promise<void>;
  /** The database dies at once and comes back with what it had made durable; resolves when the store answers again. */
  crash(): Promise<void>;
  /** Puts a run there as a newer version of this program would. */
  plantNewer(write: RunWrite): Promise<void>;
  /** Puts other things in a run's document than this program would. */
  spoilRun(runId: string, fields: Readonly<Record<string, unknown>>): Promise<void>;
  close(): Promise<void>;
}

export type MakeStoreFixture = () => Promise<StoreFixture>;

/** Gives the fixture of the suite, which a hook has made. */
export type UseFixture = () => StoreFixture;

/** A run that must be there. Throws where it is not. */
export async function loaded(store: Store, runId: string): Promise<StoredRun> {
  const stored = await store.load(runId, "linearizable");
  if (stored === undefined) throw new Error(`Run ${runId} is not stored.`);
  return stored;
}

/** Asks again until the store is not away any more. */
export async function whenBack<T>(ask: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await ask();
    } catch (error) {
      if (performance.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }
}
