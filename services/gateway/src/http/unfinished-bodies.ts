// How much of requests that have not come whole a gateway holds at most, over all connections of both its ports.
//
// Where there is no more room, whoever has been at it longest makes some: a request of ordinary size comes within
// moments, and is never the one. Nothing is gained by sending slowly, nor by sending much and stopping.
import { AgentspanError } from "@agentspan/internal";

const KiB = 1_024;

/** Bytes of unfinished bodies that a gateway holds; the process takes some 300 MB more while it is flooded. */
export const UNFINISHED_BYTES = 128 * KiB * KiB;
/** Up to here a body gives way only where there is no larger one. Decisions are far below. */
const SMALL_BYTES = 64 * KiB;
/** What a piece takes beside its bytes: a body that comes byte by byte is not small. */
const PIECE_BYTES = 512;
const RETRY_AFTER_MS = 1_000;

/** A body that is on its way. */
export interface UnfinishedBody {
  /** A piece of so many bytes has come, and is held. May call `giveWay`, its own or another's, before it returns. */
  hold(bytes: number): void;
  /** All has been used but so many bytes that came last, of which no others are held any more. */
  keep(bytes: number): void;
  /** It is whole, or nobody waits for the rest. May be called more than once. */
  end(): void;
}

export interface UnfinishedBodiesOptions {
  readonly mostBytes?: number | undefined;
  /** Is told the address of each that made room. */
  readonly gaveWay?: (address: string) => void;
}

export class UnfinishedBodies {
  readonly #most: number;
  readonly #gaveWay: (address: string) => void;
  #held = 0;
  /** The oldest first, each by when it came to be one of them. */
  readonly #small = new Set<Entry>();
  readonly #large = new Set<Entry>();

  constructor({ mostBytes = UNFINISHED_BYTES, gaveWay = () => undefined }: UnfinishedBodiesOptions = {}) {
    this.#most = mostBytes;
    this.#gaveWay = gaveWay;
  }

  /** What is held now, in bytes; pieces count with what they take beside. */
  get bytes(): number {
    return this.#held;
  }

  /** `giveWay` is called at most once, when the body is no longer held here. It must let go of what has come. */
  begin(address: string, giveWay: (why: AgentspanError) => void): UnfinishedBody {
    const entry: Entry = { bytes: 0, address, giveWay };
    this.#small.add(entry);
    return {
      hold: (bytes) => this.#hold(entry, bytes + PIECE_BYTES),
      keep: (kept) => this.#keep(entry, kept),
      end: () => this.#end(entry),
    };
  }

  #hold(entry: Entry, bytes: number): void {
    if (!this.#small.has(entry) && !this.#large.has(entry)) return;
    entry.bytes += bytes;
    this.#held += bytes;
    if (entry.bytes > SMALL_BYTES && this.#small.delete(entry)) this.#large.add(entry);
    while (this.#held > this.#most) {
      const [oldest] = this.#large.size > 0 ? this.#large : this.#small;
      if (oldest === undefined) return;
      this.#end(oldest);
      this.#gaveWay(oldest.address);
      oldest.giveWay(noRoom());
    }
  }

  #keep(entry: Entry, bytes: number): void {
    if (!this.#end(entry)) return;
    this.#small.add(entry);
    if (bytes > 0) this.#hold(entry, bytes + PIECE_BYTES);
  }

  /** Whether it was still held. */
  #end(entry: Entry): boolean {
    this.#held -= entry.bytes;
    entry.bytes = 0;
    return this.#small.delete(entry) || this.#large.delete(entry);
  }
}

interface Entry {
  bytes: number;
  readonly address: string;
  readonly giveWay: (why: AgentspanError) => void;
}

function noRoom(): AgentspanError {
  return new AgentspanError(
    "RATE_LIMITED",
    "The server holds as much of unfinished requests as it may, and this one had been on its way the longest. Send it again.",
    { retryAfterMs: RETRY_AFTER_MS },
  );
}
