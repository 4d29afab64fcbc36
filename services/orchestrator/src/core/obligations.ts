// Effects that are still owed, derived from the state alone. An effect that follows a transition is an obligation
// that was not there before it; one that is overdue is looked after by the sweeper, whoever owed it.
import { type Call, openCheckpoints, type Run } from "./run.js";
import { wantedPreview } from "./wanted-preview.js";

export type Obligation =
  /** Make the model call, from `notBefore` on. Looked after when the holder is lost. */
  | {
      readonly kind: "call_model";
      readonly key: string;
      readonly turn: number;
      readonly attempt: number;
      readonly holder: string;
      readonly notBefore: number;
      readonly due: number;
    }
  /** Tell workers that an attempt may be claimed, or that its probe or its preview is asked. */
  | {
      readonly kind: "announce";
      readonly key: string;
      readonly callId: string;
      readonly attempt: number;
      readonly tool: string;
      readonly queue: string;
      readonly notBefore: number;
      readonly due: number;
    }
  /** See whether the worker of a claim lives and has it in hand. */
  | {
      readonly kind: "watch_claim";
      readonly key: string;
      readonly callId: string;
      readonly attempt: number;
      readonly nonce: string;
      readonly incarnation: string;
      readonly due: number;
    }
  /** Start the run that a call asks for; it is perhaps there already. */
  | { readonly kind: "start_child"; readonly key: string; readonly callId: string; readonly due: number }
  /** Tell a run that this one started that it is to end; where it is not there yet, see that it never begins. */
  | { readonly kind: "cancel_child"; readonly key: string; readonly callId: string; readonly due: number }
  /** Tell a run that this one started that this one was paused, or goes on. */
  | { readonly kind: "steer_child"; readonly key: string; readonly callId: string; readonly due: number }
  /** Tell the run that started this one what became of it. Done once it is told, which only the schedule knows. */
  | { readonly kind: "tell_parent"; readonly key: string; readonly due: number }
  /** Something ends by time: a tool's time-out, a checkpoint, the run. */
  | { readonly kind: "tick"; readonly key: string; readonly due: number };

/** Times in milliseconds. */
export interface Timing {
  /** A process that shows no life for so long is lost. */
  readonly leaseMs: number;
  /**
   * An announced task that nobody claimed is announced again after this, growing to maxAnnounceMs: a task that waits for
   * a worker that is not there must cost next to nothing, and there may be a million of them.
   */
  readonly announceMs: number;
  readonly maxAnnounceMs: number;
}

export const DEFAULT_TIMING: Timing = { leaseMs: 10_000, announceMs: 5_000, maxAnnounceMs: 15 * 60_000 };

