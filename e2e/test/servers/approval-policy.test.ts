// What a tool's policy says of its approvals, through gateways, orchestrators, workers and the store as they run in
// production, with signatures on. Nobody is known here: whoever decides says for whom.
import { Agent, agentTool, humanTool } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { MODEL, until } from "../../src/index.js";
import { call, ended, startRun, theApproval } from "../desk-run.js";
import { agentWith, begunIn, PEOPLE, reasonOf } from "../policy-desk.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ orchestrators: 2, gateways: 1, workers: 1, signed: true });

const runs = () => stack.current.rpc().runs;
const begun = (runId: string) => begunIn(stack.current, runId);

describe("a tool that takes four eyes", () => {
  it("runs once two of its approvers have voted, and never before", async () => {
    const agent = agentWith("four_eyes", { get_order: { votes: 2, approvers: PEOPLE } });
    const run = await startRun(stack.current, "four eyes", [call("get_order", { n: 1 }), { text: "ok" }], { agent });
    const { approvalId, argumentsDigest, approvers, votesRequired } = await theApproval(run);
    const listed = async (filter: { assignee: string }) => {
      const asked = { ...filter, runId: run.runId, withTotal: true };
      return (await stack.current.rpc().approvals.listApprovals(asked)).total;
    };
    expect(await Promise.all([listed({ assignee: "maria" }), listed({ assignee: "zoe" })])).toEqual([1, 0]);
    expect([approvers?.users, votesRequired]).toEqual([["maria", "noah"], 2]);
    const vote = (onBehalfOf: string) => runs().approve({ runId: run.runId, approvalId, argumentsDigest, onBehalfOf });
    expect(await vote("maria")).toMatchObject({ closed: false, votesMissing: 1 });
    expect(await vote("maria")).toMatchObject({ closed: false, votesMissing: 1 });
    expect(await reasonOf(vote("zoe"))).toContain("is for maria, noah to decide");
    expect(await reasonOf(vote(""))).toContain("not for anonymous");
    expect(begun(run.runId)).toBe(0);
    expect(await vote("noah")).toMatchObject({ closed: true, votesMissing: 0 });
    await ended(run);
    expect(begun(run.runId)).toBe(1);
  });

  it("is asked of runs that start after it was deployed, and not of those that waited through three deployments", async () => {
    const name = "deployed";
    const agent = agentWith(name, { get_order: { approvers: PEOPLE } });
    const script = [call("get_order", { n: 3 }), { text: "ok" }];
    const run = await startRun(stack.current, "deployed before", script, { agent });
    const { approvalId, votesRequired } = await theApproval(run);
    const { agents } = stack.current.rpc();
    const versions = [];
    for (const votes of [2, 3, 4]) {
      const { definition } = agentWith(name, {
        get_order: { votes, approvers: { users: ["ceo"], groups: ["board"] } },
      });
      versions.push((await agents.putAgent({ agent: definition })).version);
    }
    await stack.current.orchestrators[0]?.kill();
    await stack.current.orchestrators[0]?.restart();
    expect(await runs().approve({ runId: run.runId, approvalId, onBehalfOf: "maria" })).toMatchObject({ closed: true });
    await ended(run);
    expect(begun(run.runId)).toBe(1);
    const { agentVersion } = await run.handle.getStatus();
    expect([votesRequired, versions.includes(agentVersion)]).toEqual([1, false]);
    const input = stack.current.model.script("deployed after", script);
    const later = await stack.current.runtime().start(name, input, { serve: false });
    const asked = await theApproval({ input, runId: later.runId, handle: later });
    expect(asked).toMatchObject({ votesRequired: 4, approvers: { users: ["ceo"] } });
    await later.cancel("over");
  });

  it("tells what ran where a vote edited it, and takes the votes before for nothing", async () => {
    const agent = agentWith("four_eyes_edit", { get_order: { votes: 2, approvers: PEOPLE } });
    const run = await startRun(stack.current, "edit in a vote", [call("get_order", { n: 2 }), { text: "ok" }], {
      agent,
    });
    const { approvalId, argumentsDigest } = await theApproval(run);
    const { runId } = run;
    await runs().approve({ runId, approvalId, argumentsDigest, onBehalfOf: "maria" });
    const edit = { editedArgumentsJson: '{"n": 3}', argumentsDigest, onBehalfOf: "noah" };
    expect(await runs().approve({ runId, approvalId, ...edit })).toMatchObject({ closed: false, votesMissing: 1 });
    const edited = await theApproval(run);
    await runs().approve({ runId, approvalId, argumentsDigest: edited.argumentsDigest, onBehalfOf: "maria" });
    await ended(run);
    const { events } = await runs().getHistory({ runId });
    const said = events.flatMap(({ event: { case: kind, value } }) => {
      if (kind === "voted") return [value.editedArgumentsJson];
      return kind === "decided" ? [value.decision?.editedArgumentsJson] : [];
    });
    expect(said).toEqual(["", '{"n":3}', ""]);
    expect(stack.current.ledger.begun(runId).map(({ args }) => args)).toEqual(['{"n":3}']);
  });

  it("is rejected by one, whatever the votes before", async () => {
    const agent = agentWith("four_eyes", { get_order: { votes: 2, approvers: PEOPLE } });
    const run = await startRun(stack.current, "one no", [call("get_order", { n: 2 }), { text: "ok" }], { agent });
    const { approvalId } = await theApproval(run);
    await runs().approve({ runId: run.runId, approvalId, onBehalfOf: "maria" });
    await runs().reject({ runId: run.runId, approvalId, onBehalfOf: "noah", reason: "no" });
    expect(await reasonOf(runs().approve({ runId: run.runId, approvalId, onBehalfOf: "maria" }))).toContain(
      "was rejected by noah already",
    );
    await ended(run);
    expect(begun(run.runId)).toBe(0);
  });
});

