// What a call would do, for whoever decides about it: as its tool shows it, and beside what was shown when it was
// approved before.
import { canonicalJson } from "@agentspan/internal";
import type { Approval, Preview } from "@agentspan/sdk";
import { structuredPatch } from "diff";
import { safeText } from "./safe-text.js";

/** Unchanged lines that are shown around a change. */
const CONTEXT_LINES = 3;

/** None where the tool says nothing. */
export function previewLines({ preview }: Approval): readonly string[] {
  if (preview === undefined) return [];
  const now = shownLines(preview);
  if (preview.previous === undefined) return now;
  const { previous } = preview;
  if (preview.status !== "SHOWN") {
    return [
      ...now,
      "it was approved before, when it would have done this:",
      ...indented(contentLines(previous.content)),
    ];
  }
  const change = diffLines(wholeLines(previous.content), wholeLines(preview.content));
  return [...now, "it was approved before, and this has changed in it since:", ...indented(change)];
}

function shownLines({ status, content, contentJson, detail }: Preview): readonly string[] {
  switch (status) {
    case "PENDING":
      return ["what it would do is being looked at; whoever decides now decides without seeing it"];
    case "FAILED":
      return [`what it would do cannot be seen: ${safeText(detail)}`, "nothing will be compared before it runs"];
    case "SHOWN":
      if (contentJson === "") return ["what it would do is left out here, for its size"];
      return ["it would do this, which is compared before it runs:", ...indented(contentLines(content))];
    case "UNSPECIFIED":
      return ["what it would do is told in a way that this version does not know"];
    default:
      return status satisfies never;
  }
}

/** What is before and what is after as one, with what changes marked; anything else as it stands. */
function contentLines(content: unknown): readonly string[] {
  return isChange(content) ? diffLines(wholeLines(content.before), wholeLines(content.after)) : wholeLines(content);
}

function isChange(content: unknown): content is { readonly before: unknown; readonly after: unknown } {
  return typeof content === "object" && content !== null && "before" in content && "after" in content;
}

/** What is other in one value than in another, as JSON line by line, with what stands around it. */
export function changeLines(before: unknown, after: unknown): readonly string[] {
  return diffLines(wholeLines(ordered(before)), wholeLines(ordered(after)));
}

/** A text line by line, anything else as JSON of several lines. */
function wholeLines(value: unknown): readonly string[] {
  const text = typeof value === "string" ? value : (JSON.stringify(value, undefined, 2) ?? "");
  return text.split("\n").map(safeText);
}

/** With members in one order, whatever order somebody wrote them in. */
function ordered(value: unknown): unknown {
  const canonical = canonicalJson(JSON.stringify(value) ?? "");
  return canonical.ok ? JSON.parse(canonical.text) : value;
}

/** "- " and "+ " before what is other, and what stands around it. */
function diffLines(before: readonly string[], after: readonly string[]): readonly string[] {
  const [from, to] = [before.join("\n"), after.join("\n")];
  if (from === to) return before.map((line) => `  ${line}`);
  const { hunks } = structuredPatch("", "", from, to, "", "", { context: CONTEXT_LINES });
  return hunks.flatMap(({ lines }, index) => [
    ...(index === 0 ? [] : ["  …"]),
    // A remark on the end of the text is none of its lines.
    ...lines.filter((line) => !line.startsWith("\\")).map((line) => `${line.slice(0, 1)} ${line.slice(1)}`),
  ]);
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
