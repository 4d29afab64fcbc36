import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { indented, readJson, textOf } from "../src/text/json-text.js";

describe("JSON text", () => {
  it("keeps each number as it is written", () => {
    for (const number of ["0", "-0", "0.10", "1e+21", "1E5", "9007199254740993", "12345678901234567890.123456789"]) {
      expect(readJson(number)).toEqual({ kind: "number", text: number });
    }
  });

  it("keeps members in their order, also two of one name and those with odd names", () => {
    const node = readJson('{"b":1,"a":2,"b":3,"__proto__":4,"":5}');
    expect(node?.kind === "object" && node.members.map(({ name }) => name)).toEqual(["b", "a", "b", "__proto__", ""]);
  });

  it("is nothing else than JSON", () => {
    for (const text of [
      "",
      " ",
      "{",
      "[1,]",
      '{"a":1,}',
      "01",
      "+1",
      "1.",
      ".5",
      "NaN",
      "nul",
      '"\n"',
      '"\\x"',
      "1 2",
      "{a:1}",
    ]) {
      expect(readJson(text), text).toBeUndefined();
    }
  });

  it("that nobody could read for its depth is shown as text", () => {
    const deep = (depth: number) => "[".repeat(depth) + "]".repeat(depth);
    expect(readJson(deep(100))).toBeDefined();
    expect(readJson(deep(100_000))).toBeUndefined();
    expect(indented(deep(100_000))).toBe(deep(100_000));
  });

  it("says the same after it was read, on one line and on several", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 5 }), (text) => {
        const node = readJson(text);
        expect(node).toBeDefined();
        if (node === undefined) return;
        expect(JSON.parse(textOf(node))).toEqual(JSON.parse(text));
        expect(JSON.parse(indented(text))).toEqual(JSON.parse(text));
      }),
    );
  });

  it("of 256 KiB in one string is read at once", () => {
    const text = JSON.stringify('\\"'.repeat(60_000));
    expect(readJson(text)?.kind).toBe("string");
  });
});
