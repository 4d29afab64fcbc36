// The vectors of the worker protocol's messages, which every SDK's tests read. UPDATE_VECTORS=1 writes the bytes anew.
import { readFileSync, writeFileSync } from "node:fs";
import { file_agentspan_v1_worker } from "@agentspan/proto";
import {
  createRegistry,
  type DescMessage,
  equals,
  fromBinary,
  fromJson,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import { reflect } from "@bufbuild/protobuf/reflect";
import { describe, expect, it } from "vitest";

interface Vector {
  readonly name: string;
  readonly type: string;
  readonly json: JsonValue;
  protobuf: string;
}

interface Newer extends Vector {
  /** The name of the vector that it is read as. */
  readonly is: string;
}

const FILE = new URL("../../workers/vectors/messages.json", import.meta.url);
const file = JSON.parse(readFileSync(FILE, "utf8")) as { vectors: readonly Vector[]; newer: readonly Newer[] };
const registry = createRegistry(file_agentspan_v1_worker);

function schemaOf({ type }: Vector): DescMessage {
  const schema = registry.getMessage(type);
  if (schema === undefined) throw new Error(`There is no message ${type}.`);
  return schema;
}

const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");
const bytesOf = ({ protobuf }: Vector) => Buffer.from(protobuf, "hex");

if (process.env.UPDATE_VECTORS === "1") {
  for (const vector of file.vectors) {
    const schema = schemaOf(vector);
    vector.protobuf = hex(toBinary(schema, fromJson(schema, vector.json)));
  }
  for (const vector of file.newer) {
    const known = file.vectors.find(({ name }) => name === vector.is);
    // Field 1000, a text: "new".
    vector.protobuf = `${known?.protobuf ?? ""}c23e036e6577`;
  }
  writeFileSync(FILE, `${JSON.stringify(file, undefined, 2)}\n`);
}

describe("the messages of the worker protocol", () => {
  it.each(file.vectors)("are the same in both forms: $name", (vector) => {
    const schema = schemaOf(vector);
    const message = fromBinary(schema, bytesOf(vector));
    expect(equals(schema, fromJson(schema, vector.json), message)).toBe(true);
    expect(toJson(schema, message)).toEqual(vector.json);
    expect(hex(toBinary(schema, message))).toBe(vector.protobuf);
  });

  it.each(file.newer)("are read past what is not known: $name", (vector) => {
    const schema = schemaOf(vector);
    const known = file.vectors.find(({ name }) => name === vector.is);
    expect(toJson(schema, fromBinary(schema, bytesOf(vector)))).toEqual(known?.json);
    expect(toJson(schema, fromJson(schema, vector.json, { ignoreUnknownFields: true }))).toEqual(known?.json);
  });

  it("have a vector in which each field is set", () => {
    const unset = new Set(
      file_agentspan_v1_worker.messages.flatMap((schema) =>
        schema.fields.map((field) => `${schema.name}.${field.name}`),
      ),
    );
    const look = (schema: DescMessage, message: Message): void => {
      const seen = reflect(schema, message);
      for (const field of schema.fields.filter((one) => seen.isSet(one))) {
        unset.delete(`${schema.name}.${field.name}`);
        if (field.fieldKind === "message") look(field.message, seen.get(field).message);
        if (field.fieldKind === "list" && field.listKind === "message") {
          for (const item of seen.get(field)) look(field.message, (item as { readonly message: Message }).message);
        }
      }
    };
    for (const vector of file.vectors) look(schemaOf(vector), fromBinary(schemaOf(vector), bytesOf(vector)));
    expect([...unset]).toEqual([]);
  });
});
