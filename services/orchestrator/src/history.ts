// Where a run's events are: in its document, and, of a long run's closed turns, in immutable chunks.
import { createHash } from "node:crypto";
import type { RunEvent } from "./core/index.js";
import type { ChunkRef, RunStore, StoredRun } from "./ports.js";

/** Events in the document above which closed turns move out. A write costs what the document weighs. */
const MOVE_ABOVE_BYTES = 512 * 1024;

export interface ChunkToMove {
  readonly chunk: ChunkRef;
  readonly texts: readonly string[];
  /** Texts of the events that stay. */
  readonly keep: readonly string[];
  readonly bytes: number;
}

/** The closed turns of a long run, of events that are committed already; undefined where nothing is to be moved. */
export function chunkToMove(
  { run, events, inlineBytes }: StoredRun,
  moveAboveBytes = MOVE_ABOVE_BYTES,
): ChunkToMove | undefined {
  if (inlineBytes <= moveAboveBytes) return undefined;
  const { model } = run.turn;
  // An open turn's own events stay: the state refers to them.
  const firstKept = model.kind === "replied" ? model.sequence : run.lastSequence + 1;
  const moved = events.filter(({ sequence }) => sequence < firstKept);
  const [first, last] = [moved[0], moved.at(-1)];
  if (first === undefined || last === undefined || run.phase.kind !== "active") return undefined;
  const texts = moved.map((event) => JSON.stringify(event));
  const keep = events.slice(moved.length).map((event) => JSON.stringify(event));
  const hash = createHash("sha256").update(texts.join("\n")).digest("hex").slice(0, 16);
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  const [from, to] = [first.sequence, last.sequence];
  return { chunk: { id: `${run.runId}/${from}-${to}/${hash}`, from, to }, texts, keep, bytes };
}

/** Reads histories across document and chunks. Chunks never change, so the last ones read are kept. */
export class History {
  private readonly chunks = new Map<string, readonly RunEvent[]>();

  constructor(
    private readonly store: Pick<RunStore, "readChunk">,
    private readonly mostChunks = 64,
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
      found.push(...(await this.read(chunk)).filter((event) => event.sequence > sequence));
      if (enough(found)) return found;
    }
    found.push(...stored.events.filter((event) => event.sequence > sequence));
    return found;
  }

  /** One event by its sequence. */
  async at(stored: StoredRun, sequence: number): Promise<RunEvent | undefined> {
    const inline = stored.events.find((event) => event.sequence === sequence);
    if (inline !== undefined) return inline;
    const chunk = stored.chunks.find(({ from, to }) => from <= sequence && sequence <= to);
    return chunk === undefined ? undefined : (await this.read(chunk)).find((event) => event.sequence === sequence);
  }

  private async read(chunk: ChunkRef): Promise<readonly RunEvent[]> {
    const known = this.chunks.get(chunk.id);
    const events = known ?? (await this.store.readChunk(chunk));
    this.chunks.delete(chunk.id);
    this.chunks.set(chunk.id, events);
    for (const [oldest] of this.chunks) {
      if (this.chunks.size <= this.mostChunks) break;
      this.chunks.delete(oldest);
    }
    return events;
  }
}
