// What a model's reply, its failure, and the loss of whoever called it do to a run.
import { type OwnerDemand, toolOf } from "./agent.js";
import { termsOf } from "./checkpoint-time.js";
import { childProblem } from "./children.js";
import type { Answer, ReplaceModelCall, TakeModelFailure, TakeModelReply } from "./commands.js";
import { type Draft, OK, stale } from "./draft.js";
import type { SizeWarning, ToolCalled } from "./events.js";
import { type Gating, gatingOf } from "./gate.js";
import {
  ARGUMENTS_BYTES,
  ARGUMENTS_OF_TURN_BYTES,
  CALLS_PER_TURN,
  DOCUMENT_WARNING_BYTES,
  headOf,
  REPLY_BYTES,
  RUN_BYTES,
  STATE_BYTES,
} from "./limits.js";
import type { ModelCall, ModelReply } from "./model.js";
import { askPeople } from "./question.js";
import { backoffAfter, LONGEST_MODEL_WAIT_MS, MODEL_RETRY } from "./retry.js";
import type { Call } from "./run.js";
import { decideByGrant, grantFits } from "./standing-grant.js";

/** A model call whose orchestrator was lost this often is not made again. */
const MOST_MODEL_ATTEMPTS = 10;
/** What is kept of the name and the arguments that a model wrote, where they are refused. UTF-16 units. */
const NAME_UNITS = 64;
const WROTE_UNITS = 4096;

export function takeModelReply(draft: Draft, command: TakeModelReply): Answer {
  if (!isCurrent(draft, command)) return stale("Another attempt took this turn's place.");
  const { reply, turn, attempt } = command;
  const tooLarge = sizeProblem(draft, reply);
  if (tooLarge !== undefined) {
    draft.end({ state: "FAILED", reason: "SIZE_LIMIT", message: tooLarge });
    return OK;
  }
  const callIds = reply.calls.map((_, index) => `t${turn}c${index + 1}`);
  draft.emit({
    type: "model_replied",
    turn,
    attempt,
    text: reply.text,
    callIds,
    usage: reply.usage,
    finishReason: reply.finishReason,
  });
  if (reply.calls.length === 0) takeFinalAnswer(draft, reply);
  else takeCalls(draft, command, callIds);
  warnOfSize(draft);
  return OK;
}

/** What no model says that is well: it is not stored even in part. A few calls too many are refused one by one. */
function sizeProblem({ context }: Draft, { text, calls }: ModelReply): string | undefined {
  const bytes = context.text.utf8Length(text);
  if (bytes > REPLY_BYTES) return `The model's reply has ${bytes} bytes of text; the limit is ${REPLY_BYTES}.`;
  if (calls.length <= 8 * CALLS_PER_TURN) return undefined;
  return `The model's reply has ${calls.length} calls; the limit is ${CALLS_PER_TURN}.`;
}

function takeFinalAnswer(draft: Draft, reply: ModelReply): void {
  const { outputSchema } = draft.context.agent;
  let result = JSON.stringify(reply.text);
  const whole = reply.finishReason === "STOP" || reply.finishReason === "TOOL_CALLS";
  if (outputSchema !== undefined && whole) {
    const problems = draft.context.text.schemaProblems(outputSchema, reply.text);
    if (problems.length > 0) {
      draft.emit({ type: "warning", reason: "OUTPUT_INVALID", message: problems.join("; ") });
      endedForSize(draft);
      return;
    }
    result = reply.text.trim();
  }
  const output = `{"result":${result},"finishReason":${JSON.stringify(reply.finishReason)}}`;
  draft.emit({ type: "ended", end: { state: "COMPLETED", output } });
}

