import { describe, expect, it } from "vitest";
import { oneLine, safeText } from "../src/safe-text.js";

describe("safeText", () => {
  it("leaves words, signs and letters of any language as they are", () => {
    const text = 'Zażółć "gęślą" 29,99 € 退款 😀\nsecond line';
    expect(safeText(text)).toBe(text);
  });

  it("writes what would move the cursor or colour the terminal as its code", () => {
    expect(safeText("\u001b[2J\u0007\r\u009b31m\u007f")).toBe("\\u001b[2J\\u0007\\u000d\\u009b31m\\u007f");
  });

  it("writes what hides itself or turns the direction around as its code", () => {
    expect(safeText("a\u200bb\u202ec\u00add\ufeff\u{e0041}")).toBe("a\\u200bb\\u202ec\\u00add\\ufeff\\u{e0041}");
    expect(safeText("ORD\u00a01\u2028\u3164")).toBe("ORD\\u00a01\\u2028\\u3164");
  });

  it("writes half of a surrogate pair as its code", () => {
    expect(safeText("a\ud800b")).toBe("a\\ud800b");
  });
});

describe("oneLine", () => {
  it("keeps a text on its line and says where it was broken", () => {
    expect(oneLine("one\ntwo\r\nthree", 100)).toBe("one ⏎ two ⏎ three");
  });

  it("cuts by characters, never through one", () => {
    expect(oneLine("😀😀😀😀", 3)).toBe("😀😀…");
    expect(oneLine("abc", 3)).toBe("abc");
  });
});
