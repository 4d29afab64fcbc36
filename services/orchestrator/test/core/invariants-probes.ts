// Invariants of probes: who is asked, for how long, and what comes of the answer.
import type { AnswerProbe, Fact } from "../../src/core/index.js";
import { textFunctions } from "../../src/text-functions.js";
import { type Invariants, type Step, Violation, type Watcher } from "./explored-run.js";

/**
 * 24: a probe is asked where the claiming worker brought one and the run is active, until the time that was said, and
 * then a person is. Its answer counts while it is asked, and is what becomes of the call.
 */
export function probesAreHeard(): Invariants {
  /** Attempts whose worker brought a probe, and those of them whose receiver enforces the key. */
  const brought = new Set<string>();
  const enforced = new Set<string>();
  return ({ core }, step) => {
    const { before, command, events, run, answer } = step;
    for (const { fact, at } of events) {
      if (fact.type === "tool_started") {
        const key = `${fact.callId}/${fact.attempt}`;
        if (fact.probe === true) brought.add(key);
        if (fact.enforcesKey === true) enforced.add(key);
        const owner = command.type === "claim" ? command.owner : { probe: false, enforcesKey: false };
        const says = fact.gate !== "plain" && owner.probe;
        if ((fact.probe === true) !== says) throw new Violation(24, `the probe of ${key} is not what its worker said`);
        if (fact.enforcesKey === true && !owner.enforcesKey) throw new Violation(24, `nobody said that ${key} is safe`);
      }
      if (fact.type === "probing") {
        const key = `${fact.callId}/${fact.unknown.attempt}`;
        if (!brought.has(key)) throw new Violation(24, `${key} has no probe, and it is asked`);
        if (before?.phase.kind !== "active") throw new Violation(24, `${key} is asked of a run that is ending`);
        if (fact.until !== at + core.PROBE_MS) throw new Violation(24, `${key} is asked until ${fact.until}`);
      }
      if (fact.type === "probe_answered") {
        const key = `${fact.callId}/${fact.attempt}`;
        const safe = fact.verdict === "DID_NOT_HAPPEN" && enforced.has(key);
        if (fact.runsAgain === true && !safe) throw new Violation(24, `${key} runs again on ${fact.verdict}`);
      }
      if (fact.type === "tool_result" && fact.by === "probe" && command.type !== "answer_probe") {
        throw new Violation(24, `${command.type} gave ${fact.callId} its probe's result`);
      }
    }
    if (command.type === "tick") {
      const late = run?.turn.calls.find(({ state }) => state.kind === "probing" && state.until <= run.updatedAt);
      if (late !== undefined) throw new Violation(24, `the time of ${late.callId} is over`);
    }
    if (command.type !== "answer_probe") return;
    const call = before?.turn.calls.find(({ callId }) => callId === command.callId);
    const asked =
      call?.state.kind === "probing" && call.state.attempt === command.attempt && call.digest === command.digest;
    if (asked !== (answer?.type === "ok")) throw new Violation(24, `an answer was ${answer?.type}`);
    if (asked) becomesOfIt(step, command);
  };
}

function becomesOfIt({ events, context }: Step, command: AnswerProbe): void {
  const facts = events.map(({ fact }) => fact).filter((fact) => "callId" in fact && fact.callId === command.callId);
  const answered = find(facts, "probe_answered");
  const finished = find(facts, "tool_result");
  const asked = find(facts, "waiting");
  if (answered?.verdict !== command.verdict || answered.detail !== command.detail) {
    throw new Violation(24, "the record has another answer");
  }
  if ((finished !== undefined) !== (command.verdict === "HAPPENED")) throw new Violation(24, "it ended otherwise");
  if (finished !== undefined) {
    const { by, nonce, outcome } = finished;
    const text = outcome.kind === "truncated" ? outcome.digest : outcome.kind === "result" ? outcome.text : "";
    const given = outcome.kind === "truncated" ? textFunctions.digestOf(command.result) : command.result;
    if (by !== "probe" || nonce !== undefined || text !== given) throw new Violation(24, "another result than it said");
    if (outcome.kind === "truncated" && context.inlineBytes === 0) throw new Violation(24, "cut, and there was room");
    return;
  }
  const again = answered.runsAgain === true;
  if (again === (asked !== undefined)) throw new Violation(24, "it runs again, and a person is asked; or neither");
  const shown = asked?.unknown?.probe;
  if (!again && (shown?.verdict !== command.verdict || shown.detail !== command.detail)) {
    throw new Violation(24, "the person is not told what it said");
  }
}

function find<T extends Fact["type"]>(facts: readonly Fact[], type: T): Extract<Fact, { type: T }> | undefined {
  return facts.find((fact): fact is Extract<Fact, { type: T }> => fact.type === type);
}

/** 24: on its probe's word alone a call runs again as often as its tool's attempts allow for one approval. */
export function rerunsAreBounded(): Invariants {
  const starts = new Map<string, number>();
  return ({ agent }, { events, run }) => {
    for (const { fact } of events) {
      if (fact.type !== "probe_answered" || fact.runsAgain !== true) continue;
      const approval = run?.turn.calls.find(({ callId }) => callId === fact.callId)?.approval?.approvalId ?? "once";
      const key = `${fact.callId}/${approval}`;
      const count = (starts.get(key) ?? 1) + 1;
      starts.set(key, count);
      const most = agent.tools.find(({ name }) => name === fact.tool)?.retry.maxAttempts ?? 0;
      if (count > most) throw new Violation(24, `${key} starts for the ${count}th time`);
    }
  };
}

export const PROBES: readonly Watcher[] = [
  [[24], probesAreHeard],
  [[24], rerunsAreBounded],
];
