import { AgentspanError, checkSchema, compileSchema } from "@agentspan/internal";
import { describe, expect, it } from "vitest";

const schema = (rules: object) => JSON.stringify({ type: "object", ...rules });
const faults = (rules: object, value: unknown) => compileSchema(schema(rules))(value);

describe("checkSchema", () => {
  it.each([
    ["an object of anything", {}],
    ["draft 2020-12 by name", { $schema: "https://json-schema.org/draft/2020-12/schema" }],
    ["draft-07 by name", { $schema: "http://json-schema.org/draft-07/schema#", properties: { a: { items: [{}] } } }],
    ["a reference inside", { properties: { a: { $ref: "#/$defs/x" } }, $defs: { x: { type: "string" } } }],
    ["a recursive reference", { properties: { next: { $ref: "#" } } }],
    ["a tree", { $ref: "#/$defs/n", $defs: { n: { properties: { kids: { items: { $ref: "#/$defs/n" } } } } } }],
    [
      "two that refer to each other",
      { $defs: { a: { items: { $ref: "#" } } }, properties: { a: { $ref: "#/$defs/a" } } },
    ],
    ["one part in several places", { allOf: [{ $ref: "#/$defs/x" }, { $ref: "#/$defs/x" }], $defs: { x: {} } }],
    ["data that looks like an endless reference", { examples: [{ $ref: "#/examples/0" }] }],
    ["properties with the names of keywords", { properties: { $ref: { type: "string" }, $id: {}, $async: {} } }],
    ["a name of its own", { $id: "https://example.com/refund" }],
    ["data that looks like a schema", { properties: { a: { default: { $ref: "https://example.com" } } } }],
    [
      "formats, vendor keywords and OpenAPI's nullable",
      { properties: { a: { type: "string", format: "uint128", "x-a": 1, nullable: true } } },
    ],
    ["a pattern that is valid only without the u flag", { properties: { a: { pattern: "^[a-z\\_]+$" } } }],
    ["a pattern with a lookahead", { properties: { a: { pattern: "^(?!\\.).+@.+$" } } }],
  ])("accepts %s", (_, rules) => {
    expect(checkSchema(schema(rules))).toBeUndefined();
  });

  it("accepts two schemas with the same name", () => {
    expect(checkSchema(schema({ $id: "https://example.com/a" }))).toBeUndefined();
    expect(checkSchema(schema({ $id: "https://example.com/a", title: "another" }))).toBeUndefined();
  });

  it.each([
    ["text that is not JSON", "{", "cannot be read"],
    ["duplicate keys", '{"type": "object", "type": "object"}', "twice"],
    ["something other than an object", "true", "must be a JSON object"],
    ["a schema that does not describe an object", '{"type": "string"}', '"type": "object"'],
    ["an unknown dialect", schema({ $schema: "http://json-schema.org/draft-04/schema#" }), "2020-12 or draft-07"],
    ["a reference to elsewhere", schema({ properties: { a: { $ref: "https://example.com/x" } } }), "leaves it"],
    ["a reference to elsewhere, deep inside", schema({ anyOf: [{ items: { not: { $ref: "x.json" } } }] }), "leaves it"],
    ["a reference to nothing", schema({ properties: { a: { $ref: "#/$defs/x" } } }), "#/$defs/x"],
    ["a reference to itself", schema({ properties: { a: { $ref: "#" } }, $ref: "#" }), "leads back to itself"],
    ["one by way of others", schema({ $ref: "#/$defs/a", $defs: { a: { anyOf: [{ $ref: "#" }] } } }), "leads back"],
    ["one inside", schema({ properties: { a: { $ref: "#/properties/a" } } }), "leads back to itself"],
    ["one by an anchor", schema({ $defs: { "a/b": { $anchor: "x", not: { $ref: "#x" } } } }), "leads back to itself"],
    ["one by its place", schema({ $defs: { "a/b~": { if: { $ref: "#/$defs/a~1b~0" } } } }), "leads back to itself"],
    ["one that depends", schema({ dependentSchemas: { a: { $ref: "#" } } }), "leads back to itself"],
    ["a name inside", schema({ properties: { a: { $id: "https://example.com/a" } } }), "$id"],
    ["an asynchronous schema", schema({ $async: true }), "$async"],
    ["a type that does not exist", schema({ properties: { a: { type: "strnig" } } }), "/properties/a/type"],
    ["draft-07 that does not say so", schema({ properties: { a: { items: [{}] } } }), "declare"],
    ["a pattern that is no regular expression", schema({ properties: { a: { pattern: "(?P<x>a)" } } }), "(?P<x>a)"],
  ])("refuses %s and says why", (_, text, words) => {
    expect(checkSchema(text)).toContain(words);
  });
});

