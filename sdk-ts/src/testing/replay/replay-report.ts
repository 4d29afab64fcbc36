import { KitError } from "../kit-error.js";

/** The first thing that is not as it was recorded. */
export interface ReplayDifference {
  readonly runId: string;
  readonly agentName: string;
  /** Of the recorded event; undefined where only what the model is told has changed, or something follows the last event. */
  readonly sequence: number | undefined;
  /** What was recorded, and what happens now, each in a line. */
  readonly recorded: string;
  readonly now: string;
  /** Fields of the event that are others, each in a line; empty where it is another event. */
  readonly fields: readonly string[];
  /** Why, in a sentence; empty where that is not known. */
  readonly why: string;
}

/** What came of one run of a history. */
export interface ReplayedRun {
  readonly runId: string;
  readonly agentName: string;
  /** Events of the record, and how many of them were the same. */
  readonly recorded: number;
  readonly same: number;
}

/** What came of a replay. */
export class ReplayReport {
  readonly difference: ReplayDifference | undefined;
  /** What the model is told otherwise, what only reads otherwise, and what was not replayed. A sentence each. */
  readonly notes: readonly string[];
  readonly runs: readonly ReplayedRun[];

  constructor(report: Pick<ReplayReport, "difference" | "notes" | "runs">) {
    this.difference = report.difference;
    this.notes = report.notes;
    this.runs = report.runs;
  }

  /** Every event came as it was recorded. */
  get same(): boolean {
    return this.difference === undefined;
  }

  /** For people, in lines. */
  get text(): string {
    const notes = this.notes.map((note) => `Note: ${note}`);
    return [this.difference === undefined ? this.#sameText() : differenceText(this.difference), ...notes].join("\n");
  }

  /** Throws KitError, with the first difference in words, where something went otherwise. */
  expectSame(): void {
    if (!this.same) throw new KitError(this.text);
  }

  #sameText(): string {
    const events = this.runs.reduce((sum, { recorded }) => sum + recorded, 0);
    const runs = this.runs.length === 1 ? `run ${this.runs[0]?.runId}` : `${this.runs.length} runs`;
    return `As it was recorded: ${events} events of ${runs}.`;
  }
}

function differenceText({ runId, agentName, sequence, recorded, now, fields, why }: ReplayDifference): string {
  const where = sequence === undefined ? "" : ` at event ${sequence}`;
  return [
    `Run ${runId} of ${agentName} goes otherwise${where}.`,
    ...(why === "" ? [] : [why]),
    `  recorded: ${recorded}`,
    `  now:      ${now}`,
    ...fields.map((field) => `  ${field}`),
  ].join("\n");
}
