// Which starts of a call the audit knows of: what a row that was set back, or cut, no longer tells.
import { digestOf } from "@agentspan/internal";
import { saidIn } from "../audit/said-in.js";
import type { Run, ToolStarted } from "../core/index.js";
import type { AuditStore } from "../ports.js";

export interface GrantedStart {
  readonly attempt: number;
  readonly nonceDigest: string;
}

const PAGE = 100;

/** All of them, as far as they are in the audit: about two seconds after they were stored. Undefined where one cannot be read. */
export async function grantedBefore(
  audit: Pick<AuditStore, "listAudit">,
  { runId, namespace }: Pick<Run, "runId" | "namespace">,
  { callId, tool }: { readonly callId: string; readonly tool: string },
): Promise<readonly GrantedStart[] | undefined> {
  const found: GrantedStart[] = [];
  const query = { namespace, run: runId, kinds: ["granted"], tool, limit: PAGE } as const;
  for (let pageToken: string | undefined; ; ) {
    const page = await audit.listAudit({ ...query, ...(pageToken === undefined ? {} : { pageToken }) });
    for (const entry of page.items) {
      const { call, attempt, nonceDigest } = saidIn(entry);
      // It may be of this very call.
      if (call === undefined) return undefined;
      if (call === callId) found.push({ attempt: Number(attempt), nonceDigest: String(nonceDigest) });
    }
    if (page.nextPageToken === undefined) return found;
    pageToken = page.nextPageToken;
  }
}

export function isThatStart(
  { attempt, nonceDigest }: GrantedStart,
  started: Pick<ToolStarted, "attempt" | "nonce">,
): boolean {
  return started.attempt === attempt && digestOf(started.nonce) === nonceDigest;
}
