// A run as bars over time: each turn of the model, each call and each pause, with what it did when. Made of the events
// alone, so that it says what is recorded and nothing else.
import { DecisionOutcome, type Event, type ToolResult } from "@agentspan/proto";
import { timestampMs } from "@bufbuild/protobuf/wkt";

/**
 * What a bar does for a while: it asks the model, waits for a worker or for its next attempt, waits for a person, runs,
 * nobody knows whether it runs and its probe is asked, or the run is paused.
 */
export type Doing = "model" | "queued" | "person" | "running" | "probing" | "paused";

/** How an attempt ended that was not the last: it failed, its worker handed it back, or was lost. */
export type Interruption = "error" | "released" | "unknown";

export interface Stretch {
  readonly doing: Doing;
  /** Milliseconds since the epoch. */
  readonly from: number;
  /** Undefined while it goes on. */
  readonly until: number | undefined;
  readonly interrupted?: Interruption | undefined;
}

export type BarOutcome = "ok" | "answered" | "error" | "rejected" | "unknown" | "cancelled";

export interface Bar {
  readonly kind: "turn" | "call" | "pause";
  /** Of the event that it began with. */
  readonly sequence: bigint;
  /** Of the event that says what it is about: of a turn, its reply once there is one. */
  readonly leadsTo: bigint;
  readonly label: string;
  readonly stretches: readonly Stretch[];
  /** Undefined while it goes on. */
  readonly outcome: BarOutcome | undefined;
}

interface Draft {
  readonly kind: Bar["kind"];
  readonly label: string;
  readonly stretches: Stretch[];
  readonly sequence: bigint;
  leadsTo: bigint;
  outcome: BarOutcome | undefined;
  isGivenUp: boolean;
}

/** In the order in which they began. */
export function barsOf(events: readonly Event[]): readonly Bar[] {
  const bars: Draft[] = [];
  const calls = new Map<string, Draft>();
  let turn: Draft | undefined;
  let pause: Draft | undefined;
  let turns = 0;
  let openCalls = 0;
  let isOver = false;

  const begin = (kind: Bar["kind"], label: string, sequence: bigint, doing: Doing, at: number): Draft => {
    const bar: Draft = {
      kind,
      label,
      sequence,
      leadsTo: sequence,
      stretches: [],
      outcome: undefined,
      isGivenUp: false,
    };
    bars.push(bar);
    now(bar, doing, at);
    return bar;
  };
  /** The model is asked as soon as nothing is left of the turn before, unless the run is paused or over. */
  const askModel = (sequence: bigint, at: number): void => {
    if (turn !== undefined || openCalls > 0 || isOver || pause !== undefined) return;
    turns += 1;
    turn = begin("turn", `Turn ${turns}`, sequence, "model", at);
  };
  const endCall = (call: Draft | undefined, outcome: BarOutcome, at: number, sequence: bigint): void => {
    if (call === undefined || call.outcome !== undefined) return;
    end(call, outcome, at);
    openCalls -= 1;
    askModel(sequence, at);
  };

  for (const { event, sequence, at: time } of events) {
    const at = time === undefined ? 0 : timestampMs(time);
    const call = calls.get(callIdOf(event));
    switch (event.case) {
      case "runStarted":
        askModel(sequence, at);
        break;
      case "modelReplied":
        if (turn !== undefined) {
          turn.leadsTo = sequence;
          end(turn, "ok", at);
        }
        turn = undefined;
        openCalls = event.value.callIds.length;
        break;
      case "toolCall":
        calls.set(event.value.callId, begin("call", event.value.toolName, sequence, "queued", at));
        break;
      case "waiting":
        if (call !== undefined && call.outcome === undefined) now(call, "person", at);
        break;
      case "decided":
        if (call === undefined) break;
        call.isGivenUp = event.value.decision?.outcome === DecisionOutcome.GIVEN_UP;
        if (call.outcome === undefined) now(call, event.value.childRunId === "" ? "queued" : "running", at);
        break;
      case "checkpointClosed":
        if (call !== undefined && call.outcome === undefined)
          now(call, event.value.childRunId === "" ? "queued" : "running", at);
        break;
      case "childReported":
        if (call !== undefined && call.outcome === undefined) now(call, event.value.waiting ? "person" : "running", at);
        break;
      case "toolStarted":
      case "childStarted":
        if (call !== undefined && call.outcome === undefined) now(call, "running", at);
        break;
      case "probing":
        if (call !== undefined && call.outcome === undefined) now(call, "probing", at, "unknown");
        break;
      case "error":
        if (event.value.callId === "") {
          if (turn !== undefined)
            now(turn, "queued", at, "error", event.value.retryAt && timestampMs(event.value.retryAt));
        } else if (call !== undefined && call.outcome === undefined) {
          now(call, "queued", at, interruptionBy(event.value.reason));
        }
        break;
      case "toolResult":
        endCall(call, call?.isGivenUp === true ? "unknown" : outcomeOf(event.value), at, sequence);
        break;
      case "paused":
        pause = begin("pause", "Paused", sequence, "paused", at);
        break;
      case "resumed":
        if (pause !== undefined) end(pause, "ok", at);
        pause = undefined;
        askModel(sequence, at);
        break;
      case "ending":
        isOver = true;
        break;
      case "done":
      case "failed":
      case "cancelled":
      case "timedOut":
        isOver = true;
        // Over right then: the model was never asked.
        if (turn !== undefined && turn.stretches[0]?.from === at) bars.splice(bars.indexOf(turn), 1);
        else if (turn !== undefined) end(turn, event.case === "failed" ? "error" : "cancelled", at);
        if (pause !== undefined) end(pause, "ok", at);
        turn = undefined;
        pause = undefined;
        break;
      default:
        break;
    }
  }
  return bars.map(({ isGivenUp: _, ...bar }) => bar);
}

