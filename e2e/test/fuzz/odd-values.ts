// Values that a field should not have, by the kind of field; each a boundary, something over it, or of another type.
import { DELIMITED, doubleValue, intValue, rawValue, textValue, type Value } from "./wire.js";

const KiB = 1024;

/** JSON of another type, beside a varint where bytes belong or bytes where a varint belongs. */
const OTHER_TYPES: readonly Value[] = [
  intValue(5n),
  intValue(0n, "null"),
  intValue(1n, "true"),
  intValue(1n, "1e400"),
  rawValue("{}", Buffer.alloc(0)),
  rawValue("[[]]", Buffer.from([0x0a, 0xff])),
  rawValue('{"__proto__":{"approval":false},"constructor":{"prototype":{}}}', Buffer.from([0xff, 0xff])),
  // A length that is more than there is.
  { json: Buffer.from('"'), type: DELIMITED, payload: Buffer.from([0xff, 0xff, 0xff, 0xff, 0x0f]) },
];

export const ODD_TEXTS: readonly Value[] = [
  ...[
    "",
    "\0",
    "a\u0000b",
    " ",
    ".",
    "run.*.>",
    "a.b",
    "../../etc",
    "$where",
    "__proto__",
    "\u202eabc",
    "é".repeat(64),
  ],
  ...[64, 65, 128, 129, 256, 257, 1_024].map((length) => "k".repeat(length)),
  ...["{", "[]", "null", "1e999", '{"a":1,"a":2}', '{"a":"\\ud800"}', '{"__proto__":{"x":1}}', "[".repeat(3_000)],
]
  .map(textValue)
  .concat(
    textValue("x".repeat(300 * KiB)),
    textValue(JSON.stringify({ a: "x".repeat(257 * KiB) })),
    textValue(`${'{"a":'.repeat(2_000)}1${"}".repeat(2_000)}`),
    rawValue('"\\ud800"', Buffer.from([0xed, 0xa0, 0x80])),
    rawValue(Buffer.from([0x22, 0xff, 0xfe, 0x22]), Buffer.from([0xff, 0xfe])),
    OTHER_TYPES,
  );

export const ODD_INTS: readonly Value[] = [
  ...[0n, 1n, -1n, 1_000n, 1_001n, 2n ** 31n, 2n ** 32n - 1n, 2n ** 32n, 2n ** 53n, 2n ** 63n - 1n, 2n ** 64n - 1n].map(
    (value) => intValue(value),
  ),
  intValue(1n, "1.5"),
  intValue(2n, '"abc"'),
  intValue(2n, '"18446744073709551616"'),
  ...OTHER_TYPES,
];

export const ODD_DOUBLES: readonly Value[] = [
  ...[0, -0, -1, 1e308, 5e-324, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY].map(doubleValue),
  ...OTHER_TYPES,
];

export const ODD_ENUMS: readonly Value[] = [
  ...[0n, 99n, -1n, 2n ** 31n - 1n, -(2n ** 31n)].map((value) => intValue(value)),
  intValue(7n, '"NOT_ONE_OF_THEM"'),
  ...OTHER_TYPES,
];

export const ODD_MESSAGES: readonly Value[] = [
  ...OTHER_TYPES,
  rawValue("null", Buffer.from([0x0b, 0x0b, 0x0b])),
  rawValue("[".repeat(20_000) + "]".repeat(20_000), nested(2_000)),
  rawValue(`${'{"agent":'.repeat(2_000)}{}${"}".repeat(2_000)}`, Buffer.from("noise of no meaning")),
];

/** Durations and timestamps: protobuf carries seconds and nanos. */
export const ODD_TIMES: readonly Value[] = [
  timeValue(0n, 0n, '"0s"'),
  timeValue(-1n, 0n, '"-1s"'),
  timeValue(1n, -1n, '"1.-1s"'),
  timeValue(0n, 1n, '"0.000000001s"'),
  timeValue(315_576_000_001n, 0n, '"315576000001s"'),
  timeValue(2n ** 63n - 1n, 2n ** 31n - 1n, '"9223372036854775807s"'),
  timeValue(1n, 1_000_000_000n, '"soon"'),
  ...OTHER_TYPES,
];

export function timeValue(seconds: bigint, nanos: bigint, json: string): Value {
  const fields = Buffer.concat([
    Buffer.from([0x08]),
    intValue(seconds).payload,
    Buffer.from([0x10]),
    intValue(nanos).payload,
  ]);
  return rawValue(json, fields);
}

/** Field 1 of field 1 of field 1 …, so many times. */
function nested(depth: number): Buffer {
  let bytes: Buffer = Buffer.alloc(0);
  for (let at = 0; at < depth; at += 1) {
    const { payload } = rawValue("", bytes);
    bytes = Buffer.concat([Buffer.from([0x0a]), payload]);
  }
  return bytes;
}
