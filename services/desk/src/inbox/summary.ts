// An approval on one line.
import type { Approval } from "@agentspan/proto";
import { oneLine } from "../text/characters.js";
import { type JsonNode, readJson, textOf } from "../text/json-text.js";

const VALUE_CHARACTERS = 60;
const MEMBERS = 6;

export interface SummaryPart {
  readonly name: string;
  readonly value: string;
}

/** The first few arguments, each cut to what a line takes; what is left out is told as a number. */
export function summaryOf({ argumentsJson }: Approval): {
  readonly parts: readonly SummaryPart[];
  readonly left: number;
} {
  if (argumentsJson === "") return { parts: [{ name: "", value: "arguments too large to list" }], left: 0 };
  const node = readJson(argumentsJson);
  if (node === undefined || node.kind !== "object") {
    return { parts: [{ name: "", value: oneLine(argumentsJson, 2 * VALUE_CHARACTERS) }], left: 0 };
  }
  const parts = node.members.slice(0, MEMBERS).map(({ name, value }) => ({
    name: oneLine(name, VALUE_CHARACTERS),
    value: oneLine(shown(value), VALUE_CHARACTERS),
  }));
  return { parts, left: Math.max(0, node.members.length - MEMBERS) };
}

function shown(node: JsonNode): string {
  return node.kind === "string" ? node.value : textOf(node);
}
