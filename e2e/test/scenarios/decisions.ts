import { newId } from "@agentspan/internal";
import { RunState } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { expect, it } from "vitest";
import { deskAgent, lenientAgent, type Stack, until } from "../../src/index.js";
import {
  approvalOf,
  call,
  type DeskRun,
  ended,
  REFUND,
  refusal,
  startRun,
  theApproval,
  waitingFor,
} from "../desk-run.js";

/** Who decides what, once, whatever is sent twice or at the same instant. */
export function decisionScenarios(current: () => Stack): void {
  it("answers a repeated approve with the first answer, and never decides the next checkpoint by it", async () => {
    const stack = current();
    const run = await startRun(stack, "repeated", [call("refund", REFUND), call("email"), { text: "ok" }]);
    const first = await theApproval(run);
    const asked = { approvalId: first.approvalId, decisionId: newId("dec") };
    expect(await run.handle.approve(asked)).toMatchObject({ repeated: false, closed: true });
    const second = await theApproval(run);
    const again = await stack
      .runtime(1)
      .handle(run.runId)
      .approve({ ...asked, argumentsDigest: first.argumentsDigest });
    expect(again).toMatchObject({ repeated: true, closed: true, decision: { approvalId: first.approvalId } });
    expect((await theApproval(run)).approvalId).toBe(second.approvalId);
    await run.handle.approve();
    await ended(run);
    expect(stack.ledger.begun(run.runId).map(({ tool }) => tool)).toEqual(["refund", "email"]);
  });

  it("takes one decision id from two clients at once as one act", async () => {
    const stack = current();
    const run = await startRun(stack, "two clients", [call("refund", REFUND), call("email"), { text: "ok" }]);
    const { approvalId, argumentsDigest } = await theApproval(run);
    const asked = { runId: run.runId, approvalId, argumentsDigest, decisionId: newId("dec") };
    const answers = await Promise.all([0, 1, 0, 1].map((at) => stack.rpc(at).runs.approve(asked)));
    expect(answers.filter(({ repeated }) => !repeated)).toHaveLength(1);
    expect(new Set(answers.map(({ decision }) => decision?.decisionId))).toEqual(new Set([asked.decisionId]));
    expect((await theApproval(run)).toolName).toBe("email");
    await run.handle.approve();
    await ended(run);
    expect(stack.ledger.begun(run.runId)).toHaveLength(2);
  });

  it("refuses a decision id that comes back with another request", async () => {
    const stack = current();
    const run = await startRun(stack, "another request", [call("refund", REFUND), call("email"), { text: "ok" }]);
    const decisionId = newId("dec");
    await theApproval(run);
    await run.handle.approve({ decisionId });
    const second = await theApproval(run);
    await refusal(run.handle.reject("no", { decisionId }), "IDEMPOTENCY_KEY_REUSED");
    expect((await theApproval(run)).approvalId).toBe(second.approvalId);
    await run.handle.reject("no");
    await ended(run);
  });

  it("lets exactly one of two people win who approve and reject at the same instant through two gateways", async () => {
    const stack = current();
    const runs = await Promise.all(
      Array.from({ length: 6 }, () => startRun(stack, "race", [call("refund", REFUND), { text: "ok" }])),
    );
    for (const run of runs) {
      const { approvalId } = await theApproval(run);
      const attempts = await Promise.allSettled([
        stack.runtime(0).handle(run.runId).approve({ approvalId }),
        stack.runtime(1).handle(run.runId).reject("no", { approvalId }),
      ]);
      const lost = attempts.filter((attempt) => attempt.status === "rejected");
      expect(lost).toHaveLength(1);
      const approved = attempts[0]?.status === "fulfilled";
      expect(lost[0]?.reason).toMatchObject({
        reason: "ALREADY_DECIDED",
        metadata: { outcome: approved ? "approved" : "rejected" },
      });
      expect(lost[0]?.reason.metadata.winner).not.toBe("");
      expect(Math.abs(Date.now() - Number(lost[0]?.reason.metadata.time))).toBeLessThan(60_000);
      await ended(run);
      expect(stack.ledger.begun(run.runId)).toHaveLength(approved ? 1 : 0);
    }
  });

  it("refuses what names too little, too much or the wrong thing, and leaves the checkpoints open", async () => {
    const stack = current();
    const { runs } = stack.rpc();
    const calls = [
      { tool: "refund", args: REFUND },
      { tool: "erase", args: {} },
    ];
    const run = await startRun(stack, "refusals", [{ calls }, { text: "ok" }]);
    const { pendingApprovals } = await waitingFor(run, 2);
    const [refund, erase] = [approvalOf(pendingApprovals, "refund"), approvalOf(pendingApprovals, "erase")];
    const { handle } = run;
    const bare = stack.runtime(1).handle(run.runId);
    const several = await refusal(bare.approve(), "APPROVAL_ID_REQUIRED");
    expect(several.message).toContain(refund.approvalId);
    expect(several.message).toContain(erase.approvalId);
    await refusal(bare.approve({ approvalId: "apr_none_0" }), "APPROVAL_NOT_FOUND");
    // The tool demands the digest that was shown, and this handle has shown nothing.
    await refusal(bare.approve({ approvalId: erase.approvalId }), "APPROVAL_ID_REQUIRED");
    const changed = { approvalId: refund.approvalId, argumentsDigest: `sha256:${"0".repeat(64)}` };
    await refusal(bare.approve(changed), "ARGUMENTS_CHANGED");
    await refusal(bare.settle("HAPPENED", { approvalId: refund.approvalId }), "INVALID_REQUEST");
    await expect(runs.approve({ runId: run.runId })).rejects.toThrow(/2 open approvals/);
    await waitingFor(run, 2);

    await handle.getStatus();
    await handle.approve({ approvalId: erase.approvalId });
    await handle.reject("no", { approvalId: refund.approvalId });
    await ended(run);
    await refusal(handle.approve({ approvalId: refund.approvalId }), "ALREADY_DECIDED");
    await refusal(stack.runtime().handle(run.runId).approve(), "NOTHING_TO_DECIDE");
    await expect(runs.approve({ runId: run.runId })).rejects.toThrow(/has ended/);
  });

  it("takes no bare approve of a checkpoint that nobody can have read yet, and takes it a second later", async () => {
    const stack = current();
    const { runs } = stack.rpc();
    const refused = async (): Promise<DeskRun | undefined> => {
      const run = await startRun(stack, "bare", [call("refund", REFUND), { text: "ok" }]);
      const { requestedAt } = await theApproval(run);
      const answer = await runs.approve({ runId: run.runId }).catch((error: unknown) => String(error));
      if (typeof answer === "string") {
        expect(answer).toMatch(/too recently/);
        return run;
      }
      // A slow machine has taken that second to get here.
      const decidedAt = answer.decision?.decidedAt;
      const readFor = decidedAt === undefined ? 0 : timestampMs(decidedAt) - (requestedAt?.getTime() ?? Number.NaN);
      expect(readFor).toBeGreaterThanOrEqual(1_000);
      return undefined;
    };
    let run = await refused();
    while (run === undefined) run = await refused();
    const { runId } = run;
    const answer = await until("a bare approve is taken", () => runs.approve({ runId }), { everyMs: 100 });
    expect(answer.closed).toBe(true);
    await ended(run);
    expect(stack.ledger.begun(runId)).toHaveLength(1);
  });

  it("runs edited arguments in place of the model's, checks them by the schema, and tells the model", async () => {
    const stack = current();
    const run = await startRun(stack, "edited", [call("refund", REFUND), { text: "ok" }]);
    const { approvalId } = await theApproval(run);
    const bad = { approvalId, editedArguments: { order_id: "ORD-8821", amount: "all of it" } };
    await refusal(run.handle.approve(bad), "INVALID_ARGUMENTS");
    const edited = { order_id: "ORD-8821", amount: 10 };
    const { decision } = await run.handle.approve({ approvalId, editedArguments: edited });
    expect(JSON.parse(decision?.editedArgumentsJson ?? "")).toEqual(edited);
    await ended(run);
    expect(stack.ledger.begun(run.runId).map(({ args }) => JSON.parse(args))).toEqual([edited]);
    expect(stack.model.told(run.input)[0]).toMatch(/^A person changed the arguments .*"amount":10.*Outcome: /);
  });

  it("lets a person's answer stand in for the tool, which then does not run", async () => {
    const stack = current();
    const run = await startRun(stack, "respond", [call("refund", REFUND), { text: "ok" }]);
    await theApproval(run);
    await run.handle.respond({ refunded: "by hand" });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.model.told(run.input)[0]).toContain('{"refunded":"by hand"}');
    expect(stack.ledger.begun(run.runId)).toEqual([]);
  });

  it("keeps a decision while no worker is connected, says what it is blocked on, and runs the tool when one comes", async () => {
    const stack = current();
    const agent = deskAgent("unmanned");
    const run = await startRun(stack, "unmanned", [call("refund", REFUND), { text: "ok" }], { agent });
    await theApproval(run);
    expect((await run.handle.getStatus()).blockedOn).toEqual([]);
    expect((await run.handle.approve()).closed).toBe(true);
    const blocked = await run.handle.getStatus();
    expect(blocked).toMatchObject({ state: "RUNNING", isWaiting: false, blockedOn: ["refund"] });
    const { runs } = await stack.rpc(0).runs.listRuns({ agentName: agent.name, states: [RunState.RUNNING] });
    expect(runs.find(({ runId }) => runId === run.runId)?.blockedOn).toEqual(["refund"]);
    const worker = await stack.addWorker({ queues: ["unmanned"] });
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.ledger.begun(run.runId)).toHaveLength(1);
    await stack.remove(worker);
  });

  it("waits for approval where the definition asks for none and the tool's owner does", async () => {
    const stack = current();
    const run = await startRun(stack, "owner", [call("wipe", { all: true }), { text: "ok" }], {
      agent: lenientAgent(),
    });
    const approval = await theApproval(run);
    expect(approval).toMatchObject({ toolName: "wipe", reason: expect.stringContaining("owner") });
    expect(stack.ledger.begun(run.runId)).toEqual([]);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(stack.ledger.begun(run.runId)).toHaveLength(1);
  });
}
