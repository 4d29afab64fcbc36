// Walks a JSON Schema as a schema: a property that is called "$ref" is a property, and what stands in an example is data.

export interface SchemaSurvey {
  /** Why the schema is refused whatever its dialect; undefined where nothing speaks against it. */
  readonly problem: string | undefined;
  /** Whether checking a value can take more than linear time. */
  readonly costly: boolean;
}

/** Keywords that hold one schema, or (items, in draft-07) a list of them. */
const SCHEMAS = new Set([
  "additionalItems",
  "additionalProperties",
  "allOf",
  "anyOf",
  "contains",
  "contentSchema",
  "else",
  "if",
  "items",
  "not",
  "oneOf",
  "prefixItems",
  "propertyNames",
  "then",
  "unevaluatedItems",
  "unevaluatedProperties",
]);

/** Keywords that hold schemas by name. */
const NAMED_SCHEMAS = new Set([
  "$defs",
  "definitions",
  "dependencies",
  "dependentSchemas",
  "patternProperties",
  "properties",
]);

const COSTLY = new Set(["$dynamicRef", "$ref", "pattern", "patternProperties", "uniqueItems"]);

/** Looks for references that leave the schema, for what only a registry of schemas needs, and for costly keywords. */
export function survey(root: unknown): SchemaSurvey {
  const queue: unknown[] = [root];
  let costly = false;
  for (let schema = queue.pop(); schema !== undefined; schema = queue.pop()) {
    if (typeof schema !== "object" || schema === null) continue;
    if (Array.isArray(schema)) {
      queue.push(...schema);
      continue;
    }
    for (const [keyword, value] of Object.entries(schema)) {
      if (COSTLY.has(keyword)) costly = true;
      if ((keyword === "$ref" || keyword === "$dynamicRef") && !(typeof value === "string" && value.startsWith("#"))) {
        return refuse(
          `The schema's ${keyword} leaves it. Only references inside the schema, such as "#/$defs/item", work.`,
        );
      }
      if (keyword === "$recursiveRef") return refuse("The schema uses $recursiveRef of draft 2019-09. Use $ref.");
      if (keyword === "$async") return refuse("The schema uses $async, which is not JSON Schema. Leave it out.");
      if (keyword === "$id") return refuse("The schema has an $id inside it. Leave it out; refer to parts by #/$defs.");
      if (SCHEMAS.has(keyword)) queue.push(value);
      else if (NAMED_SCHEMAS.has(keyword) && typeof value === "object" && value !== null) {
        queue.push(...Object.values(value));
      }
    }
  }
  return { problem: undefined, costly };
}

function refuse(problem: string): SchemaSurvey {
  return { problem, costly: false };
}
