// agentspan runs replay: a recorded run, carried out again by a definition of today. Asks no server.
import type { AgentDefinition } from "@agentspan/proto";
import { HistoryError } from "@agentspan/sdk/testing/history";
import { replayFile } from "@agentspan/sdk/testing/replay";
import { CommandError } from "../command-error.js";
import type { Output } from "../output.js";
import { readDefinitions } from "../run/definition-file.js";
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
