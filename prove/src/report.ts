// What a proof has to show: a table a person reads, and whether all held.
import type { Checked } from "./checks/evidence.js";
import type { Tally } from "./tally.js";

export interface Report {
  readonly seed: number;
  readonly runs: number;
  /** How runs ended, by their state. */
  readonly states: Readonly<Record<string, number>>;
  readonly faultsForMs: number;
  readonly tookMs: number;
  /** Calls of clients that were made again, and connections of readers. */
  readonly repeatedCalls: number;
  readonly readers: number;
  readonly connections: number;
  readonly tally: Tally;
  readonly checks: readonly Checked[];
  /** How to look at a run that is named. */
  readonly howToLook: string;
  /** What this proof could not try, in sentences. */
  readonly limits: readonly string[];
}

const MOST_BROKEN_SHOWN = 12;

export function held({ checks }: Report): boolean {
  return checks.every(({ broken }) => broken.length === 0);
}

/** Markdown, which a terminal shows well enough. */
export function tableOf(report: Report): string {
  const { tally, checks, runs, states, limits } = report;
  const seconds = (ms: number): string => `${(ms / 1_000).toFixed(0)} s`;
  const points = tally.points.filter(({ count }) => count > 0);
  const lines = [
    `${runs} runs, ${seconds(report.faultsForMs)} of faults, ${seconds(report.tookMs)} in all; seed ${report.seed}.`,
    `Ends: ${Object.entries(states)
      .map(([state, count]) => `${count} ${state}`)
      .join(", ")}.`,
    `${report.repeatedCalls} calls were made again for want of an answer; ${report.readers} readers had ${report.connections} connections.`,
    "",
    ...table(
      "faults tried",
      tally.faults.map(({ fault, count }) => [fault, String(count)]),
    ),
    ...tally.untried.map(({ fault, why }) => `Not tried: ${fault}. ${why}`),
    ...limits,
    "",
    `Fault points at which a process was killed: ${points.length} of ${tally.points.length}.`,
    "",
    ...table(
      "fault point",
      tally.points.map(({ point, count }) => [point, count === 0 ? "not hit" : String(count)]),
    ),
    "",
    ...table(
      "invariant",
      checks.map(({ invariant, count, broken }) => [
        invariant,
        `${count}`,
        broken.length === 0 ? "held" : `BROKEN ${broken.length}`,
      ]),
    ),
  ];
  for (const { invariant, broken } of checks) {
    if (broken.length === 0) continue;
    lines.push("", `Broken: ${invariant}`);
    for (const { runId, what } of broken.slice(0, MOST_BROKEN_SHOWN)) lines.push(`  ${runId}: ${what}`);
    if (broken.length > MOST_BROKEN_SHOWN) lines.push(`  and ${broken.length - MOST_BROKEN_SHOWN} more`);
  }
  lines.push("", held(report) ? "All held." : `Something broke. ${report.howToLook}`);
  return lines.join("\n");
}

function table(title: string, rows: readonly (readonly string[])[]): readonly string[] {
  const width = rows[0]?.length ?? 2;
  const heads = [title, "count", "result"].slice(0, width);
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [line(heads), line(heads.map((_, at) => (at === 0 ? "---" : "---:"))), ...rows.map(line)];
}
