// Invariants of runs that start runs, read from what was told and from the record, without the core.
import type { Run, ToolCalled } from "../../src/core/index.js";
import { definedPolicy, startsRuns } from "./explored-agent.js";
import { type Invariants, Violation, type Watcher } from "./explored-run.js";

/**
 * 34: a call that starts a run, once it may, has one child and one end: that child's, or that there is none. No worker
 * hears of it, and the run does not end before.
 */
export function childrenEndOnce(): Invariants {
  const calls = new Map<string, ToolCalled>();
  const approved = new Set<string>();
  const children = new Map<string, string>();
  const finished = new Set<string>();
  const mayBegin = ({ callId, gate }: ToolCalled): boolean => gate === "plain" || approved.has(callId);
  return ({ agent }, { command, events, effects }) => {
    for (const { fact } of events) {
      if (fact.type === "tool_call" && fact.refused === undefined && startsRuns(fact.tool)) {
        calls.set(fact.callId, fact);
        if (fact.starts === undefined || definedPolicy(agent, fact.tool)?.required !== (fact.gate === "approval"))
          throw new Violation(34, `${fact.callId} starts nothing, or without its gate`);
      }
      const call = "callId" in fact ? calls.get(fact.callId) : undefined;
      if (fact.type === "ended") {
        for (const open of calls.values()) {
          if (mayBegin(open) && !finished.has(open.callId)) throw new Violation(34, `ended before ${open.callId}`);
        }
      }
      if (call === undefined) continue;
      if (fact.type === "decided" && fact.outcome === "approved") approved.add(call.callId);
      if (fact.type === "tool_started") throw new Violation(34, `a worker has ${call.callId}`);
      if (fact.type === "child_started") {
        if (!mayBegin(call) || children.has(call.callId)) throw new Violation(34, `${call.callId} began so`);
        children.set(call.callId, fact.childRunId);
      }
      if (fact.type !== "tool_result") continue;
      if (finished.has(call.callId)) throw new Violation(34, `${call.callId} has two ends`);
      finished.add(call.callId);
      if (!mayBegin(call)) continue;
      const told = command.type === "take_report" && command.callId === call.callId && command.end !== undefined;
      const refused = command.type === "refuse_child" && command.callId === call.callId;
      const known = command.type === "take_report" ? children.get(call.callId) === command.childRunId : true;
      if (!(told || refused) || !known || (refused && children.has(call.callId)))
        throw new Violation(34, `${command.type} ended ${call.callId}`);
    }
    const announced = effects.find((effect) => effect.kind === "announce" && calls.has(effect.callId));
    if (announced !== undefined) throw new Violation(34, "workers are told of a run that is to be started");
  };
}

/**
 * 35: what is mirrored of a child is what its newest report said: each checkpoint opened once and closed once. A decision
 * about one is sent to its run, and changes nothing here; a bare one is about the only one that is open.
 */
