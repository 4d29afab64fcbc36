// Runs that start runs, on orchestrators in memory: what is asked of one is done in the other.
import { createLogger, requestSubject } from "@agentspan/internal";
import {
  type AgentDefinitionSchema,
  AgentService,
  type Approval,
  ApprovalService,
  EnvelopeSchema,
  type Event,
  ReplySchema,
  RunService,
  RunState,
  type RunStatus,
  ToolKind,
} from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import {
  create,
  type DescMethod,
  fromBinary,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from "@bufbuild/protobuf";
import { timestampMs, timestampNow } from "@bufbuild/protobuf/wkt";
import { afterEach, describe, expect, it } from "vitest";
import { MemoryBroker } from "../src/memory/memory-broker.js";
import { MemoryBus } from "../src/memory/memory-bus.js";
import { emptyDatabase } from "../src/memory/memory-database.js";
import { MemoryStore } from "../src/memory/memory-store.js";
import { callsTools, ScriptedModels, says } from "../src/models/scripted-models.js";
import { type Orchestrator, startOrchestrator } from "../src/orchestrator.js";

const OBJECT = '{"type":"object"}';

type Agent = MessageInitShape<typeof AgentDefinitionSchema>;

const ASK = { name: "ask", inputSchemaJson: OBJECT, kind: ToolKind.HUMAN };
const GATED = { name: "pay", inputSchemaJson: OBJECT, approval: { required: true } };

function hands(agentName: string, more: object = {}) {
  return { name: `to_${agentName}`, kind: ToolKind.AGENT, agentName, ...more };
}

const AGENTS: readonly Agent[] = [
  { name: "clerk", model: "script/any", tools: [ASK, GATED] },
  { name: "lead", model: "script/any", tools: [ASK, hands("clerk"), hands("nobody")] },
  { name: "head", model: "script/any", tools: [hands("lead"), hands("clerk", { approval: { required: true } }), ASK] },
];

/** What the models say, by what they were asked: `ask` and `pay` wait for people, `lead: …` and `clerk: …` are handed on. */
function script(): ScriptedModels {
  return new ScriptedModels(({ userText, turn, request }) => {
    if (turn > 1) return says(`done: ${request.messages.flatMap(toolTexts).join(" | ")}`);
    const calls = userText.split(" + ").map((part) => {
      const [to, ...rest] = part.split(": ");
      const input = rest.join(": ");
      if (rest.length > 0) return { name: `to_${to}`, arguments: { input: input.replaceAll(" & ", " + ") } };
      return { name: part, arguments: { question: part } };
    });
    return userText === "talk" ? says("words") : callsTools(calls);
  });
}

function toolTexts(message: { readonly role: string; readonly text: string }): readonly string[] {
  return message.role === "tool" ? [message.text] : [];
}

class Floor {
  readonly database = emptyDatabase();
  readonly broker = new MemoryBroker();
  readonly models = script();
  readonly orchestrators: Orchestrator[] = [];

  async open(count = 2): Promise<this> {
    for (let n = 0; n < count; n += 1) {
      this.orchestrators.push(
        await startOrchestrator({
          store: new MemoryStore({ database: this.database }),
          bus: new MemoryBus(this.broker),
          models: this.models,
          log: createLogger("floor", "silent"),
          timing: { leaseMs: 600_000, announceMs: 100, maxAnnounceMs: 1_000 },
          heartbeatMs: 300,
          sweepMs: 20,
        }),
      );
    }
    for (const agent of AGENTS) await this.ask(AgentService.method.putAgent, { agent });
    return this;
  }

  async ask<M extends DescMethod>(
    method: M,
    request: MessageInitShape<M["input"]>,
    subject = "alex",
  ): Promise<MessageShape<M["output"]>> {
    const envelope = create(EnvelopeSchema, {
      method: `${method.parent.name}/${method.name}`,
      namespace: "default",
      caller: { subject, roles: ["*"] },
      body: toBinary(method.input, create(method.input, request)),
    });
    const about = { timeoutMs: 5_000, inboxPrefix: "_INBOX.test" };
    const answer = await this.broker.request(requestSubject(), toBinary(EnvelopeSchema, envelope), about);
    const { outcome } = fromBinary(ReplySchema, answer.data);
    if (outcome.case === "body") return fromBinary(method.output, outcome.value) as MessageShape<M["output"]>;
    throw new Error(`${outcome.value?.reason}: ${outcome.value?.message}`);
  }

  async begin(agentName: string, input: string): Promise<string> {
    const source = { case: "agentName", value: agentName } as const;
    const labels = { team: "blue" };
    const key = `${agentName} ${input} ${Math.random()}`;
    return (await this.ask(RunService.method.start, { source, input, labels, idempotencyKey: key }, "maria")).runId;
  }

  async status(runId: string): Promise<RunStatus> {
    const { status } = await this.ask(RunService.method.getStatus, { runId });
    if (status === undefined) throw new Error("No status.");
    return status;
  }

  /** The checkpoints that wait, once there are so many and the run waits for nothing else. */
  waiting(runId: string, count = 1): Promise<readonly Approval[]> {
    return eventually(async () => {
      const { state, isWaiting, pendingApprovals } = await this.status(runId);
      expect([state, isWaiting, pendingApprovals.length]).toEqual([RunState.WAITING, true, count]);
      return pendingApprovals;
    });
  }

  ended(runId: string): Promise<RunStatus> {
    return eventually(async () => {
      const status = await this.status(runId);
      expect(status.isComplete).toBe(true);
      return status;
    });
  }

  async result(runId: string): Promise<string> {
    const { outputJson, state } = await this.ended(runId);
    expect(state).toBe(RunState.COMPLETED);
    return (JSON.parse(outputJson) as { result: string }).result;
  }

  async events(runId: string): Promise<readonly Event[]> {
    return (await this.ask(RunService.method.getHistory, { runId })).events;
  }

  async kinds(runId: string): Promise<readonly string[]> {
    return (await this.events(runId)).map(({ event }) => event.case ?? "");
  }

  async children(runId: string): Promise<readonly string[]> {
    const { runs } = await this.ask(RunService.method.listRuns, { parentRunId: runId });
    return runs.map((run) => run.runId);
  }

  /** Nobody has to look at a run again. */
  async rests(runId: string): Promise<void> {
    await eventually(() => expect(this.database.runs.get(runId)?.wakeAt).toBeUndefined());
  }
}

describe("a run that a call starts", () => {
  let floor: Floor;
  afterEach(async () => {
    await Promise.all(floor.orchestrators.map((one) => one.stop(0)));
  });
  const open = async (): Promise<Floor> => {
    floor = await new Floor().open();
    return floor;
  };

  it("gives its result to the call, in the name and with the labels of whoever started the first", async () => {
    await open();
    const runId = await floor.begin("lead", "clerk: talk");
    expect(await floor.result(runId)).toBe('done: "words"');
    const [childId = ""] = await floor.children(runId);
    const child = await floor.status(childId);
    expect(child).toMatchObject({
      ...{ agentName: "clerk", startedBy: "maria", labels: { team: "blue" } },
      ...{ parentRunId: runId, parentCallId: "t1c1", rootRunId: runId },
    });
    expect(await floor.kinds(runId)).toEqual([
      ...["runStarted", "modelReplied", "toolCall", "childStarted", "toolResult", "modelReplied", "done"],
    ]);
    await Promise.all([floor.rests(runId), floor.rests(childId)]);
  });

  it("shows what it waits for in every run above it, and is decided by any of them", async () => {
    await open();
    const runId = await floor.begin("head", "lead: clerk: ask");
    const [asked] = await floor.waiting(runId);
    const [leadId = ""] = await floor.children(runId);
    const [clerkId = ""] = await floor.children(leadId);
    expect(asked).toMatchObject({ runId: clerkId, parentRunId: leadId, rootRunId: runId, toolName: "ask" });
    expect(asked?.argumentsJson).toBe('{"question":"ask"}');
    for (const id of [runId, leadId, clerkId]) await floor.rests(id);
    const { approvals } = await floor.ask(ApprovalService.method.listApprovals, {});
    expect(approvals.map((one) => one.runId)).toEqual([clerkId]);
    const approvalId = asked?.approvalId ?? "";
    const answer = { runId, approvalId, contentJson: '"yes"', decisionId: "d1" };
    const first = await floor.ask(RunService.method.respond, answer);
    expect(first).toMatchObject({ repeated: false, decision: { approvalId, decisionId: "d1", decidedBy: "alex" } });
    expect(await floor.result(runId)).toBe('done: "done: \\"done: \\\\\\"yes\\\\\\"\\""');
    expect(await floor.ask(RunService.method.respond, answer)).toMatchObject({ repeated: true });
    const told = await floor.events(runId);
    const waiting = told.find(({ event }) => event.case === "waiting")?.event;
    const decided = told.find(({ event }) => event.case === "decided")?.event;
    expect(waiting?.value).toMatchObject({
      callId: "t1c1",
      childRunId: leadId,
      approval: { runId: clerkId, approvalId },
    });
    expect(decided?.value).toMatchObject({ childRunId: leadId, decision: { decisionId: "d1", decidedBy: "alex" } });
    expect((await floor.kinds(clerkId)).filter((kind) => kind === "decided")).toHaveLength(1);
  });

  it("is decided by a word that names no approval, where it has the one that is open; said again, it decides no other", async () => {
    await open();
    const runId = await floor.begin("lead", "clerk: ask");
    await floor.waiting(runId);
    const bare = { runId, contentJson: '"blue"', decisionId: "d1" };
    await eventually(() => floor.ask(RunService.method.respond, bare));
    expect(await floor.result(runId)).toContain("blue");
    expect(await floor.ask(RunService.method.respond, bare)).toMatchObject({ repeated: true });

    const two = await floor.begin("lead", "clerk: ask + ask");
    const open2 = await floor.waiting(two, 2);
    await expect(floor.ask(RunService.method.respond, { ...bare, runId: two, decisionId: "d2" })).rejects.toThrow(
      /APPROVAL_ID_REQUIRED.*2 open/,
    );
    const [own, below] = open2.toSorted((one, other) => Number(one.runId !== two) - Number(other.runId !== two));
    const once = { runId: two, contentJson: '"green"', decisionId: "d3" };
    await floor.ask(RunService.method.respond, { ...once, approvalId: own?.approvalId ?? "" });
    await eventually(() => floor.ask(RunService.method.respond, { ...once, decisionId: "d4" }));
    expect(await floor.ask(RunService.method.respond, { ...once, decisionId: "d4" })).toMatchObject({
      ...{ repeated: true, decision: { approvalId: below?.approvalId } },
    });
    expect(await floor.result(two)).toContain("green");
  });

  it("is decided by no word that decided in another run of the tree", async () => {
    await open();
    const runId = await floor.begin("lead", "clerk: ask + ask");
    const [one, other] = await floor.waiting(runId, 2);
    const [own, below] = one?.runId === runId ? [one, other] : [other, one];
    const word = { runId, contentJson: '"green"', decisionId: "d1" };
    const decidesBelow = { ...word, approvalId: below?.approvalId ?? "" };
    expect(await floor.ask(RunService.method.respond, decidesBelow)).toMatchObject({ repeated: false });
    const decidesOwn = { ...word, approvalId: own?.approvalId ?? "" };
    await expect(floor.ask(RunService.method.respond, decidesOwn)).rejects.toThrow(/IDEMPOTENCY_KEY_REUSED/);
    expect((await floor.waiting(runId))[0]).toMatchObject({ runId, approvalId: own?.approvalId });
    expect(await floor.ask(RunService.method.respond, decidesBelow)).toMatchObject({ repeated: true });
    await floor.ask(RunService.method.respond, { ...decidesOwn, decisionId: "d2" });
    expect(await floor.result(runId)).toContain("green");
    await expect(floor.ask(RunService.method.respond, { ...decidesBelow, decisionId: "d2" })).rejects.toThrow(
      /IDEMPOTENCY_KEY_REUSED/,
    );
  });

  it("ends with the one that started it, which waits for it", async () => {
    await open();
    const runId = await floor.begin("head", "lead: clerk: ask & ask");
    await floor.waiting(runId, 2);
    const [leadId = ""] = await floor.children(runId);
    const [clerkId = ""] = await floor.children(leadId);
    await floor.ask(RunService.method.cancel, { runId, reason: "enough" });
    for (const id of [runId, leadId, clerkId]) {
      expect(await floor.ended(id)).toMatchObject({ state: RunState.CANCELLED, error: { message: "enough" } });
      await floor.rests(id);
    }
    const [clerk, lead, first] = await Promise.all(
      [clerkId, leadId, runId].map(async (id) => timestampMs((await floor.status(id)).endedAt ?? timestampNow())),
    );
    expect([first, lead, clerk].toSorted()).toEqual([clerk, lead, first]);
    expect((await floor.status(runId)).isWaiting).toBe(false);
  });

  it("is paused with the one that started it, and goes on with it", async () => {
    await open();
    const runId = await floor.begin("head", "lead: clerk: ask");
    const [asked] = await floor.waiting(runId);
    const [leadId = ""] = await floor.children(runId);
    const [clerkId = ""] = await floor.children(leadId);
    const all = [runId, leadId, clerkId];
    const are = (state: RunState) =>
      eventually(async () => {
        const statuses = await Promise.all(all.map((id) => floor.status(id)));
        expect(statuses.map((status) => status.state)).toEqual(all.map(() => state));
      });
    await floor.ask(RunService.method.pause, { runId, reason: "wait", requestId: "p1" });
    await are(RunState.PAUSED);
    const approvalId = asked?.approvalId ?? "";
    await floor.ask(RunService.method.respond, { runId, approvalId, contentJson: '"yes"', decisionId: "d1" });
    expect((await floor.status(clerkId)).state).toBe(RunState.PAUSED);
    await floor.ask(RunService.method.resume, { runId, requestId: "r1" });
    expect(await floor.result(runId)).toContain("yes");
    for (const id of all) await floor.rests(id);
  });

  it("fails its call where it is cancelled by itself, and the run above goes on", async () => {
    await open();
    const runId = await floor.begin("lead", "clerk: ask");
    await floor.waiting(runId);
    const [clerkId = ""] = await floor.children(runId);
    await floor.ask(RunService.method.cancel, { runId: clerkId, reason: "not needed" });
    expect(await floor.result(runId)).toContain("was cancelled by alex: not needed");
  });

  it("is not started where there is no such agent, and the model is told", async () => {
    await open();
    expect(await floor.result(await floor.begin("lead", "nobody: talk"))).toContain("There is no agent nobody");
  });

  it("begins once it is approved, where its tool is gated", async () => {
    await open();
    const runId = await floor.begin("head", "clerk: talk");
    const [gate] = await floor.waiting(runId);
    expect(gate).toMatchObject({ runId, toolName: "to_clerk", argumentsJson: '{"input":"talk"}' });
    expect(await floor.children(runId)).toEqual([]);
    await floor.ask(RunService.method.approve, { runId, approvalId: gate?.approvalId ?? "", decisionId: "d1" });
    expect(await floor.result(runId)).toBe('done: "words"');
    const rejected = await floor.begin("head", "clerk: talk");
    const [other] = await floor.waiting(rejected);
    await floor.ask(RunService.method.reject, {
      runId: rejected,
      approvalId: other?.approvalId ?? "",
      decisionId: "d2",
    });
    expect(await floor.result(rejected)).toContain("Rejected by a person");
    expect(await floor.children(rejected)).toEqual([]);
  });
});
