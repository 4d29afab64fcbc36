// What of a call is held to what was signed, and to its definition, although its row says something else.
import { digestOf } from "@agentspan/internal";
import { ToolKind } from "@agentspan/proto";
import { describe, expect, it } from "vitest";
import type { TakeModelReply } from "../../src/core/index.js";
import type { StoredRun } from "../../src/ports.js";
import { ANY_OBJECT, approves, type Desk, RUN, replies, start } from "../scenes/scene.js";
import { approvedByTwo, BY, changed, key, listed, scene, signing, withCall } from "./signed-desk.js";

describe("a call is not believed whose run is not the one that was started", () => {
  const cases: readonly (readonly [string, object])[] = [
    ["by whom", { startedBy: "eve" }],
    ["for whom", { onBehalfOf: "eve" }],
    ["under which version", { agentVersion: "0".repeat(64) }],
    ["of which agent", { agentName: "lax" }],
    ["in which namespace", { namespace: "other" }],
    ["with which labels", { labels: { trusted: "yes" } }],
    ["for which request", { requestHash: "another" }],
    ["by which run", { parentRunId: "run_0", parentCallId: "t1c1" }],
  ];

  it.each(cases)("%s", async (_, change) => {
    const { desk, signatures } = scene();
    const approved = await approvedByTwo(desk);
    const stored = { ...approved, run: { ...approved.run, ...change } };
    expect(await signatures.callProblem(stored, "t1c1")).toMatch(/the start of its run, .*not of what it says/);
    // Verified once, the start is known; what the row says of it is compared each time all the same.
    expect(await signatures.callProblem(approved, "t1c1")).toBeUndefined();
    expect(await signatures.callProblem(stored, "t1c1")).toMatch(/the start of its run, .*not of what it says/);
  });

  it("or whose start nobody signed, or is not there", async () => {
    const { desk, signatures } = scene();
    const approved = await approvedByTwo(desk);
    const unsigned = changed(approved, "run_started", { signed: undefined });
    expect(await signatures.callProblem(unsigned, "t1c1")).toBe("the start of its run is not signed");
    const beheaded = { ...approved, events: approved.events.slice(1) };
    expect(await signatures.callProblem(beheaded, "t1c1")).toBe("the start of its run is not there");
  });
});

describe("a call that no person let run is not believed where its definition asks for people", () => {
  type Tools = NonNullable<NonNullable<Parameters<Desk["agent"]>[0]>["tools"]>;

  async function called(desk: Desk, tools: Tools, reply = replies(1, ["refund"])): Promise<StoredRun> {
    await desk.execute(start(), { agent: await desk.agent({ name: "desk", model: "script/any", tools }) });
    return (await desk.execute(reply)).stored;
  }
  const ungated = { gate: "plain", state: { kind: "ready", attempt: 1, since: 0, notBefore: 0 }, approval: undefined };
  const refund = { name: "refund", inputSchemaJson: ANY_OBJECT };

  it("always", async () => {
    const { desk, signatures } = scene();
    const stored = await called(desk, [{ ...refund, approval: { required: true } }]);
    const problem = await signatures.callProblem(withCall(stored, ungated), "t1c1");
    expect(problem).toBe("its agent's definition asks for people, and nobody decided");
  });

  it("by its rule, of the arguments that are to run", async () => {
    const { desk, signatures } = scene();
    const tools = [{ ...refund, approval: { rule: "args.amount > 100" } }];
    const reply = (amount: number): TakeModelReply => {
      const made = replies(1, ["refund"]) as TakeModelReply;
      const calls = made.reply.calls.map((one) => ({ ...one, argumentsText: `{"amount":${amount}}` }));
      return { ...made, reply: { ...made.reply, calls } };
    };
    const large = await called(desk, tools, reply(500));
    expect(await signatures.callProblem(withCall(large, ungated), "t1c1")).toMatch(/asks for people/);
    const { desk: other, signatures: theirs } = scene();
    const small = await called(other, tools, reply(5));
    expect(await theirs.callProblem(small, "t1c1")).toBeUndefined();
    const text = '{"amount":500}';
    const raised = changed(small, "tool_call", { arguments: text, digest: digestOf(text) });
    const problem = await theirs.callProblem(withCall(raised, { digest: digestOf(text) }), "t1c1");
    expect(problem).toMatch(/asks for people/);
  });

  it("or knows no such tool, has others serve it, or leaves it to a person or a run", async () => {
    const { desk, signatures } = scene();
    const plain = { name: "look_up", inputSchemaJson: ANY_OBJECT };
    const ask = { name: "ask", inputSchemaJson: ANY_OBJECT, kind: ToolKind.HUMAN };
    const hand = { name: "hand_on", kind: ToolKind.AGENT, agentName: "helper" };
    const stored = await called(desk, [plain, ask, hand], replies(1, ["look_up"]));
    const problem = (change: object) => signatures.callProblem(withCall(stored, { ...ungated, ...change }), "t1c1");
    expect(await problem({})).toBeUndefined();
    expect(await problem({ tool: "refund" })).toBe("its agent has no such tool");
    expect(await problem({ queue: "rogue" })).toBe("its tool is served by others");
    expect(await problem({ tool: "ask" })).toBe("it is for a person to answer");
    expect(await problem({ tool: "hand_on" })).toBe("its tool starts something else");
    expect(await problem({ starts: { agentName: "lax" } })).toBe("its tool starts something else");
  });
});

