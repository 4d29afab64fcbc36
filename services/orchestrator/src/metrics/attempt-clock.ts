// How long attempts take: by this process's monotonic clock where it granted them, by the stored times elsewhere.
import type { RunEvent } from "../core/index.js";
import type { StoredRun } from "../ports.js";

/** Grants remembered; of older ones, and of those that another orchestrator gave, the stored times tell. */
const MOST_REMEMBERED = 10_000;
/** Events looked at, from the newest: what is asked for is near the end, or not worth a search. */
const MOST_LOOKED_AT = 500;

export class AttemptClock {
  private readonly begun = new Map<string, number>();

  /** By the monotonic clock given, milliseconds. */
  constructor(private readonly now: () => number) {}

  /** False where it had begun here already. */
  begin(nonce: string): boolean {
    if (this.begun.has(nonce)) return false;
    this.begun.set(nonce, this.now());
    if (this.begun.size > MOST_REMEMBERED) {
      for (const oldest of this.begun.keys()) {
        this.begun.delete(oldest);
        break;
      }
    }
    return true;
  }

  /** Seconds; undefined where nobody can tell: a plain claim that another granted is stored with its outcome. */
  end(stored: StoredRun, together: readonly RunEvent[], nonce: string, at: number): number | undefined {
    const begun = this.begun.get(nonce);
    this.begun.delete(nonce);
    if (begun !== undefined) return (this.now() - begun) / 1_000;
    const started = newest(stored, ({ fact }) => fact.type === "tool_started" && fact.nonce === nonce);
    if (started === undefined || together.some(({ sequence }) => sequence === started.sequence)) return undefined;
    return Math.max(0, at - started.at) / 1_000;
  }
}

/** Since when a call could have been begun, milliseconds since the epoch; undefined where that is long ago. */
export function readySince(stored: StoredRun, callId: string): number | undefined {
  const event = newest(
    stored,
    ({ fact }) => "callId" in fact && fact.callId === callId && fact.type !== "tool_started",
  );
  if (event === undefined) return undefined;
  const { fact, at } = event;
  return "retryAt" in fact ? Math.max(at, fact.retryAt) : at;
}

function newest({ events }: StoredRun, is: (event: RunEvent) => boolean): RunEvent | undefined {
  const from = Math.max(0, events.length - MOST_LOOKED_AT);
  for (let index = events.length - 1; index >= from; index -= 1) {
    const event = events[index];
    if (event !== undefined && is(event)) return event;
  }
  return undefined;
}
