// What a tool's policy says of its approvals, through gateways, orchestrators, workers and the store as they run in
// production, with signatures on. Nobody is known here: whoever decides says for whom.
import { rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Agent, type Approval, type ApprovalOptions, agentTool, humanTool, type RunEvent, tool } from "@agentspan/sdk";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { MODEL, until } from "../../src/index.js";
import { call, type DeskRun, ended, startRun, theApproval } from "../desk-run.js";
import { withStack } from "../stack-fixture.js";

const stack = withStack({ orchestrators: 2, gateways: 1, workers: 1, signed: true });

/** Tools that the desk's workers serve, with other policies than theirs. */
function agentWith(name: string, policies: Readonly<Record<string, ApprovalOptions>>): Agent {
  const tools = Object.entries(policies).map(([served, approval]) =>
    tool(() => undefined, { name: served, description: "", inputSchema: { type: "object" }, queue: "desk", approval }),
  );
  return new Agent({ name, model: MODEL, tools });
}

const put = (agent: Agent) => stack.current.rpc().agents.putAgent({ agent: agent.definition });
const PEOPLE = { users: ["maria", "noah"] } as const;
const runs = () => stack.current.rpc().runs;
const begun = (runId: string) =>
  stack.current.ledger.all().filter((line) => line.runId === runId && line.step === "begin").length;

async function reasonOf(refused: Promise<unknown>): Promise<string> {
  const told: unknown = await refused.then(
    () => "nothing",
    (error: unknown) => error,
  );
  return String(told);
}

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

