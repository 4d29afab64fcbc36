// agentspan approve, reject, respond and settle. What is decided is shown first, and the decision is bound to exactly that.
import type { AgentHandle, AgentRuntime, ApproveResult, DecideResult, JsonObject } from "@agentspan/sdk";
import { approvalLines, askedOf } from "../approval-view.js";
import { blockedWords } from "../blocked-words.js";
import { CommandError } from "../command-error.js";
import { theOneMeant, type Verb, withRemedy } from "../decide-remedy.js";
import type { UrlOption } from "../options.js";
import type { Output } from "../output.js";
import { changeLines } from "../preview-view.js";
import { safeText } from "../safe-text.js";
import { withServer } from "../server-connection.js";

interface DecisionFlags extends UrlOption {
  /** Prints what the server answered, in place of words. */
  readonly json?: boolean;
}

export interface ApproveFlags extends DecisionFlags {
  /** JSON text of an object: what runs in place of the arguments that were shown. */
  readonly arguments?: string;
  readonly comment?: string;
}

export function approve(
  runId: string,
  approvalId: string | undefined,
  flags: ApproveFlags,
  output: Output,
): Promise<void> {
  const edit = flags.arguments === undefined ? {} : { editedArguments: objectOf("--arguments", flags.arguments) };
  const said = flags.json === true ? output.muted() : output;
  return withServer(flags, async (runtime) => {
    const { handle, which, call } = await shown("approve", runtime, runId, approvalId, said);
    if (edit.editedArguments !== undefined) {
      said.line("  it runs with other arguments than those, as you say:");
      for (const line of changeLines(call?.arguments, edit.editedArguments)) said.line(`    ${line}`);
    }
    const comment = flags.comment === undefined ? {} : { comment: flags.comment };
    const answer = await withRemedy("approve", runId, approvalId, () =>
      handle.approve({ ...which, ...edit, ...comment }),
    );
    if (flags.json === true) return output.json(answer);
    output.line(approvedWords(answer));
    if (answer.closed) await tellUntaken(handle, call, output);
  });
}

export function reject(
  runId: string,
  approvalId: string | undefined,
  flags: DecisionFlags & { readonly reason: string },
  output: Output,
): Promise<void> {
  const said = flags.json === true ? output.muted() : output;
  return withServer(flags, async (runtime) => {
    const { handle, which } = await shown("reject", runtime, runId, approvalId, said);
    const answer = await withRemedy("reject", runId, approvalId, () => handle.reject(flags.reason, which));
    if (flags.json === true) return output.json(decided(answer));
    output.line("Rejected. The model is told the reason, and the run goes on.");
  });
}

/** One rejection or answer decides, whatever the votes before, so that the server does not say that it did. */
function decided({ decision, repeated }: DecideResult): ApproveResult {
  return { decision, closed: true, votesMissing: 0, repeated };
}

export interface RespondFlags extends DecisionFlags {
  /** JSON text. */
  readonly answer: string;
  readonly comment?: string;
}

export function respond(
  runId: string,
  approvalId: string | undefined,
  flags: RespondFlags,
  output: Output,
): Promise<void> {
  const answer = parsed("--answer", flags.answer, `'{"size":"M"}' or '"yes"'`);
  const said = flags.json === true ? output.muted() : output;
  return withServer(flags, async (runtime) => {
    const { handle, which } = await shown("respond", runtime, runId, approvalId, said);
    const comment = flags.comment === undefined ? {} : { comment: flags.comment };
    const taken = await withRemedy("respond", runId, approvalId, () =>
      handle.respond(answer, { ...which, ...comment }),
    );
    if (flags.json === true) return output.json(decided(taken));
    output.line("Answered. The model is told, and the run goes on.");
  });
}

export interface SettleFlags extends DecisionFlags {
  readonly happened?: boolean;
  readonly runAgain?: boolean;
  readonly giveUp?: boolean;
  /** JSON text. */
  readonly result?: string;
  readonly comment?: string;
}

export function settle(
  runId: string,
  approvalId: string | undefined,
  flags: SettleFlags,
  output: Output,
): Promise<void> {
  const outcome = settleOutcome(flags);
  const result = flags.result === undefined ? {} : { result: parsed("--result", flags.result, `'{"refunded":true}'`) };
  const said = flags.json === true ? output.muted() : output;
  return withServer(flags, async (runtime) => {
    const { handle, which, call } = await shown("settle", runtime, runId, approvalId, said);
    const comment = flags.comment === undefined ? {} : { comment: flags.comment };
    const answer = await withRemedy("settle", runId, approvalId, () =>
      handle.settle(outcome, { ...which, ...result, ...comment }),
    );
    if (flags.json === true) return output.json(answer);
    output.line(answer.closed ? "Settled." : `Recorded; ${votes(answer.votesMissing)} missing.`);
    if (answer.closed && outcome === "RUN_AGAIN") await tellUntaken(handle, call, output);
  });
}

