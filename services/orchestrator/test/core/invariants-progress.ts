// Invariants of progress: whatever is not done is owed to somebody, and what waits for people costs nothing.
import { type Call, DONE, type Obligation, type Run, type Verdict } from "../../src/core/index.js";
import { childRunIdOf } from "./explored-children.js";
import { type ExploredRun, type Invariants, Violation, type Watcher } from "./explored-run.js";
import { PROBE_VERDICTS } from "./moves.js";

/** 8: every call without an outcome is owed or asked about, and so is the model's next word; wakeAt is the earliest. */
export function nothingIsStuck(): Invariants {
  return ({ core }, { run, result, context }) => {
    if (run === undefined || result.type === "rejection") return;
    const owed = core.obligationsOf(run, context.timing);
    checkWakeAt(owed, result.wakeAt, result.schedule);
    if (run.phase.kind === "ended") {
      const more = owed.find(({ kind }) => kind !== "tell_parent");
      if (more !== undefined) throw new Violation(8, `an ended run owes ${more.key}`);
      return;
    }
    for (const call of run.turn.calls) {
      if (!isSeenTo(run, call, owed)) throw new Violation(8, `nobody sees to ${call.callId}, ${call.state.kind}`);
    }
    const { model, calls } = run.turn;
    const active = run.phase.kind === "active";
    const open = calls.filter(({ state }) => state.kind !== "finished");
    if (!active && !calls.some(({ state }) => ["claimed", "starting", "child"].includes(state.kind)))
      throw new Violation(8, "ending, and nothing to wait for");
    if (!active) return;
    const called = model.kind === "calling" && owed.some(({ kind }) => kind === "call_model");
    const held = model.kind === "held" && run.paused;
    if (!called && !held && !(model.kind === "replied" && open.length > 0))
      throw new Violation(8, `stuck, ${model.kind}`);
  };
}

function isSeenTo(run: Run, { callId, state }: Call, owed: readonly Obligation[]): boolean {
  const owes = (kind: Obligation["kind"]) =>
    owed.some((one) => one.kind === kind && "callId" in one && one.callId === callId);
  switch (state.kind) {
    case "finished":
      return true;
    case "gated":
    case "unknown": {
      const checkpoint = run.checkpoints[state.approvalId];
      const shows = checkpoint?.preview?.shows;
      const pending = shows?.kind === "pending" && state.kind === "gated";
      const taken = !pending || run.paused || (owes("announce") && endsInTime(shows.until, owed));
      return checkpoint?.callId === callId && checkpoint.closed === undefined && taken;
    }
    case "ready":
      return run.phase.kind === "active" && (run.paused || owes("announce"));
    case "checking":
      return run.phase.kind === "active" && (run.paused || owes("announce")) && endsInTime(state.until, owed);
    case "claimed":
    case "rerun":
      return owes("watch_claim");
    case "starting":
      return run.phase.kind === "active" ? owes("start_child") !== run.paused : owes("cancel_child");
    case "child":
      return owes("cancel_child") === (run.phase.kind === "ending") && (owes("steer_child") || !mustBePaused(run));
    case "probing": {
      const strikes = owed.some(({ kind, key, due }) => kind === "tick" && key.includes(callId) && due === state.until);
      return strikes && run.phase.kind === "active" && owes("announce") !== run.paused;
    }
    default:
      return state satisfies never;
  }
}

function mustBePaused({ paused, phase }: Run): boolean {
  return paused && phase.kind === "active";
}

function endsInTime(until: number | undefined, owed: readonly Obligation[]): boolean {
  return until === undefined || owed.some(({ kind, due }) => kind === "tick" && due === until);
}

function checkWakeAt(
  owed: readonly Obligation[],
  wakeAt: number | undefined,
  moved: Readonly<Record<string, number>>,
): void {
  const times = owed.map(({ key, due }) => moved[key] ?? due).filter((time) => time !== DONE);
  if (times.some((time) => !Number.isFinite(time))) throw new Violation(8, "a time that is no time");
  if (new Set(owed.map(({ key }) => key)).size < owed.length) throw new Violation(8, "two obligations of one name");
  const earliest = times.length === 0 ? undefined : Math.min(...times);
  if (earliest !== wakeAt) throw new Violation(8, `wakes at ${wakeAt}, and owes at ${earliest}`);
  const stale = Object.keys(moved).find((key) => !owed.some((one) => one.key === key));
  if (stale !== undefined) throw new Violation(8, `${stale} is scheduled and not owed`);
}

const MAY_BE_CLAIMED: readonly Call["state"]["kind"][] = ["ready", "checking", "probing"];

function isWork({ kind, key }: Obligation): boolean {
  return kind !== "tick" || !/^(expire|expire-again|remind|preview-until)\//u.test(key);
}

