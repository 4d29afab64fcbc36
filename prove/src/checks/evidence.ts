import type { LedgerLine } from "@agentspan/e2e";
import type { AuditReport, TrustedKeys } from "@agentspan/internal";
import type { RunRecord } from "../run-record.js";
import type { MadeGrant } from "../trust/housekeeping.js";
import type { StoredHistory } from "./stored-histories.js";

/** All that is known when everything is over. */
export interface Evidence {
  readonly records: readonly RunRecord[];
  /** What the tools really did. */
  readonly ledger: readonly LedgerLine[];
  /** Tools that need an approval, and those that start at most once without one. */
  readonly gated: ReadonlySet<string>;
  readonly once: ReadonlySet<string>;
  /** Workers that lived to the end. */
  readonly livingPids: ReadonlySet<number>;
  /** What the server stores; undefined where that cannot be read. */
  readonly stored: readonly StoredHistory[] | undefined;
  /** What can be told where it is known who asks; undefined elsewhere. */
  readonly trust: TrustEvidence | undefined;
}

export interface TrustEvidence {
  /** Lines of an export of the whole audit. */
  readonly audit: readonly string[];
  readonly report: AuditReport;
  readonly trusted: TrustedKeys;
  /** Standing grants, as they were asked for. */
  readonly grants: readonly MadeGrant[];
}

export interface Broken {
  readonly runId: string;
  readonly what: string;
}

export interface Checked {
  readonly invariant: string;
  /** How many single things were looked at. */
  readonly count: number;
  readonly broken: readonly Broken[];
}

export type Check = (evidence: Evidence) => Checked;

/** Collects what a check finds. */
export class Findings {
  count = 0;
  readonly broken: Broken[] = [];

  constructor(readonly invariant: string) {}

  expect(holds: boolean, runId: string, what: string): void {
    this.count += 1;
    if (!holds) this.broken.push({ runId, what });
  }

  get checked(): Checked {
    const { invariant, count, broken } = this;
    return { invariant, count, broken };
  }
}
