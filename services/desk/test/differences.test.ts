import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { differencesOf } from "../src/text/differences.js";
import { readJson } from "../src/text/json-text.js";

function between(before: string, after: string) {
  const [was, is] = [readJson(before), readJson(after)];
  if (was === undefined || is === undefined) throw new Error("Both must be JSON.");
  return differencesOf(was, is);
}

describe("what is other in one value than in another", () => {
  it("is told place by place, with what came and what went", () => {
    const before = '{"amount":120.5,"lines":[{"price":1},{"price":2}],"to":"maria"}';
    const after = '{"amount":20.10,"lines":[{"price":1},{"price":3},7],"note":"","to":"maria"}';
    expect(between(before, after)).toEqual([
      { place: "amount", before: "120.5", after: "20.10" },
      { place: "lines[1].price", before: "2", after: "3" },
      { place: "lines[2]", before: undefined, after: "7" },
      { place: "note", before: undefined, after: '""' },
    ]);
  });

  it("is also another way to write a number, a type, and a name with a dot", () => {
    expect(between("1.0", "1")).toEqual([{ place: "", before: "1.0", after: "1" }]);
    expect(between('{"a.b":"1"}', '{"a.b":1}')).toEqual([{ place: '"a.b"', before: '"1"', after: "1" }]);
    expect(between('{"a":{}}', '{"a":[]}')).toEqual([{ place: "a", before: "{}", after: "[]" }]);
  });

  it("is nothing of a value and itself", () => {
    fc.assert(
      fc.property(fc.json(), (text) => {
        expect(between(text, text)).toEqual([]);
      }),
    );
  });
});
