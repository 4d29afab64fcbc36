// The command language of the transcripts. A line names what a person would name (a call, a nonce, who decides); what
// it leaves out is read from the run as it stands: the turn's number, an attempt, the approval last opened for a call.

import { attemptOf } from "../../src/core/draft.js";
import {
  type Agent,
  type CheckpointKind,
  type ChildEnd,
  type Command,
  callOf,
  claimedCallOf,
  type Decide,
  type GrantUse,
  type MirroredClosing,
  type ModelCall,
  type OwnerDemand,
  type PreviewSaid,
  type ProbeVerdict,
  type RecordChild,
  type ReleaseReason,
  type ReportedCheckpoint,
  type Run,
  type TakeReport,
  type Verdict,
  wantedPreview,
} from "../../src/core/index.js";
import { Line } from "./transcript-line.js";

export interface Seen {
  readonly run: Run | undefined;
  readonly agent: Agent;
  /** Digests that grants carried, by nonce. */
  readonly digests: ReadonlyMap<string, string>;
  readonly decisions: number;
  readonly now: number;
}

/** The command of a line and the lines under it; undefined where the verb is none of the core's commands. */
export function readCommand(line: Line, under: readonly string[], seen: Seen): Command | undefined {
  const { run } = seen;
  switch (line.verb) {
    case "start":
      return readStart(line);
    case "model-replies":
      return {
        type: "take_model_reply",
        ...modelStep(line, run),
        reply: {
          text: line.value("text") ?? "x".repeat(line.number("bytes", 0)),
          calls: under.flatMap(repeated).map((text, index) => modelCall(text, index, run)),
          finishReason: finishReason(line.value("finish") ?? (under.length > 0 ? "TOOL_CALLS" : "STOP")),
          usage: { inputTokens: 10, outputTokens: 5 },
        },
        owners: Object.fromEntries(under.filter((text) => text.startsWith("owner ")).map(owner)),
        grants: Object.fromEntries(
          under.filter((text) => text.startsWith("grant ")).map((text) => grant(new Line(text), seen)),
        ),
      };
    case "model-fails": {
      const retryAfterMs = line.duration("retry-after");
      const failure = { message: line.value("message") ?? "429 Too Many Requests", retryable: !line.flag("final") };
      return {
        type: "take_model_failure",
        ...modelStep(line, run),
        failure: retryAfterMs === undefined ? failure : { ...failure, retryAfterMs },
      };
    }
    case "lose-model-call":
      return { type: "replace_model_call", ...modelStep(line, run) };
    case "claim": {
      const task = readTask(line, run);
      return {
        type: "claim",
        ...task,
        ...worker(line, "w1"),
        owner: {
          approval: line.flag("owner-approval"),
          once: line.flag("owner-once"),
          probe: line.flag("probe"),
          enforcesKey: line.flag("enforces-key"),
          ...(line.flag("owner-preview") ? { preview: { fields: [], timeoutMs: 10_000 } } : {}),
        },
        store: !line.flag("unstored"),
      };
    }
    case "complete": {
      const task = readTask(line, run);
      const digest =
        line.value("digest") ?? seen.digests.get(task.nonce) ?? callOf(known(run), task.callId)?.digest ?? "";
      return {
        type: "complete",
        ...task,
        ...worker(line, claimantOf(task, run)),
        digest,
        outcome: completedOutcome(line),
      };
    }
    case "release": {
      const reason = (line.value("reason") ?? "SHUTTING_DOWN") as ReleaseReason;
      const task = readTask(line, run);
      const by = worker(line, claimantOf(task, run));
      const begun = line.flag("begun") ? ({ begun: true } as const) : {};
      return { type: "release", ...task, ...by, reason, detail: line.value("detail") ?? "", ...begun };
    }
    case "lose-claim": {
      const agoMs = line.duration("seen-ago");
      return {
        type: "end_claim",
        ...readTask(line, run),
        how: line.flag("disowned") ? "DISOWNED" : "LEASE_ENDED",
        ...(agoMs === undefined ? {} : { lastHeartbeatAt: seen.now - agoMs }),
      };
    }
    case "claim-probe":
      return { type: "claim_probe", ...readProbed(line, run) };
    case "answer-probe": {
      const probed = readProbed(line, run);
      const verdict = probeVerdict(line);
      return {
        type: "answer_probe",
        ...probed,
        workerId: line.value("worker") ?? "w2",
        digest: line.value("digest") ?? callOf(known(run), probed.callId)?.digest ?? "",
        verdict,
        result: verdict === "HAPPENED" ? (line.value("result") ?? longResult(line)) : "null",
        detail: line.value("detail") ?? "",
      };
    }
    case "claim-preview":
      return { type: "claim_preview", ...readPreviewed(line, run), workerId: line.value("worker") ?? "w1" };
    case "answer-preview": {
      const { callId } = readPreviewed(line, run);
      const call = callOf(known(run), callId);
      const wanted = call === undefined ? undefined : wantedPreview(known(run), call);
      return {
        type: "answer_preview",
        callId,
        number: line.number("number", wanted?.number ?? call?.previews ?? 1),
        digest: line.value("digest") ?? wanted?.digest ?? call?.digest ?? "",
        workerId: line.value("worker") ?? "w1",
        said: previewSaid(line),
      };
    }
    case "approve": {
      const bytes = line.value("edit-bytes");
      const edited = line.value("edit") ?? (bytes === undefined ? undefined : longArguments(Number(bytes)));
      return decision(
        line,
        seen,
        edited === undefined ? { kind: "approve" } : { kind: "approve", editedArguments: edited },
      );
    }
    case "reject":
      return decision(line, seen, { kind: "reject" });
    case "respond":
      return decision(line, seen, {
        kind: "respond",
        content: line.value("content") ?? longResult(line),
      });
    case "settle": {
      const result = line.value("result") ?? longResult(line);
      if (line.flag("happened")) return decision(line, seen, { kind: "settle", outcome: "happened", result });
      if (line.flag("run-again")) return decision(line, seen, { kind: "settle", outcome: "run_again" });
      if (line.flag("give-up")) return decision(line, seen, { kind: "settle", outcome: "given_up" });
      throw new Error(`${line.text}: happened, run-again or give-up?`);
    }
    case "child-started":
      return { type: "record_child", ...readChild(line) };
    case "child-refused":
      return { type: "refuse_child", callId: line.word() ?? "", problem: line.needed("problem") };
    case "child-reports":
      return readReport(line, under);
    case "cancel":
      return { type: "cancel", who: line.value("by") ?? "alex", reason: line.value("reason") ?? "" };
    case "pause":
      return {
        type: "pause",
        who: line.value("by") ?? "alex",
        reason: line.value("reason") ?? "",
        requestId: line.value("id") ?? "p1",
      };
    case "resume":
      return { type: "resume", who: line.value("by") ?? "alex", requestId: line.value("id") ?? "r1" };
    default:
      return undefined;
  }
}

