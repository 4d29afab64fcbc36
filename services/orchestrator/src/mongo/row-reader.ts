// Reads rows by their shapes, and tells in the log of those that cannot be read.
import type { Logger } from "@agentspan/internal";
import type { Shape } from "../row-shape.js";
import { readAs, UnreadableRows } from "../unreadable-rows.js";

/** Of an id that is no text: what is shown of it. UTF-16 units. */
const ID_UNITS = 100;

export class RowReader {
  readonly #unreadable: UnreadableRows;

  constructor(log?: Logger) {
    this.#unreadable = new UnreadableRows({ log });
  }

  /** Throws AgentspanError ROW_UNREADABLE. */
  read<T>(collection: string, row: unknown, shape: Shape<T>): T {
    return this.#unreadable.read(() => readAs(collection, idOf(row), row, shape));
  }

  /** Undefined where the row cannot be read. */
  readOrLeaveOut<T>(collection: string, row: unknown, shape: Shape<T>): T | undefined {
    return this.#unreadable.readOrLeaveOut(() => readAs(collection, idOf(row), row, shape));
  }

  /** The first of those rows that can be read. */
  async first<T>(limit: number, collection: string, rows: AsyncIterable<unknown>, shape: Shape<T>): Promise<T[]> {
    const found: T[] = [];
    for await (const row of rows) {
      const read = this.readOrLeaveOut(collection, row, shape);
      if (read !== undefined) found.push(read);
      if (found.length >= limit) break;
    }
    return found;
  }
}

export function idOf(row: unknown): string {
  const id = typeof row === "object" && row !== null && "_id" in row ? row._id : undefined;
  return typeof id === "string" ? id : String(id).slice(0, ID_UNITS);
}
