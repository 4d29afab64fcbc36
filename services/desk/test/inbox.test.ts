import {
  ApprovalKind,
  ApprovalSchema,
  VoteSchema,
  type WatchApprovalsResponse,
  WatchApprovalsResponseSchema,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { filtered, NO_FILTERS } from "../src/inbox/filters.js";
import { EMPTY_INBOX, inboxOf, isWhole, keyOf, oldestFirst, withChanges } from "../src/inbox/inbox.js";

interface Told {
  readonly id: string;
  readonly at: number;
  readonly votes?: number;
  readonly closed?: boolean;
}

function told({ id, at, votes = 0, closed = false }: Told): WatchApprovalsResponse {
  const approval = create(ApprovalSchema, {
    runId: "run_1",
    approvalId: id,
    requestedAt: timestampFromMs(1_000),
    updatedAt: timestampFromMs(at),
    votes: Array.from({ length: votes }, () => create(VoteSchema)),
  });
  return create(WatchApprovalsResponseSchema, { approval, closed, cursor: String(at) });
}

describe("the inbox", () => {
  it("has one row for what is told twice, and the newest version of it", () => {
    const inbox = withChanges(EMPTY_INBOX, [
      told({ id: "a", at: 5 }),
      told({ id: "a", at: 7, votes: 1 }),
      told({ id: "a", at: 5 }),
    ]);
    expect([...inbox.open.values()].map(({ votes }) => votes.length)).toEqual([1]);
  });

  it("stays the same where nothing is new, so that nothing is drawn again", () => {
    const inbox = withChanges(EMPTY_INBOX, [told({ id: "a", at: 5 })]);
    expect(withChanges(inbox, [told({ id: "a", at: 5 }), told({ id: "a", at: 4 })])).toBe(inbox);
  });

  it("has what a first page listed, until a watch tells of it anew", () => {
    const listed = told({ id: "a", at: 5 }).approval;
    const first = inboxOf(listed === undefined ? [] : [listed]);
    expect([...first.open.keys()]).toEqual(["run_1/a"]);
    expect(withChanges(first, [told({ id: "a", at: 6, closed: true })]).open.size).toBe(0);
  });

  it("never brings back what was closed, whatever is told of it later", () => {
    const inbox = withChanges(EMPTY_INBOX, [
      told({ id: "a", at: 5 }),
      told({ id: "a", at: 6, closed: true }),
      told({ id: "a", at: 5 }),
    ]);
    expect(inbox.open.size).toBe(0);
  });

  it("ends the same in whatever pieces and however often its past is told", () => {
    const story = fc.array(fc.record({ id: fc.constantFrom("a", "b", "c"), at: fc.nat(50), closed: fc.boolean() }), {
      maxLength: 30,
    });
    fc.assert(
      fc.property(story, fc.nat(30), (steps, back) => {
        // One after the other, as a run's document changes; nothing follows an end.
        const ended = new Set<string>();
        const history = steps.flatMap((step, at) => {
          if (ended.has(step.id)) return [];
          if (step.closed) ended.add(step.id);
          return [told({ ...step, at: at + 1 })];
        });
        const once = withChanges(EMPTY_INBOX, history);
        const again = history.slice(Math.max(0, history.length - back));
        const twice = again.reduce((inbox, change) => withChanges(inbox, [change]), withChanges(EMPTY_INBOX, history));
        expect([...twice.open.keys()].sort()).toEqual([...once.open.keys()].sort());
        expect(oldestFirst(twice).map(keyOf)).toEqual(oldestFirst(once).map(keyOf));
      }),
    );
  });

  it("is whole when all has been told that the server counted, also what was closed since", () => {
    expect(isWhole(EMPTY_INBOX, undefined)).toBe(false);
    expect(isWhole(EMPTY_INBOX, 0)).toBe(true);
    const one = withChanges(EMPTY_INBOX, [told({ id: "a", at: 1 })]);
    expect([isWhole(one, 2), isWhole(one, 1)]).toEqual([false, true]);
    expect(isWhole(withChanges(one, [told({ id: "a", at: 2, closed: true })]), 1)).toBe(true);
  });

  it("is in the order in which things began to wait", () => {
    const at = (id: string, requested: number) => {
      const change = told({ id, at: 1 });
      if (change.approval !== undefined) change.approval.requestedAt = timestampFromMs(requested);
      return change;
    };
    const inbox = withChanges(EMPTY_INBOX, [at("late", 3), at("early", 1), at("b", 2), at("a", 2)]);
    expect(oldestFirst(inbox).map(({ approvalId }) => approvalId)).toEqual(["early", "a", "b", "late"]);
  });
});

describe("its filters", () => {
  const approval = (more: { toolName?: string; agentName?: string; kind?: ApprovalKind; argumentsJson?: string }) =>
    create(ApprovalSchema, { runId: "run_1", kind: ApprovalKind.APPROVAL, ...more });
  const refund = approval({ toolName: "refund", agentName: "desk", argumentsJson: '{"order_id":"ORD-8821"}' });
  const question = approval({ toolName: "ask", agentName: "shop", kind: ApprovalKind.QUESTION });

  it("take tool, agent and kind together", () => {
    expect(filtered([refund, question], NO_FILTERS)).toEqual([refund, question]);
    expect(filtered([refund, question], { ...NO_FILTERS, tool: "refund", agent: "shop" })).toEqual([]);
    expect(filtered([refund, question], { ...NO_FILTERS, kind: ApprovalKind.QUESTION })).toEqual([question]);
  });

  it("find every word that is searched for, wherever it stands", () => {
    expect(filtered([refund, question], { ...NO_FILTERS, search: " ord-8821  REFUND " })).toEqual([refund]);
    expect(filtered([refund, question], { ...NO_FILTERS, search: "ord-8821 ask" })).toEqual([]);
  });
});