function readChild(line: Line): Omit<RecordChild, "type"> {
  const callId = line.word() ?? "";
  const agentName = line.value("agent") ?? "helper";
  return { callId, childRunId: line.value("run") ?? `run_1_${callId}`, agentName, agentVersion: "v1" };
}

/** `child-reports t1c1 at=5 [waits] [result=… | failed=… | cancelled-by=…]`, and under it each of its checkpoints. */
function readReport(line: Line, under: readonly string[]): TakeReport {
  const child = readChild(line);
  const [result, failed, who] = [line.value("result"), line.value("failed"), line.value("cancelled-by")];
  const end: ChildEnd | undefined =
    result !== undefined
      ? { state: "COMPLETED", result }
      : failed !== undefined
        ? { state: "FAILED", reason: "MAX_TURNS", message: failed }
        : who !== undefined
          ? { state: "CANCELLED", who, reason: line.value("reason") ?? "" }
          : undefined;
  return {
    ...{ type: "take_report", ...child, sequence: line.number("at", 1), waits: line.flag("waits") },
    checkpoints: under.map((text) => readReported(new Line(text), child.childRunId)),
    ...(end === undefined ? {} : { end }),
  };
}

/** `APPROVAL apr_1 refund [of=run_1_t1c1_t1c1] [approved-by=maria | expired]`. */
function readReported(line: Line, childRunId: string): ReportedCheckpoint {
  const who = line.value("approved-by");
  const at = Date.UTC(2026, 0, 1);
  const closed: MirroredClosing | undefined =
    who !== undefined
      ? { how: "decided", at, outcome: "approved", who, decisionId: "d1" }
      : line.flag("expired")
        ? { how: "expired", at }
        : undefined;
  const checkpoint: ReportedCheckpoint = {
    ...{ kind: line.verb as CheckpointKind, approvalId: line.word() ?? "", tool: line.word() ?? "" },
    ...{ runId: line.value("of") ?? childRunId, agentName: "helper", callId: "t1c1", digest: "sha256:c0ffee" },
    ...{ requestedAt: at, votesRequired: 1 },
    ...(closed === undefined ? {} : { closed }),
  };
  line.end();
  return checkpoint;
}

