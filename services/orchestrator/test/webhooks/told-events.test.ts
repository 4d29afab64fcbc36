// Which events webhooks are told, and what is said of each.
import { describe, expect, it } from "vitest";
import type { Fact, RunEvent, UnknownAttempt } from "../../src/core/events.js";
import { evolve } from "../../src/core/evolve.js";
import type { Run } from "../../src/core/run.js";
import { newlyTold, toldEvents } from "../../src/webhooks/told-events.js";
import { close, end, gatedTurn, pause, starting, waiting } from "../contracts/store/sample-runs.js";

const AT = Date.UTC(2026, 0, 2);

/** A run of these facts, a second each, and its events. */
function played(facts: readonly Fact[]): { readonly run: Run; readonly events: readonly RunEvent[] } {
  const { run: begun, append } = starting("run_1", { at: AT, labels: { customer: "c-17" }, parentRunId: "run_0" });
  const events = append.map(({ text }) => JSON.parse(text) as RunEvent);
  let run: Run = begun;
  for (const fact of facts) {
    const sequence = run.lastSequence + 1;
    const event: RunEvent = { sequence, at: AT + sequence * 1_000 + 0.5, by: "orc_1", fact };
    run = evolve(run, event);
    events.push(event);
  }
  return { run, events };
}

function told(facts: readonly Fact[]) {
  const { run, events } = played(facts);
  return toldEvents(run, events);
}

const turn = gatedTurn([{ callId: "c1", tool: "refund" }]);
const decided: Fact = {
  ...{ type: "decided", approvalId: "apr_c1", callId: "c1", decisionId: "d1", requestHash: "h", who: "bot" },
  ...{ onBehalfOf: "maria", outcome: "approved", comment: "fine", edited: { arguments: '{"a":2}', digest: "d2" } },
};

