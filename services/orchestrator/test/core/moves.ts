// Random commands. A move is a few numbers, which choose among what the run offers as it stands; so a counterexample
// shrinks to fewer and simpler moves, and most commands mean something when they come.
import fc from "fast-check";
import type {
  Call,
  Checkpoint,
  Command,
  CompletedOutcome,
  Decide,
  GrantUse,
  ModelCall,
  ReleaseReason,
  Run,
  Verdict,
} from "../../src/core/index.js";
import { childMove, reported } from "./explored-children.js";
import type { ExploredRun, HeldGrant } from "./explored-run.js";

const KINDS = {
  reply: 10,
  answer: 1,
  model_fails: 2,
  lose_model: 2,
  claim: 18,
  complete: 8,
  release: 5,
  lose: 7,
  child: 3,
  report: 8,
  told: 2,
  probe_asked: 4,
  probe_says: 6,
  preview_asked: 8,
  preview_says: 10,
  decide: 20,
  cancel: 2,
  pause: 3,
  resume: 3,
  tick: 3,
  expire: 7,
  wait: 3,
  again: 6,
  late: 5,
  start: 2,
  reschedule: 2,
} as const;

export type MoveKind = keyof typeof KINDS;

export interface Move {
  readonly kind: MoveKind;
  readonly x: number;
  readonly y: number;
  readonly z: number;
}

const NUMBER = fc.nat({ max: 9_999 });

/** Kinds that a story may do without, so that what they would end goes on for longer. */
export const DISPENSABLE = [
  "answer",
  "complete",
  "release",
  "lose",
  "probe_says",
  "preview_says",
  "cancel",
  "pause",
  "resume",
  "expire",
  "report",
] as const;

export const MOVE: fc.Arbitrary<Move> = fc.record({
  kind: fc.oneof(
    ...Object.entries(KINDS).map(([kind, weight]) => ({ weight, arbitrary: fc.constant(kind as MoveKind) })),
  ),
  x: NUMBER,
  y: NUMBER,
  z: NUMBER,
});

/** Ids that an object has by itself. */
export const PROBE_VERDICTS = ["HAPPENED", "DID_NOT_HAPPEN", "UNKNOWN"] as const;
export const GARBAGE = ["__proto__", "constructor", "toString", "t9c9", "", "1"] as const;
const PEOPLE = ["maria", "noah", "alex"] as const;
const WORKERS = ["w1", "w2", "w3"] as const;
const TOOLS = [
  "charge",
  "refund",
  "look_up",
  "charge",
  "wire",
  "slow",
  "refund",
  "delete",
  "transfer",
  "send",
  "ship",
  "gift",
  "spend",
  "odd",
  "topup",
  "spend",
  "ask",
  "delegate",
  "hand_on",
  "no_such_tool",
] as const;
const ARGUMENTS = ['{"n":1}', '{"n":60}', '{"n":1000}', "{", '{"n":1,"n":2}'] as const;
const WAITS = [1, 500, 1_000, 5_000, 31_000, 61_000, 130_000, 660_000, 3_600_000] as const;

export function pick<T>(from: readonly T[], by: number): T | undefined {
  return from[by % from.length];
}

/** One in `n`, by this number. */
export function rarely(by: number, n: number): boolean {
  return by % n === n - 1;
}

export function waitOf({ x }: Move): number {
  return pick(WAITS, x) ?? 1;
}

