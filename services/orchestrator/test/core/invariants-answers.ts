// Invariants of answers: asking twice is asking once, a refusal changes nothing, and what was decided stays decided.
import {
  type Answer,
  type Command,
  claimedCallOf,
  type DecidedAnswer,
  type Rejection,
  type Run,
  type Transition,
} from "../../src/core/index.js";
import { deepFreeze, type ExploredRun, type Invariants, Violation, type Watcher } from "./explored-run.js";

/**
 * 7: a command repeated at once, or any time later where it has a key, gets its answer again and no event. Outcomes of
 * calls that ended long ago are forgotten (past-calls.ts): then it is stale.
 */
export function repeatsAreAnsweredAlike(): Invariants {
  const decided = new Map<string, DecidedAnswer>();
  const completed = new Map<string, string>();
  return (explored, step) => {
    const { command, run, result, answer } = step;
    const key = JSON.stringify(command);
    const earlier = decided.get(key);
    if (earlier !== undefined && !same({ ...earlier, repeated: true }, answer)) {
      throw new Violation(7, `${key} was answered ${text(earlier)}, and then ${text(answer ?? result)}`);
    }
    const status = completed.get(key);
    const forgotten = command.type === "complete" && isForgotten(run, command.callId) && answer?.type === "stale";
    if (status !== undefined && !forgotten && (answer?.type !== "completed" || answer.status !== status)) {
      throw new Violation(7, `${key} was ${status}, and then ${text(answer ?? result)}`);
    }
    if (answer?.type === "decided") decided.set(key, earlier ?? answer);
    if (answer?.type === "completed") completed.set(key, answer.status);
    if (run === undefined) return;
    const context = { ...explored.context(step.context.inlineBytes), now: step.context.now };
    const again = explored.decide(run, command, context);
    if (again.type === "transition" && again.events.length > 0) {
      throw new Violation(7, `${key} again gives ${again.events.map(({ fact }) => fact.type).join(", ")}`);
    }
    if (!sameAgain(command, result, again)) throw new Violation(7, `${key}: ${text(result)}, and then ${text(again)}`);
  };
}

function isForgotten(run: Run | undefined, callId: string): boolean {
  return run !== undefined && claimedCallOf(run, callId) === undefined;
}

function sameAgain(command: Command, first: Transition | Rejection, again: Transition | Rejection): boolean {
  if (first.type === "rejection" || again.type === "rejection") return text(first) === text(again);
  switch (command.type) {
    case "decide":
    case "complete":
    case "release":
    case "cancel":
    case "pause":
    case "resume":
    case "tick":
    case "claim":
    case "claim_probe":
    case "claim_preview":
      return text({ ...first.answer, repeated: true }) === text({ ...again.answer, repeated: true });
    case "start":
      return again.answer.type === "started" && !again.answer.created;
    default:
      // Carried out, or found done: neither asks for anything.
      return again.answer.type === "ok" || again.answer.type === "stale" || again.answer.type === first.answer.type;
  }
}

function same(a: Answer, b: Answer | undefined): boolean {
  return text(a) === text(b ?? {});
}

function text(value: Answer | Transition | Rejection | object): string {
  const { type, answer } = value as { type?: string; answer?: Answer };
  return JSON.stringify(type === "transition" ? answer : value);
}

/** 11: a refusal and an answer "done already" change nothing, and deciding never changes the run it looks at. */
export function refusalsChangeNothing(): Invariants {
  return (_, { answer, events, effects }) => {
    if (answer?.type === "refused" || answer?.type === "stale") {
      const gates = events.every(({ fact }) => fact.type === "waiting" || fact.type === "check_wanted");
      if (!gates || (answer.type === "stale" && events.length > 0))
        throw new Violation(11, `${answer.type} changed the run`);
    }
    // What is looked at is frozen: a change of it throws (14).
    if (events.length === 0 && effects.length > 0) throw new Violation(11, "no event, and an effect");
  };
}