describe("an approval is not believed that its policy would not have taken", () => {
  const refund = { name: "refund", inputSchemaJson: ANY_OBJECT };

  /** Under one policy, in a database where it was made looser meanwhile: then the row is put right again. */
  async function decidedUnder(
    loose: object,
    strict: object,
    who: object,
  ): Promise<{ problem: string | undefined; under: string | undefined }> {
    const { desk, signatures } = scene();
    const agent = await desk.agent({ name: "desk", model: "script/any", tools: [{ ...refund, approval: strict }] });
    const lax = await desk.agent({ name: "desk", model: "script/any", tools: [{ ...refund, approval: loose }] });
    await desk.execute(start(RUN, { startedBy: "alex" }), { agent: lax });
    const { stored } = await desk.execute(replies(1, ["refund"]));
    const approved = (await desk.execute(approves(stored, "t1c1", "d1", { ...BY, ...who }))).stored;
    const under = await signatures.callProblem(approved, "t1c1");
    // As it was to be: the start is signed anew under the strict definition.
    const run = { ...approved.run, agentVersion: agent.version };
    const signed = await signatures.sign({
      before: undefined,
      after: run,
      events: changed(approved, "run_started", { agentVersion: agent.version }).events.slice(0, 1),
      stored: undefined,
      earlier: [],
    });
    const events = [...signed, ...approved.events.slice(1)];
    const { signatures: fresh = signatures } = desk.scene.desk("orc_2", { signing: signing(key, [listed(key)]) });
    return { problem: await fresh.callProblem({ ...approved, run, events }, "t1c1"), under };
  }

  it.each<[string, object, object, object, string | undefined]>([
    ["by too few", { required: true }, { required: true, votesRequired: 2 }, {}, "it has too few votes"],
    [
      "by one who is no approver",
      { required: true },
      { required: true, approvers: { users: ["john"] } },
      {},
      "it was not for maria to decide",
    ],
    [
      "by one of another group",
      { required: true, approvers: { groups: ["support"] } },
      { required: true, approvers: { groups: ["finance"] } },
      { groups: ["support"] },
      "it was not for maria to decide",
    ],
    [
      "by one of the group",
      { required: true, approvers: { groups: ["finance"] } },
      { required: true, approvers: { groups: ["finance", "board"] } },
      { groups: ["support", "finance"] },
      undefined,
    ],
    [
      "by whoever started the run",
      { required: true, selfApproval: true },
      { required: true },
      { who: "alex" },
      "alex asked for it too",
    ],
  ])("%s", async (_, loose, strict, who, why) => {
    const { problem, under } = await decidedUnder(loose, strict, who);
    expect(under).toBeUndefined();
    expect(problem).toBe(why);
  });
});
