// What drivers wrote down: the only thing that is known of what their tools did.
import { existsSync, readFileSync } from "node:fs";
import { canonicalArguments } from "@agentspan/internal";

/** A line of the ledger as workers/CONFORMANCE.md says it; what a step has not is empty or 0. */
export interface LedgerLine {
  readonly step: "ready" | "stopping" | "begin" | "cancelled" | "end" | "probe" | "preview";
  readonly workerId: string;
  readonly pid: number;
  readonly tool: string;
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
  readonly key: string;
  readonly args: string;
  readonly at: number;
  readonly deadline: number;
  readonly approvalId: string;
  readonly decisionId: string;
}

/** Whose lines are wanted; all that is said must fit. */
export type LinesOf = Partial<Pick<LedgerLine, "step" | "workerId" | "pid" | "tool" | "runId" | "callId" | "attempt">>;

export class DriverLedger {
  constructor(readonly file: string) {}

  /** In the order in which they were written. */
  lines(of: LinesOf): readonly LedgerLine[] {
    if (!existsSync(this.file)) return [];
    const wanted = Object.entries(of) as [keyof LedgerLine, unknown][];
    return readFileSync(this.file, "utf8")
      .split("\n")
      .slice(0, -1)
      .map((line) => JSON.parse(line) as LedgerLine)
      .filter((line) => wanted.every(([name, value]) => line[name] === value));
  }
}

/** The arguments that a tool got, in the one form of their text. Throws where they are not exact. */
export function argumentsOf(line: LedgerLine): string {
  const read = canonicalArguments(line.args);
  if (!read.ok) throw new Error(`The arguments in the ledger cannot be read: ${read.problem}`);
  return read.text;
}
