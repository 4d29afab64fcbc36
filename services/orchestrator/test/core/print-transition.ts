// What a transcript shows of a transition, in a form for people: events one a line, effects, answer, state.
import type {
  Act,
  Answer,
  Approvers,
  CallOutcome,
  Checkpoint,
  Effect,
  End,
  Fact,
  Ground,
  ModelMessage,
  Rejection,
  Run,
  RunEvent,
  UnknownAttempt,
} from "../../src/core/index.js";
import { openCheckpoints, personOf, stateOf } from "../../src/core/index.js";
import { printDuration } from "./transcript-line.js";

/** Prints times as durations since the run's first instant. */
export class Printer {
  constructor(private readonly origin: number) {}

  time(at: number): string {
    return printDuration(at - this.origin);
  }

  event({ sequence, fact }: RunEvent): string {
    return `[${sequence}] ${fact.type} ${this.fact(fact)}`.trimEnd();
  }

  effect(effect: Effect): string {
    switch (effect.kind) {
      case "call_model":
        return `-> call the model: turn ${effect.turn} attempt ${effect.attempt} by ${effect.holder} from ${this.time(effect.notBefore)}`;
      case "announce":
        return `-> announce ${effect.callId} attempt ${effect.attempt} to ${effect.queue}/${effect.tool}`;
      case "withdraw":
        return `-> withdraw ${effect.callId} from ${effect.queue}/${effect.tool}`;
      case "start_child":
        return `-> start the run of ${effect.callId}`;
      case "cancel_child":
        return `-> end the run of ${effect.callId}`;
      case "steer_child":
        return `-> pause or resume the run of ${effect.callId} (${effect.key})`;
      case "tell_parent":
        return `-> tell the parent (${effect.key})`;
      default:
        return effect satisfies never;
    }
  }

  answer(answer: Answer): string {
    switch (answer.type) {
      case "started":
        return answer.created ? "= started" : "= started already";
      case "granted": {
        const until = answer.deadline === undefined ? "" : ` until ${this.time(answer.deadline)}`;
        const why =
          answer.approval === undefined ? "" : ` by ${answer.approval.approvalId}/${answer.approval.decisionId}`;
        const how = `${answer.guarded ? "guarded" : "plain"}${answer.stored ? "" : " not-stored"}`;
        return `= granted ${answer.tool} ${digest(answer.digest)} from [${answer.argumentsSequence}] ${how}${why}${until}`;
      }
      case "probe_granted":
        return `= granted the probe of ${answer.tool} ${digest(answer.digest)} from [${answer.argumentsSequence}] until ${this.time(answer.until)}`;
      case "preview_granted":
        return `= granted preview ${answer.number} of ${answer.tool} ${digest(answer.digest)} from [${answer.argumentsSequence}] until ${this.time(answer.until)}`;
      case "refused":
        return `= refused ${answer.reason}`;
      case "completed":
        return `= completed ${answer.status}`;
      case "stale":
        return `= stale: ${answer.detail}`;
      case "released":
        return answer.released ? "= released" : "= not released";
      case "decided": {
        const votes = answer.closed ? "" : `, votes missing ${answer.votesMissing}`;
        const again = answer.repeated ? ", repeated" : "";
        return `= decided ${answer.approvalId} ${answer.outcome} by ${answer.who} ${answer.decisionId} [${answer.sequence}]${votes}${again}`;
      }
      case "forward":
        return `= to be decided by run ${answer.runId}`;
      case "not_its_child":
        return "= not its child";
      case "ok":
        return "= ok";
      default:
        return answer satisfies never;
    }
  }

  rejection({ reason, message, metadata, retryAfterMs }: Rejection): string {
    const data = metadata === undefined ? "" : ` ${JSON.stringify(metadata)}`;
    const retry = retryAfterMs === undefined ? "" : ` retry after ${printDuration(retryAfterMs)}`;
    return `! ${reason}: ${message}${data}${retry}`;
  }

  state(run: Run, wakeAt: number | undefined): string {
    const ending = run.phase.kind === "ending" ? ` ending(${run.phase.end.state})` : "";
    const wake = wakeAt === undefined ? "sleeps" : `wakes at ${this.time(wakeAt)}`;
    return `${stateOf(run)}${ending} ${this.turn(run)} ${wake}`;
  }

