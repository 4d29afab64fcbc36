// What is known when all is over: the ledger, every run as it stands, what is stored, and the audit.
import { setMaxListeners } from "node:events";
import { verifyAudit } from "@agentspan/internal";
import type { Callers } from "./callers.js";
import type { Evidence, TrustEvidence } from "./checks/evidence.js";
import { lookBack } from "./drive-run.js";
import { pause } from "./pause.js";
import type { RunRecord } from "./run-record.js";
import type { Target } from "./target.js";
import type { MadeGrant } from "./trust/housekeeping.js";
import { ADMIN, type Person } from "./trust/people.js";

const LOOKED_AT_ONCE = 16;
/** Within which a worker has told an outcome, where some runs have not come to their end. */
const TELLING_MS = 5_000;
const EXPORT_MS = 60_000;
const MOST_EXPORTS = 40;
/** Between two exports. */
const AGAIN_MS = 500;

export interface Sources {
  readonly callers: Callers;
  readonly people: readonly Person[];
  readonly grants: readonly MadeGrant[];
}

/** Everything that is known when all is over. */
export async function gather(target: Target, records: readonly RunRecord[], sources: Sources): Promise<Evidence> {
  const { callers } = sources;
  const { signal } = new AbortController();
  setMaxListeners(0, signal);
  // The ledger first: what had begun by then is on record by now, and what had ended has been told.
  const ledger = target.ledger();
  const livingPids = target.livingPids();
  await pause(records.every(({ readersHadMs }) => readersHadMs !== undefined) ? 0 : TELLING_MS);
  const whole: RunRecord[] = [];
  for (let from = 0; from < records.length; from += LOOKED_AT_ONCE) {
    const some = records.slice(from, from + LOOKED_AT_ONCE);
    whole.push(...(await Promise.all(some.map((record) => lookBack(record, { callers, signal })))));
  }
  const { gated, once } = target;
  const trust = await trustOf(target, whole, sources);
  return { records: whole, ledger, gated, once, livingPids, stored: await target.stored(), trust };
}

/** The audit has what was decided within seconds: it is asked again until it has the ends, or does not get further. */
async function trustOf(
  { trusted }: Target,
  records: readonly RunRecord[],
  { people, grants }: Sources,
): Promise<TrustEvidence | undefined> {
  const admin = people.find(({ name }) => name === ADMIN);
  if (trusted === undefined || admin === undefined) return undefined;
  const { signal } = new AbortController();
  const acts = records.flatMap(({ history }) => history.filter(({ event }) => event.case === "decided")).length;
  for (let tries = 1; ; tries += 1) {
    const audit = await admin.callers.ask(async (rpc, how) => {
      const lines: string[] = [];
      for await (const { line } of rpc.audit.exportAudit({}, { ...how, timeoutMs: EXPORT_MS })) lines.push(line);
      return lines;
    }, signal);
    const decided = audit.filter((line) => (JSON.parse(line) as { kind?: string }).kind === "decided").length;
    if (decided >= acts || tries >= MOST_EXPORTS) {
      return { audit: audit.slice(1), report: await verifyAudit(audit, trusted), trusted, grants };
    }
    await pause(AGAIN_MS, signal);
  }
}
