// agentspan runs export: a run's history as a file that can be replayed.
import { existsSync } from "node:fs";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { readApiKey } from "@agentspan/internal";
import { type HistoryCount, HistoryError, historyLines } from "@agentspan/sdk/testing/history";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";

export interface RunsExportFlags extends UrlOption {
  readonly out?: string;
  readonly soFar?: boolean;
}

export async function runsExport(runId: string, flags: RunsExportFlags, output: Output): Promise<void> {
  const { out, soFar = false } = flags;
  // A history that is kept is what tests compare with: none is replaced unasked.
  if (out !== undefined && existsSync(out))
    throw new CommandError(`${safeText(out)} is there already. Name a new file.`);
  await withServer(flags, async (runtime) => {
    if (!soFar) requireEnded(await runtime.handle(runId).getStatus());
    const count = { events: 0, runs: 0 };
    const lines = historyLines(runtime, runId, { soFar, exportedBy: speakerOf(flags) }, count);
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
function speakerOf({ key = process.env.AGENTSPAN_API_KEY ?? "" }: UrlOption): string {
  if (key === "") return "anonymous";
  const known = readApiKey(key);
  return known === undefined ? "a token" : `key ${known.keyId}`;
}

/** Under another name until it is complete, so that nobody takes a part for the whole. */
async function writeWhole(path: string, lines: AsyncIterable<string>): Promise<void> {
  const partial = `${path}.part`;
  let file: FileHandle;
  try {
    file = await open(partial, "w", 0o600);
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error);
    throw new CommandError(`${safeText(path)} cannot be written: ${safeText(why)}.`, 2);
  }
  try {
    for await (const line of lines) await file.write(`${line}\n`);
    await file.sync();
    await file.close();
    await rename(partial, path);
  } catch (error) {
    await file.close();
    await rm(partial, { force: true });
    throw error;
  }
}
