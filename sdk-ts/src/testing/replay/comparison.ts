// What is the same in two runs that went alike, and what is not.
import type { MappedEvent } from "../../event-mapping.js";
import { normalisedHistory } from "../normalised-history.js";

/** One field that is another. */
export interface FieldDifference {
  /** With dots: "approval.votesRequired". */
  readonly path: string;
  readonly recorded: unknown;
  readonly now: unknown;
}

/**
 * Where events are the same, and only words in them are others: why people are asked, until when they could have decided,
 * and what a model is told.
 */
const WORDS: Readonly<Record<string, readonly string[]>> = {
  waiting: ["approval.reason", "approval.expiresAt"],
  tool_call: ["refused"],
};

export interface Comparison {
  /** Empty where they are the same. */
  readonly fields: readonly FieldDifference[];
  /** Fields with other words. */
  readonly words: readonly FieldDifference[];
}

/** `told` says of a call that was refused both times: its result is the refusal in words. */
export function compareEvents(recorded: MappedEvent, now: MappedEvent, told = false): Comparison {
  const all = differences(plain(recorded), plain(now), "");
  const words = [
    ...(WORDS[recorded.type] ?? []),
    ...(told && recorded.type === "tool_result" ? ["outcome.message"] : []),
  ];
  const isWord = ({ path, recorded: before, now: after }: FieldDifference): boolean =>
    words.includes(path) &&
    (path === "approval.expiresAt" || (typeof before === "string" && typeof after === "string"));
  return { fields: all.filter((field) => !isWord(field)), words: all.filter(isWord) };
}

/** Without ids, dates and places in the run. */
function plain(event: MappedEvent): unknown {
  const { sequence: _, ...rest } = event;
  return normalisedHistory([rest as MappedEvent])[0];
}

function differences(recorded: unknown, now: unknown, path: string): readonly FieldDifference[] {
  if (Object.is(recorded, now)) return [];
  if (!isObject(recorded) || !isObject(now) || Array.isArray(recorded) !== Array.isArray(now)) {
    return [{ path, recorded, now }];
  }
  const names = new Set([...Object.keys(recorded), ...Object.keys(now)]);
  return [...names].flatMap((name) =>
    differences(fieldOf(recorded, name), fieldOf(now, name), path === "" ? name : `${path}.${name}`),
  );
}

type Fields = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Fields {
  return typeof value === "object" && value !== null;
}

function fieldOf(value: Fields, name: string): unknown {
  return Object.hasOwn(value, name) ? value[name] : undefined;
}