describe("an approval that expires", () => {
  it("ends the run where the policy says so, and takes no late decision", async () => {
    const agent = agentWith("in_time", { get_customer: { expiresIn: "1s", onExpiry: "fail" } });
    const run = await startRun(stack.current, "expires", [call("get_customer"), { text: "ok" }], { agent });
    const { approvalId } = await theApproval(run);
    const status = await until("the run has failed", async () => {
      const now = await run.handle.getStatus();
      return now.isComplete && now;
    });
    expect([status.state, status.error?.reason]).toEqual(["FAILED", "APPROVAL_EXPIRED"]);
    expect(await reasonOf(runs().approve({ runId: run.runId, approvalId }))).toContain("has expired");
    expect(begun(run.runId)).toBe(0);
  });

  it("goes to others, who may then decide, and nobody else", async () => {
    const escalates = { expiresIn: "1s", onExpiry: "escalate", escalationExpiresIn: "10m" } as const;
    const agent = agentWith("upwards", {
      get_customer: { approvers: PEOPLE, ...escalates, escalateTo: { users: ["ceo"] } },
    });
    const run = await startRun(stack.current, "escalates", [call("get_customer"), { text: "ok" }], { agent });
    const { approvalId } = await theApproval(run);
    const approve = (onBehalfOf: string) => runs().approve({ runId: run.runId, approvalId, onBehalfOf });
    // Before its time, as it is on record: how soon anybody asks here says nothing.
    const { events } = await runs().getHistory({ runId: run.runId });
    const asked = events.flatMap(({ event }) =>
      event.case === "waiting" ? [event.value.approval?.approvers?.users] : [],
    );
    expect(asked).toEqual([PEOPLE.users]);
    const others = await until("it is the others' turn", async () => {
      const { approvers, escalatedAt } = await theApproval(run);
      return escalatedAt !== undefined && approvers?.users;
    });
    expect(others).toEqual(["ceo"]);
    expect(await reasonOf(approve("maria"))).toContain("is for ceo to decide");
    expect(await approve("ceo")).toMatchObject({ closed: true });
    await ended(run);
    expect(begun(run.runId)).toBe(1);
  });
});

