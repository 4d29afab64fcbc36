// What was done to a run and what was seen of it, from outside. The checks read nothing else, besides the ledger and
// the record that the server keeps.
import type { Event, RunStatus } from "@agentspan/proto";

export type Verdict = "approve" | "edit" | "reject" | "respond" | "happened" | "run_again" | "give_up";

/** One act of one person: sent, perhaps more than once, under one decision id. */
export interface Act {
  readonly approvalId: string;
  readonly callId: string;
  readonly decisionId: string;
  readonly verdict: Verdict;
  /** Whether who decides may: a proof without authentication knows nobody, and everybody may. */
  readonly allowed: boolean;
  /** The digest of the arguments that it lets run, where it lets any. */
  readonly digest: string;
  /** The server's answer, or the reason of its refusal; undefined where none came before the end. */
  answer:
    | { readonly kind: "recorded"; readonly closed: boolean }
    | { readonly kind: "refused"; readonly reason: string }
    | undefined;
}

/** What one reader was given, over all its connections. */
export interface Reading {
  /** A text of each event, by its sequence less one. */
  readonly events: string[];
  connections: number;
  /** What a reader must never see, in words. */
  readonly faults: string[];
  ended: boolean;
}

export interface RunRecord {
  readonly story: string;
  readonly key: string;
  readonly input: string;
  /** What each start under the key was answered. */
  readonly starts: { readonly runId: string; readonly created: boolean }[];
  readonly acts: Act[];
  readonly readings: Reading[];
  /** Questions about the run that the server refused to answer. */
  readonly faults: string[];
  /** How long its readers had, once its end had been seen, milliseconds; undefined where it never was. */
  readersHadMs: number | undefined;
  /** Where it stood when it was last looked at. */
  status: RunStatus | undefined;
  /** Its history, read when all was over. */
  history: readonly Event[];
}

/** The run's id; "" where no start was answered. */
export function runIdOfRecord({ starts }: RunRecord): string {
  return starts[0]?.runId ?? "";
}
