import { describe, expect, it } from "vitest";
import {
  type Draft,
  draftOf,
  emptyDraft,
  isOfObjects,
  schemaFaults,
  shapeOf,
  writtenIn,
} from "../src/approval/draft.js";

const REFUND = JSON.stringify({
  type: "object",
  properties: {
    order_id: { type: "string", description: "Which order." },
    amount: { type: "number", exclusiveMinimum: 0 },
    method: { enum: ["card", "cash"] },
    urgent: { type: "boolean" },
    lines: { type: "array", items: { type: "object", properties: { price: { type: "number" } } } },
  },
  required: ["order_id", "amount"],
  additionalProperties: false,
});

/** What a person who types this in a field has written. */
function typed(draft: Draft | undefined, name: string, text: string): Draft {
  return (draft ?? []).map((field) => (field.name === name ? { ...field, typed: text } : field));
}

describe("a draft of arguments", () => {
  it("is the same text again where nothing was typed", () => {
    const text = '{"amount":1e+21,"big":9007199254740993,"note":"two\\nlines","odd key":[1,{"a":null}]}';
    const draft = draftOf(text);
    expect(draft && writtenIn(draft)).toEqual({ json: text });
  });

  it("has the digits that were typed, and texts without quotes", () => {
    const draft = typed(typed(draftOf('{"amount":1,"to":"maria"}'), "amount", " 20.10 "), "to", 'Maria "M"');
    expect(writtenIn(draft)).toEqual({ json: '{"amount":20.10,"to":"Maria \\"M\\""}' });
  });

  it("that is no JSON yet says in which field, and gives nothing to be sent", () => {
    const written = writtenIn(typed(draftOf('{"amount":1,"to":"maria"}'), "amount", "much"));
    expect("faults" in written && written.faults.map(({ name }) => name)).toEqual(["amount"]);
    expect(writtenIn(typed(draftOf('{"amount":1}'), "amount", '1,"order_id":"other"'))).toHaveProperty("faults");
  });

  it("is no object, no draft", () => {
    for (const text of ["[1]", '"text"', "1", "{", ""]) expect(draftOf(text)).toBeUndefined();
  });

  it("of an answer begins with what must be there, and with the first of what may be chosen", () => {
    expect(isOfObjects(REFUND)).toBe(true);
    expect(emptyDraft(shapeOf(REFUND))).toEqual([
      { name: "order_id", kind: "text", typed: "" },
      { name: "amount", kind: "json", typed: "" },
    ]);
    const size = JSON.stringify({ type: "object", properties: { size: { enum: ["S", "M"] } }, required: ["size"] });
    expect(emptyDraft(shapeOf(size))).toEqual([{ name: "size", kind: "text", typed: "S" }]);
  });
});

describe("a schema", () => {
  it("says which field is wrong, also for what lies deeper in it", () => {
    const faults = schemaFaults(REFUND, '{"order_id":7,"amount":0,"method":"gold","lines":[{"price":"x"}],"more":1}');
    expect([...new Set(faults.map(({ name }) => name))].sort()).toEqual([
      "amount",
      "lines",
      "method",
      "more",
      "order_id",
    ]);
    expect(faults.find(({ name }) => name === "lines")?.problem).toMatch(/^0\.price: /);
    expect(
      schemaFaults(REFUND, '{"amount":1}')
        .map(({ problem }) => problem)
        .join(),
    ).toContain("order_id");
  });

  it("has nothing against what fits, and none has nothing against anything", () => {
    expect(schemaFaults(REFUND, '{"order_id":"ORD-1","amount":0.1}')).toEqual([]);
    expect(schemaFaults("", "[]")).toEqual([]);
    expect(schemaFaults("no schema", "[]")).toEqual([]);
  });

  it("is read as far as a form can show it", () => {
    const { properties, required } = shapeOf(REFUND);
    expect(properties.get("order_id")).toEqual({ type: "string", description: "Which order.", choices: undefined });
    expect(properties.get("method")?.choices).toEqual(['"card"', '"cash"']);
    expect(properties.get("urgent")?.choices).toEqual(["true", "false"]);
    expect([...required]).toEqual(["order_id", "amount"]);
    expect(shapeOf("true").properties.size).toBe(0);
  });
});
