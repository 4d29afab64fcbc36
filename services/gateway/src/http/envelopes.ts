/** Flags and length, before each message. */
const HEADER_BYTES = 5;

/** Follows the envelopes of gRPC and Connect in the pieces in which they come. */
export class Envelopes {
  readonly #onSize: (bytes: number) => void;
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  #size = 0;
  #left = 0;

  /** `onSize` is told the size of each message, as soon as it is known; what it throws is thrown on. */
  constructor(onSize: (bytes: number) => void = () => undefined) {
    this.#onSize = onSize;
  }

  /** Bytes of the message that has begun and is not whole, with its envelope. */
  get pending(): number {
    return this.#headerBytes < HEADER_BYTES ? this.#headerBytes : HEADER_BYTES + this.#size - this.#left;
  }

  /** Whether the piece has the end of a message. */
  read(piece: Uint8Array): boolean {
    let ended = false;
    for (let at = 0; at < piece.length; ) {
      if (this.#headerBytes < HEADER_BYTES) {
        const more = piece.subarray(at, at + HEADER_BYTES - this.#headerBytes);
        this.#header.set(more, this.#headerBytes);
        this.#headerBytes += more.length;
        at += more.length;
        if (this.#headerBytes < HEADER_BYTES) break;
        this.#size = this.#header.readUInt32BE(1);
        this.#left = this.#size;
        this.#onSize(this.#size);
      }
      const taken = Math.min(this.#left, piece.length - at);
      this.#left -= taken;
      at += taken;
      if (this.#left > 0) break;
      this.#headerBytes = 0;
      ended = true;
    }
    return ended;
  }
}