/** 9: a run that waits for people, and none other, says WAITING and owes nothing. */
export function waitingCostsNothing(): Invariants {
  return ({ core }, { run, context }) => {
    if (run === undefined) return;
    const owed = core.obligationsOf(run, context.timing);
    const open = run.turn.calls.filter(({ state }) => state.kind !== "finished");
    const people =
      open.length > 0 &&
      open.every(({ callId, state }) => {
        if (state.kind === "child") return run.children?.[callId]?.waits === true;
        return state.kind === "gated" || state.kind === "unknown";
      });
    const waits = run.phase.kind === "active" && !run.paused && run.turn.model.kind === "replied" && people;
    if ((core.stateOf(run) === "WAITING") !== waits) throw new Violation(9, `says ${core.stateOf(run)}`);
    const below = open.some(({ state }) => state.kind === "child");
    // What the call would do is looked at while people think, and that ends in time.
    const others = owed.filter(({ kind }) => kind !== "tell_parent" && kind !== "steer_child");
    const looks = others.filter(({ kind, key }) => kind === "announce" && key.startsWith("preview/"));
    const work = others.find((one) => isWork(one) && !looks.includes(one));
    const ends = owed.filter(({ key }) => key.startsWith("preview-until/")).length;
    if (waits && looks.length > ends) throw new Violation(9, "looks for ever at what a call would do");
    if (waits && work !== undefined) throw new Violation(9, `waits, and owes ${work.key}`);
    if (others.length === 0 && !waits && !below && !run.paused && run.phase.kind !== "ended")
      throw new Violation(9, "owes nothing");
    if (core.openCheckpoints(run).length === 0 && waits && !below) throw new Violation(9, "waits for nobody");
  };
}

/** 10: what a transition newly owes at once it also does; it announces nothing that nobody may claim. */
export function effectsAreOwed(): Invariants {
  return ({ core }, { before, run, effects, context }) => {
    if (run === undefined) return;
    const owed = core.obligationsOf(run, context.timing);
    const known = new Set(before === undefined ? [] : core.obligationsOf(before, context.timing).map(({ key }) => key));
    for (const effect of effects) {
      if (effect.kind === "withdraw") {
        const call = run.turn.calls.find(({ callId }) => callId === effect.callId);
        if (call !== undefined && (MAY_BE_CLAIMED.includes(call.state.kind) || core.wantedPreview(run, call)))
          throw new Violation(10, `${effect.callId} is withdrawn and may be claimed`);
        continue;
      }
      if (!owed.some(({ key }) => key === effect.key)) throw new Violation(10, `${effect.key} is done and not owed`);
      if (effect.kind === "announce" && effect.notBefore > run.updatedAt)
        throw new Violation(10, "announced too early");
    }
    for (const one of owed) {
      if (known.has(one.key) || one.kind === "watch_claim" || one.kind === "tick") continue;
      const later = one.kind === "announce" && one.notBefore > Math.max(context.now, run.updatedAt);
      if (!later && !effects.some((effect) => "key" in effect && effect.key === one.key)) {
        throw new Violation(10, `${one.key} is owed and not done`);
      }
    }
  };
}

/** 20: the deadline counts the time in which the run itself is at work, and strikes then. */
export function deadlineCountsWork(): Invariants {
  let worked = 0;
  return ({ core }, { before, command, run, events, context }) => {
    const limit = run?.deadline?.limitMs;
    if (run === undefined || before === undefined || limit === undefined) return;
    const works = core.stateOf(before) === "RUNNING";
    const now = Math.max(context.now, before.updatedAt);
    const soFar = worked + (works ? now - before.updatedAt : 0);
    const struck = events.some(({ fact }) => fact.type === "ending" && fact.end.state === "TIMED_OUT");
    if (struck && soFar < limit) throw new Violation(20, `timed out after ${soFar} of ${limit}`);
    const due = works && before.phase.kind === "active" && soFar >= limit;
    if (command.type === "tick" && due && run.phase.kind === "active" && core.stateOf(run) === "RUNNING") {
      throw new Violation(20, `works on after ${soFar} of ${limit}`);
    }
    if (events.length > 0) worked = soFar;
  };
}

/**
 * 23: the model is told each of its calls once, and once how it ended, in the order of the calls; and that a person said
 * no as often as people did.
 */
export function conversationsAreWhole(): Invariants {
  return ({ core, agent, events }, { effects }) => {
    if (!effects.some(({ kind }) => kind === "call_model")) return;
    let open: string[] = [];
    const messages = core.conversation(agent, events);
    const told = messages.filter(({ role, text }) => role === "tool" && text.startsWith("Rejected by a person: "));
    const said = events.filter(({ fact }) => fact.type === "decided" && fact.outcome === "rejected");
    if (told.length > said.length) throw new Violation(23, "nobody said no, and the model is told that a person did");
    for (const message of messages) {
      if (message.role === "tool") {
        if (open.shift() !== message.modelCallId || message.text === "")
          throw new Violation(23, "an outcome without its call");
        continue;
      }
      if (open.length > 0) throw new Violation(23, `nobody told how ${open[0]} ended`);
      open = message.role === "assistant" ? message.calls.map(({ modelCallId }) => modelCallId) : [];
    }
    if (open.length > 0) throw new Violation(23, `nobody told how ${open[0]} ended`);
  };
}

