// Text in a terminal's columns: a character may take none, one or two of them.
import stringWidth from "string-width";

const graphemes = new Intl.Segmenter(undefined, { granularity: "grapheme" });

/** One line, cut to so many columns, with "…" where something is left out. */
export function fitted(line: string, columns: number): string {
  if (stringWidth(line) <= columns) return line;
  let text = "";
  let width = 1;
  for (const { segment } of graphemes.segment(line)) {
    width += stringWidth(segment);
    if (width > columns) break;
    text += segment;
  }
  return `${text}…`;
}

/** All of a line, in as many lines as it takes; those after the first begin with blanks. */
export function wrapped(line: string, columns: number, indent = 4): readonly string[] {
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
