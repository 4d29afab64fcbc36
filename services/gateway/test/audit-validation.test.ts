import { ExportAuditRequestSchema, ListAuditRequestSchema } from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { describe, expect, it } from "vitest";
import { checkExportAudit, checkListAudit } from "../src/validation/audit.js";

const fieldsOf = (check: () => void): readonly string[] => {
  try {
    check();
    return [];
  } catch (error) {
    return (error as { fields: readonly { field: string }[] }).fields.map(({ field }) => field);
  }
};

describe("what is asked of the audit", () => {
  it("is taken whole and with every filter", () => {
    const [from, to] = [timestampFromMs(0), timestampFromMs(Date.UTC(2030, 0, 1))];
    const all = { runId: "run_1", who: "alex@acme.test", kinds: ["decided", "refused"], toolName: "refund", from, to };
    expect(fieldsOf(() => checkListAudit(create(ListAuditRequestSchema, {})))).toEqual([]);
    expect(fieldsOf(() => checkListAudit(create(ListAuditRequestSchema, { ...all, pageSize: 1_000 })))).toEqual([]);
    expect(fieldsOf(() => checkExportAudit(create(ExportAuditRequestSchema, { runId: "run_1", from, to })))).toEqual(
      [],
    );
  });

  it("is refused with each field that is wrong", () => {
    const time = timestampFromMs(-1);
    const wrong = {
      runId: "a/b",
      kinds: ["decided", "guessed"],
      toolName: "a b",
      from: time,
      to: time,
      pageSize: 1_001,
    };
    const fields = ["runId", "from", "to", "kinds[1]", "toolName", "pageSize"];
    expect(fieldsOf(() => checkListAudit(create(ListAuditRequestSchema, wrong)))).toEqual(fields);
    const part = { runId: "a/b", from: time };
    expect(fieldsOf(() => checkExportAudit(create(ExportAuditRequestSchema, part)))).toEqual(["runId", "from"]);
  });
});