export function obligationsOf(run: Run, timing: Timing): readonly Obligation[] {
  const owed: Obligation[] = [];
  if (run.reportable !== undefined) {
    const { sequence, at } = run.reportable;
    owed.push({ kind: "tell_parent", key: `tell/${sequence}`, due: at + timing.announceMs });
  }
  if (run.phase.kind === "ended") return owed;
  const active = run.phase.kind === "active";
  const { model, number: turn } = run.turn;
  if (active && model.kind === "calling") {
    const { attempt, holder, notBefore, since } = model;
    const due = Math.max(since, notBefore) + timing.leaseMs;
    owed.push({ kind: "call_model", key: `model/${turn}/${attempt}`, turn, attempt, holder, notBefore, due });
  }
  for (const call of run.turn.calls) {
    const { callId, state, tool, queue } = call;
    switch (state.kind) {
      case "ready": {
        if (!active || run.paused) break;
        const { attempt, notBefore, since } = state;
        const due = notBefore > since ? notBefore : since + timing.announceMs;
        owed.push({
          kind: "announce",
          key: `announce/${callId}/${attempt}`,
          callId,
          attempt,
          tool,
          queue,
          notBefore,
          due,
        });
        if (call.startBy !== undefined)
          owed.push({ kind: "tick", key: `start/${callId}/${attempt}`, due: call.startBy });
        break;
      }
      case "claimed":
      case "rerun": {
        const { attempt, nonce, incarnation, since } = state;
        const key = `claim/${callId}/${attempt}`;
        owed.push({ kind: "watch_claim", key, callId, attempt, nonce, incarnation, due: since + timing.leaseMs });
        if (state.kind === "claimed" && state.deadline !== undefined) {
          owed.push({ kind: "tick", key: `timeout/${callId}/${attempt}`, due: state.deadline });
        }
        break;
      }
      case "probing": {
        const { attempt, since, until } = state;
        owed.push({ kind: "tick", key: `probe-until/${callId}/${attempt}`, due: until });
        if (!active || run.paused) break;
        const due = since + timing.announceMs;
        const key = `probe/${callId}/${attempt}`;
        owed.push({ kind: "announce", key, callId, attempt, tool, queue, notBefore: since, due });
        break;
      }
      case "starting":
      case "child": {
        const due = state.since + timing.announceMs;
        if (!active) owed.push({ kind: "cancel_child", key: `cancel-child/${callId}`, callId, due });
        else if (state.kind === "starting" && !run.paused) {
          owed.push({ kind: "start_child", key: `start-child/${callId}`, callId, due });
        } else if (state.kind === "child") owed.push(...steeringOwed(run, callId, state.since, timing));
        break;
      }
      case "gated":
      case "checking":
        owed.push(...previewOwed(run, call, timing));
        break;
      case "unknown":
      case "finished":
        break;
      default:
        state satisfies never;
    }
  }
  for (const checkpoint of openCheckpoints(run)) {
    const { approvalId, expiresAt, escalated, remindAt, reminders = 0 } = checkpoint;
    if (expiresAt !== undefined) {
      const key = escalated === undefined ? `expire/${approvalId}` : `expire-again/${approvalId}`;
      owed.push({ kind: "tick", key, due: expiresAt });
    }
    if (remindAt !== undefined) {
      owed.push({ kind: "tick", key: `remind/${approvalId}/${reminders + 1}`, due: remindAt });
    }
  }
  const deadlineAt = deadlineOf(run);
  if (active && deadlineAt !== undefined) owed.push({ kind: "tick", key: "deadline", due: deadlineAt });
  return owed;
}

/** What began after a resume was never paused; what began while a pause was on its way is. */
function steeringOwed(run: Run, callId: string, since: number, { announceMs }: Timing): readonly Obligation[] {
  const { control, paused } = run;
  if (control === undefined || (!paused && since > control.at)) return [];
  const key = `steer-child/${callId}/${control.sequence}`;
  return [{ kind: "steer_child", key, callId, due: Math.max(control.at, since) + announceMs }];
}

/** A preview is announced like a task; it has failed in time once a worker has taken it, or the first one none. */
function previewOwed(run: Run, call: Call, { announceMs }: Timing): readonly Obligation[] {
  const wanted = wantedPreview(run, call);
  if (wanted === undefined) return [];
  const { callId, tool, queue, attempts: attempt, startBy } = call;
  const { number, since, until, asked, purpose } = wanted;
  const active = run.phase.kind === "active" && !run.paused;
  const owed: Obligation[] = [];
  if (until !== undefined && (asked || active)) {
    owed.push({ kind: "tick", key: `preview-until/${callId}/${number}${asked ? "/asked" : ""}`, due: until });
  }
  if (!active) return owed;
  const due = since + announceMs;
  const key = `preview/${callId}/${number}`;
  owed.push({ kind: "announce", key, callId, attempt, tool, queue, notBefore: since, due });
  if (purpose === "checked" && !asked && startBy !== undefined) {
    owed.push({ kind: "tick", key: `start/${callId}/${attempt}`, due: startBy });
  }
  return owed;
}

/** When the run's deadline strikes if its clock goes on; undefined while it stands still or there is none. */
export function deadlineOf(run: Run): number | undefined {
  const deadline = run.deadline;
  if (deadline?.runningSince === undefined) return undefined;
  return deadline.runningSince + deadline.limitMs - deadline.spentMs;
}

/** Times that the sweeper moved, by obligation key. Bookkeeping beside the state: no event tells of it. */
export type Schedule = Readonly<Record<string, number>>;

/** In a schedule: what is still there to be owed has been seen to, and nobody looks again. */
export const DONE = 8_640_000_000_000_000;

/** When the run must be looked at next; undefined where nothing is owed. */
export function wakeAtOf(obligations: readonly Obligation[], schedule: Schedule): number | undefined {
  let wakeAt: number | undefined;
  for (const { key, due } of obligations) {
    const at = schedule[key] ?? due;
    if (at >= DONE) continue;
    if (wakeAt === undefined || at < wakeAt) wakeAt = at;
  }
  return wakeAt;
}
