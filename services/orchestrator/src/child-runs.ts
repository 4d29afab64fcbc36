// Runs that runs start: starts them, ends them with their parent, and carries what they tell. All of it is owed by a run
// and may be done again, by anybody: a child's id comes from its parent and the call, and what was told twice is one.
import { AgentspanError, childRunIdOf, faultPoint, type Logger } from "@agentspan/internal";
import type { AgentCatalog } from "./agent-catalog.js";
import {
  type Agent,
  type Call,
  type Cancel,
  type Command,
  callOf,
  DONE,
  type Effect,
  type End,
  type Run,
  type RunEvent,
  reportOf,
  type Start,
} from "./core/index.js";
import { argumentsOf } from "./encode/approval.js";
import type { Engine } from "./engine.js";
import type { History } from "./history.js";
import type { Models, StoredRun } from "./ports.js";
import type { Signatures } from "./proof/signatures.js";

export interface ChildRunsOptions {
  readonly engine: Pick<Engine, "execute" | "read">;
  readonly agents: Pick<AgentCatalog, "get">;
  readonly history: Pick<History, "at" | "after">;
  readonly models: Pick<Models, "unusable">;
  /** Says whether a gated call may begin; absent where there are no keys. */
  readonly signatures?: Pick<Signatures, "callProblem"> | undefined;
  readonly log: Logger;
}

export type ChildEffect = Extract<Effect, { kind: "start_child" | "cancel_child" | "steer_child" | "tell_parent" }>;

export function isChildEffect(effect: { readonly kind: string }): effect is ChildEffect {
  return ["start_child", "cancel_child", "steer_child", "tell_parent"].includes(effect.kind);
}

export class ChildRuns {
  constructor(private readonly options: ChildRunsOptions) {}

  /** Sees to what a run owes; false where it is still to be done. Never rejects. */
  async see(stored: StoredRun, effect: ChildEffect): Promise<boolean> {
    try {
      if (effect.kind === "tell_parent") await this.tell(stored, effect.key);
      else await this.seeToCall(stored, effect);
      return true;
    } catch (thrown) {
      const { reason } = AgentspanError.from(thrown);
      const { runId } = stored.run;
      this.options.log.warn({ runId, owed: effect.key, reason }, "What a run owes another is not done yet; it will be");
      return false;
    }
  }

  private async seeToCall(stored: StoredRun, { kind, callId }: Exclude<ChildEffect, { kind: "tell_parent" }>) {
    const { runId } = stored.run;
    const call = callOf(stored.run, callId);
    if (call?.state.kind !== "starting") {
      if (call?.state.kind !== "child") return;
      if (kind === "cancel_child") await this.cancel(call.state.childRunId, stored.run);
      else if (kind === "steer_child") await this.steer(call.state.childRunId, stored);
      return;
    }
    const begun = await this.startOf(stored, call);
    if (typeof begun === "string") {
      await this.options.engine.execute(runId, { type: "refuse_child", callId, problem: begun });
    } else if (kind === "start_child") await this.start(stored.run, call, begun);
    else if (kind === "cancel_child") await this.preclude(stored.run, begun);
  }

  private async start({ runId }: Run, { callId }: Call, { start, agent }: Begun): Promise<void> {
    const { engine, log } = this.options;
    faultPoint("orchestrator.before-child");
    const { stored } = await engine.execute(start.runId, start, { agent });
    faultPoint("orchestrator.after-child");
    const { agentName, agentVersion } = stored.run;
    const child = { callId, childRunId: start.runId, agentName, agentVersion };
    const { answer } = await engine.execute(runId, { type: "record_child", ...child });
    if (answer.type === "ok") return;
    log.warn({ runId, ...child }, "A run ended or went on while another was started for it");
    await this.execute(start.runId, { type: "cancel", who: runId, reason: ORPHANED });
  }

  /**
   * Nobody knows whether the child is there, or is being started this very moment by somebody else. So it is started and
   * ended in one write: whoever comes later finds it ended.
   */
  private async preclude(run: Run, { start, agent }: Begun): Promise<void> {
    await Promise.all([
      this.options.engine.execute(start.runId, start, { agent }),
      this.execute(start.runId, cancelOf(run)),
    ]);
  }

  private cancel(childRunId: string, run: Run): Promise<void> {
    faultPoint("orchestrator.before-cancel-child");
    return this.execute(childRunId, cancelOf(run));
  }

