import { describe, expect, it } from "vitest";
import { ascii, isOtherCharset } from "../src/locale.js";
import { Output } from "../src/output.js";

describe("a locale", () => {
  it.each([
    [{}, false],
    [{ LANG: "C" }, false],
    [{ LANG: "de_DE.UTF-8" }, false],
    [{ LANG: "de_DE.utf8", LC_ALL: "" }, false],
    [{ LANG: "de_DE.ISO-8859-1" }, true],
    [{ LANG: "de_DE.UTF-8", LC_ALL: "de_DE.ISO-8859-15@euro" }, true],
  ])("%j has another charset than UTF-8: %s", (env, other) => {
    expect(isOtherCharset(env)).toBe(other);
  });
});

it("text is written in ASCII where the terminal shows nothing else", () => {
  expect(ascii("grün 宽 👍…")).toBe("gr\\u00fcn \\u5bbd \\u{1f44d}...");
});

it("an output to a terminal of another charset is in ASCII, and never one that a program reads", () => {
  const written: string[] = [];
  const sink = (isTTY: boolean) => ({ write: (text: string) => written.push(text), isTTY });
  const env = { LANG: "de_DE.ISO-8859-1" };
  new Output(sink(true), sink(true), env).line("grün");
  new Output(sink(false), sink(false), env).line("grün");
  new Output(sink(true), sink(true), { LANG: "de_DE.UTF-8" }).line("grün");
  expect(written).toEqual(["gr\\u00fcn\n", "grün\n", "grün\n"]);
});
