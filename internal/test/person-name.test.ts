import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { personNameProblem } from "../src/person-name.js";

/** What is left of a name for whoever reads it on a page. */
const asRead = (name: string) =>
  name
    .normalize("NFC")
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu, "")
    .replace(/\s+/gu, " ")
    .trim();

describe("the name of a person", () => {
  it("may be an address, an id of any issuer, or words in any script", () => {
    const names = ["alex@acme.test", "auth0|5f7c8ec7c33c6c004bbafe82", "Zoë Müller", "山田 太郎", "Нина", "مريم", "x"];
    for (const name of names) expect(personNameProblem(name), name).toBeUndefined();
  });

  it("has one spelling: what reads like another is refused, and never mended", () => {
    const refused: readonly [string, RegExp][] = [
      ["", /^is empty$/],
      [" \t", /^is empty$/],
      ["alex ", /begin or end with a blank/],
      ["\u00a0alex", /begin or end with a blank/],
      ["alex  lopez", /one plain blank/],
      ["alex\u00a0lopez", /one plain blank/],
      ["al\u200bex", /U\+200B, which nobody sees/],
      ["alex\ufeff", /U\+FEFF/],
      ["alex\u202e", /U\+202E/],
      ["a\u00adlex", /U\+00AD/],
      ["alex\ufe0f", /U\+FE0F/],
      ["al\u0000ex", /U\+0000/],
      ["alex\ud800", /U\+D800/],
      ["alex\u2800", /U\+2800, which nobody sees/],
      ["\u2800", /U\+2800/],
      ["al\ufffcex", /U\+FFFC/],
      ["alex\ue000", /U\+E000/],
      ["alex\u{10fffd}", /U\+10FFFD/],
      ["alex\ufdd0", /U\+FDD0/],
      ["alex\u{1d159}", /U\+1D159/],
      ["Zoe\u0308", /composed form, NFC/],
      ["x".repeat(257), /at most 256 bytes/],
    ];
    for (const [name, problem] of refused) expect(personNameProblem(name), name).toMatch(problem);
  });

  it("is what it reads as, where it is taken", () => {
    const parts = fc.constantFrom(
      "alex",
      "Zoë",
      "e\u0308",
      " ",
      "\u00a0",
      "\u200b",
      "\u2066",
      "\ufe0f",
      "\u3164",
      "\n",
    );
    const names = fc.oneof(
      fc.array(parts, { maxLength: 6 }).map((some) => some.join("")),
      fc.string({ unit: "binary", maxLength: 12 }),
    );
    fc.assert(fc.property(names, (name) => personNameProblem(name) !== undefined || asRead(name) === name));
  });
});
