// Text in a terminal's columns: a character may take none, one or two of them.
import stringWidth from "string-width";
import { ascii, isOtherCharset } from "../locale.js";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

const shown = isOtherCharset(process.env) ? ascii : (line: string): string => line;
const MORE = shown("…");

/** One line, cut to so many columns, with "…" where something is left out. */
export function fitted(whole: string, columns: number): string {
  const line = shown(whole);
  if (stringWidth(line) <= columns) return line;
  if (columns < MORE.length) return MORE.slice(0, Math.max(0, columns));
  let text = "";
  let width = MORE.length;
  for (const { segment } of graphemes.segment(line)) {
    width += stringWidth(segment);
    if (width > columns) break;
    text += segment;
  }
  return `${text}${MORE}`;
}

/** All of a line, in as many lines as it takes; those after the first begin with blanks. */
export function wrapped(whole: string, columns: number, indent = 4): readonly string[] {
  const line = shown(whole);
  const lines: string[] = [];
  const margin = columns > indent * 4 ? " ".repeat(indent) : "";
  let text = "";
  let width = 0;
  for (const { segment } of graphemes.segment(line)) {
    const more = stringWidth(segment);
    if (width + more > columns && text !== "") {
      lines.push(text);
      text = margin;
      width = margin.length;
    }
    text += segment;
    width += more;
  }
  return [...lines, text];
}
