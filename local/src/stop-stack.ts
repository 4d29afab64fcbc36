// Stopping a stack from outside: of what runs on this data, and nothing else.
import { endProcess, isRunning } from "./process-birth.js";
import { childrenToEnd, lastStack, runningStack } from "./stack-lock.js";
import type { StackRecord } from "./stack-record.js";

/**
 * `not running`: nobody ran on this data. `stopped`: it ended as it does at Ctrl-C. `killed`: it did not in time, and was
 * ended at once. `cleared`: it had been killed before, and what it had left running was ended.
 */
export interface StackStop {
  readonly how: "not running" | "stopped" | "killed" | "cleared";
  /** What it was. */
  readonly record?: StackRecord;
}

/** Beyond its grace: what has lost its parent ends by itself. */
const LEFTOVER_MS = 6_000;

/**
 * Asks what runs on this data to stop, waits, and ends it at once after `graceMs`; what was acknowledged is in the data.
 * Resolves when it is gone. Whoever starts on the data meanwhile is left alone.
 */
export async function stopStack(dataDir: string, graceMs: number): Promise<StackStop> {
  const record = runningStack(dataDir);
  if (record === undefined) {
    const last = lastStack(dataDir);
    return last !== undefined && (await endChildren(last)) ? { how: "cleared", record: last } : { how: "not running" };
  }
  const killed = await endProcess(record.owner, graceMs);
  const after = lastStack(dataDir);
  // Services that died meanwhile have others in their place.
  const same = after?.owner.pid === record.owner.pid && after.owner.birth === record.owner.birth;
  if (same) await endChildren(after);
  return { how: killed ? "killed" : "stopped", record };
}

async function endChildren(record: StackRecord): Promise<boolean> {
  if (!record.children.some(isRunning)) return false;
  for (const children of childrenToEnd(record)) {
    await Promise.all(children.map((child) => endProcess(child, LEFTOVER_MS)));
  }
  return true;
}
