// Lines of several processes' logs in one order.

export interface LogEntry {
  readonly process: string;
  readonly line: string;
  /** Milliseconds; that of the line before where a line has none of its own. */
  readonly at: number;
}

/** When a line was written: services and mongod say it in ISO 8601, NATS and SecantusDB in this machine's time. */
export function timeOfLine(line: string): number | undefined {
  const [, iso] = /^\{.*?"(?:time|\$date)":"(\d{4}-\d\d-\d\dT[^"]{1,30})"/.exec(line) ?? [];
  if (iso !== undefined) return known(Date.parse(iso));
  const [, day, time, part] = /^(?:\[\d+\] )?(\d{4}[-/]\d\d[-/]\d\d) (\d\d:\d\d:\d\d)[.,](\d{3})/.exec(line) ?? [];
  return day === undefined ? undefined : known(Date.parse(`${day.replaceAll("/", "-")}T${time}.${part}`));
}

function known(ms: number): number | undefined {
  return Number.isNaN(ms) ? undefined : ms;
}

/** The lines of one process in their order, each with its time. `before` is the time of what came before. */
export function entriesOf(process: string, lines: readonly string[], before = 0): readonly LogEntry[] {
  let at = before;
  return lines.map((line) => {
    // A clock that was set back does not change the order of one process's own lines.
    at = Math.max(at, timeOfLine(line) ?? at);
    return { process, line, at };
  });
}

/** By time; those of one process, and of one instant, stay as they are. */
export function inOrder(entries: readonly LogEntry[]): readonly LogEntry[] {
  return entries.toSorted((a, b) => a.at - b.at);
}
