// The few bytes of protobuf's wire format that a fuzz writes by hand, so that it can also write what no library would.

export const VARINT = 0;
export const FIXED64 = 1;
export const DELIMITED = 2;

/** A value as both forms carry it: the JSON text, and what follows the tag in protobuf. */
export interface Value {
  readonly json: Buffer;
  readonly type: number;
  readonly payload: Buffer;
}

/** Any 64 bits; a negative number is written as its complement, in ten bytes. */
export function varint(value: bigint): Buffer {
  const bytes: number[] = [];
  let rest = BigInt.asUintN(64, value);
  while (rest > 0x7fn) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
  return Buffer.from(bytes);
}

export function tagged(no: number, { type, payload }: Pick<Value, "type" | "payload">): Buffer {
  return Buffer.concat([varint(BigInt(no * 8 + type)), payload]);
}

export function delimited(bytes: Uint8Array): Buffer {
  return Buffer.concat([varint(BigInt(bytes.length)), bytes]);
}

export function double(value: number): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeDoubleLE(value);
  return bytes;
}

export function textValue(text: string): Value {
  return { json: Buffer.from(JSON.stringify(text)), type: DELIMITED, payload: delimited(Buffer.from(text)) };
}

/** `json` where the JSON is not simply the number. */
export function intValue(value: bigint, json = String(value)): Value {
  return { json: Buffer.from(json), type: VARINT, payload: varint(value) };
}

export function doubleValue(value: number): Value {
  const json = Number.isFinite(value) ? String(value) : `"${value}"`;
  return { json: Buffer.from(json), type: FIXED64, payload: double(value) };
}

/** Bytes of a message or a text, whatever they are. */
export function rawValue(json: Buffer | string, bytes: Uint8Array): Value {
  return { json: Buffer.from(json), type: DELIMITED, payload: delimited(bytes) };
}
