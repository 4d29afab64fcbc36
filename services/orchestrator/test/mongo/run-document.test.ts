import { describe, expect, it } from "vitest";
import { encodeWrite } from "../../src/mongo/run-document.js";
import type { StoredRun } from "../../src/ports.js";
import { following, gatedTurn, pause, starting, toolCall } from "../contracts/store/sample-runs.js";

const KEYS = [
  ["$set", "$unset", "$push", "$max", "$each"],
  ["v", "t", "schema", "run", "events", "schedule", "chunks", "inlineBytes", "totalBytes", "wakeAt"],
  [
    "namespace",
    "state",
    "agentName",
    "labels",
    "startedAt",
    "updatedAt",
    "openSince",
    "checkpointAt",
    "auditAt",
    "tellAt",
    "open",
    "kind",
    "tool",
  ],
  ["id", "from", "to"],
].flat();

const labels = JSON.parse('{"$set":"1","a.b":"2","__proto__":"3"}');
const first = starting("run_1", { labels, wakeAt: 5 });
const stored: StoredRun = {
  run: first.run,
  version: 1,
  events: [],
  chunks: [],
  schedule: JSON.parse('{"$inc":1,"a.b":2}'),
  inlineBytes: 1,
  totalBytes: 1,
};

describe("a run's document", () => {
  it("has keys of ours only, whatever callers and models wrote", () => {
    const writes = [
      first,
      following(stored, [...gatedTurn([{ callId: "c1", tool: "refund" }]), toolCall("c2", "x", '{"$gt":{"a.b":1}}')]),
      { ...following(stored, [pause("so")]), trim: { id: "c", from: 1, to: 2, keep: ["{}"] } },
    ];
    for (const write of writes) {
      const { u } = encodeWrite(write, "token").statement;
      expect(keysOf(u).filter((key) => !KEYS.includes(key))).toEqual([]);
    }
  });

  it("names each field once in an update, as a database demands", () => {
    const trim = { id: "c", from: 1, to: 2, keep: ["kept"] };
    const write = { ...following(stored, [pause("so")]), trim };
    const { u } = encodeWrite(write, "token").statement;
    const paths = Object.values(u).flatMap((fields: object) => Object.keys(fields));
    expect(new Set(paths).size).toBe(paths.length);
    expect(u.$set.events).toEqual(["kept", ...write.append.map(({ text }) => text)]);
    expect(u.$push).toEqual({ chunks: { id: "c", from: 1, to: 2 } });
  });

  it("clears the time of what is no longer owed or open", () => {
    const { u } = encodeWrite(following(stored, [pause("so")]), "token").statement;
    expect(u.$unset).toEqual({ wakeAt: "", openSince: "" });
  });

  it("writes what never changes only once", () => {
    const { u } = encodeWrite(following(stored, [pause("so")]), "token").statement;
    for (const key of ["namespace", "agentName", "labels", "startedAt"]) {
      expect(u.$set).not.toHaveProperty(key);
      expect(encodeWrite(first, "token").statement.u.$set).toHaveProperty(key);
    }
  });
});

function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.flatMap(keysOf);
  if (typeof value !== "object" || value === null || value instanceof Date) return [];
  return Object.entries(value).flatMap(([key, inner]) => [key, ...keysOf(inner)]);
}