function settleOutcome({ happened, runAgain, giveUp, result }: SettleFlags): "HAPPENED" | "RUN_AGAIN" | "GIVE_UP" {
  const chosen = [
    ...(happened === true ? (["HAPPENED"] as const) : []),
    ...(runAgain === true ? (["RUN_AGAIN"] as const) : []),
    ...(giveUp === true ? (["GIVE_UP"] as const) : []),
  ];
  const [outcome] = chosen;
  if (outcome === undefined || chosen.length > 1) {
    throw new CommandError("Say what became of the call with one of --happened, --run-again and --give-up.", 2);
  }
  if (result !== undefined && outcome !== "HAPPENED") {
    throw new CommandError("--result belongs to --happened: a call that did not happen has none.", 2);
  }
  return outcome;
}

function parsed(option: string, text: string, example: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new CommandError(`${option} must be JSON, for example ${example}, and is ${safeText(text)}`, 2);
  }
}

function objectOf(option: string, text: string): JsonObject {
  const value = parsed(option, text, `'{"amount":20}'`);
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as JsonObject;
  throw new CommandError(`${option} must be a JSON object, with all of the call's arguments.`, 2);
}

interface OpenCall {
  readonly callId: string;
  readonly arguments: JsonObject;
  readonly toolName: string;
  /** The run's last event when it was shown. */
  readonly shownAt: number;
}

/** Reads the run, so that the handle sends the digest of what it shows. The server says what is wrong with it. */
async function shown(
  verb: Verb,
  runtime: AgentRuntime,
  runId: string,
  approvalId: string | undefined,
  output: Output,
): Promise<{
  readonly handle: AgentHandle;
  readonly which: { readonly approvalId?: string };
  readonly call?: OpenCall;
}> {
  const handle = runtime.handle(runId);
  const { pendingApprovals, lastSequence } = await handle.getStatus();
  const open =
    approvalId === undefined
      ? theOneMeant(verb, runId, pendingApprovals)
      : pendingApprovals.find((one) => one.approvalId === approvalId);
  if (open !== undefined) {
    output.line(`${safeText(open.agentName)}: ${askedOf(open)}`);
    for (const line of approvalLines(open)) output.line(`  ${line}`);
  }
  const which = approvalId === undefined ? {} : { approvalId };
  if (open === undefined) return { handle, which };
  const { callId, toolName, arguments: args } = open;
  return { handle, which, call: { callId, toolName, arguments: args, shownAt: lastSequence } };
}

export function approvedWords({ closed, votesMissing, repeated }: ApproveResult): string {
  if (!closed) return `Your vote is recorded; ${votes(votesMissing)} missing.`;
  return repeated ? "Approved already, by this decision." : "Approved.";
}

function votes(number: number): string {
  return number === 1 ? "1 vote is" : `${number} votes are`;
}

/** An approved call that nobody runs looks as if nothing had happened. */
async function tellUntaken(handle: AgentHandle, call: OpenCall | undefined, output: Output): Promise<void> {
  const { blocked } = await handle.getStatus();
  if (blocked.length > 0) {
    for (const tool of blocked) output.line(`It waits: ${blockedWords(tool)}.`);
    return;
  }
  const became = call === undefined ? "taken" : await whatBecameOf(handle, call);
  if (became === "nothing") {
    output.line(`No worker has taken it yet: it waits for one that serves ${safeText(call?.toolName ?? "")}.`);
  } else if (became === "asked again") {
    output.line("It would not do what was shown any more, so that it did not run: it waits for a decision again.");
  }
}

/** A worker that is there takes a call within milliseconds; one that has just gone still counts as connected. */
const TAKEN_WITHIN_MS = 1_000;

async function whatBecameOf(
  handle: AgentHandle,
  { callId, shownAt }: OpenCall,
): Promise<"taken" | "asked again" | "nothing"> {
  const signal = AbortSignal.timeout(TAKEN_WITHIN_MS);
  let checked = false;
  try {
    for await (const event of handle.stream({ after: shownAt, signal })) {
      if (!("callId" in event) || event.callId !== callId) continue;
      if (event.type === "tool_started" || event.type === "tool_result") return "taken";
      checked ||= event.type === "preview_asked" && event.purpose === "CHECKED";
      if (checked && event.type === "waiting") return "asked again";
    }
  } catch (error) {
    if (!signal.aborted) throw error;
    return checked ? "taken" : "nothing";
  }
  return "taken"; // The run has ended.
}