describe("a rule", () => {
  it("says which calls wait, and is asked again about what a person changed", async () => {
    const agent = agentWith("by_rule", { get_order: { rule: "args.amount > 100", votes: 2 } });
    const calls = [
      { tool: "get_order", args: { amount: 100 } },
      { tool: "get_order", args: { amount: 101 } },
    ];
    const run = await startRun(stack.current, "rule", [{ calls }, { text: "ok" }], { agent });
    const { approvalId, argumentsJson, reason } = await theApproval(run);
    expect([argumentsJson, reason]).toEqual(['{"amount":101}', expect.stringContaining("args.amount > 100")]);
    await until("the other call has run", async () => begun(run.runId) === 1);
    const edited = { runId: run.runId, approvalId, onBehalfOf: "maria", editedArgumentsJson: '{"amount":99}' };
    expect(await runs().approve(edited)).toMatchObject({ closed: true });
    await ended(run);
    expect(begun(run.runId)).toBe(2);
  });
});

describe("a question", () => {
  const shop = new Agent({
    name: "shop",
    model: MODEL,
    tools: [humanTool({ name: "ask_customer", description: "Asks.", answer: z.object({ size: z.enum(["S", "M"]) }) })],
  });

  it("is answered by a person, and the answer is what the model gets", async () => {
    const asks = call("ask_customer", { question: "Which size?" });
    const run = await startRun(stack.current, "question", [asks, { text: "ok" }], { agent: shop });
    const asked = await theApproval(run);
    expect(asked).toMatchObject({ kind: "QUESTION", toolName: "ask_customer", arguments: { question: "Which size?" } });
    expect(asked.answerSchema).toMatchObject({ properties: { size: { enum: ["S", "M"] } } });
    expect(await reasonOf(run.handle.approve())).toContain("use Respond");
    const refused = run.handle.respond({ size: "XL" }, { approvalId: asked.approvalId });
    await expect(refused).rejects.toMatchObject({ reason: "INVALID_ARGUMENTS", fields: [{ field: "contentJson" }] });
    await run.handle.respond({ size: "M" }, { approvalId: asked.approvalId });
    await ended(run);
    const { events } = await runs().getHistory({ runId: run.runId });
    const result = events.find(({ event }) => event.case === "toolResult")?.event;
    expect(result).toMatchObject({ value: { outcome: { case: "resultJson", value: '{"size":"M"}' } } });
    expect(begun(run.runId)).toBe(0);
  });
});

describe("a run that a call starts", () => {
  it("begins on an approval that is signed, and is decided from above by the policy of its own tool", async () => {
    const pays = agentWith("pays", { get_order: { approvers: PEOPLE } });
    const handOver = agentTool(pays, { description: "Pays.", approval: { approvers: { users: ["lead"] } } });
    const head = new Agent({ name: "pays_by_others", model: MODEL, tools: [handOver] });
    const below = stack.current.model.script("below", [call("get_order", { n: 1 }), { text: "paid" }]);
    const run = await startRun(stack.current, "above", [call("pays", { input: below }), { text: "ok" }], {
      agent: head,
    });
    const gate = await theApproval(run);
    expect([gate.runId, gate.arguments]).toEqual([run.runId, { input: below }]);
    await runs().approve({ runId: run.runId, approvalId: gate.approvalId, onBehalfOf: "lead" });
    const asked = await until("the run below waits", async () => {
      const approval = await theApproval(run);
      return approval.runId !== run.runId && approval;
    });
    const decision = { runId: run.runId, approvalId: asked.approvalId, argumentsDigest: asked.argumentsDigest };
    expect(await reasonOf(runs().approve({ ...decision, onBehalfOf: "lead" }))).toContain(
      "is for maria, noah to decide",
    );
    const events: string[] = [];
    for await (const event of run.handle.stream()) {
      if (event.type === "waiting" && event.childRunId !== "") {
        expect([event.args, event.approval.runId]).toEqual([{ n: 1 }, asked.runId]);
        await runs().approve({ ...decision, onBehalfOf: "maria" });
      }
      events.push(event.type);
    }
    expect(events).toEqual([
      ...[
        "run_started",
        "model_replied",
        "tool_call",
        "waiting",
        "decided",
        "child_started",
        "waiting",
        "child_reported",
      ],
      ...["decided", "child_reported", "tool_result", "model_replied", "done"],
    ]);
    expect(stack.current.model.told(run.input)).toEqual(['"paid"']);
    expect(begun(asked.runId)).toBe(1);
  });
});
