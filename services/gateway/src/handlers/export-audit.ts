import type { AuditHeader } from "@agentspan/internal";
import {
  AuditService,
  type ExportAuditRequest,
  type ExportAuditResponse,
  ExportAuditResponseSchema,
  ListAuditRequestSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate } from "@bufbuild/protobuf/wkt";
import type { StreamHandler } from "../method.js";
import { checkExportAudit } from "../validation/audit.js";
import type { HandlerDeps } from "./deps.js";

const PAGE_SIZE = 500;

/** Lists all there is, page by page as it is taken; the first line says what was asked for. */
export function exportAudit({ orchestrators }: HandlerDeps): StreamHandler<ExportAuditRequest, ExportAuditResponse> {
  return async function* (request, context) {
    checkExportAudit(request);
    const { runId, from, to } = request;
    yield create(ExportAuditResponseSchema, { line: JSON.stringify(headerOf(request)) });
    const part = { runId, pageSize: PAGE_SIZE, ...(from && { from }), ...(to && { to }) };
    let pageToken = "";
    do {
      const asked = create(ListAuditRequestSchema, { ...part, pageToken });
      const page = await orchestrators.ask(AuditService.method.listAudit, asked, context);
      for (const { line } of page.entries) yield create(ExportAuditResponseSchema, { line });
      pageToken = page.nextPageToken;
    } while (pageToken !== "" && !context.signal.aborted);
  };
}

function headerOf({ runId, from, to }: ExportAuditRequest): AuditHeader {
  const iso = (time: Timestamp): string => timestampDate(time).toISOString();
  return {
    agentspanAudit: 1,
    ...(runId === "" ? {} : { run: runId }),
    ...(from === undefined ? {} : { from: iso(from) }),
    ...(to === undefined ? {} : { to: iso(to) }),
  };
}
