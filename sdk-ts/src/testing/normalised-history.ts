// Histories of two runs that went alike, made equal: what differs between any two runs is named by its place.
import type { TestedEvent } from "./tested-run.js";

/** Fields that hold an id, and what it is an id of. A version is one of a definition. */
const IDS: Readonly<Record<string, string>> = {
  runId: "run",
  childRunId: "run",
  rootRunId: "run",
  parentRunId: "run",
  approvalId: "approval",
  settlesApprovalId: "approval",
  decisionId: "decision",
  workerId: "worker",
  idempotencyKey: "key",
  agentVersion: "version",
};

/**
 * The events, each as plain data, in which ids are numbered in the order of their first mention ("run 1") and dates are
 * only there or not. Two runs went alike where these are equal.
 */
export function normalisedHistory(events: readonly TestedEvent[]): readonly unknown[] {
  const names = new Map<string, string>();
  const counts = new Map<string, number>();
  const nameOf = (what: string, id: string): string => {
    const key = `${what} ${id}`;
    const known = names.get(key);
    if (known !== undefined) return known;
    const count = (counts.get(what) ?? 0) + 1;
    counts.set(what, count);
    const name = `${what} ${count}`;
    names.set(key, name);
    return name;
  };
  const plain = (value: unknown, key: string): unknown => {
    if (value instanceof Date) return "a date";
    if (typeof value === "string") return IDS[key] === undefined || value === "" ? value : nameOf(IDS[key], value);
    if (Array.isArray(value)) return value.map((one) => plain(one, key));
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, plain(one, name)]));
  };
  return events.map((event) => plain(event, ""));
}