/** 21: from wherever it is, a run comes to its end once people decide, workers work and the model answers. */
export function driveToTheEnd(explored: ExploredRun): void {
  for (let steps = 0; steps < 200; steps += 1) {
    const { run } = explored;
    if (run === undefined || run.phase.kind === "ended") return;
    explored.now = Math.max(explored.now, run.updatedAt) + 1_000;
    driveOn(explored, run);
  }
  throw new Violation(21, `never ends: ${JSON.stringify(explored.run?.turn)}`);
}

function driveOn(explored: ExploredRun, run: Run): void {
  const { number: turn, model } = run.turn;
  if (run.paused && run.phase.kind === "active") {
    explored.step({ type: "resume", who: "alex", requestId: "resumed at the end" });
    return;
  }
  if (model.kind === "calling") {
    const usage = { inputTokens: 1, outputTokens: 1 };
    const reply = { text: "done", calls: [], finishReason: "STOP", usage } as const;
    explored.step({ type: "take_model_reply", turn, attempt: model.attempt, reply, owners: {} });
    return;
  }
  const call = run.turn.calls.find(
    ({ state }) => state.kind !== "finished" && !(run.phase.kind === "ending" && state.kind === "unknown"),
  );
  if (call !== undefined) finish(explored, run, call);
}

function finish(explored: ExploredRun, run: Run, { callId, state, digest, attempts }: Call): void {
  const number = explored.fresh();
  const act = {
    type: "decide",
    decisionId: `end${number}`,
    requestHash: `${number}`,
    who: `p${number}`,
    groups: ["finance"],
    authenticated: true,
    comment: "",
  } as const;
  switch (state.kind) {
    case "gated": {
      const { approvalId } = state;
      const open = run.checkpoints[approvalId];
      if (open?.expiresAt !== undefined && open.expiresAt <= explored.now) {
        explored.step({ type: "tick" });
        break;
      }
      // Those to whom it went are two, by name.
      const by = open?.escalated === undefined ? act : { ...act, who: number % 3 === 0 ? "maria" : "noah" };
      const verdict: Verdict = open?.kind === "QUESTION" ? { kind: "respond", content: '"done"' } : { kind: "approve" };
      explored.step({ ...by, approvalId, digest: open?.digest ?? "", verdict });
      break;
    }
    case "unknown":
      explored.step({ ...act, approvalId: state.approvalId, verdict: { kind: "settle", outcome: "given_up" } });
      break;
    case "ready": {
      explored.now = Math.max(explored.now, state.notBefore);
      const { attempt } = state;
      const owner = { approval: false, once: false, probe: number % 2 === 0, enforcesKey: number % 4 === 0 };
      const worker = { workerId: "w1", incarnation: "w1-1" };
      explored.step({ type: "claim", callId, attempt, nonce: `end${number}`, ...worker, owner, store: true });
      break;
    }
    case "claimed": {
      const { attempt, nonce, workerId, incarnation } = state;
      const outcome = { kind: "result", text: "1" } as const;
      explored.step({ type: "complete", callId, attempt, nonce, workerId, incarnation, digest, outcome });
      break;
    }
    case "probing":
      finishProbing(explored, { callId, digest, attempt: state.attempt, until: state.until }, number);
      break;
    case "checking": {
      const { number: preview, until } = state;
      if (until === undefined) {
        explored.step({ type: "claim_preview", callId, attempt: attempts, workerId: "w1" });
        break;
      }
      const said = { kind: "found", text: '{"n":1}' } as const;
      explored.step({ type: "answer_preview", callId, number: preview, digest, workerId: "w1", said });
      break;
    }
    case "starting":
    case "child": {
      const childRunId = run.children?.[callId]?.runId ?? childRunIdOf(callId);
      const told = { callId, childRunId, agentName: "helper", agentVersion: "v1" };
      const end = { state: "COMPLETED", result: "1" } as const;
      const sequence = 1_000_000 + number;
      explored.step({ type: "take_report", ...told, sequence, waits: false, checkpoints: [], end });
      break;
    }
    case "rerun":
      explored.step({ type: "end_claim", callId, attempt: state.attempt, nonce: state.nonce, how: "LEASE_ENDED" });
      break;
    case "finished":
      break;
    default:
      state satisfies never;
  }
}

/** Its probe answers, or nobody does. */
function finishProbing(
  explored: ExploredRun,
  { until, ...probed }: { callId: string; digest: string; attempt: number; until: number },
  number: number,
): void {
  const verdict = PROBE_VERDICTS[number % 4];
  if (verdict === undefined) {
    explored.now = Math.max(explored.now, until);
    explored.step({ type: "tick" });
    return;
  }
  explored.step({ type: "answer_probe", ...probed, workerId: "w2", verdict, result: "1", detail: "" });
}

export const PROGRESS: readonly Watcher[] = [
  [[8], nothingIsStuck],
  [[9], waitingCostsNothing],
  [[10], effectsAreOwed],
  [[20], deadlineCountsWork],
  [[23], conversationsAreWhole],
];
