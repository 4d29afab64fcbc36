// A run as adapters keep it: payloads as JSON text. So no key that a caller or a model wrote becomes a key of a
// database, and nothing that was read shares an object with what was written.
import { AgentspanError } from "@agentspan/internal";
import type { RunEvent } from "./core/events.js";
import { type Run, SCHEMA } from "./core/run.js";
import type { ChunkRef, StoredRun } from "./ports.js";
import { fields, list, ShapeFault } from "./row-shape.js";
import { chunkRef, eventText, runText, scheduleText } from "./run-shape.js";
import { readAs } from "./unreadable-rows.js";

/** Where runs are kept, as whoever looks after the database knows the place. */
export const RUNS = "runs";
export const CHUNKS = "chunks";

export interface RunRecord {
  readonly runId: string;
  readonly version: number;
  readonly schema: number;
  readonly run: string;
  readonly events: readonly string[];
  readonly schedule: string;
  readonly chunks: readonly ChunkRef[];
  readonly inlineBytes: number;
  readonly totalBytes: number;
}

/**
 * Throws AgentspanError UNIMPLEMENTED for a record that a newer version of this program wrote, and ROW_UNREADABLE for one
 * that none did.
 */
export function storedRunOf(record: RunRecord): StoredRun {
  const { runId, version, inlineBytes, totalBytes } = record;
  return {
    run: runOf(record),
    version,
    ...readAs(RUNS, runId, record, inDocument),
    inlineBytes,
    totalBytes,
  };
}

const inDocument = fields({ events: list(eventText), chunks: list(chunkRef), schedule: scheduleText });

/** The state alone. Throws as storedRunOf does. */
export function runOf({ runId, schema, run }: Pick<RunRecord, "runId" | "schema" | "run">): Run {
  requireReadable(runId, schema);
  return readAs(RUNS, runId, run, (value) => {
    const read = runText(value, "run");
    if (read.runId === runId) return read;
    throw new ShapeFault("run.runId");
  });
}

/** Throws AgentspanError UNIMPLEMENTED where this code does not know the schema. */
export function requireReadable(runId: string, schema: number): void {
  if (isReadable(schema)) return;
  throw new AgentspanError(
    "UNIMPLEMENTED",
    `Run ${runId} was written by a newer version of Agentspan (schema ${schema}, this one knows ${SCHEMA}) and is left alone. Upgrade this orchestrator.`,
    { metadata: { runId, schema: String(schema) } },
  );
}

export function runNotFound(runId: string): AgentspanError {
  return new AgentspanError("RUN_NOT_FOUND", `There is no run ${runId}.`);
}

/** Whether this code knows the schema; what it does not know it leaves alone. */
export function isReadable(schema: number): boolean {
  return schema <= SCHEMA;
}

/** Throws AgentspanError ROW_UNREADABLE. */
export function chunkEventsOf(chunkId: string, texts: unknown): readonly RunEvent[] {
  return readAs(CHUNKS, chunkId, texts, (value) => list(eventText)(value, "events"));
}

/** UTF-8 bytes that one write may have: a database document ends at 16 MiB and has more to hold than the texts. */
const MAX_WRITE_BYTES = 15 * 1024 * 1024;

/** The UTF-8 bytes of a write's texts. Throws AgentspanError LIMIT_EXCEEDED where they are too many to store at once. */
export function writeBytesOf(runId: string, texts: readonly string[]): number {
  const bytes = texts.reduce((sum, text) => sum + Buffer.byteLength(text), 0);
  if (bytes <= MAX_WRITE_BYTES) return bytes;
  throw new AgentspanError(
    "LIMIT_EXCEEDED",
    `A write of run ${runId} has ${bytes} bytes, and ${MAX_WRITE_BYTES} can be stored at once.`,
    { metadata: { runId, limit: String(MAX_WRITE_BYTES), size: String(bytes) } },
  );
}
