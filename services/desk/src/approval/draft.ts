// Arguments, or an answer, while a person writes them: a field for each member, and what comes out is JSON text in which
// each number has the digits that were typed.
import { Validator } from "@cfworker/json-schema";
import { type JsonNode, readJson, textOf } from "../text/json-text.js";

export interface DraftField {
  readonly name: string;
  /** A text is typed as it is; anything else as JSON. */
  readonly kind: "text" | "json";
  readonly typed: string;
}

export type Draft = readonly DraftField[];

/** What a JSON Schema says of an object, as far as a form can show it. */
export interface Shape {
  readonly required: ReadonlySet<string>;
  readonly properties: ReadonlyMap<string, Property>;
}

export interface Property {
  readonly type: string | undefined;
  readonly description: string | undefined;
  /** The only values that there are, as JSON texts. */
  readonly choices: readonly string[] | undefined;
}

export interface Fault {
  /** The field that it is about; empty for the whole. */
  readonly name: string;
  readonly problem: string;
}

/** Undefined where the text is no object, which takes a form of another kind. */
export function draftOf(json: string): Draft | undefined {
  const node = readJson(json);
  if (node?.kind !== "object") return undefined;
  return node.members.map(({ name, value }) => fieldOf(name, value));
}

/** Fields for an answer that is yet to be written: those that must be there. */
export function emptyDraft({ required, properties }: Shape): Draft {
  return [...required].map((name) => emptyField(name, properties.get(name)));
}

export function emptyField(name: string, property: Property | undefined): DraftField {
  const choice = property?.choices?.[0];
  const node = choice === undefined ? undefined : readJson(choice);
  if (node !== undefined) return fieldOf(name, node);
  return { name, kind: property?.type === "string" ? "text" : "json", typed: "" };
}

function fieldOf(name: string, value: JsonNode): DraftField {
  return value.kind === "string"
    ? { name, kind: "text", typed: value.value }
    : { name, kind: "json", typed: textOf(value) };
}

/** The JSON text that is written, or what of it is no JSON yet. */
export function writtenIn(draft: Draft): { readonly json: string } | { readonly faults: readonly Fault[] } {
  const faults = draft
    .filter(({ kind, typed }) => kind === "json" && readJson(typed) === undefined)
    .map(({ name, typed }) => ({
      name,
      problem:
        typed.trim() === ""
          ? "Write a value."
          : `This is no JSON. A text needs quotes: ${JSON.stringify(typed.slice(0, 40))}`,
    }));
  if (faults.length > 0) return { faults };
  const members = draft.map(
    ({ name, kind, typed }) => `${JSON.stringify(name)}:${kind === "text" ? JSON.stringify(typed) : typed.trim()}`,
  );
  return { json: `{${members.join(",")}}` };
}

/** What the schema has against a JSON text. The server checks once more, and its word counts. */
export function schemaFaults(schemaJson: string, json: string): readonly Fault[] {
  const schema = schemaOf(schemaJson);
  if (schema === undefined || readJson(json) === undefined) return [];
  const { errors } = new Validator(schema, "2020-12", false).validate(JSON.parse(json));
  const faults = errors
    // Of what lies deeper the cause is told by itself.
    .filter(({ keyword }) => !["properties", "additionalProperties", "items", "$ref", "allOf"].includes(keyword))
    .map(({ instanceLocation, error }) => ({
      name: memberAt(instanceLocation),
      problem: `${placeWords(instanceLocation)}${error}`,
    }));
  return faults.filter(
    (fault, at) => faults.findIndex((one) => one.name === fault.name && one.problem === fault.problem) === at,
  );
}

/** What a form can show of a schema; empty where it says nothing of an object's members. */
export function shapeOf(schemaJson: string): Shape {
  const { required, properties } = schemaOf(schemaJson) ?? {};
  const known = isObject(properties) ? Object.entries(properties) : [];
  return {
    required: new Set(Array.isArray(required) ? required.filter((name) => typeof name === "string") : []),
    properties: new Map(known.map(([name, property]) => [name, propertyOf(property)])),
  };
}

/** Whether a schema says that the value is an object. */
export function isOfObjects(schemaJson: string): boolean {
  return schemaOf(schemaJson)?.type === "object";
}

function propertyOf(schema: unknown): Property {
  const { type, description, enum: values, const: only } = isObject(schema) ? schema : {};
  const choices = Array.isArray(values)
    ? values
    : only === undefined
      ? type === "boolean"
        ? [true, false]
        : undefined
      : [only];
  return {
    type: typeof type === "string" ? type : undefined,
    description: typeof description === "string" ? description : undefined,
    choices: choices?.map((value) => JSON.stringify(value)),
  };
}

function schemaOf(json: string): Record<string, unknown> | undefined {
  if (json === "" || readJson(json) === undefined) return undefined;
  const schema: unknown = JSON.parse(json);
  return isObject(schema) ? schema : undefined;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** "#/lines/0/price" is about the field "lines". */
function memberAt(location: string): string {
  return unescaped(location.split("/")[1] ?? "");
}

function placeWords(location: string): string {
  const below = location.split("/").slice(2).map(unescaped);
  return below.length === 0 ? "" : `${below.join(".")}: `;
}

function unescaped(part: string): string {
  return part.replaceAll("~1", "/").replaceAll("~0", "~");
}
