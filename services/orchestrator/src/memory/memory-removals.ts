// Removed runs in memory, as RunRemovals keeps them.
import { isEndState } from "../core/run.js";
import type { AgedRun, ChangedRun } from "../ports.js";
import type { MemoryDatabase, MemoryRun } from "./memory-database.js";

export function listAged(runs: Iterable<MemoryRun>, from: number, before: number, limit: number): readonly AgedRun[] {
  return [...runs]
    .flatMap(({ runId, version, index, wakeAt }): AgedRun[] => {
      const { tellAt: at, state, openSince, updatedAt } = index;
      if (at === undefined || at < from || at >= before) return [];
      const isQuiet = openSince === undefined && wakeAt === undefined && updatedAt < before;
      return [{ runId, version, at, isEnded: isEndState(state), isQuiet }];
    })
    .sort((one, other) => one.at - other.at)
    .slice(0, limit);
}

export function removeRuns(
  { runs, removed }: MemoryDatabase,
  taken: readonly Pick<ChangedRun, "runId" | "version">[],
): number {
  const there = taken.filter(({ runId, version }) => runs.get(runId)?.version === version);
  for (const { runId } of there) {
    runs.delete(runId);
    removed.add(runId);
  }
  return there.length;
}

/** Whose chunks are still there is what is left. */
export function clearRemoved({ chunks, removed }: MemoryDatabase, limit: number): number {
  const left = new Set<string>();
  for (const id of chunks.keys()) {
    const runId = id.slice(0, id.indexOf("/"));
    if (removed.has(runId) && (left.has(runId) || left.size < limit)) left.add(runId);
    if (left.has(runId)) chunks.delete(id);
  }
  return left.size;
}
