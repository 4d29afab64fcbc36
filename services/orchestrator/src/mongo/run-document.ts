// How a run stands in the collection `runs`: what is asked for by index in fields of its own, all else as JSON text.
import type { RunState } from "../core/run.js";
import type { ChunkRef, RunWrite } from "../ports.js";
import { indexOf, type RunIndex } from "../run-index.js";
import { writeBytesOf } from "../run-record.js";
import type { Statement } from "./database.js";
import { storedDate } from "./stored-date.js";

export interface RunDocument {
  readonly _id: string;
  /** Version. */
  readonly v: number;
  /** Token of the last transition: whose write made this version. */
  readonly t: string;
  readonly schema: number;
  readonly run: string;
  readonly events: readonly string[];
  readonly schedule: string;
  readonly chunks: readonly ChunkRef[];
  readonly inlineBytes: number;
  readonly totalBytes: number;
  /** Absent where nothing is owed. */
  readonly wakeAt?: Date;
  readonly namespace: string;
  readonly state: RunState;
  readonly agentName: string;
  readonly parentRunId?: string;
  readonly labels: readonly string[];
  readonly startedAt: Date;
  readonly updatedAt: Date;
  readonly openSince?: Date;
  readonly open: RunIndex["open"];
  readonly checkpointAt?: Date;
  readonly auditAt?: Date;
  readonly tellAt?: Date;
}

/** A transition, encoded and marked so that it is recognised in the document afterwards. */
export interface EncodedWrite {
  readonly key: string;
  readonly bytes: number;
  readonly expectedVersion: number;
  readonly token: string;
  readonly statement: Statement;
}

/**
 * One guarded update. A new run is an upsert on version 0, which nothing stored has: it inserts, or is refused as a
 * duplicate; so inserts and updates travel in one command. Throws as writeBytesOf does.
 */
export function encodeWrite(write: RunWrite, token: string): EncodedWrite {
  const { runId, expectedVersion, append, trim } = write;
  const index = indexOf(write);
  const run = JSON.stringify(write.run);
  const schedule = JSON.stringify(write.schedule);
  const texts = append.map(({ text }) => text);
  const creates = expectedVersion === 0;

  const set: Record<string, unknown> = {
    v: expectedVersion + 1,
    t: token,
    schema: write.run.schema,
    run,
    schedule,
    inlineBytes: write.inlineBytes,
    totalBytes: write.totalBytes,
    state: index.state,
    updatedAt: storedDate(index.updatedAt),
    open: index.open,
  };
  const unset: Record<string, ""> = {};
  if (write.wakeAt === undefined) unset.wakeAt = "";
  else set.wakeAt = storedDate(write.wakeAt);
  if (index.openSince === undefined) unset.openSince = "";
  else set.openSince = storedDate(index.openSince);

  if (index.checkpointAt !== undefined) set.checkpointAt = storedDate(index.checkpointAt);
  if (index.auditAt !== undefined) set.auditAt = storedDate(index.auditAt);

  const push: Record<string, unknown> = {};
  if (creates) {
    const { namespace, agentName, labels, startedAt, parentRunId } = index;
    Object.assign(set, { namespace, agentName, labels, startedAt: storedDate(startedAt), chunks: [] });
    if (parentRunId !== undefined) set.parentRunId = parentRunId;
  }
  // A list cannot be cut and appended to in one update, so a trimming write sets it whole.
  const kept = trim?.keep ?? [];
  if (creates || trim !== undefined) set.events = [...kept, ...texts];
  else if (texts.length > 0) push.events = { $each: texts };
  if (trim !== undefined) push.chunks = { id: trim.id, from: trim.from, to: trim.to };

  return {
    key: runId,
    bytes: writeBytesOf(runId, [run, schedule, ...kept, ...texts]),
    expectedVersion,
    token,
    statement: {
      q: { _id: runId, v: expectedVersion },
      u: {
        $set: set,
        ...(index.tellAt === undefined ? {} : { $max: { tellAt: storedDate(index.tellAt) } }),
        ...(Object.keys(unset).length === 0 ? {} : { $unset: unset }),
        ...(Object.keys(push).length === 0 ? {} : { $push: push }),
      },
      ...(creates ? { upsert: true } : {}),
    },
  };
}
