// Every run as it stands in MongoDB, read past all our services, and held to what a stored run is.
import type { Db } from "mongodb";
import { expect } from "vitest";
import { fold, type Run, type RunEvent } from "../../services/orchestrator/src/core/index.js";
import type { Stack } from "../src/index.js";

interface StoredDocument {
  readonly _id: string;
  readonly run: string;
  readonly events: readonly string[];
  readonly chunks: readonly { readonly id: string; readonly from: number; readonly to: number }[];
  readonly state: string;
  readonly wakeAt?: Date;
}

interface ChunkDocument {
  readonly _id: string;
  readonly events: readonly string[];
}

export interface StoredHistory {
  readonly run: Run;
  readonly events: readonly RunEvent[];
  readonly document: StoredDocument;
}

/** What may come after the terminal event. */
const AFTER_THE_END = ["decided", "voted", "late_outcome", "checkpoint_closed", "grant_ended"];

export async function storedHistories(database: Db): Promise<readonly StoredHistory[]> {
  const documents = await database.collection<StoredDocument>("runs").find().toArray();
  return Promise.all(
    documents.map(async (document) => {
      const texts: string[] = [];
      for (const { id } of document.chunks) {
        const chunk = await database.collection<ChunkDocument>("chunks").findOne({ _id: id });
        if (chunk === null) throw new Error(`Chunk ${id} of run ${document._id} is not there.`);
        texts.push(...chunk.events);
      }
      texts.push(...document.events);
      const events = texts.map((text) => JSON.parse(text) as RunEvent);
      return { run: JSON.parse(document.run) as Run, events, document };
    }),
  );
}

/** Folds every stored history and compares; gives how many there were. Of a killed process nothing may be different. */
export async function expectHistoriesToFold(stack: Stack): Promise<number> {
  const histories = await storedHistories(stack.database);
  for (const { run, events, document } of histories) {
    expect(events.map(({ sequence }) => sequence)).toEqual(events.map((_, at) => at + 1));
    expect(JSON.parse(JSON.stringify(fold(events)))).toEqual(run);
    const types = events.map(({ fact }) => fact.type);
    const end = types.indexOf("ended");
    expect(types.filter((type) => type === "ended").length).toBe(run.phase.kind === "ended" ? 1 : 0);
    if (end !== -1) expect(types.slice(end + 1).filter((type) => !AFTER_THE_END.includes(type))).toEqual([]);
    const results = events.flatMap(({ fact }) => (fact.type === "tool_result" ? [fact.callId] : []));
    expect(new Set(results).size).toBe(results.length);
    // A run that has ended, or waits for people alone, owes nothing.
    if (document.state === "WAITING" || run.phase.kind === "ended") expect(document.wakeAt).toBeUndefined();
  }
  return histories.length;
}
