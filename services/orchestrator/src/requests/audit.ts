// ListAudit, by which gateways export too.
import { AgentspanError, AUDIT_KINDS, type AuditKind, Limits } from "@agentspan/internal";
import {
  type AuditEntry,
  AuditEntrySchema,
  type ListAuditRequest,
  type ListAuditResponse,
  ListAuditResponseSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { readRow } from "../audit/read-row.js";
import type { FoundAudit } from "../ports.js";
import type { RequestContext } from "./context.js";
import { pageSizeOf } from "./read.js";

export async function listAudit(context: RequestContext, request: ListAuditRequest): Promise<ListAuditResponse> {
  const { store, auditor, namespace } = context;
  const { runId, who, kinds, toolName, pageToken } = request;
  // Whoever asks what became of a run has seen it, and finds here what they have seen.
  if (pageToken === "") await auditor?.catchUp(runId === "" ? undefined : runId);
  const page = await store.listAudit({
    namespace,
    ...(runId === "" ? {} : { run: runId }),
    ...(who === "" ? {} : { who }),
    kinds: kinds.map(kindOf),
    ...(toolName === "" ? {} : { tool: toolName }),
    ...timeOf("from", request.from),
    ...timeOf("to", request.to),
    limit: pageSizeOf(request.pageSize, Limits.defaultPageSize),
    ...(pageToken === "" ? {} : { pageToken }),
  });
  return create(ListAuditResponseSchema, {
    entries: page.items.flatMap((record) => encodeEntry(context, record)),
    nextPageToken: page.nextPageToken ?? "",
  });
}

/** Nothing of an entry of another namespace, whichever its row says that it is of. */
function encodeEntry({ namespace, log }: RequestContext, record: FoundAudit): readonly AuditEntry[] {
  const { index, line, problem = "" } = readRow(record);
  if (problem !== "") log.error({ entry: record.id, problem }, "An entry of the audit is not stored as it was written");
  if (index.namespace !== namespace) return [];
  const { id: entryId, run: runId = "", at, kind = "", people = [], tool: toolName = "" } = index;
  const time = at === undefined ? {} : { at: timestampFromMs(at) };
  return [create(AuditEntrySchema, { entryId, runId, ...time, kind, people: [...people], toolName, line, problem })];
}

function kindOf(text: string): AuditKind {
  const kind = AUDIT_KINDS.find((one) => one === text);
  if (kind !== undefined) return kind;
  throw new AgentspanError("INVALID_REQUEST", `The audit has no entries of kind ${text}.`, {
    fields: [{ field: "kinds", description: `must be of ${AUDIT_KINDS.join(", ")}` }],
  });
}

function timeOf(field: "from" | "to", time: Timestamp | undefined): { from?: number; to?: number } {
  return time === undefined ? {} : { [field]: timestampMs(time) };
}
