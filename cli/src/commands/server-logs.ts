// agentspan server logs
import { existsSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { logFolderOf } from "@agentspan/local";
import { CommandError } from "../command-error.js";
import { commandName } from "../command-name.js";
import { logLine } from "../log-line.js";
import { entriesOf, inOrder, type LogEntry } from "../logs/log-entry.js";
import { LogReader } from "../logs/log-reader.js";
import type { Output } from "../output.js";
import { LOGS } from "../server-program.js";
import { stackPlace } from "../stack-place.js";
import { untilStopped } from "../until-stopped.js";

export interface ServerLogsFlags {
  readonly data?: string;
  readonly of?: readonly string[];
  readonly lines?: number;
  /** Milliseconds. */
  readonly since?: number;
  readonly follow?: boolean;
}

const LINES = 100;
const LOOK_MS = 250;

export async function serverLogs(flags: ServerLogsFlags, output: Output): Promise<void> {
  const folder = logFolderOf(stackPlace(flags, process.env).dataDir);
  const { of = LOGS, follow = false, since = 0 } = flags;
  if (!follow && !existsSync(folder)) {
    throw new CommandError(`There are no logs in ${folder}: no server was started on this data.`);
  }
  const logs = of.map((name) => ({ name, reader: new LogReader(join(folder, `${name}.log`)), at: 0 }));
  const show = ({ process: name, line }: LogEntry): void => output.line(logLine(name, line));
  const news = (log: (typeof logs)[number]): readonly LogEntry[] => {
    const lines = log.reader.read();
    const entries = entriesOf(log.name, lines, Math.max(log.at, log.reader.begunAt));
    log.at = entries.at(-1)?.at ?? log.at;
    return entries;
  };
  try {
    const all = inOrder(
      logs.flatMap((log) => [...earlier(log.name, join(folder, `${log.name}.log.1`)), ...news(log)]),
    ).filter(({ at }) => at >= since);
    const most = flags.lines ?? (flags.since === undefined ? LINES : all.length);
    for (const entry of most === 0 ? [] : all.slice(-most)) show(entry);
    if (!follow) return tellNothing(all.length, output);
    await untilStopped(async (signal) => {
      for (;;) {
        await delay(LOOK_MS, undefined, { signal });
        for (const entry of inOrder(logs.flatMap(news))) show(entry);
      }
    });
  } finally {
    for (const { reader } of logs) reader.close();
  }
}

/** Of the file before this one: of the last start, or of this one where it was full. */
function earlier(name: string, path: string): readonly LogEntry[] {
  const reader = new LogReader(path);
  try {
    const lines = reader.read();
    return entriesOf(name, lines, reader.begunAt);
  } finally {
    reader.close();
  }
}

function tellNothing(found: number, output: Output): void {
  if (found === 0) output.failure(`No lines. Is the server running? ${commandName()} server status`);
}
