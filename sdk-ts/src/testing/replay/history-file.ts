// A history file: what a run went through, to be replayed later. Lines of JSON. Of each run a head line and its events, as
// the contract has them, in their order.
import { createReadStream } from "node:fs";
import { type AgentDefinition, AgentDefinitionSchema, type Event, EventSchema } from "@agentspan/proto";
import { fromJson, type JsonValue, toJson } from "@bufbuild/protobuf";
import { KitError } from "../kit-error.js";

export const HISTORY_FORMAT = "agentspan-history";
/** The newest form that this code reads. A form that says something else has a higher one. */
export const HISTORY_VERSION = 1;

/** A file that is no history, or one that cannot be replayed, in a sentence. */
export class HistoryError extends KitError {}

/** The first line of a run. */
export interface HistoryHead {
  readonly runId: string;
  /** The run that started it; empty where none did. */
  readonly parentRunId: string;
  readonly agentName: string;
  /** Of the definition that the run is pinned to. */
  readonly agentVersion: string;
  readonly definition: AgentDefinition;
  /** How many follow, from 1 and without gaps. */
  readonly events: number;
  /** The run had ended. */
  readonly ended: boolean;
  /** ISO 8601, by the clock of whoever exported it. */
  readonly exportedAt: string;
  /** The key it was exported with; "anonymous" where there was none. */
  readonly exportedBy: string;
}

export interface History {
  readonly head: HistoryHead;
  readonly events: readonly Event[];
}

/** Without a line break. */
export function headLine({ definition, ...head }: HistoryHead): string {
  const form = { format: HISTORY_FORMAT, version: HISTORY_VERSION };
  return JSON.stringify({ ...form, ...head, definition: toJson(AgentDefinitionSchema, definition) });
}

export function eventLine(event: Event): string {
  return JSON.stringify(toJson(EventSchema, event));
}

/** The runs of a file: the one that was exported, then those that it started. Throws HistoryError. */
export async function readHistories(path: string): Promise<readonly History[]> {
  const histories: Draft[] = [];
  let number = 0;
  for await (const line of linesOf(path)) {
    number += 1;
    if (line.trim() === "") continue;
    const where = `${path}, line ${number}`;
    const value = objectIn(line, where);
    if ("format" in value) histories.push({ head: headIn(value, where), events: [] });
    else {
      const history = histories.at(-1);
      if (history === undefined) throw new HistoryError(`${where} is no head of a history: ${MADE_BY}`);
      takeEvent(history, value, where);
    }
  }
  if (histories.length === 0) throw new HistoryError(`${path} is empty: ${MADE_BY}`);
  for (const { head, events } of histories) {
    if (events.length === head.events) continue;
    throw new HistoryError(
      `${path} has ${events.length} of the ${head.events} events of run ${head.runId}: a part of it is missing.`,
    );
  }
  return histories;
}

const MADE_BY = "a history is what `agentspan runs export` writes.";

interface Draft {
  readonly head: HistoryHead;
  readonly events: Event[];
}

/** By line feeds alone: what else breaks lines may stand in a text. */
async function* linesOf(path: string): AsyncGenerator<string> {
  let rest = "";
  try {
    for await (const chunk of createReadStream(path, "utf8")) {
      const lines = `${rest}${chunk}`.split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new HistoryError(`${path} cannot be read: ${why === "ENOENT" ? "there is no such file" : why}.`);
  }
  if (rest !== "") yield rest;
}

function objectIn(line: string, where: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(line);
    if (typeof value === "object" && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // Told below: what is no JSON is no line of a history either.
  }
  throw new HistoryError(`${where} is no object of JSON: ${MADE_BY}`);
}

function headIn(value: Readonly<Record<string, unknown>>, where: string): HistoryHead {
  const { format, version, definition } = value;
  if (format !== HISTORY_FORMAT) throw new HistoryError(`${where} is of another format: ${MADE_BY}`);
  if (version !== HISTORY_VERSION) {
    throw new HistoryError(
      `${where} is of version ${String(version)} of the format, and this program reads version ${HISTORY_VERSION}.`,
    );
  }
  const text = (field: string): string => {
    const said = value[field];
    if (typeof said === "string") return said;
    throw new HistoryError(`${where} has no text ${field}.`);
  };
  const { events, ended } = value;
  if (typeof events !== "number" || typeof ended !== "boolean") {
    throw new HistoryError(`${where} does not say how many events follow, and whether the run had ended.`);
  }
  return {
    runId: text("runId"),
    parentRunId: text("parentRunId"),
    agentName: text("agentName"),
    agentVersion: text("agentVersion"),
    exportedAt: text("exportedAt"),
    exportedBy: text("exportedBy"),
    ...{ events, ended },
    definition: definitionIn(definition, where),
  };
}

function definitionIn(definition: unknown, where: string): AgentDefinition {
  try {
    return fromJson(AgentDefinitionSchema, definition as JsonValue, { ignoreUnknownFields: true });
  } catch (error) {
    throw new HistoryError(`${where} has no definition that can be read: ${messageOf(error)}`);
  }
}

function takeEvent({ head, events }: Draft, value: Readonly<Record<string, unknown>>, where: string): void {
  let event: Event;
  try {
    event = fromJson(EventSchema, value as JsonValue, { ignoreUnknownFields: true });
  } catch (error) {
    throw new HistoryError(`${where} is no event that can be read: ${messageOf(error)}`);
  }
  if (event.runId === head.runId && Number(event.sequence) === events.length + 1) {
    events.push(event);
    return;
  }
  const expected = `event ${events.length + 1} of run ${head.runId}`;
  throw new HistoryError(
    `${where} is event ${event.sequence} of run ${event.runId}, where ${expected} was to be: lines were taken out or moved.`,
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
