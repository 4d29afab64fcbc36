// agentspan runs export: a run's history as a file that can be replayed.
import { readApiKey } from "@agentspan/internal";
import { type HistoryCount, HistoryError, historyLines } from "@agentspan/sdk/testing/history";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";
import { requireNew, writeWhole } from "../whole-file.js";

export interface RunsExportFlags extends UrlOption {
  readonly out?: string;
  readonly soFar?: boolean;
}

export async function runsExport(runId: string, flags: RunsExportFlags, output: Output): Promise<void> {
  const { out, soFar = false } = flags;
  if (out !== undefined) requireNew(out);
  await withServer(flags, async (runtime, { apiKey = "" }) => {
    if (!soFar) requireEnded(await runtime.handle(runId).getStatus());
    const count = { events: 0, runs: 0 };
    const lines = historyLines(runtime, runId, { soFar, exportedBy: speakerOf(apiKey) }, count);
    try {
      if (out !== undefined) await writeWhole(out, lines);
      else for await (const line of lines) output.line(line);
    } catch (error) {
      throw error instanceof HistoryError ? new CommandError(`${safeText(error.message)} Nothing was kept.`) : error;
    }
    if (out !== undefined) tell(runId, out, count, output);
  });
}

function requireEnded({ runId, isComplete, state }: { runId: string; isComplete: boolean; state: string }): void {
  if (isComplete) return;
  throw new CommandError(
    `Run ${runId} has not ended: it is ${state}. For what there is of it by now: ${commandName()} runs export ${runId} --so-far`,
  );
}

function tell(runId: string, out: string, { events, runs }: HistoryCount, output: Output): void {
  const children = runs - 1;
  const also = children === 0 ? "" : ` and ${children === 1 ? "the run" : `the ${children} runs`} that it started`;
  output.line(`Wrote ${runId}${also} to ${safeText(out)}: ${events === 1 ? "1 event" : `${events} events`}.`);
  output.line("It holds inputs, arguments and results as they were: look at it before you share it.");
}

/** As far as it is known here: whose a key is, only an admin may ask. */
function speakerOf(key: string): string {
  if (key === "") return "anonymous";
  const known = readApiKey(key);
  return known === undefined ? "a token" : `key ${known.keyId}`;
}
