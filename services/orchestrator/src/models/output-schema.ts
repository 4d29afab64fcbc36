// OpenAI's strict mode guarantees an answer that fits the schema, but takes only some schemas; others are sent without.
import { isRecord } from "./providers.js";

const PLAIN_KEYWORDS = new Set([
  "type",
  "description",
  "title",
  "enum",
  "const",
  "$ref",
  "required",
  "additionalProperties",
  "pattern",
  "format",
  "minimum",
  "maximum",
  "exclusiveMinimum",
  "exclusiveMaximum",
  "multipleOf",
  "minItems",
  "maxItems",
]);

/** Whether every object is closed with all its properties required, and no keyword is used that strict mode refuses. */
export function fitsStrictMode(schema: unknown): boolean {
  return isRecord(schema) && schema.type === "object" && fits(schema);
}

function fits(schema: unknown): boolean {
  if (!isRecord(schema)) return false;
  if ((schema.type === "object" || schema.properties !== undefined) && !isClosed(schema)) return false;
  return Object.entries(schema).every(([keyword, value]) => {
    switch (keyword) {
      case "properties":
      case "$defs":
        return isRecord(value) && Object.values(value).every(fits);
      case "items":
        return fits(value);
      case "anyOf":
        return Array.isArray(value) && value.every(fits);
      default:
        return PLAIN_KEYWORDS.has(keyword);
    }
  });
}

function isClosed({ properties, required, additionalProperties }: Readonly<Record<string, unknown>>): boolean {
  if (additionalProperties !== false || !isRecord(properties)) return false;
  const listed: readonly unknown[] = Array.isArray(required) ? required : [];
  return Object.keys(properties).every((name) => listed.includes(name));
}
