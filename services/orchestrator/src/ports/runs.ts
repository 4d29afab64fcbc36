// Where runs are kept, and how they are found.
import type { Approvers } from "../core/agent.js";
import type { CheckpointKind, End, RunEvent } from "../core/events.js";
import type { Schedule } from "../core/obligations.js";
import type { Run, RunState } from "../core/run.js";

/** A run as it is stored. */
export interface StoredRun {
  readonly run: Run;
  /** One more with each write; 0 is not stored yet. */
  readonly version: number;
  /** The events that are still in the document, oldest first; earlier ones are in the chunks. */
  readonly events: readonly RunEvent[];
  /** Immutable history that moved out of the document, oldest first. */
  readonly chunks: readonly ChunkRef[];
  readonly schedule: Schedule;
  /** UTF-8 bytes of the events in the document, and of all events of the run. */
  readonly inlineBytes: number;
  readonly totalBytes: number;
}

/** Names one immutable piece of history: events `from` to `to`. */
export interface ChunkRef {
  /** From the run, the range and a hash of the content, so that writing it twice is writing it once. */
  readonly id: string;
  readonly from: number;
  readonly to: number;
}

/** One transition: state, new events and obligations together, or nothing. */
export interface RunWrite {
  readonly runId: string;
  /** The version it was decided on; 0 creates the run. */
  readonly expectedVersion: number;
  readonly run: Run;
  /** Who may decide its open checkpoints, by approval, where not everybody may: only to find them by. */
  readonly approvers?: Readonly<Record<string, Approvers>>;
  /** New events and their stored text (JSON). */
  readonly append: readonly { readonly sequence: number; readonly text: string }[];
  readonly schedule: Schedule;
  /** Milliseconds since the epoch; absent where nothing is owed. */
  readonly wakeAt?: number;
  readonly inlineBytes: number;
  readonly totalBytes: number;
  /** Takes events up to the chunk's end out of the document. The chunk is written already. */
  readonly trim?: Trim;
}

export interface Trim extends ChunkRef {
  /** Texts of the events after the chunk's end that are stored already; the document then holds these and `append`. */
  readonly keep: readonly string[];
}

/**
 * committed: this very write is in the document. conflict: it is not, and never will be. unknown: the answer was lost;
 * whoever asked reads the run again and decides again.
 */
export type CommitOutcome = "committed" | "conflict" | "unknown";

/**
 * Keeps runs. Rejects with AgentspanError STORE_UNAVAILABLE while the store is away, and with ROW_UNREADABLE where what is
 * asked for by its id was not written by this program. Lists leave that out.
 */
export interface RunStore {
  /** `linearizable` sees every write that was acknowledged before it began; it has a time limit. */
  load(runId: string, consistency: "majority" | "linearizable"): Promise<StoredRun | undefined>;
  /** Majority and journaled. Writes that come together are committed together. */
  commit(write: RunWrite): Promise<CommitOutcome>;
  /** Writes one chunk; writing the same again is no error. Resolves when it is durable. */
  putChunk(runId: string, chunk: ChunkRef, texts: readonly string[]): Promise<void>;
  readChunk(chunk: ChunkRef): Promise<readonly RunEvent[]>;
  /** Runs whose wakeAt has come by a time, most overdue first; not those whose wakeAt was before `from`, where given. */
  due(by: number, limit: number, from?: number): Promise<readonly DueRun[]>;
  /** The states of several runs, without events; unknown ids are left out. */
  states(runIds: readonly string[]): Promise<RunStates>;
  list(query: RunQuery): Promise<Page<StoredRun>>;
  /** Runs with an open checkpoint, the longest waiting first. */
  listOpen(query: OpenQuery): Promise<Page<StoredRun>>;
  /** How many open checkpoints listOpen would find, counted up to `most`. */
  countOpen(query: Omit<OpenQuery, "limit" | "pageToken">, most: number): Promise<number>;
  /** Runs of which a checkpoint changed since a time, that time included; the longest ago first. */
  listChanged(query: ChangedQuery): Promise<Page<StoredRun>>;
  /**
   * Runs that ended, or of which a checkpoint changed last, in a span of time without its end; the longest ago first.
   * Those of which neither is so are in none.
   */
  listAged(from: number, before: number, limit: number): Promise<readonly AgedRun[]>;
  /**
   * Takes runs away that are still in the version named: from then on nobody finds them, and none begins anew under their
   * ids. Resolves to how many these were; telling it again is safe.
   */
  removeRuns(runs: readonly Pick<ChangedRun, "runId" | "version">[]): Promise<number>;
  /** Frees what removed runs took, some of it. Resolves to how many runs that was of, 0 where nothing is left. */
  clearRemoved(limit: number): Promise<number>;
}

export interface AgedRun extends ChangedRun {
  readonly isEnded: boolean;
  /** Whether nothing is owed, nobody is asked, and nothing of it changed at the span's end or later. */
  readonly isQuiet: boolean;
}

/** How the store stands, over all namespaces: what a look at its indexes tells, and nothing of any one run. */
export interface Census {
  /** Runs that have not ended. */
  readonly runs: Readonly<Record<Exclude<RunState, End["state"]>, number>>;
  /** When the checkpoint was opened that the longest waiting of the runs that wait for people waits for. */
  readonly waitingSince?: number;
  /** When something was owed first, of what runs owe: it may be in the future. */
  readonly owedSince?: number;
  /** The same of deliveries that wait to be sent. */
  readonly deliverySince?: number;
}

export interface RunStates {
  readonly states: readonly { readonly run: Run; readonly version: number }[];
  /** Runs that are there and cannot be read, by this version or by any. */
  readonly unreadable: readonly string[];
}

export interface DueRun {
  readonly runId: string;
  /** Milliseconds since the epoch. */
  readonly wakeAt: number;
}

/** A run of which something is derived, as whoever follows runs finds it. */
export interface ChangedRun {
  readonly runId: string;
  readonly version: number;
  /** When what is followed changed last, by the run's own times. */
  readonly at: number;
}

export interface RunQuery {
  readonly namespace: string;
  readonly states: readonly RunState[];
  readonly agentName?: string;
  /** Of runs that this one started. */
  readonly parentRunId?: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly limit: number;
  /** Opaque, from the page before. A broken one rejects with INVALID_REQUEST. */
  readonly pageToken?: string;
}

export interface OpenQuery extends Omit<RunQuery, "states" | "parentRunId"> {
  readonly kinds: readonly CheckpointKind[];
  readonly tool?: string;
  readonly runId?: string;
  readonly assignee?: Assignee;
}

/** Whose checkpoints are asked for: those that this person or one of these groups may decide, and those of anybody. */
export interface Assignee {
  readonly person?: string;
  readonly groups: readonly string[];
}

export interface ChangedQuery extends Omit<RunQuery, "states" | "parentRunId"> {
  /** Milliseconds since the epoch, by the runs' own times. */
  readonly since: number;
}

export interface Page<T> {
  readonly items: readonly T[];
  readonly nextPageToken?: string;
}
