// Where a run's events are: in its document, and, of a long run's closed turns, in immutable chunks. An open turn moves
// out too where the document would have no room for what comes: so there always is, before it is known what comes.
import { createHash } from "node:crypto";
import { DOCUMENT_BYTES, type RunEvent } from "./core/index.js";
import type { ChunkRef, RunStore, StoredRun } from "./ports.js";
import { runNotFound } from "./run-record.js";

/** UTF-8 bytes of events in the document. */
export interface DocumentRoom {
  /** Above which closed turns move out. A write costs what the document weighs. */
  readonly moveAboveBytes: number;
  /** Above which nothing stays but what is written now. */
  readonly mostBytes: number;
}

export const DOCUMENT_ROOM: DocumentRoom = { moveAboveBytes: 512 * 1024, mostBytes: DOCUMENT_BYTES };

export interface ChunkToMove {
  readonly chunk: ChunkRef;
  readonly texts: readonly string[];
  /** Texts of the events that stay. */
  readonly keep: readonly string[];
  readonly movedBytes: number;
}

/**
 * What moves out before `bytes` more are written, of events that are committed already: a long run's closed turns, and
 * all there is where the document would be too large. Undefined where nothing is to be moved.
 */
export function chunkToMove(
  { run, events, inlineBytes }: StoredRun,
  bytes: number,
  { moveAboveBytes, mostBytes }: DocumentRoom = DOCUMENT_ROOM,
): ChunkToMove | undefined {
  const full = inlineBytes + bytes > mostBytes;
  if (!full && (inlineBytes <= moveAboveBytes || run.phase.kind !== "active")) return undefined;
  const { model } = run.turn;
  // What the state refers to is asked for most, so an open turn stays while it can.
  const firstKept = model.kind === "replied" && !full ? model.sequence : run.lastSequence + 1;
  const moved = events.filter(({ sequence }) => sequence < firstKept);
  const [first, last] = [moved[0], moved.at(-1)];
  if (first === undefined || last === undefined) return undefined;
  const texts = moved.map((event) => JSON.stringify(event));
  const keep = events.slice(moved.length).map((event) => JSON.stringify(event));
  const hash = createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16);
  const movedBytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const [from, to] = [first.sequence, last.sequence];
  return { chunk: { id: `${run.runId}/${from}-${to}/${hash}`, from, to }, texts, keep, movedBytes };
}

/** Reads histories across document and chunks. Chunks never change, so the last ones read are kept, by their bytes. */
export class History {
  private readonly chunks = new Map<string, { readonly events: readonly RunEvent[]; readonly bytes: number }>();
  private bytes = 0;

  constructor(
    private readonly store: Pick<RunStore, "readChunk" | "load">,
    private readonly mostBytes = 32 * 1024 * 1024,
  ) {}

  /** Events after a sequence, oldest first, until `enough` says so. */
  async after(
    stored: StoredRun,
    sequence: number,
    enough: (events: readonly RunEvent[]) => boolean = () => false,
  ): Promise<readonly RunEvent[]> {
    const found: RunEvent[] = [];
    for (const chunk of stored.chunks) {
      if (chunk.to <= sequence) continue;
      for (const event of await this.read(stored, chunk)) if (event.sequence > sequence) found.push(event);
      if (enough(found)) return found;
    }
    for (const event of stored.events) if (event.sequence > sequence) found.push(event);
    return found;
  }

  /** One event by its sequence. */
  async at(stored: StoredRun, sequence: number): Promise<RunEvent | undefined> {
    const inline = stored.events.find((event) => event.sequence === sequence);
    if (inline !== undefined) return inline;
    const chunk = stored.chunks.find(({ from, to }) => from <= sequence && sequence <= to);
    return chunk === undefined
      ? undefined
      : (await this.read(stored, chunk)).find((event) => event.sequence === sequence);
  }

  private async read({ run }: StoredRun, chunk: ChunkRef): Promise<readonly RunEvent[]> {
    const known = this.chunks.get(chunk.id);
    const events = known?.events ?? (await this.readStored(run.runId, chunk));
    this.keep(chunk.id, events, known?.bytes ?? bytesOf(events));
    return events;
  }

  /** Rejects with RUN_NOT_FOUND where the run was removed while it was being read. */
  private async readStored(runId: string, chunk: ChunkRef): Promise<readonly RunEvent[]> {
    try {
      return await this.store.readChunk(chunk);
    } catch (thrown) {
      if ((await this.store.load(runId, "majority")) !== undefined) throw thrown;
      throw runNotFound(runId);
    }
  }

  /** The one read last is kept whatever its size. */
  private keep(id: string, events: readonly RunEvent[], bytes: number): void {
    this.drop(id);
    this.chunks.set(id, { events, bytes });
    this.bytes += bytes;
    for (const [oldest] of this.chunks) {
      if (this.bytes <= this.mostBytes || oldest === id) break;
      this.drop(oldest);
    }
  }

  private drop(id: string): void {
    this.bytes -= this.chunks.get(id)?.bytes ?? 0;
    this.chunks.delete(id);
  }
}

function bytesOf(events: readonly RunEvent[]): number {
  return events.reduce((sum, event) => sum + Buffer.byteLength(JSON.stringify(event)), 0);
}
