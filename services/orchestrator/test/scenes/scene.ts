// Several engines on one database in memory, with a clock that the test moves. What they commit is kept for the test to
// look at; nothing acts on it.
import { AgentspanError, createLogger, type Signing } from "@agentspan/internal";
import { AgentDefinitionSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { AgentCatalog } from "../../src/agent-catalog.js";
import {
  type Agent,
  type Answer,
  type Claim,
  type Command,
  type Complete,
  DEFAULT_TIMING,
  type Decide,
  type ModelReply,
  type Start,
  type Timing,
} from "../../src/core/index.js";
import { type Committed, Engine, type ExecuteOptions, type Outcome } from "../../src/engine.js";
import { type DocumentRoom, History } from "../../src/history.js";
import { emptyDatabase } from "../../src/memory/memory-database.js";
import type { StoredRun } from "../../src/ports.js";
import { Signatures } from "../../src/proof/signatures.js";
import { textFunctions } from "../../src/text-functions.js";
import { WatchedStore } from "./watched-store.js";

export const ANY_OBJECT = '{"type":"object"}';
export const RUN = "run_1";

/** Looks up, charges at most once, and refunds where a person approves. */
export const DESK: MessageInitShape<typeof AgentDefinitionSchema> = {
  name: "desk",
  model: "script/any",
  maxTurns: 10_000,
  tools: [
    { name: "look_up", inputSchemaJson: ANY_OBJECT },
    { name: "charge", inputSchemaJson: ANY_OBJECT, once: true },
    { name: "refund", inputSchemaJson: ANY_OBJECT, approval: { required: true } },
  ],
};

export interface DeskOptions {
  readonly room?: DocumentRoom;
  readonly signing?: Signing;
}

export class Scene {
  readonly database = emptyDatabase();
  now = Date.UTC(2026, 0, 1, 12);
  readonly clock = { now: () => this.now };
  readonly log = createLogger("scene", "silent");

  constructor(readonly timing: Timing = DEFAULT_TIMING) {}

  /** One more process at the database. */
  desk(name = "orc_1", options: DeskOptions = {}): Desk {
    return new Desk(this, name, options);
  }
}

/** The engine of one process. */
export class Desk {
  readonly store: WatchedStore;
  readonly agents: AgentCatalog;
  readonly engine: Engine;
  /** Where it has a key. */
  readonly signatures: Signatures | undefined;
  readonly committed: Committed[] = [];
  /** For whoever acts on what is committed. */
  readonly listeners = new Set<(committed: Committed) => void>();

  constructor(
    readonly scene: Scene,
    readonly name: string,
    { signing, ...options }: DeskOptions,
  ) {
    const { database, clock, timing, log } = scene;
    this.store = new WatchedStore(database, () => scene.now);
    this.agents = new AgentCatalog(this.store, clock);
    const history = new History(this.store);
    const known = { history, agents: this.agents, text: textFunctions, audit: this.store };
    this.signatures = signing && new Signatures({ signing, ...known });
    this.engine = new Engine({
      store: this.store,
      agents: this.agents,
      clock,
      timing,
      text: textFunctions,
      orchestratorId: name,
      signatures: this.signatures,
      log,
      onCommitted: (committed) => {
        this.committed.push(committed);
        for (const listener of this.listeners) listener(committed);
      },
      ...options,
    });
  }

  async agent(definition: MessageInitShape<typeof AgentDefinitionSchema> = DESK): Promise<Agent> {
    return (await this.agents.put("default", create(AgentDefinitionSchema, definition))).agent;
  }

  execute(command: Command, options: ExecuteOptions & { readonly runId?: string } = {}): Promise<Outcome> {
    const { runId = RUN, ...rest } = options;
    return this.engine.execute(runId, command, rest);
  }

  /** Starts a run and lets the model make these calls. */
  async startWith(tools: readonly string[], runId = RUN): Promise<StoredRun> {
    await this.execute(start(runId), { agent: await this.agent(), runId });
    return (await this.execute(replies(1, tools), { runId })).stored;
  }

  /** The run as it is stored; looking is not counted as a call. */
  async stored(runId = RUN): Promise<StoredRun> {
    const before = this.store.calls.length;
    const stored = await this.store.load(runId, "linearizable");
    this.store.calls.splice(before, 1);
    if (stored === undefined) throw new Error(`Run ${runId} is not stored.`);
    return stored;
  }
}

export function start(runId = RUN, more: Partial<Start> = {}): Start {
  const asked = { input: "hello", startedBy: "alex", labels: {}, requestHash: "h" };
  return { type: "start", runId, namespace: "default", ...asked, ...more };
}

/** The model calls these tools, or says that it is done where there are none. */
export function replies(turn: number, tools: readonly string[], attempt = 1): Command {
  const calls = tools.map((name, index) => ({
    modelCallId: `m${turn}_${index + 1}`,
    name,
    argumentsText: JSON.stringify({ turn, index }),
  }));
  const reply: ModelReply = {
    text: calls.length === 0 ? "done" : "",
    calls,
    finishReason: calls.length === 0 ? "STOP" : "TOOL_CALLS",
    usage: { inputTokens: 10, outputTokens: 5 },
  };
  return { type: "take_model_reply", turn, attempt, reply, owners: {} };
}

export function claim(callId: string, nonce: string, more: Partial<Claim> = {}): Claim {
  const owner = { approval: false, once: false, probe: false, enforcesKey: false };
  const by = { workerId: "w1", incarnation: "w1-1", owner };
  return { type: "claim", callId, attempt: 1, nonce, ...by, store: true, ...more };
}

/** Reports a result under a grant; the digest is the call's. */
export function completes({ run }: StoredRun, callId: string, nonce: string, more: Partial<Complete> = {}): Complete {
  const digest = run.turn.calls.find((call) => call.callId === callId)?.digest ?? "";
  const outcome = { kind: "result", text: "{}" } as const;
  return { type: "complete", callId, attempt: 1, nonce, workerId: "w1", incarnation: "w1-1", digest, outcome, ...more };
}

export function approves(stored: StoredRun, callId: string, decisionId: string, more: Partial<Decide> = {}): Decide {
  const open = Object.values(stored.run.checkpoints).find(
    (checkpoint) => checkpoint.callId === callId && checkpoint.closed === undefined,
  );
  return {
    type: "decide",
    decisionId,
    requestHash: `hash of ${decisionId}`,
    who: "maria",
    groups: [],
    authenticated: false,
    approvalId: open?.approvalId ?? `none of ${callId}`,
    comment: "",
    verdict: { kind: "approve" },
    ...more,
  };
}

/** Plays whole turns of one plain call each, from the turn that is owed; the results have about so many bytes. */
export async function playTurns(desk: Desk, count: number, { resultBytes = 100, runId = RUN } = {}): Promise<void> {
  const text = JSON.stringify("x".repeat(resultBytes));
  let { number } = (await desk.stored(runId)).run.turn;
  for (const end = number + count; number < end; number += 1) {
    const { stored } = await desk.execute(replies(number, ["look_up"]), { runId });
    const [call, nonce] = [`t${number}c1`, `nonce-of-turn-${number}`];
    await desk.execute(claim(call, nonce, { store: false }), { runId });
    await desk.execute(completes(stored, call, nonce, { outcome: { kind: "result", text } }), { runId });
  }
}

/** What became of several requests: the answers, in a word each, and the reasons of those that were refused. */
export async function told(requests: readonly Promise<{ readonly answer: Answer }>[]): Promise<readonly string[]> {
  const settled = await Promise.allSettled(requests);
  return settled.map((one) => {
    if (one.status === "rejected") return AgentspanError.from(one.reason).reason;
    const { answer } = one.value;
    if (answer.type === "started") return answer.created ? "created" : "found";
    if (answer.type === "decided") return answer.repeated ? "decided before" : "decided";
    return answer.type === "refused" ? answer.reason : answer.type;
  });
}