/** The command of a move; undefined where the run offers nothing to it. */
export function commandOf(move: Move, explored: ExploredRun): Command | undefined {
  const { x, y, z } = move;
  const { run } = explored;
  if (run === undefined) return undefined;
  switch (move.kind) {
    case "reply":
      return reply(run, move, 1 + (x % 4), explored);
    case "answer":
      return reply(run, move, 0, explored);
    case "model_fails": {
      const failure = { message: "503", retryable: !rarely(z, 8) };
      return { type: "take_model_failure", ...modelStep(run, x), failure };
    }
    case "lose_model":
      return { type: "replace_model_call", ...modelStep(run, x) };
    case "claim":
      return claim(explored, run, move);
    case "complete": {
      const grant = grantOf(explored, run, x, y);
      const digest = rarely(z, 17) ? "sha256:0" : grant.digest;
      return { type: "complete", ...taskOf(grant), ...workerOf(grant, z), digest, outcome: outcomeOf(z) };
    }
    case "release": {
      const reasons: readonly ReleaseReason[] = ["SHUTTING_DOWN", "INCOMPATIBLE", "TOO_LATE", "NO_PROOF"];
      const reason = pick(reasons, z) ?? "TOO_LATE";
      const grant = grantOf(explored, run, x, y);
      const begun = rarely(y, 4) ? ({ begun: true } as const) : {};
      return { type: "release", ...taskOf(grant), ...workerOf(grant, x), reason, detail: "", ...begun };
    }
    case "lose": {
      const how = z % 2 === 0 ? "LEASE_ENDED" : "DISOWNED";
      return { type: "end_claim", ...taskOf(grantOf(explored, run, x, y)), how };
    }
    case "child":
      return childMove(explored, run, move);
    case "report":
      return { ...reported(explored, run, move), type: "take_report" };
    case "told": {
      const { core } = explored;
      const owed = core.obligationsOf(run, core.DEFAULT_TIMING).find(({ kind }) => kind === "tell_parent");
      return owed && { type: "reschedule", due: { [owed.key]: core.DONE } };
    }
    case "probe_asked":
      return { type: "claim_probe", ...probedOf(run, x) };
    case "probe_says":
      return probeSays(run, move);
    case "preview_asked":
      return previewAsked(explored, run, move);
    case "preview_says":
      return previewSays(explored, run, move);
    case "decide":
      return decision(explored, run, move);
    case "cancel":
      return { type: "cancel", who: "alex", reason: "" };
    case "pause":
      return { type: "pause", who: "alex", reason: "", requestId: `p${explored.commands.length}` };
    case "resume":
      return { type: "resume", who: "alex", requestId: `r${explored.commands.length}` };
    case "tick":
    case "expire":
      return { type: "tick" };
    case "again":
      return pick(explored.commands, x);
    case "start":
      return startOf(rarely(x, 2) ? "another request" : "request");
    case "reschedule": {
      const { core, now } = explored;
      const owed = pick(core.obligationsOf(run, core.DEFAULT_TIMING), x);
      return { type: "reschedule", due: { [owed?.key ?? "announce/t9c9/1"]: now + waitOf(move) } };
    }
    case "late":
    case "wait":
      return undefined;
    default:
      return move.kind satisfies never;
  }
}

export function startOf(requestHash: string, isChild = false): Command {
  return {
    ...(isChild ? { parentRunId: "run_0", parentCallId: "t1c1", rootRunId: "run_0", depth: 1 } : {}),
    type: "start",
    runId: "run_1",
    namespace: "n",
    input: "hi",
    startedBy: "bot",
    onBehalfOf: "alex",
    labels: {},
    requestHash,
  };
}

function modelStep({ turn: { number, model } }: Run, x: number): { turn: number; attempt: number } {
  const attempt = "attempt" in model ? model.attempt : 1;
  return rarely(x, 11) ? { turn: number - 1, attempt: attempt + 1 } : { turn: number, attempt };
}

/** Where authentication is off. */
const NOBODY = { who: "anonymous", groups: [], authenticated: false } as const;

/** For the first calls of the turn: by one who may or may not, for these arguments or others, for a time that may be over. */
function grantsOf(run: Run, explored: ExploredRun, { x, y, z }: Omit<Move, "kind">): Record<string, GrantUse> {
  const use = (index: number): GrantUse => ({
    ...{ grantId: `g${x % 3}`, version: "v1", use: explored.fresh() },
    by: rarely(z, 4)
      ? NOBODY
      : { ...speakerOf(x + index, z), groups: rarely(y, 2) ? ["finance"] : [], authenticated: true },
    rule: pick(["", "args.n < 40", "args.missing > 1"], z + index) ?? "",
    expiresAt: explored.now + (rarely(y, 5) ? 0 : 60_000),
  });
  const turn = run.turn.number;
  return Object.fromEntries([0, 1, 2].map((index) => [`t${turn}c${index + 1}`, use(index)]));
}

