// What a model is told otherwise by another definition. What it would have answered to that, no history says.
import { type Agent, type ToolDefinition, toolOf } from "@agentspan/orchestrator/core";
import type { OtherWords } from "./replay-run.js";

/** A sentence each. */
export function toldOtherwise(pinned: Agent, today: Agent): readonly string[] {
  return [
    ...changed("The instructions", pinned.instructions, today.instructions),
    ...changed("The model", pinned.model, today.model),
    ...changed("The temperature", pinned.temperature, today.temperature),
    ...changed("The most tokens of a reply", pinned.maxTokens, today.maxTokens),
    ...changed("The output schema", pinned.outputSchema, today.outputSchema),
    ...pinned.tools.flatMap((tool) => ofTool(tool, toolOf(today, tool.name))),
    ...today.tools.flatMap(({ name }) => (toolOf(pinned, name) === undefined ? [`The tool ${name} is new.`] : [])),
  ];
}

function ofTool(before: ToolDefinition, now: ToolDefinition | undefined): readonly string[] {
  const { name } = before;
  if (now === undefined) return [`The tool ${name} is gone.`];
  return [
    ...changed(`The description of ${name}`, before.description, now.description),
    ...changed(`The input schema of ${name}`, before.inputSchema, now.inputSchema),
  ];
}

const LONGEST = 60;

function changed(what: string, before: unknown, now: unknown): readonly string[] {
  if (before === now) return [];
  return [`${what} ${what.startsWith("The instructions") ? "have" : "has"} changed: ${changeBetween(before, now)}.`];
}

/** Short values whole; of long texts from where they are no longer the same. */
function changeBetween(before: unknown, now: unknown): string {
  if (typeof before !== "string" || typeof now !== "string") return `${shown(before)}, and now ${shown(now)}`;
  let same = 0;
  while (same < before.length && before[same] === now[same]) same += 1;
  const from = Math.max(0, same - 10);
  return `${shown(before.slice(from), from)}, and now ${shown(now.slice(from), from)}`;
}

function shown(value: unknown, from = 0): string {
  if (value === undefined) return "not set";
  if (typeof value !== "string") return JSON.stringify(value);
  const text = value.length <= LONGEST ? value : `${value.slice(0, LONGEST)}…`;
  return JSON.stringify(from === 0 ? text : `…${text}`);
}

/** Of words in events: one sentence for each change, however often it came. */
export function otherWords(words: readonly OtherWords[]): readonly string[] {
  const sentences = words.map(({ event, path, recorded, now }) => {
    if (path === "approval.expiresAt") {
      return {
        text: now === undefined ? "An approval expires no longer" : "An approval that never expired does now",
        event,
      };
    }
    const what = path === "approval.reason" ? "Why people are asked" : "What the model is told of a refused call";
    return { text: `${what} reads otherwise: ${shown(recorded)}, and now ${shown(now)}`, event };
  });
  return [...new Set(sentences.map(({ text }) => text))].map((text) => {
    const first = sentences.find((sentence) => sentence.text === text);
    return `${text} (event ${first?.event.sequence ?? 0}).`;
  });
}
