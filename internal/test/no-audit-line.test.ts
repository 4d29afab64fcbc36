// What an export has in place of an entry that could not be read.
import { expect, it } from "vitest";
import { type AuditEntry, auditLine, noAuditLine, type SealedEntry, sealed, verifyAudit } from "../src/index.js";

function chain(): readonly SealedEntry[] {
  const entries: SealedEntry[] = [];
  for (const kind of ["requested", "decided", "ended"] as const) {
    const sequence = entries.length + 1;
    const place = { chain: "run", run: "run_a", namespace: "default", sequence, at: sequence } as const;
    const entry: AuditEntry = { ...place, kind, previous: entries.at(-1)?.hash ?? "" };
    entries.push(sealed(entry, undefined, sequence));
  }
  return entries;
}

it("is named by the verification, and so is the entry that follows on it", async () => {
  const lines = chain().map(auditLine);
  expect((await verifyAudit(lines)).faults).toEqual([]);
  for (const text of [undefined, "", "{"]) {
    const { faults } = await verifyAudit(lines.with(1, noAuditLine("run_a/000000002", text)));
    expect(faults).toMatchObject([
      { line: 2, entry: "run_a/000000002", problem: "this is no entry of an audit" },
      { line: 3, entry: "run_a/000000003" },
    ]);
  }
});