function reply(run: Run, { x, y, z }: Move, count: number, explored: ExploredRun): Command {
  const calls = Array.from({ length: count }, (_none, index): ModelCall => {
    const name = pick(TOOLS, y + index * (1 + (z % 5))) ?? "";
    const argumentsText = pick(ARGUMENTS, rarely(z + index, 7) ? z : index % 2) ?? "";
    return { modelCallId: `m${run.turn.number}_${index}`, name, argumentsText };
  });
  const preview = rarely(x + z, 3) ? { preview: { fields: ["n"], timeoutMs: 3_000 } } : {};
  const owner = { approval: rarely(x, 9), once: rarely(y, 9), probe: false, enforcesKey: false, ...preview };
  return {
    type: "take_model_reply",
    ...modelStep(run, z),
    reply: {
      text: count === 0 ? "done" : "",
      calls,
      finishReason: count === 0 ? "STOP" : "TOOL_CALLS",
      usage: { inputTokens: 1, outputTokens: 1 },
    },
    grants: rarely(x + y, 2) ? grantsOf(run, explored, { x, y, z }) : {},
    owners: rarely(z, 3) ? { look_up: owner, charge: owner, spend: { ...owner, approval: rarely(x, 3) } } : {},
  };
}

/** Mostly what may be claimed, sometimes any call of this or an earlier turn, rarely none. */
export function callIdOf(run: Run, x: number, states: readonly string[]): string {
  const fitting = run.turn.calls.filter(({ state }) => states.includes(state.kind));
  if (fitting.length > 0 && !rarely(x, 5)) return pick(fitting, x)?.callId ?? "";
  const all = [...run.turn.calls.map(({ callId }) => callId), ...Object.keys(run.pastCalls)];
  return (rarely(x, 6) ? undefined : pick(all, x)) ?? pick(GARBAGE, x) ?? "";
}

function claim(explored: ExploredRun, run: Run, { x, y, z }: Move): Command {
  const callId = callIdOf(run, x, ["ready"]);
  const call = run.turn.calls.find((candidate) => candidate.callId === callId);
  const known = rarely(y, 12) ? pick(explored.grants, z) : undefined;
  const workerId = pick(WORKERS, y) ?? "w1";
  return {
    type: "claim",
    callId,
    attempt: Math.max(1, (call?.attempts ?? 1) - (rarely(z, 13) ? 1 : 0)),
    nonce: known?.nonce ?? `n${explored.fresh()}`,
    workerId,
    incarnation: `${workerId}-1`,
    owner: {
      approval: rarely(y, call?.spared === true || call?.unsettled !== undefined ? 2 : 11),
      once: rarely(z, 11),
      probe: z % 3 > 0,
      enforcesKey: z % 2 > 0,
      ...(rarely(x + y, 2) ? { preview: { fields: [], timeoutMs: 7_000 } } : {}),
    },
    store: !rarely(z, 3),
  };
}

/** Mostly a grant that still stands, sometimes any grant there was, rarely one that was never given. */
function grantOf({ grants }: ExploredRun, run: Run, x: number, y: number): HeldGrant {
  const standing = grants.filter(({ callId, attempt, nonce }) => {
    const state = run.turn.calls.find((call) => call.callId === callId)?.state;
    if (state?.kind === "ready") return state.attempt === attempt;
    return state !== undefined && "nonce" in state && state.nonce === nonce;
  });
  // A run that is ending would soon have ended.
  const eager = run.phase.kind === "ending" ? rarely(x, 4) : !rarely(x, 4);
  const found = standing.length > 0 && eager ? pick(standing, y) : rarely(x, 7) ? undefined : pick(grants, y);
  const none = {
    callId: callIdOf(run, y, ["checking"]),
    attempt: 1,
    nonce: `none${y}`,
    workerId: "w9",
    digest: "sha256:0",
  };
  return rarely(x + y, 9) ? none : (found ?? none);
}