/** The call of this run that an event is about; empty where it is about none. */
function callIdOf({ case: kind, value }: Event["event"]): string {
  if (kind === "waiting") return value.callId || (value.approval?.callId ?? "");
  return value !== undefined && "callId" in value ? value.callId : "";
}

/** From this moment on it does this; what it did until then is over, perhaps before its time. */
function now(bar: Draft, doing: Doing, at: number, interrupted?: Interruption, then?: number): void {
  const last = bar.stretches.at(-1);
  if (last !== undefined && last.until === undefined) {
    if (last.doing === doing && interrupted === undefined) return;
    bar.stretches[bar.stretches.length - 1] = { ...last, until: at, ...(interrupted && { interrupted }) };
  }
  if (then === undefined) bar.stretches.push({ doing, from: at, until: undefined });
  // The model is asked again at a time that is known.
  else bar.stretches.push({ doing, from: at, until: then }, { doing: "model", from: then, until: undefined });
}

function end(bar: Draft, outcome: BarOutcome, at: number): void {
  const last = bar.stretches.at(-1);
  if (last !== undefined && last.until === undefined) {
    // Ended before the next attempt was to begin.
    if (last.from > at) bar.stretches.pop();
    else bar.stretches[bar.stretches.length - 1] = { ...last, until: at };
  }
  bar.outcome = outcome;
}

/** By the reason of an error event. */
function interruptionBy(reason: string): Interruption {
  if (reason === "TOOL_RELEASED" || reason === "TOOL_NOT_STARTED") return "released";
  return reason === "TOOL_LOST" || reason === "TOOL_DISOWNED" ? "unknown" : "error";
}

function outcomeOf({ outcome }: ToolResult): BarOutcome {
  switch (outcome.case) {
    case "resultJson":
    case "truncated":
      return "ok";
    case "respondedJson":
      return "answered";
    case "error":
      return "error";
    case "rejected":
      return "rejected";
    case "cancelled":
      return "cancelled";
    case undefined:
      return "unknown";
    default:
      return outcome satisfies never;
  }
}