/** 13: a person's act is remembered for the run's life, as it was answered, and none that nobody did. */
export function actsAreKept(): Invariants {
  const acts = new Map<string, string>();
  return (_, { run, command, answer, result, events }) => {
    const reused = result.type === "rejection" && result.reason === "IDEMPOTENCY_KEY_REUSED";
    if (command.type === "decide" && reused && !acts.has(command.decisionId)) {
      throw new Violation(13, `nobody ever used ${command.decisionId}`);
    }
    if (command.type === "decide" && answer?.type === "decided" && !answer.repeated) {
      acts.set(command.decisionId, JSON.stringify(run?.acts[command.decisionId]));
    }
    for (const { fact } of events) {
      if (fact.type !== "decided" || fact.ground === undefined) continue;
      if (acts.has(fact.decisionId)) throw new Violation(13, `a grant took the place of ${fact.decisionId}`);
      acts.set(fact.decisionId, JSON.stringify(run?.acts[fact.decisionId]));
    }
    for (const [decisionId, act] of acts) {
      const kept = run !== undefined && Object.hasOwn(run.acts, decisionId) ? run.acts[decisionId] : undefined;
      if (act === undefined || JSON.stringify(kept) !== act) throw new Violation(13, `act ${decisionId} was lost`);
    }
  };
}

/** 17: commands for different calls do the same in either order, unless the first one is the end of the run. */
export function ordersAgree(explored: ExploredRun, first: Command, second: Command): void {
  const { run } = explored;
  const [one, other] = [targetOf(explored, first), targetOf(explored, second)];
  if (run?.phase.kind !== "active" || one === undefined || other === undefined || one === other) return;
  if (first.type === "decide" && second.type === "decide" && first.decisionId === second.decisionId) return;
  const contexts = [explored.context(), explored.context()] as const;
  const play = (order: readonly (0 | 1)[]): string => {
    let at = run;
    const facts: string[] = [];
    const answers: string[] = ["", ""];
    for (const which of order) {
      const result = explored.decide(at, which === 0 ? first : second, contexts[which]);
      answers[which] = result.type === "rejection" ? result.reason : kindOf(result.answer);
      if (result.type === "rejection") continue;
      at = deepFreeze(result.run);
      facts.push(...result.events.map(({ fact }) => JSON.stringify(fact, withoutSequences)));
    }
    const states = at.turn.calls.map(({ callId, state }) => `${callId} ${state.kind}`);
    return JSON.stringify([facts.toSorted(), answers, states, at.phase.kind, at.turn.number]);
  };
  const [forth, back] = [play([0, 1]), play([1, 0])];
  if (forth !== back) throw new Violation(17, `in one order ${forth}, in the other ${back}`);
}

/** For JSON.stringify: what a drift says of events by their sequence hangs on the order in which they came. */
function withoutSequences(key: string, value: unknown): unknown {
  return key === "drift" && typeof value === "object" ? { ...value, approved: undefined, checked: undefined } : value;
}

function kindOf(answer: Answer): string {
  if (answer.type === "completed") return answer.status;
  return answer.type === "decided" ? `${answer.outcome} ${answer.closed}` : answer.type;
}

/** The call that a command is for, where it is for one. */
function targetOf({ run }: ExploredRun, command: Command): string | undefined {
  switch (command.type) {
    case "claim":
    case "complete":
    case "release":
    case "end_claim":
    case "claim_probe":
    case "answer_probe":
    case "claim_preview":
    case "answer_preview":
      return command.callId;
    case "decide": {
      const id = command.approvalId;
      const used = run === undefined || Object.hasOwn(run.acts, command.decisionId);
      if (id === undefined || used || !Object.hasOwn(run.checkpoints, id)) return undefined;
      return run.checkpoints[id]?.callId;
    }
    default:
      return undefined;
  }
}

export const ANSWERS: readonly Watcher[] = [
  [[7], repeatsAreAnsweredAlike],
  [[11], refusalsChangeNothing],
  [[13], actsAreKept],
];
