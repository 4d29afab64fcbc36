// Whether what was decided by standing grants is what their own records say: each use for one call, and once.
import type { AuditEntry } from "./audit-entry.js";
import type { AuditFault } from "./verify-audit.js";

interface Place {
  readonly line: number;
  readonly id: string;
}

interface Use extends Place {
  readonly grant: string;
  readonly use: number;
  readonly run: string;
  readonly call: string;
}

export class GrantUses {
  private readonly decisions: Use[] = [];
  /** By grant and use, for which call it was taken. */
  private readonly taken = new Map<string, { readonly run: string; readonly call: string }>();
  private readonly recorded = new Set<string>();

  note(entry: AuditEntry, place: Place): void {
    const { namespace, kind, run, call } = entry;
    if (entry.chain === "grant") {
      this.recorded.add(`${namespace} ${run}`);
      const { use, usedBy } = entry;
      if (kind !== "grant_used") return;
      this.taken.set(`${namespace} ${run}#${Number(use)}`, { run: String(usedBy), call: String(call) });
      return;
    }
    const ground = kind === "decided" ? groundOf(entry) : undefined;
    if (ground === undefined) return;
    const { grantId, use } = ground;
    this.decisions.push({ ...place, grant: `${namespace} ${grantId}`, use, run, call: String(call) });
  }

  /** `whole`: the file has the records of all grants. */
  faults(whole: boolean): readonly AuditFault[] {
    const faults: AuditFault[] = [];
    const seen = new Map<string, Use>();
    for (const decision of this.decisions) {
      const { line, id: entry, grant, use, run, call } = decision;
      const [, grantId = ""] = grant.split(" ");
      const fault = (problem: string): void => void faults.push({ line, entry, problem });
      const key = `${grant}#${use}`;
      const before = seen.get(key);
      if (before !== undefined) fault(`use ${use} of standing grant ${grantId} is that of ${before.id} too`);
      seen.set(key, before ?? decision);
      const taken = this.taken.get(key);
      if (taken !== undefined) {
        if (taken.run === run && taken.call === call) continue;
        fault(`use ${use} of standing grant ${grantId} was taken for another call, ${taken.call} of ${taken.run}`);
      } else if (whole || this.recorded.has(grant)) {
        fault(`the record of standing grant ${grantId} does not have its use ${use}`);
      }
    }
    return faults;
  }
}

/** The use of a standing grant that decided, as an entry says; undefined where a person did. */
export function groundOf({
  ground,
}: AuditEntry): { readonly grantId: string; readonly version: string; readonly use: number } | undefined {
  if (typeof ground !== "object" || ground === null) return undefined;
  const { grantId, version, use } = ground as Readonly<Record<string, unknown>>;
  return { grantId: String(grantId), version: String(version), use: Number(use) };
}
