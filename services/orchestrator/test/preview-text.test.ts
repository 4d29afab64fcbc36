import { digestOf } from "@agentspan/internal";
import { describe, expect, it } from "vitest";
import { previewOf } from "../src/preview-text.js";

const SEEN = '{"before": {"balance": 50}, "after": {"balance": 40, "lines": [{"n": 1}, {"n": 2}]}, "at": "12:00"}';

describe("the fingerprint of a preview", () => {
  it("is of its RFC 8785 text where no fields are named, and that text is kept", () => {
    const text = '{"a":{"c":1,"d":[2]},"b":true}';
    const written = previewOf('{ "b": true, "a": {"d": [2], "c": 1.0} }', []);
    expect(written).toEqual({ ok: true, text, fingerprint: digestOf(text) });
    expect(previewOf('"in words"', [])).toEqual({
      ok: true,
      text: '"in words"',
      fingerprint: digestOf('"in words"'),
    });
  });

  it("is of an object with the named fields and their values, in any order", () => {
    const fingerprint = digestOf('{"after.balance":40,"after.lines.1.n":2}');
    for (const fields of [
      ["after.balance", "after.lines.1.n"],
      ["after.lines.1.n", "after.balance"],
    ]) {
      expect(previewOf(SEEN, fields)).toMatchObject({ ok: true, fingerprint });
    }
  });

  it("is another where a named field is another, and the same whatever the rest says", () => {
    const at = (text: string) => previewOf(text, ["after"]);
    expect(at('{"after":1,"at":"12:00"}')).toMatchObject({ fingerprint: digestOf('{"after":1}') });
    expect(at('{"after":1,"at":"13:00"}')).toMatchObject({ fingerprint: digestOf('{"after":1}') });
    expect(at('{"after":"1"}')).toMatchObject({ fingerprint: digestOf('{"after":"1"}') });
    expect(at('{"after":null}')).toMatchObject({ fingerprint: digestOf('{"after":null}') });
  });

  it.each([
    ["a field that is not there", "{}", ["after"]],
    ["a path that goes on where nothing is", '{"after":1}', ["after.balance"]],
    ["what every object has", "{}", ["constructor"]],
    ["what every object has, by another name", '{"a":1}', ["__proto__"]],
    ["the length of a list", '{"a":[1]}', ["a.length"]],
    ["an index behind its end", '{"a":[1]}', ["a.1"]],
    ["a field of a text", '"balance"', ["balance"]],
  ])("is none with %s: it would be the same before and after", (_, text, fields) => {
    expect(previewOf(text, fields)).toMatchObject({ ok: false, problem: expect.stringContaining("It has no ") });
  });

  it("has a key that is named like what objects have by themselves", () => {
    expect(previewOf('{"__proto__":7}', ["__proto__"])).toMatchObject({ ok: true });
    expect(previewOf('{"__proto__":7}', ["__proto__"])).not.toEqual(previewOf('{"__proto__":8}', ["__proto__"]));
  });

  it.each([
    ["no JSON", "balance"],
    ["a key twice", '{"a":1,"a":2}'],
    ["a number that cannot be kept", '{"a":12345678901234567890}'],
    ["half a character", '"\\ud800"'],
  ])("is none of %s, which two readers may read differently", (_, text) => {
    expect(previewOf(text, []).ok).toBe(false);
  });
});
