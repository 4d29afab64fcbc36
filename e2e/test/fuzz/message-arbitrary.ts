// Requests made from the descriptors of their messages: mostly what they should be, with now and then a field that is
// absent, odd, of another type or of no descriptor, and bodies that were cut or hit on their way.
import type { DescField, DescMessage } from "@bufbuild/protobuf";
import { ScalarType } from "@bufbuild/protobuf";
import * as fc from "fast-check";
import { ODD_DOUBLES, ODD_ENUMS, ODD_INTS, ODD_MESSAGES, ODD_TEXTS, ODD_TIMES, timeValue } from "./odd-values.js";
import { doubleValue, intValue, rawValue, tagged, textValue, type Value } from "./wire.js";

/** One request in both forms. */
export interface Body {
  readonly json: Buffer;
  readonly wire: Buffer;
}

/** Likely texts of a field: by "agentspan.v1.Tool.queue", or by "queue" for all messages. */
export type Pool = ReadonlyMap<string, readonly string[]>;

/** Where present, most requests with them are refused for it. */
const RARE = new Set(
  [
    "agent_version",
    "version",
    "page_token",
    "cursor",
    "edited_arguments_json",
    "assignee",
    "on_behalf_of",
    "result_json",
  ]
    .concat(["arguments_digest", "output_schema_json", "page_size", "after_sequence", "labels", "tool_name", "states"])
    .concat(["kinds", "deadline", "start_timeout", "timeout", "retry", "probe", "approval_required"]),
);

export function bodyOf(desc: DescMessage, pool: Pool): fc.Arbitrary<Body> {
  const whole = messageOf(desc, pool, 0);
  const at = fc.double({ min: 0, max: 1, noNaN: true });
  const cut = fc.tuple(whole, at).map(([body, part]) => both(body, (bytes) => bytes.subarray(0, bytes.length * part)));
  const hit = fc.tuple(whole, at, fc.nat(255)).map(([body, part, byte]) =>
    both(body, (bytes) => {
      const copy = Buffer.from(bytes);
      if (copy.length > 0) copy[Math.floor((copy.length - 1) * part)] = byte;
      return copy;
    }),
  );
  const noise = fc
    .uint8Array({ maxLength: 64 })
    .map((bytes) => ({ json: Buffer.from(bytes), wire: Buffer.from(bytes) }));
  return fc.oneof(
    { weight: 30, arbitrary: whole },
    { weight: 1, arbitrary: cut },
    { weight: 1, arbitrary: hit },
    { weight: 1, arbitrary: noise },
  );
}

function both(body: Body, change: (bytes: Buffer) => Buffer): Body {
  return { json: change(body.json), wire: change(body.wire) };
}

const NOTHING: Body = { json: Buffer.alloc(0), wire: Buffer.alloc(0) };

/** Members that no descriptor has. */
const FOREIGN: readonly Body[] = [
  member("__proto__", 1_000, intValue(1n, '{"isAdmin":true}')),
  member("constructor", 1_001, rawValue('{"prototype":{"x":1}}', Buffer.from("x"))),
  member("notAField", 536_870_911, textValue("x")),
  member("", 15, intValue(1n)),
  { json: Buffer.from('"runId":"run_a","runId":"run_b"'), wire: Buffer.from([0x0a, 0x01, 0x61, 0x0a, 0x01, 0x62]) },
  { json: Buffer.from('"a":1,'), wire: Buffer.from([0x00]) },
];

function member(name: string, no: number, value: Value): Body {
  return { json: Buffer.concat([Buffer.from(`${JSON.stringify(name)}:`), value.json]), wire: tagged(no, value) };
}

function messageOf(desc: DescMessage, pool: Pool, depth: number): fc.Arbitrary<Body> {
  const parts = desc.members.map((one) => {
    if (one.kind === "field") return memberOf(one, pool, depth);
    const [first, ...others] = one.fields.map((field) => memberOf(field, pool, depth, false));
    if (first === undefined) return fc.constant(NOTHING);
    return fc.oneof(first, ...others, fc.tuple(first, ...others).map(joined));
  });
  const foreign = fc.oneof(
    { weight: depth === 0 ? 40 : 200, arbitrary: fc.constant(NOTHING) },
    { weight: 1, arbitrary: fc.constantFrom(...FOREIGN) },
  );
  return fc.tuple(...parts, foreign).map((bodies) => {
    const { json, wire } = joined(bodies);
    return { json: Buffer.concat([Buffer.from("{"), json, Buffer.from("}")]), wire };
  });
}

function joined(bodies: readonly Body[]): Body {
  const json = bodies.filter((body) => body.json.length > 0).flatMap((body) => [Buffer.from(","), body.json]);
  return { json: Buffer.concat(json.slice(1)), wire: Buffer.concat(bodies.map(({ wire }) => wire)) };
}