  /** A pause that was on its way while the run was resumed must not have the last word: what holds by now is said too. */
  private async steer(childRunId: string, stored: StoredRun): Promise<void> {
    const { engine, history } = this.options;
    const { runId, control } = stored.run;
    const fact = control === undefined ? undefined : (await history.at(stored, control.sequence))?.fact;
    if (control === undefined || (fact?.type !== "paused" && fact?.type !== "resumed")) return;
    const asked = { who: fact.who, requestId: `${runId}/${control.sequence}` };
    faultPoint("orchestrator.before-steer-child");
    await this.execute(
      childRunId,
      fact.type === "paused" ? { type: "pause", ...asked, reason: fact.reason } : { type: "resume", ...asked },
    );
    const current = await engine.read(runId);
    if (current !== undefined && current.run.control?.sequence !== control.sequence)
      await this.steer(childRunId, current);
  }

  private async tell(stored: StoredRun, key: string): Promise<void> {
    const { engine, log } = this.options;
    const { runId, parentRunId } = stored.run;
    const report = reportOf(stored.run, await this.eventsToTell(stored));
    if (report === undefined || parentRunId === undefined) return;
    faultPoint("orchestrator.before-tell-parent");
    const answer = await engine.execute(parentRunId, report).then(
      (outcome) => outcome.answer,
      (thrown: unknown) => {
        const error = AgentspanError.from(thrown);
        // Nobody is there any more who could be told.
        if (error.reason === "RUN_NOT_FOUND") return { type: "not_its_child" } as const;
        throw error;
      },
    );
    faultPoint("orchestrator.after-tell-parent");
    if (answer.type === "not_its_child" && stored.run.phase.kind === "active") {
      log.warn({ runId, parentRunId }, "A run is at work that no other run knows of");
      await this.execute(runId, { type: "cancel", who: parentRunId, reason: ORPHANED });
    }
    await engine.execute(runId, { type: "reschedule", due: { [key]: DONE } });
  }

  private async eventsToTell(stored: StoredRun): Promise<readonly RunEvent[]> {
    const { history } = this.options;
    const { run } = stored;
    if (run.mirrors !== undefined) return history.after(stored, 0);
    const ended = run.phase.kind === "ended" ? await history.at(stored, run.phase.sequence) : undefined;
    return ended === undefined ? [] : [ended];
  }

  /** How a call's run is started, or why it cannot be. */
  private async startOf(stored: StoredRun, call: Call): Promise<Begun | string> {
    const { agents, history, models, signatures } = this.options;
    const { run } = stored;
    const { callId, starts, argumentsSequence } = call;
    if (starts === undefined) return "This call starts no run.";
    const args = argumentsOf((await history.at(stored, argumentsSequence))?.fact);
    const changed = signatures && (await signatures.callProblem(stored, callId));
    if (changed !== undefined) return `No run was started, because ${changed}.`;
    const agent = await agents.get(run.namespace, starts.agentName, starts.agentVersion).then(
      (found) => found.agent,
      (thrown: unknown) => {
        const error = AgentspanError.from(thrown);
        if (error.reason === "AGENT_NOT_FOUND") return `No run could be started: ${error.message}`;
        throw error;
      },
    );
    if (typeof agent === "string") return agent;
    const unusable = models.unusable(agent.model);
    if (unusable !== undefined) return `No run could be started: model ${agent.model} cannot be used. ${unusable}`;
    return { agent, start: childStart(run, callId, inputOf(args)) };
  }

  /** That it has ended already is as good. */
  private async execute(runId: string, command: Command): Promise<void> {
    try {
      await this.options.engine.execute(runId, command);
    } catch (thrown) {
      const error = AgentspanError.from(thrown);
      if (error.reason !== "RUN_ENDED") throw error;
    }
  }
}

interface Begun {
  readonly agent: Agent;
  readonly start: Start;
}

const ORPHANED = "The run that started it does not know it.";

/** In the name of whoever started the parent, and for them: so its approvals ask what the parent's would. */
function childStart(parent: Run, callId: string, input: string): Start {
  const { runId, namespace, startedBy, onBehalfOf, labels, rootRunId = runId, depth = 0 } = parent;
  return {
    type: "start",
    runId: childRunIdOf(runId, callId),
    namespace,
    input,
    startedBy,
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    labels,
    requestHash: `child of ${runId}/${callId}`,
    parentRunId: runId,
    parentCallId: callId,
    rootRunId,
    depth: depth + 1,
  };
}

/** `{"input": text}` is that text; anything else is told as it stands. */
function inputOf(args: string): string {
  const parsed = JSON.parse(args) as Readonly<Record<string, unknown>>;
  const { input, ...others } = parsed;
  return typeof input === "string" && Object.keys(others).length === 0 ? input : args;
}

function cancelOf({ runId, phase }: Run): Cancel {
  const end: Exclude<End, { state: "COMPLETED" }> | undefined =
    phase.kind === "active" || phase.end.state === "COMPLETED" ? undefined : phase.end;
  if (end?.state === "CANCELLED") return { type: "cancel", who: end.who, reason: end.reason };
  const why = end === undefined ? "." : `: ${end.message}`;
  return { type: "cancel", who: runId, reason: `The run that started it ended${why}` };
}
