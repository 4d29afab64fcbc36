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
