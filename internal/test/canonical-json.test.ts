import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { canonicalArguments, canonicalJson, digestOf } from "@agentspan/internal";
import fc from "fast-check";
import { describe, expect, it } from "vitest";

interface Vector {
  readonly name: string;
  readonly input: string;
  readonly canonical?: string;
  readonly utf8?: string;
  readonly digest?: string;
  readonly refused?: string;
}

const { vectors } = JSON.parse(
  readFileSync(new URL("../../workers/vectors/arguments.json", import.meta.url), "utf8"),
) as { vectors: readonly Vector[] };

const problemOf = (text: string) => {
  const result = canonicalJson(text);
  return result.ok ? undefined : result.problem;
};

describe("the shared vectors", () => {
  it.each(vectors.filter((vector) => vector.refused === undefined))("accept $name", (vector) => {
    const result = canonicalArguments(vector.input);
    expect(result).toMatchObject({ ok: true, text: vector.canonical, digest: vector.digest });
    const bytes = Buffer.from(vector.canonical ?? "", "utf8");
    expect(bytes.toString("hex")).toBe(vector.utf8);
    expect(vector.digest).toBe(`sha256:${createHash("sha256").update(bytes).digest("hex")}`);
  });

  it.each(vectors.filter((vector) => vector.refused !== undefined))("refuse $name", (vector) => {
    expect(canonicalArguments(vector.input)).toMatchObject({ ok: false, code: vector.refused });
  });
});

describe("canonicalJson", () => {
  it("gives the canonical text of any JSON value", () => {
    expect(canonicalJson(' [ "x" , 1.50 , null ] ')).toMatchObject({ ok: true, text: '["x",1.5,null]' });
    expect(canonicalJson('"x"')).toMatchObject({ ok: true, text: '"x"', value: "x" });
    expect(canonicalJson("")).toMatchObject({ ok: false, code: "INVALID_JSON" });
  });

  it("keeps __proto__ as an own key of the value and leaves every prototype alone", () => {
    const result = canonicalJson('{"__proto__": {"polluted": true}}');
    if (!result.ok) throw new Error(result.problem);
    expect(Object.keys(result.value as object)).toEqual(["__proto__"]);
    expect(Object.getPrototypeOf(result.value)).toBe(Object.prototype);
    expect(({} as { polluted?: boolean }).polluted).toBeUndefined();
  });

  it("refuses half of a surrogate pair that is not escaped, in strings and in keys", () => {
    expect(canonicalJson('"\ud800"')).toMatchObject({ ok: false, code: "LONE_SURROGATE" });
    expect(canonicalJson('{"\udc00": 1}')).toMatchObject({ ok: false, code: "LONE_SURROGATE" });
    expect(canonicalJson('"\ud83d\ude00"')).toMatchObject({ ok: true });
  });

  it("tells the writer where the problem is and what to write instead", () => {
    expect(problemOf('{"orders": [{"account": 9007199254740993}]}')).toBe(
      "The number 9007199254740993 at /orders/0/account cannot be kept exactly: it would become 9007199254740992. Write it as a string: the same digits between double quotes.",
    );
    expect(problemOf('{"a": {"b": 1, "b": 1}}')).toBe('The key "b" at /a is there twice. Write each key once.');
  });

  it("puts nothing into the problem that it refuses", () => {
    for (const text of [
      '{"a": "\ud800',
      '{"\\ud800\\u0000": 1}',
      `{"${"\ud83d\ude00".repeat(60)}": 1e999}`,
      '"\u0000"',
    ]) {
      const problem = problemOf(text);
      expect(problem).toBeDefined();
      expect(problem).not.toMatch(/[\p{Surrogate}\p{Cc}]/u);
      expect(problem?.length).toBeLessThan(400);
    }
  });

  it("refuses what nests a hundred thousand levels deep without overflowing the stack", () => {
    expect(canonicalJson("[".repeat(100_000) + "]".repeat(100_000))).toMatchObject({ ok: false, code: "TOO_DEEP" });
    expect(canonicalJson("[".repeat(100_000))).toMatchObject({ ok: false });
  });

  it("reads its own output to the same text, and that means the same value", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6, stringUnit: "binary" }), (text) => {
        const once = canonicalJson(text);
        if (!once.ok) return; // fc writes U+0000 now and then.
        expect(canonicalJson(once.text)).toEqual(once);
        expect(JSON.parse(once.text)).toEqual(once.value);
      }),
    );
  });

  it("accepts every number in the form that RFC 8785 gives it", () => {
    fc.assert(
      fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (number) => {
        const text = Object.is(number, -0) ? "0" : String(number);
        expect(canonicalJson(text)).toMatchObject({ ok: true, text });
      }),
    );
  });

  it("accepts an integer exactly when a double writes it with the same digits", () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(2n ** 70n), max: 2n ** 70n }), (integer) => {
        const same = BigInt(Number(integer)) === integer && decimalDigits(Number(integer)) === integer;
        expect(canonicalJson(`${integer}`).ok).toBe(same);
      }),
    );
  });
});

/** What the shortest text of a whole double says, which from 2^53 on may not be the double's own value. */
function decimalDigits(double: number): bigint {
  const [mantissa = "", exponent = "0"] = String(double).split("e");
  const [whole = "", fraction = ""] = mantissa.split(".");
  return BigInt(whole + fraction) * 10n ** BigInt(Number(exponent) - fraction.length);
}

describe("digestOf", () => {
  it("is the SHA-256 of the text's UTF-8 in hex, and names its algorithm", () => {
    expect(digestOf("")).toBe("sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    expect(digestOf("é")).toBe(digestOf("\u00e9"));
  });
});