  checkpoint(checkpoint: Checkpoint): string {
    const { approvalId, kind, closed, votes, votesRequired } = checkpoint;
    const how = closed === undefined ? "open" : closed.how === "decided" ? closed.outcome : closed.how;
    const who = votes.map((vote) => `${personOf(vote)}:${vote.outcome}`).join(",");
    const seen = previewShown(checkpoint);
    return `${approvalId} ${kind} ${how} ${digest(checkpoint.digest)} votes ${votes.length}/${votesRequired}${who === "" ? "" : ` ${who}`}${seen}`;
  }

  checkpoints(run: Run): string[] {
    return openCheckpoints(run).map((open) => this.checkpoint(open));
  }

  message(message: ModelMessage): string {
    if (message.role === "tool") return `tool ${message.modelCallId}: ${message.text}`;
    const calls = message.role === "assistant" ? message.calls : [];
    const shown = calls.map((call) => ` calls ${call.modelCallId} ${call.name} ${call.argumentsText}`).join("");
    return `${message.role}: ${message.text}${shown}`.trimEnd();
  }

  private turn({ turn, children }: Run): string {
    const { model } = turn;
    const calls = turn.calls.map(({ callId, state, incompatible, unproven }) => {
      const attempt = "attempt" in state ? `/${state.attempt}` : "";
      const alive = (state.kind === "unknown" || state.kind === "probing") && !state.grantDead;
      const more = alive ? "(grant alive)" : "";
      const later =
        state.kind === "ready" && state.notBefore > state.since ? ` from ${this.time(state.notBefore)}` : "";
      const refused = unproven ? " refused for want of a proof" : incompatible ? " refused as incompatible" : "";
      const waits = state.kind === "child" && children?.[callId]?.waits === true ? "(waits)" : "";
      return `${callId} ${state.kind}${attempt}${more}${later}${refused}${waits}`;
    });
    const many = `${calls.length} calls: ${countsOf(turn.calls.map(({ state }) => state.kind))}`;
    const shown = calls.length > 12 ? many : calls.join(", ");
    const step = "attempt" in model ? `model ${model.kind}/${model.attempt}` : shown || `model ${model.kind}`;
    return `turn ${turn.number} (${step})`;
  }

  private known({ attempt, workerId, grantedAt, cause, lastHeartbeatAt, probe }: UnknownAttempt): string {
    const seen = lastHeartbeatAt === undefined ? "" : ` seen at ${this.time(lastHeartbeatAt)}`;
    const said = probe === undefined ? "" : `, probe ${probe.verdict} ${quote(probe.detail)}`;
    return `attempt ${attempt} on ${workerId} since ${this.time(grantedAt)} ${cause}${seen}${said}`;
  }