describe("a webhook is told", () => {
  it("of a call that waits, with whose it is and why", () => {
    expect(told(turn)).toEqual([
      {
        ...{ sequence: 4, at: AT + 4_000, event: "WAITING", type: "approval.waiting", tool: "refund" },
        data: expect.objectContaining({
          ...{ namespace: "default", runId: "run_1", parentRunId: "run_0", agentName: "refunds", sequence: 4 },
          ...{ labels: { customer: "c-17" }, approvalId: "apr_c1", callId: "c1", kind: "APPROVAL", toolName: "refund" },
          ...{ argumentsDigest: "d", reason: "its owner asks for it", votesRequired: 1 },
        }),
        whole: { argumentsJson: "{}" },
        checkpoint: { askedBy: 4, previews: false },
      },
    ]);
  });

  it("of a decision, in whose name, and what was edited where whole arguments are asked for", () => {
    const [, one] = told([...turn, decided]);
    expect(one).toMatchObject({
      ...{ event: "DECIDED", type: "approval.decided", tool: "refund" },
      data: {
        outcome: "APPROVED",
        decidedBy: "bot",
        onBehalfOf: "maria",
        decisionId: "d1",
        editedArgumentsDigest: "d2",
      },
      whole: { argumentsJson: "{}", editedArgumentsJson: '{"a":2}', comment: "fine" },
    });
    expect(JSON.stringify(one?.data)).not.toMatch(/"a"|fine/);
  });

  it("of a decision by a standing grant, by which use of it", () => {
    const [replied, called] = turn;
    if (replied === undefined || called === undefined) throw new Error("A turn has a reply and a call.");
    const ground = { grantId: "gra_1", version: "v", use: 3 };
    expect(told([replied, called, { ...decided, ground }])).toMatchObject([
      { event: "DECIDED", tool: "refund", data: { kind: "APPROVAL", grant: ground } },
    ]);
  });

  it("of one that nobody decided in time, or that was closed otherwise, and why", () => {
    expect(told([...turn, close("c1")]).map(({ event }) => event)).toEqual(["WAITING", "EXPIRED"]);
    const closed: Fact = { type: "checkpoint_closed", approvalId: "apr_c1", callId: "c1", why: "WITHDRAWN" };
    expect(told([...turn, closed])[1]).toMatchObject({
      ...{ event: "CLOSED", type: "approval.closed", checkpoint: { askedBy: 4 } },
      data: { approvalId: "apr_c1", toolName: "refund", why: "WITHDRAWN" },
    });
  });

  it("of reminders, and of who decides once nobody did in time", () => {
    const reminded: Fact = { type: "reminded", approvalId: "apr_c1", callId: "c1", number: 2 };
    const approvers = { users: ["board@acme.test"], groups: [] };
    const escalated: Fact = {
      type: "escalated",
      approvalId: "apr_c1",
      callId: "c1",
      approvers,
      expiresAt: AT + 60_000,
    };
    const [, first, second, third] = told([...turn, reminded, escalated, reminded]);
    expect(first).toMatchObject({ event: "REMINDED", type: "approval.reminded", data: { number: 2 } });
    expect(first?.checkpoint).toEqual({ askedBy: 4, previews: false });
    expect(second).toMatchObject({
      ...{ event: "ESCALATED", type: "approval.escalated", checkpoint: { approvers } },
      data: { approvers, expiresAt: new Date(AT + 60_000).toISOString() },
    });
    expect(third).toMatchObject({ event: "REMINDED", checkpoint: { approvers }, data: { approvers } });
  });

  it("of an outcome that nobody knows, with what is known of it", () => {
    const attempt = { attempt: 1, nonce: "n", workerId: "w1", incarnation: "w1-1", grantedAt: AT };
    const unknown: UnknownAttempt = { ...attempt, cause: "TIMED_OUT" };
    const settlement = { ...waiting("c1", "refund", "SETTLEMENT"), approvalId: "set_c1", unknown } as Fact;
    const [, one] = told([...turn, settlement]);
    expect(one).toMatchObject({
      ...{ event: "OUTCOME_UNKNOWN", type: "approval.outcome_unknown" },
      data: { kind: "SETTLEMENT", unknownOutcome: { workerId: "w1", attempt: 1, idempotencyKey: "run_1-c1" } },
    });
    expect(JSON.stringify(one)).not.toContain('"nonce"');
  });

  it("of a question that waits, by its kind", () => {
    const [replied, called] = turn;
    if (replied === undefined || called === undefined) throw new Error("A turn has a reply and a call.");
    expect(told([replied, called, waiting("c1", "refund", "QUESTION")])).toMatchObject([
      { event: "WAITING", type: "approval.waiting", data: { kind: "QUESTION" } },
    ]);
  });

  it("of the end of a run, and of no output or message", () => {
    expect(told([end])).toMatchObject([{ event: "ENDED", tool: "", data: { state: "COMPLETED" }, whole: {} }]);
    const failed: Fact = { type: "ended", end: { state: "FAILED", reason: "MODEL_FAILED", message: "secret" } };
    const [one] = told([failed]);
    expect(one).toMatchObject({ type: "run.ended", data: { state: "FAILED", reason: "MODEL_FAILED" } });
    expect(JSON.stringify(one)).not.toContain("secret");
  });

  it("of nothing else", () => expect(told([pause("a while")])).toEqual([]));
});

describe("the last events of a run", () => {
  it("are enough where they have what they are about, and else all are asked for", () => {
    const { run, events } = played([...turn, decided]);
    expect(newlyTold(run, events, 4)).toEqual(toldEvents(run, events, 4));
    expect(newlyTold(run, events, 4)).toHaveLength(1);
    // The call stands in earlier ones.
    expect(newlyTold(run, events.slice(-1), 4)).toBeUndefined();
    // So does who was asked.
    const again: Fact = { type: "reminded", approvalId: "apr_c1", callId: "c1", number: 1 };
    const { run: reminded, events: all } = played([...turn, again]);
    expect(newlyTold(reminded, all, 4)).toHaveLength(1);
    expect(newlyTold(reminded, [...all.slice(0, 3), ...all.slice(4)], 4)).toBeUndefined();
  });
});