export function mirrorsFollow(): Invariants {
  const newest = new Map<string, { sequence: number; waits: boolean }>();
  const opened = new Set<string>();
  const closed = new Set<string>();
  return (_, { before, run, command, events, answer }) => {
    for (const { fact } of events) {
      if (fact.type === "child_waiting") {
        const { approvalId } = fact.checkpoint;
        const state = before?.turn.calls.find((one) => one.callId === fact.callId)?.state.kind ?? "finished";
        if (opened.has(approvalId)) throw new Violation(35, `${approvalId} was opened twice`);
        if (!["starting", "child"].includes(state)) throw new Violation(35, `${approvalId} was opened after the end`);
        opened.add(approvalId);
      }
      if (fact.type !== "child_closed") continue;
      if (!opened.has(fact.approvalId) || closed.has(fact.approvalId))
        throw new Violation(35, `${fact.approvalId} was closed again`);
      closed.add(fact.approvalId);
    }
    if (run === undefined || before === undefined) return;
    if (command.type === "take_report" && answer?.type === "ok") {
      const { callId, sequence, waits, checkpoints } = command;
      const last = newest.get(callId);
      const call = run.turn.calls.find((one) => one.callId === callId);
      const old = last !== undefined && sequence < last.sequence;
      if (old && (call?.state.kind === "child" || events.length > 0))
        throw new Violation(35, `${callId} was told what is old`);
      if (!old) newest.set(callId, { sequence, waits });
      if (call?.state.kind === "child" && run.children?.[callId]?.waits !== waits)
        throw new Violation(35, `${callId} waits, and it is not told so`);
      const stillOpen = checkpoints.find((one) => one.closed !== undefined && isOpen(run, one.approvalId));
      if (stillOpen !== undefined && (run.phase.kind !== "ended" || stillOpen.kind === "SETTLEMENT"))
        throw new Violation(35, `${stillOpen.approvalId} is closed there and open here`);
      const missing = checkpoints.find(
        (one) => one.closed === undefined && !Object.hasOwn(run.mirrors ?? {}, one.approvalId),
      );
      if (missing !== undefined && call?.state.kind === "child" && run.phase.kind === "active")
        throw new Violation(35, `${missing.approvalId} is open there and nobody sees it here`);
    }
    if (command.type !== "decide") return;
    if (answer?.type === "forward") {
      const named = command.approvalId === undefined ? undefined : before.mirrors?.[command.approvalId];
      const [only, ...others] = openFor(before, command.verdict.kind === "settle");
      const meant = command.approvalId === undefined ? (others.length === 0 ? only : undefined) : named?.runId;
      if (meant !== answer.runId || events.length > 0) throw new Violation(35, `sent to ${answer.runId}`);
    }
    const bare = command.approvalId === undefined && answer?.type === "decided" && !answer.repeated;
    if (bare && openFor(before, command.verdict.kind === "settle").length !== 1)
      throw new Violation(35, "a bare decision chose among several");
  };
}

function isOpen(run: Run, approvalId: string): boolean {
  const mirror = run.mirrors?.[approvalId];
  return mirror !== undefined && mirror.closed === undefined;
}

/** The runs of what is open, of the kind that is answered so. */
function openFor(run: Run, settles: boolean): readonly string[] {
  const own = Object.values(run.checkpoints).filter(({ closed }) => closed === undefined);
  const below = Object.values(run.mirrors ?? {}).filter(({ closed }) => closed === undefined);
  return [...own.map(({ kind }) => ({ kind, runId: run.runId })), ...below]
    .filter(({ kind }) => (kind === "SETTLEMENT") === settles)
    .map(({ runId }) => runId);
}

/** 36: a run that another one started owes that one word of each change of what it waits for, and of its end. */
export function parentsAreTold(): Invariants {
  let told: string | undefined;
  return ({ core }, { run, command, result, context }) => {
    if (run === undefined || result.type === "rejection") return;
    const owed = core.obligationsOf(run, context.timing).find(({ kind }) => kind === "tell_parent");
    if (run.parentRunId === undefined) {
      if (owed !== undefined) throw new Violation(36, "owes nobody a word");
      return;
    }
    const open = Object.values(run.checkpoints).flatMap((one) => (one.closed === undefined ? one.approvalId : []));
    const below = Object.entries(run.mirrors ?? {}).flatMap(([id, mirror]) => (mirror.closed === undefined ? id : []));
    const says = JSON.stringify([run.phase.kind === "ended", core.stateOf(run) === "WAITING", open, below]);
    told ??= JSON.stringify([false, false, [], []]);
    if (command.type === "reschedule" && owed !== undefined && command.due[owed.key] === core.DONE) told = says;
    const due = owed === undefined ? undefined : (result.schedule[owed.key] ?? owed.due);
    if (says !== told && (due === undefined || due >= core.DONE)) throw new Violation(36, `nobody tells of ${says}`);
  };
}

export const CHILDREN: readonly Watcher[] = [
  [[34], childrenEndOnce],
  [[35], mirrorsFollow],
  [[36], parentsAreTold],
];
