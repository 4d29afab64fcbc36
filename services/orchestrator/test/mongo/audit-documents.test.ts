// How the audit's entries travel: many small commands, between which the store serves runs.
import { describe, expect, it } from "vitest";
import { AuditDocuments } from "../../src/mongo/audit-documents.js";
import type { Database, Statement } from "../../src/mongo/database.js";
import type { AuditRecord } from "../../src/ports.js";

const records = Array.from({ length: 130 }, (_, index): AuditRecord => {
  const sequence = index + 1;
  return {
    id: `run_1/${String(sequence).padStart(9, "0")}`,
    namespace: "default",
    run: "run_1",
    chain: "run",
    sequence,
    at: sequence,
    kind: "decided",
    people: [],
    tool: "refund",
    text: "{}",
    hash: `hash ${sequence}`,
  };
});

/** A server that has the entries `taken` already. */
function server(taken: readonly string[] = []) {
  const kept = new Set(taken);
  const commands: number[] = [];
  const database: Pick<Database, "upsert" | "insertInOrder"> = {
    upsert: async (_, statements) => {
      commands.push(statements.length);
      const inserted = new Set(statements.flatMap((one, index) => (insert(one) ? [index] : [])));
      return { inserted, duplicates: new Set() };
    },
    insertInOrder: async (_, statements) => {
      commands.push(statements.length);
      const stop = statements.findIndex((one) => !insert(one));
      return stop === -1 ? statements.length : stop;
    },
  };
  const insert = ({ q }: Statement): boolean => {
    const is = !kept.has(q._id);
    kept.add(q._id);
    return is;
  };
  return { audit: new AuditDocuments(database as Database), commands, kept };
}

describe("entries of the audit", () => {
  it("travel at most 32 together, in order", async () => {
    const { audit, commands, kept } = server();
    await audit.putAudit(records);
    expect(commands).toEqual([32, 32, 32, 32, 2]);
    expect([...kept]).toEqual(records.map(({ id }) => id));
  });

  it("end at the first whose place is taken, and nothing after it is sent", async () => {
    const { audit, commands } = server(["run_1/000000040"]);
    expect(await audit.appendAudit(records)).toBe(39);
    expect(commands).toEqual([32, 32]);
  });

  it("are told taken wherever they stood", async () => {
    const taken = ["run_1/000000040", "run_1/000000130"];
    expect(await server(taken).audit.putAudit(records)).toEqual(new Set(taken));
  });
});