  private fact(fact: Fact): string {
    switch (fact.type) {
      case "run_started": {
        const deadline = fact.deadlineMs === undefined ? "" : ` deadline ${printDuration(fact.deadlineMs)}`;
        return `${fact.agentName} by ${fact.startedBy}${speaksFor(fact)} ${quote(fact.input)}${deadline}`;
      }
      case "model_replied": {
        const calls = fact.callIds.length === 0 ? "" : ` calls ${few(fact.callIds, 6).join(" ")}`;
        return `turn ${fact.turn} attempt ${fact.attempt} ${fact.finishReason} ${quote(fact.text)}${calls}`;
      }
      case "model_failed":
        return `turn ${fact.turn} attempt ${fact.attempt} ${fact.reason} ${quote(fact.message)} again at ${this.time(fact.retryAt)}`;
      case "tool_call": {
        const { refused } = fact;
        if (refused !== undefined)
          return `${fact.callId} ${fact.tool} refused: ${cut(refused.problem)} wrote ${quote(refused.wrote)}`;
        return `${fact.callId} ${fact.tool} ${cut(fact.arguments)} ${digest(fact.digest)} ${fact.gate}`;
      }
      case "tool_started": {
        const until = fact.deadline === undefined ? "" : ` until ${this.time(fact.deadline)}`;
        const brings = [fact.probe && " probe", fact.enforcesKey && " enforces-key"].map((word) => word ?? "").join("");
        const checked = fact.checked === undefined ? "" : ` checked ${digest(fact.checked)}`;
        return `${fact.callId} attempt ${fact.attempt} ${fact.nonce} on ${fact.workerId} ${fact.gate}${until}${brings}${checked}`;
      }
      case "attempt_failed":
        return `${fact.callId} attempt ${fact.attempt} ${fact.nonce} ${fact.reason} ${quote(fact.message)} again at ${this.time(fact.retryAt)}`;
      case "task_released":
        return `${fact.callId} attempt ${fact.attempt} ${fact.nonce} ${fact.reason} ${quote(fact.detail)} again at ${this.time(fact.retryAt)}`;
      case "probing":
        return `${fact.callId} ${fact.tool} until ${this.time(fact.until)}: ${this.known(fact.unknown)}`;
      case "probe_answered": {
        const again = fact.runsAgain === true ? ", runs again" : "";
        return `${fact.callId} attempt ${fact.attempt} ${fact.verdict} by ${fact.workerId} ${quote(fact.detail)}${again}`;
      }
      case "preview_asked":
        return `${fact.callId} ${fact.purpose} ${fact.number} by ${fact.workerId} until ${this.time(fact.until)}`;
      case "preview_taken": {
        const { finding, workerId, verdict } = fact;
        const by = workerId === undefined ? "" : ` by ${workerId}`;
        const said =
          finding.kind === "found"
            ? `found ${cut(finding.text)} ${digest(finding.fingerprint)}`
            : `failed ${quote(finding.detail)}`;
        return `${fact.callId} ${fact.purpose} ${fact.number}${by} ${said}${verdict === undefined ? "" : `: ${verdict}`}`;
      }
      case "check_wanted":
        return `${fact.callId} ${fact.approvalId}`;
      case "grant_ended":
        return `${fact.callId} attempt ${fact.attempt} ${fact.how}`;
      case "tool_result": {
        const nonce = fact.by === "probe" ? " by its probe" : fact.nonce === undefined ? "" : ` ${fact.nonce}`;
        return `${fact.callId} attempt ${fact.attempt}${nonce} ${outcome(fact.outcome)}`;
      }
      case "waiting": {
        const explicit = fact.explicit ? " explicit" : "";
        const { unknown } = fact;
        const known = unknown && this.known(unknown);
        const by = fact.approvers === undefined ? "" : ` of ${names(fact.approvers)}`;
        const until = fact.expiresAt === undefined ? "" : ` until ${this.time(fact.expiresAt)}`;
        const { previews, drift } = fact;
        const of = previews === undefined ? "" : ` preview of ${previews.fields.join(",") || "all"}`;
        const found = drift?.fingerprint === undefined ? "" : ` ${digest(drift.fingerprint)}`;
        const both = drift === undefined ? "" : ` was [${drift.approved}], is [${drift.checked}]${found}`;
        return `${fact.kind} ${fact.approvalId} ${fact.tool} ${digest(fact.digest)} votes ${fact.votesRequired}${by}${explicit}${until}${of}${both}: ${known ?? fact.reason}`;
      }
      case "voted":
        return act(fact);
      case "decided":
        return `${act(fact)}${grounded(fact.ground)}${fact.spared === true ? " spared further votes" : ""}${fact.content === undefined ? "" : ` content ${cut(fact.content)}`}`;
      case "checkpoint_closed":
        return `${fact.approvalId} ${fact.why}`;
      case "escalated":
        return `${fact.approvalId} to ${names(fact.approvers)} until ${this.time(fact.expiresAt)}`;
      case "reminded": {
        const again = fact.remindAt === undefined ? ", the last" : ` again at ${this.time(fact.remindAt)}`;
        return `${fact.approvalId} number ${fact.number}${again}`;
      }
      case "paused":
        return `by ${fact.who} ${quote(fact.reason)}`;
      case "resumed":
        return `by ${fact.who}`;
      case "warning":
        return `${fact.reason} ${quote(fact.message)}`;
      case "late_outcome": {
        const settles = fact.settles === undefined ? "" : ` settles ${fact.settles}`;
        return `${fact.callId} attempt ${fact.attempt} ${fact.nonce} ${outcome(fact.outcome)}${settles}`;
      }
      case "child_started":
        return `${fact.callId} ${fact.childRunId} of ${fact.agentName} ${fact.agentVersion}`;
      case "child_waiting": {
        const { approvalId, kind, tool, runId, callId } = fact.checkpoint;
        const child = `${fact.childRunId} at ${fact.childSequence}`;
        return `${fact.callId} ${child}: ${kind} ${approvalId} of ${runId}/${callId} ${tool} ${digest(fact.checkpoint.digest)}`;
      }
      case "child_closed": {
        const { closing } = fact;
        const how =
          closing.how === "decided" ? `${closing.outcome} by ${closing.who} ${closing.decisionId}` : closing.how;
        return `${fact.callId} ${fact.childRunId} at ${fact.childSequence}: ${fact.approvalId} ${how}`;
      }
      case "child_reported":
        return `${fact.callId} ${fact.childRunId} at ${fact.childSequence}: ${fact.waits ? "waits" : "goes on"}`;
      case "ending":
      case "ended":
        return end(fact.end);
      default:
        return fact satisfies never;
    }
  }
}