describe("compileSchema", () => {
  it("names the path and the fault of each value that does not fit", () => {
    const rules = {
      properties: {
        order_id: {},
        amount: { type: "number", maximum: 100 },
        lines: { type: "array", items: { enum: ["a", "b"] } },
      },
      required: ["order_id"],
      additionalProperties: false,
    };
    expect(faults(rules, { amount: 200, lines: ["a", "c"], extra: 1 })).toEqual([
      { path: "", message: "must have required property 'order_id'" },
      { path: "", message: 'must NOT have additional properties: "extra"' },
      { path: "/amount", message: "must be <= 100" },
      { path: "/lines/1", message: 'must be equal to one of the allowed values: ["a","b"]' },
    ]);
    expect(faults(rules, { order_id: "o1", amount: 100, lines: ["b"] })).toEqual([]);
  });

  it("refuses a schema that checkSchema refuses", () => {
    expect(() => compileSchema("[]")).toThrow(AgentspanError);
  });

  it("counts only what the value itself has", () => {
    expect(faults({ required: ["toString"] }, {})).toHaveLength(1);
    expect(faults({ properties: { constructor: { type: "string" } } }, {})).toEqual([]);
    expect(faults({ additionalProperties: false }, JSON.parse('{"__proto__": 1}'))).toHaveLength(1);
  });

  it("reports at most twenty faults", () => {
    const rules = { properties: { items: { items: { type: "string" } } } };
    expect(faults(rules, { items: Array.from({ length: 1000 }, () => 1) })).toHaveLength(20);
  });

  it.each([
    ["a pattern that backtracks for ever", { properties: { a: { pattern: "^(a+)+$" } } }, { a: `${"a".repeat(60)}!` }],
    [
      "an array of 60,000 objects that must differ",
      { properties: { a: { uniqueItems: true } } },
      { a: Array.from({ length: 60_000 }, (_, i) => ({ i })) },
    ],
    ["references that double at every step", doubling(30), { a: "x" }],
  ])("gives up on %s, and does not call the value valid", (_, rules, value) => {
    expect(faults(rules, value)).toEqual([{ path: "", message: expect.stringContaining("could not be checked") }]);
    // It costs this once, and not for each value that somebody has at hand.
    const rests = [{ path: "", message: expect.stringContaining("since a value before it took too long") }];
    expect(faults(rules, {})).toEqual(rests);
    expect(faults(rules, value)).toEqual(rests);
    // The check that was cut short leaves nothing behind: the next one is a check like any other.
    expect(faults({ ...rules, maxProperties: 3 }, 1)).toEqual([{ path: "", message: "must be object" }]);
  });
});

it("describes any value, where that is asked for", () => {
  expect(checkSchema('{"enum":["S","M"]}', "anything")).toBeUndefined();
  expect(compileSchema('{"enum":["S","M"]}', "anything")("L")).toHaveLength(1);
  expect(() => compileSchema('{"enum":["S","M"]}')).toThrow('"type": "object"');
});

function doubling(steps: number): object {
  const defs: Record<string, object> = { d0: { type: "string", minLength: 5 } };
  for (let i = 1; i <= steps; i += 1) {
    defs[`d${i}`] = { anyOf: [{ $ref: `#/$defs/d${i - 1}` }, { $ref: `#/$defs/d${i - 1}` }] };
  }
  return { $defs: defs, properties: { a: { $ref: `#/$defs/d${steps}` } } };
}