/** Every call is written down before any has an outcome: a turn is settled when its last call is. */
function takeCalls(
  draft: Draft,
  { reply, turn, owners, grants = {} }: TakeModelReply,
  callIds: readonly string[],
): void {
  const facts = new Map<string, Called>();
  let bytes = 0;
  reply.calls.forEach((modelCall, index) => {
    const callId = callIds[index] ?? "";
    const called = toolCalled(draft, modelCall, callId, turn, index, bytes, ownerOf(owners, modelCall.name));
    bytes += draft.context.text.utf8Length(called.fact.arguments);
    facts.set(callId, called);
    draft.emit(called.fact);
  });
  if (endedForSize(draft)) return;
  for (const call of draft.run.turn.calls) {
    const called = facts.get(call.callId);
    const refused = called?.fact.refused;
    if (refused !== undefined) draft.finish(call, { kind: "error", message: refused.problem });
    else if (toolOf(draft.context.agent, call.tool)?.human !== undefined) askPeople(draft, call);
    else if (called?.gating?.gate === "approval") {
      const use = Object.hasOwn(grants, call.callId) ? grants[call.callId] : undefined;
      if (use !== undefined && grantFits(draft, call, called.fact.arguments, use)) decideByGrant(draft, call, use);
      else askForApproval(draft, call, called.gating);
    }
  }
}

interface Called {
  readonly fact: ToolCalled;
  /** Absent where the call was refused. */
  readonly gating?: Gating;
}

/** A tool may be named like what every object has. */
function ownerOf(owners: TakeModelReply["owners"], tool: string): OwnerDemand | undefined {
  return Object.hasOwn(owners, tool) ? owners[tool] : undefined;
}

function toolCalled(
  draft: Draft,
  modelCall: ModelCall,
  callId: string,
  turn: number,
  index: number,
  bytesBefore: number,
  owner: OwnerDemand | undefined,
): Called {
  const { agent, text } = draft.context;
  const tool = toolOf(agent, modelCall.name);
  const name = headOf(modelCall.name, NAME_UNITS);
  const base = { type: "tool_call", callId, modelCallId: modelCall.modelCallId, turn, tool: name } as const;
  const refuse = (problem: string): Called => ({
    fact: {
      ...base,
      queue: tool?.queue ?? agent.name,
      gate: "plain",
      arguments: "",
      digest: "",
      // Of calls without number not even the beginnings are kept.
      refused: { problem, wrote: index < CALLS_PER_TURN ? headOf(modelCall.argumentsText, WROTE_UNITS) : "" },
    },
  });
  if (tool === undefined) {
    const known = agent.tools.map(({ name }) => name).join(", ");
    return refuse(`There is no tool named ${JSON.stringify(name)}. The tools are: ${known || "none"}.`);
  }
  if (index >= CALLS_PER_TURN) return refuse(`A turn may call at most ${CALLS_PER_TURN} tools; call the rest later.`);
  const size = text.utf8Length(modelCall.argumentsText);
  if (size > ARGUMENTS_BYTES) return refuse(`The arguments have ${size} bytes; the limit is ${ARGUMENTS_BYTES}.`);
  if (bytesBefore + size > ARGUMENTS_OF_TURN_BYTES) {
    return refuse(`The arguments of this turn exceed ${ARGUMENTS_OF_TURN_BYTES} bytes; make fewer calls at once.`);
  }
  const canonical = text.canonicalArguments(modelCall.argumentsText);
  if (!canonical.ok) return refuse(`The arguments were refused: ${canonical.problem}`);
  const problems = text.schemaProblems(tool.inputSchema, canonical.text);
  if (problems.length > 0) return refuse(`The arguments do not fit the tool's schema: ${problems.join("; ")}`);
  const unstarted = tool.starts === undefined ? undefined : childProblem(draft);
  if (unstarted !== undefined) return refuse(unstarted);
  const gating = gatingOf(draft, tool, owner, canonical.text);
  const fact: ToolCalled = {
    ...base,
    queue: tool.queue,
    gate: gating.gate,
    arguments: canonical.text,
    digest: canonical.digest,
    ...(tool.startTimeoutMs === undefined ? {} : { startTimeoutMs: tool.startTimeoutMs }),
    ...(tool.starts === undefined ? {} : { starts: tool.starts }),
  };
  return { fact, gating };
}