function act(fact: Act): string {
  const why = fact.edited?.reason === undefined ? "" : ` (${fact.edited.reason})`;
  const edited =
    fact.edited === undefined ? "" : ` edited ${cut(fact.edited.arguments)} ${digest(fact.edited.digest)}${why}`;
  const comment = fact.comment === "" ? "" : ` ${quote(fact.comment)}`;
  const seen = fact.preview === undefined ? "" : ` shown ${digest(fact.preview)}`;
  return `${fact.approvalId} ${fact.outcome} by ${fact.who}${speaksFor(fact)} ${fact.decisionId}${seen}${edited}${comment}`;
}

function previewShown({ preview }: Checkpoint): string {
  if (preview === undefined) return "";
  const { shows, before } = preview;
  const what = shows.kind === "shown" ? `shown ${digest(shows.fingerprint)}` : shows.kind;
  return ` preview ${what}${before === undefined ? "" : `, before [${before}]`}`;
}

function grounded(ground: Ground | undefined): string {
  return ground === undefined ? "" : ` by standing grant ${ground.grantId} ${ground.version} use ${ground.use}`;
}

function speaksFor({ onBehalfOf }: { readonly onBehalfOf?: string }): string {
  return onBehalfOf === undefined ? "" : ` for ${onBehalfOf}`;
}

function outcome(of: CallOutcome): string {
  switch (of.kind) {
    case "result":
    case "responded":
      return `${of.kind} ${cut(of.text)}`;
    case "truncated":
      return `truncated ${of.bytes} bytes ${digest(of.digest)} head of ${of.head.length}`;
    case "error":
      return `error ${of.reason === undefined ? "" : `${of.reason} `}${quote(of.message)}`;
    case "rejected":
    case "cancelled":
      return `${of.kind} ${quote(of.reason)}`;
    default:
      return of satisfies never;
  }
}

function end(of: End): string {
  switch (of.state) {
    case "COMPLETED":
      return `COMPLETED ${cut(of.output)}`;
    case "CANCELLED":
      return `CANCELLED by ${of.who} ${quote(of.reason)}`;
    case "FAILED":
    case "TIMED_OUT":
      return `${of.state} ${of.reason} ${quote(of.message)}`;
    default:
      return of satisfies never;
  }
}

/** The first and the last of many. */
export function few(lines: readonly string[], ends: number): readonly string[] {
  if (lines.length <= 2 * ends) return lines;
  return [...lines.slice(0, ends), `…(${lines.length - 2 * ends} more)`, ...lines.slice(-ends)];
}

function countsOf(kinds: readonly string[]): string {
  return [...new Set(kinds)].map((kind) => `${kinds.filter((one) => one === kind).length} ${kind}`).join(", ");
}

function names({ users, groups }: Approvers): string {
  return [...users, ...groups.map((group) => `group:${group}`)].join(",");
}

function digest(text: string): string {
  return `#${text.replace("sha256:", "").slice(0, 6)}`;
}

function quote(text: string): string {
  return cut(JSON.stringify(text));
}

function cut(text: string): string {
  return text.length <= 240 ? text : `${text.slice(0, 60)}…(${text.length} characters)`;
}
