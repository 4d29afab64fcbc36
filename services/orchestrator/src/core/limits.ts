// The limits that the core enforces itself. Bytes of UTF-8. The edge has the same figures and a test compares them.

const KiB = 1024;
const MiB = 1024 * KiB;

export const CALLS_PER_TURN = 128;
export const ARGUMENTS_BYTES = 256 * KiB;
export const ARGUMENTS_OF_TURN_BYTES = 2 * MiB;
export const RESULT_BYTES = 256 * KiB;
/** What a model says in one reply, its calls apart. */
export const REPLY_BYTES = 1 * MiB;
/** What is kept of a guarded result over the limit. */
export const RESULT_HEAD_BYTES = 4 * KiB;
export const DOCUMENT_BYTES = 4 * MiB;
export const DOCUMENT_WARNING_BYTES = 3 * MiB;
export const RUN_BYTES = 64 * MiB;
/** What a run remembers beside its events: open calls, and every checkpoint and decision. Each write has it whole. */
export const STATE_BYTES = 2 * MiB;
/** A guarded tool always has a time-out. */
export const GUARDED_TIMEOUT_MS = 10 * 60_000;
/** A plain claim that is not stored may stay so for half of this; before that nobody else is told of its attempt. */
export const UNSTORED_CLAIM_MS = 2_000;
/** How long a probe may take to say whether a call took effect, before a person is asked. */
export const PROBE_MS = 30_000;
/** What a preview shows. */
export const PREVIEW_BYTES = 64 * KiB;
/** How long a worker may take to look at what a call would do, unless its tool says otherwise. */
export const PREVIEW_MS = 10_000;
/** How long the first preview of an approval waits for a worker that takes it. */
export const PREVIEW_WAIT_MS = 60_000;
/** A call begins so soon after what it would do was looked at, or that is looked at again. */
export const CHECK_VALID_MS = 30_000;
/** A call that so often would have done something else than what was approved is not asked about again. */
export const MOST_DRIFTS = 3;
/** How often people are reminded of one checkpoint: each time is an event that stays. */
export const REMINDERS = 100;
/** Votes on one checkpoint by one who asks, with which it stays open: each is an event and a record that stay. */
export const VOTES_OF_ONE = 64;
/** How deep runs that start runs may lie in each other: the first is at 0. */
export const MOST_DEPTH = 8;
/** How many runs one turn may start. */
export const CHILDREN_PER_TURN = 32;
/** Open checkpoints of runs that it started that a run mirrors at once; what is more is found in those runs alone. */
export const OPEN_MIRRORS = 128;
/** Nobody can have read a checkpoint that is younger. */
export const READING_MS = 1_000;

/** The beginning of a text, of at most so many UTF-16 units, and never half of a character. */
export function headOf(text: string, units: number): string {
  const head = text.slice(0, units);
  return /[\uD800-\uDBFF]$/u.test(head) ? head.slice(0, -1) : head;
}