function readStart(line: Line): Command {
  const [parentRunId, parentCallId] = line.value("parent")?.split("/") ?? [];
  const depth = line.number("depth", 1);
  const deadlineMs = line.duration("deadline");
  const input = line.value("input") ?? "Refund order ORD-8821";
  const onBehalfOf = line.value("for");
  return {
    type: "start",
    runId: "run_1",
    namespace: "default",
    input,
    startedBy: line.value("by") ?? "alex",
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    labels: JSON.parse(line.value("labels") ?? "{}") as Record<string, string>,
    requestHash: `hash of ${input}`,
    ...(parentRunId === undefined || parentCallId === undefined
      ? {}
      : { parentRunId, parentCallId, rootRunId: parentRunId, depth }),
    ...(deadlineMs === undefined ? {} : { deadlineMs }),
  };
}

function modelStep(line: Line, run: Run | undefined): { turn: number; attempt: number } {
  const model = run?.turn.model;
  const attempt = model !== undefined && "attempt" in model ? model.attempt : 1;
  return { turn: line.number("turn", run?.turn.number ?? 1), attempt: line.number("attempt", attempt) };
}

/** `call …` once, `130 calls …` so often, and nothing of what is no call. */
function repeated(text: string): readonly string[] {
  const [, count = "1", call] = /^(?:(\d+) calls|call) (.*)$/su.exec(text) ?? [];
  return call === undefined ? [] : Array.from({ length: Number(count) }, () => `call ${call}`);
}

/** `call NAME ARGUMENTS`, where the arguments are the rest of the line as it stands, or `bytes=N` for long ones. */
function modelCall(text: string, index: number, run: Run | undefined): ModelCall {
  const [, name = "", argumentsText = ""] = /^call (\S+) ?(.*)$/su.exec(text) ?? [];
  const bytes = /^bytes=(\d+)$/u.exec(argumentsText)?.[1];
  const long = bytes === undefined ? argumentsText : longArguments(Number(bytes));
  return { modelCallId: `call_${run?.turn.number ?? 1}_${index + 1}`, name, argumentsText: long };
}

function longArguments(bytes: number): string {
  return `{"note":"${"x".repeat(bytes - 11)}"}`;
}

/** `owner NAME approval once preview`. */
function owner(text: string): [string, OwnerDemand] {
  const [, name = "", ...demands] = text.split(" ");
  const demand = { approval: demands.includes("approval"), once: demands.includes("once") };
  const preview = demands.includes("preview") ? { preview: { fields: [], timeoutMs: 10_000 } } : {};
  return [name, { ...demand, ...preview, probe: false, enforcesKey: false }];
}

/** `grant CALL id=g1 use=1 by=maria [for=] [groups=] [authenticated] [rule=] [expires=1h]`: a use that was taken for it. */
function grant(line: Line, { now }: Seen): [string, GrantUse] {
  const callId = line.word() ?? "";
  const onBehalfOf = line.value("for");
  const use: GrantUse = {
    grantId: line.needed("id"),
    version: "v1",
    use: line.number("use", 1),
    by: {
      who: line.needed("by"),
      ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
      groups: line.list("groups") ?? [],
      authenticated: line.flag("authenticated"),
    },
    rule: line.value("rule") ?? "",
    expiresAt: now + (line.duration("expires") ?? 3_600_000),
  };
  line.end();
  return [callId, use];
}

function finishReason(text: string): "STOP" | "TOOL_CALLS" | "LENGTH" | "REFUSED" {
  if (text === "STOP" || text === "TOOL_CALLS" || text === "LENGTH" || text === "REFUSED") return text;
  throw new Error(`No finish reason: ${text}`);
}

