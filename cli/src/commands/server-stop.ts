// agentspan server stop
import { parseDuration } from "@agentspan/internal";
import { type StackStop, stopStack } from "@agentspan/local";
import type { Output } from "../output.js";
import { stackPlace } from "../stack-place.js";
import { span } from "../times.js";

export interface ServerStopFlags {
  readonly data?: string;
  /** With its unit. */
  readonly timeout: string;
  readonly json?: boolean;
}

/** That nothing runs is what was asked for, too. */
export async function serverStop(flags: ServerStopFlags, output: Output): Promise<void> {
  const { dataDir } = stackPlace(flags, process.env);
  const begun = performance.now();
  const { how, record } = await stopStack(dataDir, parseDuration(flags.timeout) ?? 0);
  const pid = how === "stopped" || how === "killed" ? record?.owner.pid : undefined;
  if (flags.json === true) return output.json({ how, dataDir, pid });
  output.line(wordsOf(how, `process ${pid}`, flags.timeout, span(performance.now() - begun)));
  output.line(`Runs that wait are kept in ${dataDir}`);
}

function wordsOf(how: StackStop["how"], who: string, timeout: string, took: string): string {
  switch (how) {
    case "not running":
      return "Nothing to stop: no server runs on this data.";
    case "stopped":
      return `Stopped the server, ${who}, in ${took}.`;
    case "killed":
      return `Ended the server, ${who}, at once: it had not stopped within ${timeout}. What was acknowledged is in the data.`;
    case "cleared":
      return "The server had been killed before. What was left of it is ended now.";
    default:
      return how satisfies never;
  }
}