describe("a standing grant", () => {
  it("lets as many calls run as it says, over two orchestrators, and the next one waits", async () => {
    const { grants } = stack.current.runtime();
    const terms = {
      agent: "granted",
      tool: "get_order",
      rule: "args.amount <= 100",
      maxUses: 3,
      expiresIn: "10m",
    } as const;
    const agent = agentWith("granted", { get_order: { approvers: PEOPLE } });
    await put(agent);
    const { grantId } = await grants.create({ ...terms, onBehalfOf: "maria" });
    const started = await Promise.all(
      Array.from({ length: 5 }, (_, n) =>
        startRun(stack.current, `granted ${n}`, [call("get_order", { amount: n }), { text: "ok" }], { agent }),
      ),
    );
    const ways = await Promise.all(
      started.map((run) =>
        until(`run ${run.runId} went on or waits`, async () => {
          const { isComplete, isWaiting } = await run.handle.getStatus();
          return isComplete ? "ran" : isWaiting && "waits";
        }),
      ),
    );
    expect(ways.toSorted()).toEqual(["ran", "ran", "ran", "waits", "waits"]);
    const ran = started.filter((_, at) => ways[at] === "ran");
    const grounds = await Promise.all(
      ran.map(async ({ runId }) => {
        const { events } = await runs().getHistory({ runId });
        const decided = events.find(({ event }) => event.case === "decided")?.event;
        return decided?.case === "decided" ? decided.value.decision : undefined;
      }),
    );
    expect(grounds.map((decision) => decision?.onBehalfOf)).toEqual(["maria", "maria", "maria"]);
    expect(grounds.map((decision) => decision?.ground?.grantId)).toEqual([grantId, grantId, grantId]);
    expect(grounds.map((decision) => decision?.ground?.use).toSorted()).toEqual([1, 2, 3]);
    const revoked = await grants.revoke(grantId, { onBehalfOf: "noah" });
    expect(revoked).toMatchObject({ uses: 3, maxUses: 3, revokedBy: "noah" });
    const waiting = started.filter((_, at) => ways[at] === "waits");
    for (const run of waiting) await run.handle.cancel("over");
  });

  it("lets nothing run once its row in MongoDB says more than was signed, or forgets its uses and its revocation", async () => {
    const { grants } = stack.current.runtime();
    const terms = { agent: "forged", tool: "get_order", expiresIn: "10m", onBehalfOf: "maria" } as const;
    const agent = agentWith("forged", { get_order: { approvers: PEOPLE } });
    await put(agent);
    const [wide, used, revoked] = await Promise.all([
      grants.create({ ...terms, rule: "args.amount <= 0", maxUses: 9 }),
      grants.create({ ...terms, maxUses: 1 }),
      grants.create({ ...terms, maxUses: 9 }),
    ]);
    await grants.revoke(revoked.grantId);
    const begin = (name: string) =>
      startRun(stack.current, name, [call("get_order", { amount: 5 }), { text: "ok" }], { agent });
    await ended(await begin("the one use"));
    const rows = stack.current.database.collection<{ _id: string }>("standingGrants");
    await rows.updateOne({ _id: wide.grantId }, { $set: { rule: "" } });
    await rows.updateOne({ _id: used.grantId }, { $set: { left: 1 } });
    await rows.updateOne({ _id: revoked.grantId }, { $unset: { revokedAt: "", revokedBy: "" } });
    const run = await begin("after the changes");
    await theApproval(run);
    expect(begun(run.runId)).toBe(0);
    await run.handle.cancel("over");
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

describe("a tool that shows what its call would do", () => {
  const setBalance = (account: string, balance: number): void =>
    writeFileSync(join(stack.current.folder, account), String(balance));

  async function adjusting(account: string): Promise<DeskRun> {
    return startRun(stack.current, account, [call("adjust", { account, amount: 10 }), { text: "ok" }]);
  }

  /** The open approval once its preview is there or has failed; another than the one named. */
  function shown({ handle }: DeskRun, after?: Approval): Promise<Approval> {
    return until("it is shown what the call would do", async () => {
      const [open] = (await handle.getStatus()).pendingApprovals;
      return open !== undefined && open.approvalId !== after?.approvalId && open.preview?.status !== "PENDING" && open;
    });
  }

  async function eventsOf({ handle }: DeskRun): Promise<readonly RunEvent[]> {
    const events: RunEvent[] = [];
    for await (const event of handle.stream()) events.push(event);
    return events;
  }

  const effects = ({ runId }: DeskRun): number => stack.current.ledger.done(runId).length;

  it("runs on a check that finds the same, which is signed with the decision and the grant", async () => {
    setBalance("same", 50);
    const run = await adjusting("same");
    const { preview, argumentsDigest } = await shown(run);
    expect(preview).toMatchObject({
      status: "SHOWN",
      content: { before: { balance: 50 }, after: { balance: 40 } },
      fields: ["after.balance"],
      previous: undefined,
    });
    // Who opened the page before it was there, and clicks now, has not seen it.
    const unseen = runs().approve({ runId: run.runId, argumentsDigest, previewFingerprint: "" });
    expect(await reasonOf(unseen)).toContain("not what was shown");
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const events = await eventsOf(run);
    const told = events.map(({ type }) => type);
    const from = told.indexOf("waiting");
    expect(told.slice(from, told.lastIndexOf("tool_result") + 1)).toEqual(
      ["waiting", "preview_asked", "preview_taken", "decided", "preview_asked", "preview_taken"].concat([
        "tool_started",
        "tool_result",
      ]),
    );
    const print = preview?.fingerprint;
    expect(events.find(({ type }) => type === "decided")).toMatchObject({ decision: { previewFingerprint: print } });
    expect(events.find(({ type }) => type === "tool_started")).toMatchObject({ checkedPreview: print, attempt: 1 });
    const { events: stored } = await runs().getHistory({ runId: run.runId, pageSize: 100 });
    const texts = stored.flatMap(({ event }) => {
      if (event.case === "decided") return [event.value.signature?.signedText];
      return event.case === "toolStarted" ? [event.value.grant?.signedText] : [];
    });
    expect(texts.map((text) => text?.includes(`"preview":"${print}"`))).toEqual([true, true]);
    expect(effects(run)).toBe(1);
  });

  it("is asked about again with both where it would do something else, and for the third time is unstable", async () => {
    setBalance("drifts", 50);
    const run = await adjusting("drifts");
    let open = await shown(run);
    for (const balance of [40, 30]) {
      setBalance("drifts", balance);
      await run.handle.approve();
      const before = open;
      open = await shown(run, before);
      expect(open.preview).toMatchObject({
        status: "SHOWN",
        content: { before: { balance } },
        previous: { status: "SHOWN", fingerprint: before.preview?.fingerprint, content: before.preview?.content },
      });
      expect(open.votes).toEqual([]);
      expect(open.reason).toContain("has changed since");
    }
    setBalance("drifts", 20);
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const [result] = (await eventsOf(run)).filter(({ type }) => type === "tool_result");
    expect(result).toMatchObject({ errorReason: "PREVIEW_UNSTABLE", outcome: { kind: "error" } });
    expect(stack.current.model.told(run.input)[0]).toContain("PREVIEW_UNSTABLE");
    expect(effects(run)).toBe(0);
  });

  it("says where nobody can see what it would do, and runs unchecked then", async () => {
    const run = await adjusting("missing");
    const { preview } = await shown(run);
    expect(preview).toMatchObject({ status: "FAILED", contentJson: "", fingerprint: "" });
    expect(preview?.detail).toContain("ENOENT");
    await run.handle.approve();
    expect((await ended(run)).state).toBe("COMPLETED");
    const started = (await eventsOf(run)).find(({ type }) => type === "tool_started");
    expect(started).toMatchObject({ checkedPreview: "" });
    expect(effects(run)).toBe(1);
  });

  it("goes back to people where it cannot be looked at again", async () => {
    setBalance("lost", 50);
    const run = await adjusting("lost");
    const first = await shown(run);
    rmSync(join(stack.current.folder, "lost"));
    await run.handle.approve();
    const { preview, reason } = await shown(run, first);
    expect(preview).toMatchObject({ status: "FAILED", previous: { fingerprint: first.preview?.fingerprint } });
    expect(reason).toContain("could not be looked at again");
    await run.handle.reject("not without seeing it");
    expect((await ended(run)).state).toBe("COMPLETED");
    expect(effects(run)).toBe(0);
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
