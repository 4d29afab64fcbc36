// What a tool takes, or an agent answers: a zod schema or a JSON Schema, told as JSON Schema text and checked alike.
import { AgentspanError, checkSchema, compileSchema, type Described, type SchemaFault } from "@agentspan/internal";
import { z } from "zod";
import { type JsonObject, toJsonText } from "./json-text.js";

/** A JSON Schema of an object, draft 2020-12 or 07, as a plain object. */
export type JsonSchema = JsonObject;

export type SchemaReading =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly problem: string };

/** A schema that has been looked over. */
export interface SchemaSource {
  /** JSON Schema text: what the model and the server see. */
  readonly jsonText: string;
  /** Checks a parsed JSON value and gives what zod makes of it (defaults, transformations), or the value itself. */
  read(value: unknown): Promise<SchemaReading>;
}

/** Throws INVALID_REQUEST, naming `owner`, where the schema has no JSON Schema form or is not one of what it describes. */
export function schemaSource(schema: z.ZodType | JsonSchema, owner: string, of: Described = "object"): SchemaSource {
  const zod = schema instanceof z.ZodType ? schema : undefined;
  const jsonText = toJsonText(zod === undefined ? schema : jsonSchemaOf(zod, owner), owner);
  const problem = checkSchema(jsonText, of);
  if (problem !== undefined) throw invalid(owner, problem);
  return {
    jsonText,
    read: async (value) => {
      const faults = compileSchema(jsonText, of)(value);
      if (faults.length > 0) return { ok: false, problem: told(faults) };
      if (zod === undefined) return { ok: true, value };
      try {
        const parsed = await zod.safeParseAsync(value);
        if (parsed.success) return { ok: true, value: keepProtoKeys(value, parsed.data) };
        return { ok: false, problem: told(parsed.error.issues.map(faultOf)) };
      } catch (error) {
        // A refinement or a transformation of the author's that throws: no reading, so no call.
        return { ok: false, problem: `the schema's own code threw: ${String(error)}` };
      }
    },
  };
}

function jsonSchemaOf(schema: z.ZodType, owner: string): unknown {
  try {
    return z.toJSONSchema(schema, {
      // What goes in: a field with a default may be left out.
      io: "input",
      override: ({ zodSchema, jsonSchema }) => {
        // zod drops keys it does not know. A person would approve them and the tool never see them: refuse them instead.
        const def = zodSchema._zod.def;
        if (def.type === "object" && def.catchall === undefined) jsonSchema.additionalProperties = false;
      },
    });
  } catch (error) {
    throw invalid(
      owner,
      `zod cannot write it as JSON Schema: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function invalid(owner: string, problem: string): AgentspanError {
  return new AgentspanError("INVALID_REQUEST", `The schema of ${owner} cannot be used. ${problem}`, {
    fields: [{ field: owner, description: problem }],
  });
}

function faultOf(issue: z.core.$ZodIssue): SchemaFault {
  return { path: issue.path.map((step) => `/${String(step)}`).join(""), message: issue.message };
}

function told(faults: readonly SchemaFault[]): string {
  return faults
    .slice(0, 5)
    .map((fault) => `${fault.path === "" ? "the value" : fault.path}: ${fault.message}`)
    .join("; ");
}

/**
 * zod leaves out own keys named `__proto__`. What was approved is what must reach the tool, so they are put back, as
 * own properties, wherever input and output are still plain objects at the same place.
 */
function keepProtoKeys(input: unknown, output: unknown): unknown {
  if (Array.isArray(input) && Array.isArray(output)) {
    for (const [i, item] of input.entries()) keepProtoKeys(item, output[i]);
  } else if (isPlain(input) && isPlain(output) && input !== output) {
    for (const key of Object.keys(input)) {
      if (Object.hasOwn(output, key)) keepProtoKeys(input[key], output[key]);
      else if (key === "__proto__") {
        Object.defineProperty(output, key, { value: input[key], enumerable: true, configurable: true, writable: true });
      }
    }
  }
  return output;
}

function isPlain(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && Object.getPrototypeOf(value) === Object.prototype;
}
