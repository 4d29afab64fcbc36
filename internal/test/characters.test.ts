import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { hiddenIn, isSeen, lookAlikesIn, nameOf, oneLine, piecesOf } from "../src/text/characters.js";

describe("characters that nobody sees", () => {
  it("are named, each with how many stand in a row", () => {
    expect(piecesOf("pay\u202Egnp.exe\u200b\u200b\u200b!")).toEqual([
      { kind: "plain", text: "pay" },
      { kind: "hidden", character: "\u202e", count: 1 },
      { kind: "plain", text: "gnp.exe" },
      { kind: "hidden", character: "\u200b", count: 3 },
      { kind: "plain", text: "!" },
    ]);
    expect(nameOf("\u202e")).toEqual({ code: "U+202E", name: "right-to-left override" });
    expect(nameOf("\u{e0041}").code).toBe("U+E0041");
  });

  it("are counted, those of a language's own script too, and line breaks and blanks are none of them", () => {
    expect(hiddenIn("two lines\nand a blank, שלום")).toBe(0);
    expect(hiddenIn("\0\t\r\u00a0\u2066\ufeff\u{e0020}\u{e0020}\ud800")).toBe(9);
  });

  it("make a text of which nobody sees anything, with blanks and no more", () => {
    for (const text of ["", " \t\r\n", "\u200b\u2060\u00a0", "\u2800\u3164\ue000", "\ud800"])
      expect(isSeen(text)).toBe(false);
    for (const text of ["no", "\u200bне", ".", "👎"]) expect(isSeen(text)).toBe(true);
  });

  it("are left out of no text: its pieces together are the text", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom("a", "é", "\n", " ", "\0", "\u200b", "\u202e", "\ud800", "\u{e0041}", "𝐩") }),
        (text) => {
          const again = piecesOf(text).map((piece) =>
            piece.kind === "plain" ? piece.text : piece.character.repeat(piece.count),
          );
          expect(again.join("")).toBe(text);
        },
      ),
    );
  });

  it("show in a line that is cut, and so does that it is cut", () => {
    expect(oneLine("a\u200b\u200bb\nc", 40)).toBe("a‹U+200B ×2›b ⏎ c");
    expect(oneLine("x".repeat(100), 10)).toBe(`${"x".repeat(9)}…`);
    expect(oneLine("x".repeat(10), 10)).toBe("x".repeat(10));
  });
});

describe("words that are not what they seem", () => {
  it("mix alphabets, and say which letters are of another", () => {
    expect(lookAlikesIn("send it to p\u0430ypal now")).toEqual([
      { word: "p\u0430ypal", why: "letters of Latin and Cyrillic in one word", codes: ["\u0430 U+0430"] },
    ]);
  });

  it("are written in styled letters or wide digits", () => {
    expect(lookAlikesIn("１００ and 𝐩𝐚𝐲").map(({ word, why }) => [word, why])).toEqual([
      ["１００", "written in other characters than plain ones: 100"],
      ["𝐩𝐚𝐲", "written in other characters than plain ones: pay"],
    ]);
  });

  it("are no words of one alphabet, whichever it is", () => {
    expect(lookAlikesIn("Straße, Ωμέγα, привет мир, שלום, 東京タワー, naïve café 42")).toEqual([]);
  });
});