function taskOf({ callId, attempt, nonce }: HeldGrant): { callId: string; attempt: number; nonce: string } {
  return { callId, attempt, nonce };
}

/** Mostly whoever holds the grant, rarely another worker or its next start, which know the nonce. */
function workerOf(grant: HeldGrant, by: number): { workerId: string; incarnation: string } {
  const workerId = rarely(by, 11) ? (pick(WORKERS, by) ?? "w1") : grant.workerId;
  return { workerId, incarnation: `${workerId}-${rarely(by, 19) ? 2 : 1}` };
}

/** Mostly an attempt whose probe is asked, sometimes an earlier one, or any call. */
function probedOf(run: Run, x: number): { callId: string; attempt: number } {
  const callId = callIdOf(run, x, ["probing"]);
  const attempts = run.turn.calls.find((call) => call.callId === callId)?.attempts ?? 1;
  return { callId, attempt: Math.max(1, attempts - (rarely(x, 9) ? 1 : 0)) };
}

function probeSays(run: Run, { x, y, z }: Move): Command {
  const probed = probedOf(run, x);
  const digest = run.turn.calls.find(({ callId }) => callId === probed.callId)?.digest;
  return {
    type: "answer_probe",
    ...probed,
    workerId: pick(WORKERS, y) ?? "w1",
    digest: rarely(z, 17) ? "sha256:0" : (digest ?? ""),
    // Mostly no, which is the answer that lets a call run again.
    verdict: pick([...PROBE_VERDICTS, "DID_NOT_HAPPEN"], y) ?? "UNKNOWN",
    result: `{"found":${z}}`,
    detail: `looked ${z}`,
  };
}

/** Mostly a call whose preview is asked. */
function previewedOf({ core }: ExploredRun, run: Run, x: number): Call | undefined {
  const wanted = run.turn.calls.filter((call) => core.wantedPreview(run, call) !== undefined);
  if (wanted.length > 0 && !rarely(x, 7)) return pick(wanted, x);
  return rarely(x, 4) ? undefined : pick(run.turn.calls, x);
}

function previewAsked(explored: ExploredRun, run: Run, { x, y, z }: Omit<Move, "kind">): Command {
  const call = previewedOf(explored, run, x);
  const callId = call?.callId ?? callIdOf(run, x, []);
  const attempt = Math.max(1, (call?.attempts ?? 1) - (rarely(z, 11) ? 1 : 0));
  return { type: "claim_preview", callId, attempt, workerId: pick(WORKERS, y) ?? "w1" };
}

/** Mostly the same, sometimes something else, or nothing that can be used. */
const SEEN = ['{"n":1}', '{"n":1}', '{"n":1,"other":true}', '{"n":1}', '{"n":2}', '"in words"', "{"] as const;

function previewSays(explored: ExploredRun, run: Run, { x, y, z }: Omit<Move, "kind">): Command {
  const call = previewedOf(explored, run, x);
  const wanted = call === undefined ? undefined : explored.core.wantedPreview(run, call);
  return {
    type: "answer_preview",
    callId: call?.callId ?? callIdOf(run, x, []),
    number: Math.max(1, (wanted?.number ?? call?.previews ?? 1) - (rarely(z, 11) ? 1 : 0)),
    digest: rarely(z, 17) ? "sha256:0" : (wanted?.digest ?? call?.digest ?? ""),
    workerId: pick(WORKERS, y) ?? "w1",
    said: rarely(y, 9) ? { kind: "failed", detail: `cannot look ${z}` } : { kind: "found", text: pick(SEEN, z) ?? "" },
  };
}

function outcomeOf(z: number): CompletedOutcome {
  if (rarely(z, 4)) return { kind: "error", message: "failed", retryable: z % 8 < 4 };
  return { kind: "result", text: `{"z":${z}}` };
}

