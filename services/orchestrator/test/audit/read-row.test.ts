// What is told of entries of the audit whose rows somebody changed.
import { createLogger } from "@agentspan/internal";
import { ListAuditRequestSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { beforeAll, describe, expect, it } from "vitest";
import { readRow } from "../../src/audit/read-row.js";
import { MemoryStore } from "../../src/memory/memory-store.js";
import type { AuditRecord } from "../../src/ports.js";
import { listAudit } from "../../src/requests/audit.js";
import type { RequestContext } from "../../src/requests/index.js";
import { auditorAt, PAID, paidRefund, recordsIn, SignedScene } from "./audit-desk.js";

describe("the rows of an audit", () => {
  const scene = new SignedScene();
  let rows: readonly AuditRecord[] = [];

  beforeAll(async () => {
    const desk = scene.desk();
    await paidRefund(desk, "run_a");
    await auditorAt(desk).catchUp();
    rows = recordsIn(scene.database);
  });

  const list = async (
    change: (row: AuditRecord) => Partial<AuditRecord>,
    asked: MessageInitShape<typeof ListAuditRequestSchema> = {},
  ) => {
    const store = new MemoryStore();
    await store.putAudit(rows.map((row) => ({ ...row, ...change(row) })));
    const log = createLogger("test", "silent");
    const context = { store, namespace: "default", log } as unknown as RequestContext;
    return (await listAudit(context, create(ListAuditRequestSchema, asked))).entries;
  };

  it("are told as their entries have it", async () => {
    expect(rows.map(readRow).filter(({ problem }) => problem !== undefined)).toEqual([]);
    const entries = await list(() => ({}));
    expect(entries.map(({ kind, problem }) => [kind, problem])).toEqual(PAID.map((kind) => [kind, ""]));
    expect(entries.find(({ kind }) => kind === "decided")?.people).toEqual(
      rows.find(({ kind }) => kind === "decided")?.people,
    );
  });

  it("are told to be found by what their entries do not say", async () => {
    const changes: readonly Partial<AuditRecord>[] = [
      { people: ["eve"] },
      { people: [] },
      { tool: "harmless" },
      { kind: "closed" },
      { at: 7 },
      { run: "run_b" },
      { sequence: 99 },
      { chain: "refused" },
    ];
    for (const change of changes) {
      const [field = ""] = Object.keys(change);
      const entries = await list(({ kind }) => (kind === "decided" ? change : {}));
      const [entry, ...others] = entries.filter(({ problem }) => problem !== "");
      expect(others).toEqual([]);
      expect(entry).toMatchObject({ kind: "decided", runId: "run_a", toolName: "refund" });
      expect(entry?.problem).toBe(`it is stored under another ${field} than it has`);
    }
    const found = await list(({ kind }) => (kind === "decided" ? { people: ["eve"] } : {}), { who: "eve" });
    expect(found).toMatchObject([{ people: [expect.not.stringMatching("eve")], problem: /another people/ }]);
  });

  it("are told to be changed where their text is, and where it is no entry", async () => {
    const changed = await list(({ kind, text }) =>
      kind === "decided" ? { text: text.replace("refund", "nothing") } : {},
    );
    expect(changed.find(({ kind }) => kind === "decided")?.problem).toContain("its hash is not that of what it says");
    for (const text of ["{", "null", '{"chain":"run"}']) {
      const broken = await list(({ kind }) => (kind === "decided" ? { text } : {}));
      expect(broken).toHaveLength(PAID.length);
      const entryId = rows.find(({ kind }) => kind === "decided")?.id;
      expect(broken.find(({ problem }) => problem !== "")).toMatchObject({
        line: JSON.stringify({ unreadable: entryId, text }),
        entryId,
        problem: "its text is no entry of an audit",
      });
    }
  });

  it("show nothing of another namespace, whichever they are stored under", async () => {
    const context = { store: new MemoryStore(), namespace: "acme", log: createLogger("test", "silent") };
    await context.store.putAudit(rows.map((row) => ({ ...row, namespace: "acme" })));
    const { entries } = await listAudit(context as unknown as RequestContext, create(ListAuditRequestSchema, {}));
    expect(entries).toEqual([]);
  });
});
