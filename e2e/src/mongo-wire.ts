// Reads the commands that a driver sends off its byte stream: OP_MSG, uncompressed, as ours does.

/** One command, and the bytes of its whole message. */
export interface MongoCommand {
  /** "update", "find", … */
  readonly name: string;
  /** The collection, or "" for a command that has none. */
  readonly collection: string;
  readonly bytes: Buffer;
}

const HEADER_BYTES = 16;
const OP_MSG = 2013;
const BODY_SECTION = 0;
const STRING = 2;

export class MongoWire {
  #rest: Buffer = Buffer.alloc(0);

  /** Whole messages of what came so far; what is not whole yet is kept. */
  push(chunk: Buffer): readonly MongoCommand[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const commands: MongoCommand[] = [];
    while (this.#rest.length >= HEADER_BYTES) {
      const length = this.#rest.readInt32LE(0);
      if (length < HEADER_BYTES || this.#rest.length < length) break;
      commands.push(commandOf(this.#rest.subarray(0, length)));
      this.#rest = this.#rest.subarray(length);
    }
    return commands;
  }
}

function commandOf(bytes: Buffer): MongoCommand {
  const unknown = { name: "", collection: "", bytes };
  if (bytes.readInt32LE(12) !== OP_MSG) return unknown;
  let at = HEADER_BYTES + 4;
  while (at < bytes.length) {
    const kind = bytes.readUInt8(at);
    if (kind === BODY_SECTION) return firstElement(bytes, at + 1);
    at += 1 + bytes.readInt32LE(at + 1);
  }
  return unknown;
}

/** A command's name is the first key of its document; where its value is a string, that is the collection. */
function firstElement(bytes: Buffer, document: number): MongoCommand {
  const type = bytes.readUInt8(document + 4);
  const end = bytes.indexOf(0, document + 5);
  const name = bytes.toString("utf8", document + 5, end);
  if (type !== STRING) return { name, collection: "", bytes };
  const length = bytes.readInt32LE(end + 1);
  return { name, collection: bytes.toString("utf8", end + 5, end + 4 + length), bytes };
}