function decision(explored: ExploredRun, run: Run, { x, y, z }: Move): Decide {
  const all = Object.values(run.checkpoints);
  const open = all.filter(({ closed }) => closed === undefined);
  const some = open.length > 0 && !rarely(x, 9) ? pick(open, y) : pick(all, y);
  const named = rarely(x, 13) ? undefined : some;
  const mirrored = rarely(x, 3) ? pick(Object.keys(run.mirrors ?? {}), y) : undefined;
  const approvalId = mirrored ?? named?.approvalId ?? (rarely(y, 5) ? pick(GARBAGE, x) : undefined);
  const digest = rarely(z, 13) ? "sha256:0" : rarely(y, 3) ? undefined : (named ?? some)?.digest;
  const verdict = verdictOf(named ?? some, z);
  const speaker = speakerOf(x, z);
  const known = pick(Object.keys(run.acts), x);
  const decisionId = rarely(y, 14) ? (known ?? pick(GARBAGE, x)) : rarely(y, 15) ? pick(GARBAGE, x) : undefined;
  const authenticated = !rarely(y, 4);
  return {
    type: "decide",
    decisionId: decisionId ?? `d${explored.fresh()}`,
    requestHash: JSON.stringify([approvalId, digest, verdict, speaker]),
    ...speaker,
    groups: rarely(x, 3) ? [] : ["finance"],
    authenticated,
    by: { method: authenticated ? "api_key" : "none", credentialId: "", address: "" },
    ...(approvalId === undefined ? {} : { approvalId }),
    ...(digest === undefined ? {} : { digest }),
    ...(rarely(x + z, 7) ? { preview: sightOf(named ?? some, y) } : {}),
    comment: "",
    verdict,
  };
}

/** Mostly what is in sight. */
function sightOf(checkpoint: Checkpoint | undefined, y: number): string {
  const shows = checkpoint?.preview?.shows;
  if (shows?.kind !== "shown") return rarely(y, 5) ? "sha256:0" : "";
  return rarely(y, 4) ? "" : shows.fingerprint;
}

/** Mostly a person, sometimes a bot for one, rarely who started the run for another, or the bot for itself. */
function speakerOf(x: number, z: number): Pick<Decide, "who" | "onBehalfOf"> {
  const person = pick(PEOPLE, z) ?? "maria";
  if (rarely(x, 5)) return { who: "bot", onBehalfOf: person };
  if (rarely(x, 17)) return { who: "alex", onBehalfOf: person };
  return { who: rarely(x, 23) ? "bot" : person };
}

function verdictOf(checkpoint: Checkpoint | undefined, z: number): Verdict {
  const settlements: readonly Verdict[] = [
    { kind: "settle", outcome: "run_again" },
    { kind: "settle", outcome: "run_again" },
    { kind: "settle", outcome: "run_again" },
    { kind: "settle", outcome: "happened", result: '{"settled":true}' },
    { kind: "settle", outcome: "given_up" },
  ];
  const approvals: readonly Verdict[] = [
    { kind: "approve" },
    { kind: "approve" },
    { kind: "approve" },
    { kind: "approve", editedArguments: '{"n":50}' },
    { kind: "approve", editedArguments: '{"n":5}' },
    { kind: "approve", editedArguments: pick(ARGUMENTS, z) ?? "" },
    { kind: "reject" },
    { kind: "respond", content: '"by hand"' },
  ];
  const answers: readonly Verdict[] = [
    { kind: "respond", content: '"by hand"' },
    { kind: "respond", content: '"green"' },
    { kind: "respond", content: "7" },
    { kind: "respond", content: '"far too long"' },
    { kind: "reject" },
    { kind: "approve" },
    { kind: "settle", outcome: "given_up" },
  ];
  if (checkpoint?.kind === "QUESTION") return pick(answers, z) ?? { kind: "reject" };
  const fitting = (checkpoint?.kind === "SETTLEMENT") !== rarely(z, 10) ? settlements : approvals;
  return pick(fitting, z) ?? { kind: "reject" };
}
