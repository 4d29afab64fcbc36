// What somebody can do who has MongoDB in hand, and no signing key: nothing that a worker would run.
import { digestOf } from "@agentspan/internal";
import type { Event } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import { ANNOUNCE_SOON, deskAgent, type Stack, strictAgent, until } from "../../src/index.js";
import { approvalOf, call, ended, REFUND, startRun, theApproval, waitingFor } from "../desk-run.js";
import { hint, historyOf, only, waitingRun } from "../signed-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ signed: true, env: ANNOUNCE_SOON });

describe("a row that was changed between the approval and the execution", () => {
  interface Row {
    events: string[];
    run: string;
  }
  const changes: readonly (readonly [string, (row: Row) => void, RegExp])[] = [
    [
      "in its arguments",
      (row) => {
        row.events = row.events.map((text) => text.replace("29.99", "2999.99"));
      },
      /arguments are not those of its digest/,
    ],
    [
      "in its arguments and every digest",
      (row) => {
        const [old, changed] = ["29.99", "2999.99"].map((amount) => `{"amount":${amount},"order_id":"ORD-8821"}`);
        const swap = (text: string) => text.replaceAll(digestOf(old ?? ""), digestOf(changed ?? ""));
        row.events = row.events.map((text) => swap(text).replace("29.99", "2999.99"));
        row.run = swap(row.run);
      },
      /is not of what it says/,
    ],
    [
      "in who decided",
      (row) => {
        row.events = row.events.map((text) => text.replace('"who":"anonymous"', '"who":"the boss"'));
      },
      /is not of what it says/,
    ],
    [
      "in its signature, which is gone",
      (row) => {
        row.events = row.events.map((text) => {
          const event = JSON.parse(text) as { fact: { type: string; signed?: unknown } };
          if (event.fact.type === "decided") delete event.fact.signed;
          return JSON.stringify(event);
        });
      },
      /not signed/,
    ],
  ];

  it.each(changes)("%s: no worker runs it, and the run says why", async (name, change, why) => {
    const queue = `tampered_${changes.findIndex(([one]) => one === name)}`;
    const run = await waitingRun(stack.current, name, queue);
    await run.handle.approve();
    await tamper(stack.current, run.runId, change);
    await stack.current.addWorker({ queues: [queue] });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.begun(run.runId)).toEqual([]);
    const { outcome } = only(await historyOf(stack.current, run), "toolResult");
    expect(outcome).toMatchObject({ case: "error", value: expect.stringMatching(/did not run and had no effect/) });
    expect(outcome.value).toMatch(why);
    expect(stack.current.model.told(run.input)).toEqual([expect.stringMatching(why)]);
  });

  it("into one that did not run yet: it runs no second time, and the run says why", async () => {
    const both = { calls: [...call("refund", REFUND).calls, ...call("email").calls] };
    const run = await startRun(stack.current, "again", [both, { text: "ok" }], { agent: deskAgent("again") });
    const { pendingApprovals } = await waitingFor(run, 2);
    const { approvalId, callId } = approvalOf(pendingApprovals, "refund");
    await stack.current.addWorker({ queues: ["again"] });
    await run.handle.approve({ approvalId });
    await until("the refund is paid", () => stack.current.ledger.done(run.runId).length === 1);
    await until("its outcome is stored", async () =>
      (await historyOf(stack.current, run)).some(({ event }) => event.case === "toolResult"),
    );
    await tamper(stack.current, run.runId, (row) => {
      const state = JSON.parse(row.run) as { turn: { calls: { callId: string }[] } };
      const ready = { attempts: 2, claims: [], state: { kind: "ready", attempt: 2, since: 0, notBefore: 0 } };
      state.turn.calls = state.turn.calls.map((one) => (one.callId === callId ? { ...one, ...ready } : one));
      row.run = JSON.stringify(state);
    });
    await hint(stack.current, run.runId, callId, "again", { attempt: 2 });
    const results = async () =>
      (await historyOf(stack.current, run)).flatMap(({ event }) => (event.case === "toolResult" ? [event.value] : []));
    const last = await until("the run says why", async () => (await results())[1]);
    expect(last.outcome.value).toMatch(/did not run and had no effect.*it has ended/);
    expect(stack.current.ledger.begun(run.runId)).toHaveLength(1);
  });

  it("into one that waits for nobody: no worker runs it, and the run says why", async () => {
    const agent = strictAgent("ungated");
    const run = await startRun(stack.current, "ungated", [call("get_order", {}), { text: "ok" }], { agent });
    const { callId } = await theApproval(run);
    await tamper(stack.current, run.runId, (row) => {
      const state = JSON.parse(row.run) as { turn: { calls: object[] }; checkpoints: object };
      const ready = { kind: "ready", attempt: 1, since: 0, notBefore: 0 };
      state.turn.calls = state.turn.calls.map((call) => ({ ...call, gate: "plain", attempts: 1, state: ready }));
      row.run = JSON.stringify({ ...state, checkpoints: {} });
    });
    await stack.current.addWorker({ queues: ["ungated"] });
    await hint(stack.current, run.runId, callId, "ungated", { tool: "get_order" });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.current.ledger.begun(run.runId)).toEqual([]);
    const { outcome } = only(await historyOf(stack.current, run), "toolResult");
    expect(outcome.value).toMatch(/definition asks for people, and nobody decided/);
  });

  it("into one that nobody decided: no worker runs it", async () => {
    const run = await waitingRun(stack.current, "made up", "made_up");
    const approved = await waitingRun(stack.current, "the pattern", "made_up");
    const taken = (await theApproval(approved)).approvalId;
    const { approvalId } = await theApproval(run);
    await approved.handle.approve();
    const pattern = await rowOf(stack.current, approved.runId);
    const swap = (text: string) => text.replaceAll(approved.runId, run.runId).replaceAll(taken, approvalId);
    await tamper(stack.current, run.runId, (row) => {
      row.events = pattern.events.map(swap);
      row.run = swap(pattern.run);
    });
    await stack.current.addWorker({ queues: ["made_up"] });
    expect((await ended(approved)).state).toBe("COMPLETED");
    // What is due is looked for by its time, which the row keeps; a hint by hand makes it come at once.
    await hint(stack.current, run.runId, (await historyOf(stack.current, run)).flatMap(callIdOf)[0] ?? "", "made_up");
    await until("the call has ended", async () =>
      (await historyOf(stack.current, run)).some(({ event }) => event.case === "toolResult"),
    );
    expect(only(await historyOf(stack.current, run), "toolResult").outcome.value).toMatch(/is not of what it says/);
    expect(stack.current.ledger.begun(run.runId)).toEqual([]);
    expect(stack.current.ledger.done(approved.runId)).toHaveLength(1);
  });
});

interface StoredRow {
  readonly _id: string;
  readonly v: number;
  readonly events: string[];
  readonly run: string;
}

async function rowOf({ database }: Stack, runId: string): Promise<StoredRow> {
  const row = await database.collection<StoredRow>("runs").findOne({ _id: runId });
  if (row === null) throw new Error(`There is no run ${runId}.`);
  return row;
}

/**
 * As somebody would who knows how rows are versioned, so that nobody goes on with what he had read before, and no write of
 * an orchestrator is undone.
 */
async function tamper(
  current: Stack,
  runId: string,
  change: (row: { events: string[]; run: string }) => void,
): Promise<void> {
  await until("the row is changed as it was read", async () => {
    const { v, events, run } = await rowOf(current, runId);
    const row = { events: [...events], run };
    change(row);
    expect({ events, run }).not.toEqual(row);
    const set = { events: row.events, run: row.run, v: v + 1, t: "tampered" };
    const rows = current.database.collection<StoredRow>("runs");
    return (await rows.updateOne({ _id: runId, v }, { $set: set })).matchedCount === 1;
  });
}

function callIdOf({ event }: Event): readonly string[] {
  return event.case === "toolCall" ? [event.value.callId] : [];
}