function readTask(line: Line, run: Run | undefined): { callId: string; attempt: number; nonce: string } {
  const callId = line.word() ?? "";
  const nonce = line.needed("nonce");
  const call = callOf(known(run), callId);
  const claimed = call?.claims.find((claim) => claim.nonce === nonce)?.attempt;
  const current = call === undefined ? 1 : attemptOf(call);
  return { callId, nonce, attempt: line.number("attempt", claimed ?? current) };
}

function readProbed(line: Line, run: Run | undefined): { callId: string; attempt: number } {
  const callId = line.word() ?? "";
  const call = callOf(known(run), callId);
  return { callId, attempt: line.number("attempt", call === undefined ? 1 : attemptOf(call)) };
}

function readPreviewed(line: Line, run: Run | undefined): { callId: string; attempt: number } {
  const callId = line.word() ?? "";
  return { callId, attempt: line.number("attempt", callOf(known(run), callId)?.attempts ?? 1) };
}

function previewSaid(line: Line): PreviewSaid {
  const detail = line.value("failed");
  if (detail !== undefined) return { kind: "failed", detail };
  return { kind: "found", text: line.value("shows") ?? longResult(line) };
}

function probeVerdict(line: Line): ProbeVerdict {
  if (line.flag("happened")) return "HAPPENED";
  if (line.flag("did-not-happen")) return "DID_NOT_HAPPEN";
  if (line.flag("unknown")) return "UNKNOWN";
  throw new Error(`${line.text}: happened, did-not-happen or unknown?`);
}

/** The worker that claimed an attempt, where the run knows it. */
function claimantOf({ callId, nonce }: { callId: string; nonce: string }, run: Run | undefined): string {
  const claims = run === undefined ? [] : (claimedCallOf(run, callId)?.claims ?? []);
  return claims.find((claim) => claim.nonce === nonce)?.workerId ?? "w1";
}

function worker(line: Line, unlessSaid: string): { workerId: string; incarnation: string } {
  const workerId = line.value("worker") ?? unlessSaid;
  return { workerId, incarnation: `${workerId}-1` };
}

function completedOutcome(line: Line) {
  const message = line.value("error");
  if (message !== undefined) return { kind: "error", message, retryable: line.flag("retryable") } as const;
  return { kind: "result", text: line.value("result") ?? longResult(line) } as const;
}

/** A JSON string of so many bytes. */
function longResult(line: Line): string {
  const bytes = line.number("bytes", 0);
  return bytes === 0 ? "null" : `"${"x".repeat(bytes - 2)}"`;
}

function decision(line: Line, { run, decisions }: Seen, verdict: Verdict): Decide {
  const approvalId = line.value("id") ?? approvalOf(line.word(), run);
  const shown = line.value("digest");
  const sight = line.value("sight");
  const digest = shown === "shown" ? run?.checkpoints[approvalId ?? ""]?.digest : shown;
  const comment = line.value("reason") ?? line.value("comment") ?? "";
  const request = line.value("request") ?? JSON.stringify([approvalId, digest, comment, verdict]);
  const onBehalfOf = line.value("for");
  return {
    type: "decide",
    decisionId: line.value("decision") ?? `d${decisions + 1}`,
    requestHash: request,
    who: line.value("by") ?? "maria",
    ...(onBehalfOf === undefined ? {} : { onBehalfOf }),
    groups: line.list("groups") ?? [],
    authenticated: line.flag("authenticated"),
    ...(approvalId === undefined ? {} : { approvalId }),
    ...(digest === undefined ? {} : { digest }),
    ...(sight === undefined ? {} : { preview: sight === "none" ? "" : sight }),
    comment,
    verdict,
  };
}

/** The checkpoint last opened for a call. */
function approvalOf(callId: string | undefined, run: Run | undefined): string | undefined {
  if (callId === undefined) return undefined;
  const opened = Object.values(known(run).checkpoints).filter((checkpoint) => checkpoint.callId === callId);
  const last = opened.toSorted((a, b) => a.sequence - b.sequence).at(-1);
  if (last === undefined) throw new Error(`Nothing was ever opened for ${callId}.`);
  return last.approvalId;
}

function known(run: Run | undefined): Run {
  if (run === undefined) throw new Error("There is no run yet.");
  return run;
}
