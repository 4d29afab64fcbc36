// AuditService's requests.
import { AUDIT_KINDS } from "@agentspan/internal";
import type { ExportAuditRequest, ListAuditRequest } from "@agentspan/proto";
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { checkOnBehalfOf, checkOptionalId, checkOptionalName, checkPageSize, checkPageToken } from "./checks.js";
import { Faults } from "./faults.js";

const LAST_TIME_MS = Date.UTC(9999, 11, 31);

export function checkListAudit(request: ListAuditRequest): void {
  const faults = new Faults();
  checkPart(faults, request);
  checkOnBehalfOf(faults, "who", request.who);
  for (const [at, kind] of request.kinds.entries()) {
    if (!AUDIT_KINDS.some((one) => one === kind)) {
      faults.add(`kinds[${at}]`, `must be one of ${AUDIT_KINDS.join(", ")}`);
    }
  }
  checkOptionalName(faults, "toolName", request.toolName);
  checkPageSize(faults, "pageSize", request.pageSize);
  checkPageToken(faults, "pageToken", request.pageToken);
  faults.throwIfAny();
}

export function checkExportAudit(request: ExportAuditRequest): void {
  const faults = new Faults();
  checkPart(faults, request);
  faults.throwIfAny();
}

function checkPart(faults: Faults, { runId, from, to }: ListAuditRequest | ExportAuditRequest): void {
  checkOptionalId(faults, "runId", runId);
  checkTime(faults, "from", from);
  checkTime(faults, "to", to);
}

function checkTime(faults: Faults, field: string, time: Timestamp | undefined): void {
  if (time === undefined) return;
  const at = timestampMs(time);
  if (!(at >= 0 && at < LAST_TIME_MS)) faults.add(field, "must lie between the years 1970 and 9999");
}
