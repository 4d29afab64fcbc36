// Every run as it stands in MongoDB, read past all services.
import { isDeepStrictEqual } from "node:util";
import { fold, type Run, type RunEvent } from "@agentspan/orchestrator/core";
import type { Db } from "mongodb";

export interface StoredHistory {
  readonly runId: string;
  readonly run: Run;
  readonly events: readonly RunEvent[];
  /** Whether a sweeper would look at it. */
  readonly owes: boolean;
  /** Chunks that the document lists and that are not there. */
  readonly missingChunks: readonly string[];
}

interface StoredDocument {
  readonly _id: string;
  readonly run: string;
  readonly events: readonly string[];
  readonly chunks: readonly { readonly id: string }[];
  readonly wakeAt?: Date;
}

export async function storedHistories(database: Db): Promise<readonly StoredHistory[]> {
  const stored: StoredHistory[] = [];
  // One at a time: a long run weighs megabytes.
  for await (const document of database.collection<StoredDocument>("runs").find()) {
    const texts: string[] = [];
    const missingChunks: string[] = [];
    for (const { id } of document.chunks) {
      const chunk = await database
        .collection<{ _id: string; events: readonly string[] }>("chunks")
        .findOne({ _id: id });
      if (chunk === null) missingChunks.push(id);
      else texts.push(...chunk.events);
    }
    texts.push(...document.events);
    stored.push({
      runId: document._id,
      run: JSON.parse(document.run) as Run,
      events: texts.map((text) => JSON.parse(text) as RunEvent),
      owes: document.wakeAt !== undefined,
      missingChunks,
    });
  }
  return stored;
}

/** Why a history does not make the state that stands beside it; undefined where it does. */
export function misfold({ events, run }: StoredHistory): string | undefined {
  let folded: unknown;
  try {
    // What is undefined is not stored.
    folded = JSON.parse(JSON.stringify(fold(events) ?? null));
  } catch (thrown) {
    return `they do not fold: ${thrown instanceof Error ? thrown.message : String(thrown)}`;
  }
  return isDeepStrictEqual(folded, run) ? undefined : "they fold to another state than the document has";
}
