// A line that a person types, as keys change it.
import type { KeyPress } from "./key-press.js";

export interface TypedLine {
  /** In graphemes, so that what looks like one character is one. */
  readonly before: readonly string[];
  readonly after: readonly string[];
}

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const partsOf = (text: string): readonly string[] => [...graphemes.segment(text)].map(({ segment }) => segment);

export function typedLine(text = ""): TypedLine {
  return { before: partsOf(text), after: [] };
}

export function textOf({ before, after }: TypedLine): string {
  return [...before, ...after].join("");
}

/** With pasted or typed text; line breaks become blanks, for nothing that is pasted may confirm. */
export function withText({ before, after }: TypedLine, text: string): TypedLine {
  const fit = text.replace(/[\r\n\t]+/g, " ").replace(/\p{Cc}/gu, "");
  return { before: partsOf([...before, fit].join("")), after };
}

/** The line after a key; keys that mean nothing to it change nothing. */
export function afterKey(line: TypedLine, key: KeyPress): TypedLine {
  const { before, after } = line;
  const all = [...before, ...after];
  switch (key.name) {
    case "backspace":
      return { before: before.slice(0, -1), after };
    case "delete":
      return { before, after: after.slice(1) };
    case "left":
      return { before: before.slice(0, -1), after: [...before.slice(-1), ...after] };
    case "right":
      return { before: [...before, ...after.slice(0, 1)], after: after.slice(1) };
    case "home":
      return { before: [], after: all };
    case "end":
      return { before: all, after: [] };
    case "u":
      if (key.ctrl) return { before: [], after };
      break;
    default:
  }
  return key.ctrl || key.meta || key.text === "" ? line : withText(line, key.text);
}
