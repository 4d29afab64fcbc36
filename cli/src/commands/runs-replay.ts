// agentspan runs replay: a recorded run, carried out again by a definition of today. Asks no server.
import { readFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { type AgentDefinition, AgentDefinitionSchema } from "@agentspan/proto";
import { HistoryError } from "@agentspan/sdk/testing/history";
import { replayFile } from "@agentspan/sdk/testing/replay";
import { fromJson, type JsonValue } from "@bufbuild/protobuf";
import { CommandError } from "../command-error.js";
import type { Output } from "../output.js";
import { safeText } from "../safe-text.js";

export interface RunsReplayFlags {
  /** Files with a definition each; "-" is standard input. */
  readonly agent: readonly string[];
  readonly strict?: boolean;
  readonly json?: boolean;
}

/** Throws CommandError with exit code 1 where the run goes otherwise, and 2 where that cannot be told. */
export async function runsReplay(file: string, flags: RunsReplayFlags, output: Output): Promise<void> {
  const definitions: AgentDefinition[] = [];
  for (const path of flags.agent) definitions.push(...(await readDefinitions(path)));
  const report = await replayFile(file, definitions, { strict: flags.strict ?? false }).catch((error: unknown) => {
    throw error instanceof HistoryError ? new CommandError(safeLines(error.message), 2) : error;
  });
  const { same, difference, notes, runs, text: words } = report;
  if (flags.json === true) output.json({ same, difference, notes, runs, text: words });
  else output.line(safeLines(words));
  if (!same) throw new CommandError("It is not as it was recorded.");
}

function safeLines(lines: string): string {
  return lines.split("\n").map(safeText).join("\n");
}

/** One definition, or a list of them, the agent's first. */
async function readDefinitions(path: string): Promise<readonly AgentDefinition[]> {
  const where = path === "-" ? "Standard input" : safeText(path);
  const said = path === "-" ? await text(process.stdin) : await readText(path, where);
  let value: JsonValue;
  try {
    value = JSON.parse(said) as JsonValue;
  } catch (error) {
    throw new CommandError(`${where} is no JSON: ${safeText(messageOf(error))}.`, 2);
  }
  try {
    return (Array.isArray(value) ? value : [value]).map((one) => fromJson(AgentDefinitionSchema, one));
  } catch (error) {
    throw new CommandError(`${where} is no definition of an agent: ${safeText(messageOf(error))}.`, 2);
  }
}

async function readText(path: string, where: string): Promise<string> {
  try {
    return await readFile(path, "utf8");
  } catch (error) {
    const why = error instanceof Error && "code" in error ? String(error.code) : String(error);
    throw new CommandError(`${where} cannot be read: ${why === "ENOENT" ? "there is no such file" : why}.`, 2);
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
