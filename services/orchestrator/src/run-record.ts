// A run as adapters keep it: payloads as JSON text. So no key that a caller or a model wrote becomes a key of a
// database, and nothing that was read shares an object with what was written.
import { AgentspanError } from "@agentspan/internal";
import type { RunEvent } from "./core/events.js";
import type { Schedule } from "./core/obligations.js";
import { type Run, SCHEMA } from "./core/run.js";
import type { ChunkRef, StoredRun } from "./ports.js";

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

/** Throws AgentspanError UNIMPLEMENTED for a record that a newer version of this program wrote. */
export function storedRunOf(record: RunRecord): StoredRun {
  const { version, chunks, inlineBytes, totalBytes } = record;
  return {
    run: runOf(record),
    version,
    events: eventsOf(record.events),
    chunks: chunks.map(({ id, from, to }) => ({ id, from, to })),
    schedule: JSON.parse(record.schedule) as Schedule,
    inlineBytes,
    totalBytes,
  };
}

/** The state alone. Throws as storedRunOf does. */
export function runOf({ runId, schema, run }: Pick<RunRecord, "runId" | "schema" | "run">): Run {
  if (!isReadable(schema)) {
    throw new AgentspanError(
      "UNIMPLEMENTED",
      `Run ${runId} was written by a newer version of Agentspan (schema ${schema}, this one knows ${SCHEMA}) and is left alone. Upgrade this orchestrator.`,
      { metadata: { runId, schema: String(schema) } },
    );
  }
  return JSON.parse(run) as Run;
}

/** Whether this code knows the schema; what it does not know it leaves alone. */
export function isReadable(schema: number): boolean {
  return schema <= SCHEMA;
}

export function eventsOf(texts: readonly string[]): readonly RunEvent[] {
  return texts.map((text) => JSON.parse(text) as RunEvent);
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
