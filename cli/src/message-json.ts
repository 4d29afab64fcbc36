// Messages of the API for programs, where the SDK has no type of its own for them: docs/command.md, "For programs".
import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  type MessageShape,
  ScalarType,
  toJson,
} from "@bufbuild/protobuf";

/**
 * Protobuf's own JSON, but with each field that has a value in any case, also where that is empty, 0 or false, and with
 * 64-bit numbers as numbers: those of the API are counts and sequences, far below 2^53.
 */
export function messageJson<Desc extends DescMessage>(schema: Desc, message: MessageShape<Desc>): JsonObject {
  // It is an object unless it is one of protobuf's own, as a time.
  return withNumbers(schema, toJson(schema, message, { alwaysEmitImplicit: true })) as JsonObject;
}

/** A time is a message, and a text as JSON. */
function withNumbers(schema: DescMessage, json: JsonValue): JsonValue {
  if (typeof json !== "object" || json === null || Array.isArray(json)) return json;
  const changed = schema.fields.flatMap((field): [string, JsonValue][] => {
    const value = json[field.jsonName];
    return value === undefined ? [] : [[field.jsonName, numbersIn(field, value)]];
  });
  return { ...json, ...Object.fromEntries(changed) };
}

function numbersIn(field: DescField, value: JsonValue): JsonValue {
  if (Array.isArray(value)) return value.map((item) => numbersIn(field, item));
  if (field.fieldKind === "map") return value;
  if (field.message !== undefined) return withNumbers(field.message, value);
  return field.scalar !== undefined && LONG.has(field.scalar) ? Number(value) : value;
}

const LONG: ReadonlySet<ScalarType> = new Set([
  ...[ScalarType.INT64, ScalarType.UINT64, ScalarType.SINT64],
  ...[ScalarType.FIXED64, ScalarType.SFIXED64],
]);