export function askForApproval(draft: Draft, call: Call, { reason, byRule, previews, drift }: Gating): void {
  draft.emit({
    type: "waiting",
    approvalId: `apr_${call.callId}_${draft.context.entropy}`,
    kind: "APPROVAL",
    callId: call.callId,
    tool: call.tool,
    digest: call.digest,
    ...termsOf(draft, call.tool, "APPROVAL"),
    reason,
    ...(byRule === undefined ? {} : { byRule }),
    ...(previews === undefined ? {} : { previews }),
    ...(drift === undefined ? {} : { drift }),
  });
}

export function takeModelFailure(draft: Draft, command: TakeModelFailure): Answer {
  if (!isCurrent(draft, command)) return stale("Another attempt took this turn's place.");
  const { turn, attempt, failure } = command;
  const backoff = failure.retryable ? backoffAfter(MODEL_RETRY, attempt, draft.context.jitter) : undefined;
  if (backoff === undefined) {
    draft.end({ state: "FAILED", reason: "MODEL_FAILED", message: failure.message });
    return OK;
  }
  const asked = Math.min(failure.retryAfterMs ?? 0, LONGEST_MODEL_WAIT_MS);
  const retryAt = draft.now + Math.max(backoff, asked);
  draft.emit({ type: "model_failed", turn, attempt, reason: "MODEL_FAILED", message: failure.message, retryAt });
  return OK;
}

export function replaceModelCall(draft: Draft, command: ReplaceModelCall): Answer {
  if (!isCurrent(draft, command)) return stale("The model call was replaced already.");
  const { turn, attempt } = command;
  const message = "The orchestrator that made the model call was lost.";
  if (attempt >= MOST_MODEL_ATTEMPTS) {
    draft.end({ state: "FAILED", reason: "MODEL_FAILED", message: `${message} It was lost ${attempt} times.` });
  } else {
    draft.emit({ type: "model_failed", turn, attempt, reason: "MODEL_LOST", message, retryAt: draft.now });
  }
  return OK;
}

/** A paused run takes the reply of a call in flight; a held call has none. */
function isCurrent(draft: Draft, { turn, attempt }: { turn: number; attempt: number }): boolean {
  const { phase, turn: current } = draft.run;
  if (phase.kind !== "active" || current.number !== turn) return false;
  return current.model.kind === "calling" && current.model.attempt === attempt;
}

/** A run over the limit starts nothing new; an answer that ends it is still taken. */
function endedForSize(draft: Draft): boolean {
  const { totalBytes } = draft.context;
  const stateBytes = stateBytesOf(draft);
  if (totalBytes <= RUN_BYTES && stateBytes <= STATE_BYTES) return false;
  const message =
    totalBytes > RUN_BYTES
      ? `The run's history has ${totalBytes} bytes; the limit is ${RUN_BYTES}.`
      : `The run remembers ${stateBytes} bytes of calls and decisions; the limit is ${STATE_BYTES}.`;
  draft.end({ state: "FAILED", reason: "SIZE_LIMIT", message });
  return true;
}

/** Of the run as it was when the turn began. */
function stateBytesOf({ before, context }: Draft): number {
  return context.text.utf8Length(JSON.stringify(before));
}

/** Long runs are told before they are ended for their size. */
function warnOfSize(draft: Draft): void {
  if (draft.run.phase.kind !== "active") return;
  const { totalBytes, inlineBytes } = draft.context;
  if (totalBytes > RUN_BYTES * (3 / 4)) {
    warnOnce(draft, "RUN_SIZE", `The run's history has ${totalBytes} of at most ${RUN_BYTES} bytes.`);
  }
  const stateBytes = stateBytesOf(draft);
  if (inlineBytes > DOCUMENT_WARNING_BYTES) {
    warnOnce(draft, "DOCUMENT_SIZE", `The run's document has ${inlineBytes} bytes of events.`);
  } else if (stateBytes > STATE_BYTES * (3 / 4)) {
    const message = `The run remembers ${stateBytes} of at most ${STATE_BYTES} bytes of calls and decisions.`;
    warnOnce(draft, "DOCUMENT_SIZE", message);
  }
}

function warnOnce(draft: Draft, reason: SizeWarning, message: string): void {
  if (!draft.run.warnedOf.includes(reason)) draft.emit({ type: "warning", reason, message });
}
