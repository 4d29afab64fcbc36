// The calls of a run, read off its events.
import { readJsonObject } from "../json-text.js";
import type { TestedCall, TestedChildRun, TestedEvent, TestedVote } from "./tested-run.js";

type Writable<T> = { -readonly [K in keyof T]: T[K] };
/** What people say of one approval; the approval is not told. */
type VoteOf = TestedVote & { readonly approvalId: string };
type EventOf<T extends TestedEvent["type"]> = Extract<TestedEvent, { readonly type: T }>;

interface Read {
  readonly call: Writable<TestedCall>;
  votes: readonly VoteOf[];
  isQuestion: boolean;
}

export function callsOf(events: readonly TestedEvent[]): readonly TestedCall[] {
  const calls = new Map<string, Read>();
  for (const event of events) {
    if (event.type === "tool_call") calls.set(event.callId, asked(event));
    // What a run that this one started waits for is no call of this one.
    const read = "callId" in event && !isOfChild(event) ? calls.get(event.callId) : undefined;
    if (read !== undefined) take(read, event);
  }
  return [...calls.values()].map(({ call, votes }) => {
    return { ...call, votes: votes.map(({ outcome, by, comment }) => ({ outcome, by, comment })) };
  });
}

/** The runs that a run started, oldest first. */
export function childRunsOf(events: readonly TestedEvent[]): readonly TestedChildRun[] {
  return events.flatMap((event) => {
    return event.type === "child_started" ? [{ runId: event.childRunId, agentName: event.agentName }] : [];
  });
}

function asked({ callId, toolName, args, refused }: EventOf<"tool_call">): Read {
  const call = {
    ...{ callId, toolName, args, askedArgs: args, refused },
    ...{ paused: false, expired: false, votes: [], decisions: [] },
    ...{ used: false, usedAt: undefined, outcome: undefined },
  };
  return { call, votes: [], isQuestion: false };
}

function take(read: Read, event: TestedEvent): void {
  const { call } = read;
  switch (event.type) {
    case "waiting":
      call.paused = true;
      read.isQuestion ||= event.kind === "QUESTION";
      break;
    case "voted":
      takeVote(read, event);
      break;
    case "decided":
      takeDecision(read, event);
      break;
    case "checkpoint_closed":
      call.expired ||= event.why === "EXPIRED";
      break;
    case "tool_started":
    case "child_started":
      use(call, event.sequence);
      break;
    case "tool_result":
      call.outcome = event.outcome;
      if (event.outcome.kind === "result" && read.isQuestion) use(call, event.sequence);
      break;
    default:
      break;
  }
}

function use(call: Writable<TestedCall>, sequence: number): void {
  call.used = true;
  call.usedAt ??= sequence;
}

function takeVote(read: Read, { approvalId, vote, editedArgumentsJson }: EventOf<"voted">): void {
  if (vote === undefined) return;
  const by = vote.onBehalfOf || vote.who;
  // A person has one vote, and who edits asks for votes about other arguments than those before.
  read.votes = [
    ...read.votes.filter((one) => one.approvalId !== approvalId || (!vote.edited && one.by !== by)),
    { approvalId, outcome: vote.what, by, comment: vote.comment },
  ];
  if (editedArgumentsJson !== "") read.call.args = readJsonObject(editedArgumentsJson);
}

function takeDecision(read: Read, { decision }: EventOf<"decided">): void {
  if (decision === undefined) return;
  const { call } = read;
  const { approvalId, outcome, decidedBy, onBehalfOf, comment, editedArgumentsJson, ground } = decision;
  const by = onBehalfOf || decidedBy;
  call.decisions = [...call.decisions, { outcome, by, comment, byGrant: ground !== undefined }];
  if (editedArgumentsJson === "") return;
  read.votes = read.votes.filter((one) => one.approvalId !== approvalId);
  call.args = readJsonObject(editedArgumentsJson);
}

function isOfChild(event: TestedEvent): boolean {
  return "childRunId" in event && event.childRunId !== "" && event.type !== "child_started";
}
