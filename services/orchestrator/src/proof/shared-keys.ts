// Orchestrators work on the same runs, so each must believe what the others sign. Each tells in its sign of life which
// key it signs with and whose it believes; one that finds a living other with which this is not mutual does not start.
import { AgentspanError, sleep, type Time } from "@agentspan/internal";
import type { InstanceKeys, InstanceStore, SignOfLife } from "../ports.js";

export interface SharedKeysOptions {
  readonly store: InstanceStore;
  /** This process's own. */
  readonly incarnation: string;
  readonly keys: InstanceKeys | undefined;
  readonly leaseMs: number;
  readonly time: Time;
}

const LOOK_MS = 200;

/**
 * Resolves where every living orchestrator shares keys with this one. Rejects with PERMISSION_DENIED otherwise. One that
 * was killed a moment ago seems alive: whether it is tells its counter, within a lease.
 */
export async function requireSharedKeys(options: SharedKeysOptions): Promise<void> {
  const { leaseMs, time } = options;
  const begun = time.monotonic();
  const first = await strangers(options);
  for (let left = first; left.length > 0 && time.monotonic() - begun < leaseMs; ) {
    await sleep(time, LOOK_MS);
    left = await strangers(options);
    for (const other of left) {
      const before = first.find(({ incarnation }) => incarnation === other.incarnation);
      if (before === undefined || other.counter > before.counter) throw notShared(options.keys, other);
    }
  }
}

/** Orchestrators that seem alive and do not believe us, or whom we do not. */
async function strangers({ store, incarnation, keys }: SharedKeysOptions): Promise<readonly SignOfLife[]> {
  const { instances } = await store.readInstances();
  const others = instances.filter((one) => one.kind === "orchestrator" && one.incarnation !== incarnation);
  return others.filter((other) => !areShared(keys, other.keys));
}

function areShared(mine: InstanceKeys | undefined, theirs: InstanceKeys | undefined): boolean {
  if (mine === undefined || theirs === undefined) return mine === theirs;
  return mine.trusted.includes(theirs.signing) && theirs.trusted.includes(mine.signing);
}

function notShared(mine: InstanceKeys | undefined, { incarnation, keys: theirs }: SignOfLife): AgentspanError {
  const is = `Orchestrator ${incarnation} runs on the same database`;
  const remedy =
    "Give all orchestrators the same AGENTSPAN_TRUSTED_KEYS_FILE, with the key of each in it, and start again.";
  if (mine === undefined) {
    return failed(`${is} and signs what it decides, and this one has no key. ${remedy}`);
  }
  if (theirs === undefined) {
    return failed(`${is} and has no signing key, and this one has. Stop it, give it a key too, and start again.`);
  }
  const who = mine.trusted.includes(theirs.signing)
    ? `it does not trust the key ${mine.signing} of this one`
    : `its key ${theirs.signing} is not trusted here`;
  return failed(`${is}, and ${who}: what one signs the other would refuse. ${remedy}`);
}

function failed(message: string): AgentspanError {
  return new AgentspanError("PERMISSION_DENIED", message);
}
