// What tools really did, counted from outside: one line in a file for each beginning and each end of a function,
// whichever process it ran in. A killed worker leaves the line of what it had begun.
import { appendFileSync, existsSync, readFileSync } from "node:fs";

export interface LedgerLine {
  /** abort: the function was told to stop and heeded it. */
  readonly step: "begin" | "end" | "abort";
  readonly tool: string;
  readonly runId: string;
  readonly callId: string;
  readonly attempt: number;
  readonly key: string;
  /** JSON of the arguments as the function got them. */
  readonly args: string;
  readonly pid: number;
  readonly approvalId: string;
}

/** Short lines in append mode are whole, whoever else writes. */
export function writeLedger(file: string, line: LedgerLine): void {
  appendFileSync(file, `${JSON.stringify(line)}\n`);
}

export class Ledger {
  constructor(readonly file: string) {}

  all(): readonly LedgerLine[] {
    if (!existsSync(this.file)) return [];
    return readFileSync(this.file, "utf8")
      .split("\n")
      .filter((line) => line !== "")
      .map((line) => JSON.parse(line) as LedgerLine);
  }

  /** The effects that functions of a run had. */
  done(runId: string): readonly LedgerLine[] {
    return this.all().filter((line) => line.step === "end" && line.runId === runId);
  }

  /** How often functions were called for a run, of one tool or of any. */
  begun(runId: string, tool?: string): readonly LedgerLine[] {
    return this.all().filter(
      (line) => line.step === "begin" && line.runId === runId && (tool === undefined || line.tool === tool),
    );
  }
}
