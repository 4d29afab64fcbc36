// HTML of texts that others wrote: whatever stands in a hole of the template is text, unless it was made by the template too.
import { escapedHtml } from "@agentspan/internal";

/** Markup that was made here. */
export class Html {
  constructor(readonly text: string) {}
}

export type Content = Html | string | number | undefined | false | readonly Content[];

/** Of a template whose attributes all stand in quotes. What is undefined or false is left out. */
export function html(strings: TemplateStringsArray, ...holes: readonly Content[]): Html {
  return new Html(strings.map((text, at) => text + (at < holes.length ? textOf(holes[at]) : "")).join(""));
}

function textOf(content: Content): string {
  if (content instanceof Html) return content.text;
  if (content === undefined || content === false) return "";
  if (typeof content === "string" || typeof content === "number") return escapedHtml(String(content));
  return content.map(textOf).join("");
}