function memberOf(
  field: DescField,
  pool: Pool,
  depth: number,
  rare: boolean = RARE.has(field.name),
): fc.Arbitrary<Body> {
  const odd = odds(field).map((value) => member(field.jsonName, field.number, value));
  return fc.oneof(
    { weight: rare ? 40 : 2, arbitrary: fc.constant(NOTHING) },
    { weight: rare ? 8 : 40, arbitrary: goodMember(field, pool, depth) },
    { weight: 1, arbitrary: fc.constantFrom(...odd) },
  );
}

function goodMember(field: DescField, pool: Pool, depth: number): fc.Arbitrary<Body> {
  if (field.fieldKind === "list") {
    const element =
      field.listKind === "message"
        ? messageOf(field.message, pool, depth + 1).map(asValue)
        : field.listKind === "enum"
          ? enumOf(field.enum.values.map(({ number }) => number))
          : scalarOf(field.scalar, textsOf(field, pool));
    const few = fc.array(element, { maxLength: 3 });
    // As many as a limit has, and more; all alike, so that they cost little to make.
    const many = fc.tuple(element, fc.constantFrom(128, 129, 1_001)).map(([one, count]) => Array(count).fill(one));
    const lists = fc.oneof({ weight: 40, arbitrary: few }, { weight: 1, arbitrary: many as typeof few });
    return lists.map((values) => {
      const commas = values.flatMap(({ json }) => [Buffer.from(","), json]).slice(1);
      const json = Buffer.concat([Buffer.from(`"${field.jsonName}":[`), ...commas, Buffer.from("]")]);
      return { json, wire: Buffer.concat(values.map((value) => tagged(field.number, value))) };
    });
  }
  if (field.fieldKind === "map") {
    const key = fc.constantFrom("team", "a", "a", "__proto__", "");
    return fc.array(fc.tuple(key, fc.constantFrom("x", "support", "")), { maxLength: 3 }).map((entries) => {
      const json = entries.map(([name, text]) => `${JSON.stringify(name)}:${JSON.stringify(text)}`).join(",");
      const wire = entries.map(([name, text]) =>
        tagged(field.number, rawValue("", Buffer.concat([tagged(1, textValue(name)), tagged(2, textValue(text))]))),
      );
      return { json: Buffer.from(`"${field.jsonName}":{${json}}`), wire: Buffer.concat(wire) };
    });
  }
  return goodValue(field, pool, depth).map((value) => member(field.jsonName, field.number, value));
}

function goodValue(field: DescField, pool: Pool, depth: number): fc.Arbitrary<Value> {
  if (field.fieldKind === "message") {
    if (isTime(field.message)) return fc.constantFrom(...[1n, 2n, 30n].map((s) => timeValue(s, 0n, `"${s}s"`)));
    return messageOf(field.message, pool, depth + 1).map(asValue);
  }
  if (field.fieldKind === "enum") return enumOf(field.enum.values.map(({ number }) => number));
  if (field.fieldKind === "scalar") return scalarOf(field.scalar, textsOf(field, pool));
  throw new Error(`${field.name} is no single value.`);
}

function scalarOf(scalar: ScalarType, texts: readonly string[]): fc.Arbitrary<Value> {
  switch (scalar) {
    case ScalarType.STRING:
      return fc.constantFrom(...texts).map(textValue);
    case ScalarType.BOOL:
      return fc.boolean().map((value) => intValue(value ? 1n : 0n, String(value)));
    case ScalarType.DOUBLE:
      return fc.constantFrom(0.5, 1, 2).map(doubleValue);
    default:
      return fc.constantFrom(1n, 1n, 1n, 1n, 2n, 3n, 20n).map((value) => intValue(value));
  }
}

function enumOf(numbers: readonly number[]): fc.Arbitrary<Value> {
  return fc.constantFrom(...numbers).map((number) => intValue(BigInt(number)));
}

function odds(field: DescField): readonly Value[] {
  if (field.fieldKind === "message") return isTime(field.message) ? ODD_TIMES : ODD_MESSAGES;
  if (field.fieldKind === "enum") return ODD_ENUMS;
  if (field.fieldKind !== "scalar") return ODD_MESSAGES;
  if (field.scalar === ScalarType.STRING) return ODD_TEXTS;
  return field.scalar === ScalarType.DOUBLE ? ODD_DOUBLES : ODD_INTS;
}

function textsOf(field: DescField, pool: Pool): readonly string[] {
  return pool.get(`${field.parent.typeName}.${field.name}`) ?? pool.get(field.name) ?? ["some text"];
}

function isTime({ typeName }: DescMessage): boolean {
  return typeName === "google.protobuf.Duration" || typeName === "google.protobuf.Timestamp";
}

function asValue({ json, wire }: Body): Value {
  return rawValue(json, wire);
}
