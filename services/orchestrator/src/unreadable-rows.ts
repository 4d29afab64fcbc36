// Rows of the database that cannot be read: what whoever asks for one is told, and what the log says of them.
import { AgentspanError, type Logger } from "@agentspan/internal";
import { type Shape, ShapeFault } from "./row-shape.js";

/** What the shape gives of a row. Throws AgentspanError ROW_UNREADABLE, which names the row and the place in it. */
export function readAs<T>(collection: string, row: string, value: unknown, shape: Shape<T>): T {
  try {
    return shape(value, "");
  } catch (fault) {
    if (fault instanceof ShapeFault) throw rowUnreadable(collection, row, fault.place);
    throw fault;
  }
}

/** Tells nothing of what is there. */
export function rowUnreadable(collection: string, row: string, place: string): AgentspanError {
  return new AgentspanError(
    "ROW_UNREADABLE",
    `The row ${row} of ${collection} in the database cannot be read: ${place} is not as Agentspan writes it. Put it back as it was, or take it out.`,
    { metadata: { collection, row, place } },
  );
}

export interface UnreadableRowsOptions {
  readonly log?: Logger | undefined;
  /** Between two lines about one row, milliseconds; a minute unless said. */
  readonly quietMs?: number;
  readonly monotonic?: () => number;
}

/** Rows that have a line each within the quiet time; others are counted. Whoever writes many of them fills no disk. */
const MOST_TOLD = 100;

export class UnreadableRows {
  /** When each was told, the longest ago first. */
  private readonly told = new Map<string, number>();
  private untold = 0;

  constructor(private readonly options: UnreadableRowsOptions = {}) {}

  /** What the work gives. A row that it cannot read is told in the log, and thrown as it came. */
  read<T>(work: () => T): T {
    try {
      return work();
    } catch (thrown) {
      if (isUnreadable(thrown)) this.note(thrown.metadata);
      throw thrown;
    }
  }

  /** The same for one row of several: undefined where it cannot be read, so that the others are. */
  readOrLeaveOut<T>(work: () => T): T | undefined {
    try {
      return this.read(work);
    } catch (thrown) {
      if (isUnreadable(thrown)) return undefined;
      throw thrown;
    }
  }

  /**
   * The same for a run and what belongs to it: its definition, its earlier events. Whatever of it does not hang together,
   * only a store that is away keeps the others from being told.
   */
  async tellOrLeaveOut<T>(runId: string, work: () => Promise<T>): Promise<T | undefined> {
    try {
      return await work();
    } catch (thrown) {
      const { reason, retryable, metadata } = AgentspanError.from(thrown);
      if (retryable) throw thrown;
      // Of another error only the reason: its text may quote what is there.
      this.note(reason === "ROW_UNREADABLE" ? metadata : { collection: "runs", row: runId, reason });
      return undefined;
    }
  }

  private note(about: Readonly<Record<string, string>>): void {
    const { log, quietMs = 60_000, monotonic = () => performance.now() } = this.options;
    const now = monotonic();
    for (const [key, at] of this.told) {
      if (now - at < quietMs) break;
      this.told.delete(key);
    }
    const key = `${about.collection}/${about.row}`;
    if (this.told.has(key) || this.told.size >= MOST_TOLD) {
      this.untold += 1;
      return;
    }
    log?.error({ ...about, untold: this.untold }, "A row of the database cannot be read");
    this.told.set(key, now);
    this.untold = 0;
  }
}

export function isUnreadable(thrown: unknown): thrown is AgentspanError {
  return thrown instanceof AgentspanError && thrown.reason === "ROW_UNREADABLE";
}
