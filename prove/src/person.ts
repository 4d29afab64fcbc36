// The people who decide: each act has one decision id and is sent until it is answered, now and then twice at once, and
// now and then against somebody who wants the opposite.

import type { Rpc } from "@agentspan/e2e";
import { AgentspanError, canonicalArguments, newId } from "@agentspan/internal";
import { type Approval, ApprovalKind, SettleOutcome } from "@agentspan/proto";
import type { Callers, CallOptions } from "./callers.js";
import type { Random } from "./random.js";
import type { Act, Verdict } from "./run-record.js";

export interface PersonOptions {
  readonly callers: Callers;
  readonly runId: string;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly acts: Act[];
}

const CALM: readonly Verdict[] = [
  "approve",
  "approve",
  "approve",
  "approve",
  "approve",
  "approve",
  "edit",
  "reject",
  "respond",
];
const SETTLING: readonly Verdict[] = ["happened", "happened", "run_again", "run_again", "give_up"];
const LAST_WORDS: readonly Verdict[] = ["happened", "give_up"];

/** Decides one checkpoint, in whatever way the seed says. Resolves when every act is answered or the signal aborts. */
export async function decide(approval: Approval, options: PersonOptions): Promise<void> {
  const { random } = options;
  const verdicts = approval.kind === ApprovalKind.SETTLEMENT ? SETTLING : CALM;
  const first = act(approval, random.pick(verdicts), options);
  const others = random.chance(0.1) ? [act(approval, random.pick(verdicts), options)] : [];
  const reasons = await Promise.all([first, ...others]);
  // Nothing runs again once a run has ended; whether it happened is still to be said.
  const unsaid = approval.kind === ApprovalKind.SETTLEMENT && reasons.every((reason) => reason === "RUN_ENDED");
  if (unsaid) await act(approval, random.pick(LAST_WORDS), options);
}

/** Resolves to the reason of a refusal. */
async function act(approval: Approval, verdict: Verdict, options: PersonOptions): Promise<string | undefined> {
  const { callers, runId, random, signal, acts } = options;
  const { approvalId, callId } = approval;
  const decisionId = newId("dec");
  const edited = verdict === "edit" ? editOf(approval.argumentsJson, random) : undefined;
  const digest = edited?.digest ?? approval.argumentsDigest;
  const entry: Act = { approvalId, callId, decisionId, verdict, digest, answer: undefined };
  acts.push(entry);
  const send = (rpc: Rpc, how: CallOptions) =>
    sendAct(rpc, how, { approval, runId, decisionId, verdict, edited: edited?.text });
  try {
    const sent = [callers.ask(send, signal)];
    if (random.chance(0.25)) sent.push(callers.ask(send, signal));
    const [answer, again] = await Promise.all(sent);
    if (answer === undefined) return undefined;
    entry.answer = { kind: "recorded", closed: answer.closed };
    if (again !== undefined && again.closed !== answer.closed) {
      entry.answer = { kind: "refused", reason: "TWO_ANSWERS" };
    }
    return undefined;
  } catch (thrown) {
    if (signal.aborted) return undefined;
    if (!(thrown instanceof AgentspanError)) throw thrown;
    entry.answer = { kind: "refused", reason: thrown.reason };
    return thrown.reason;
  }
}

interface Sending {
  readonly approval: Approval;
  readonly runId: string;
  readonly decisionId: string;
  readonly verdict: Verdict;
  readonly edited: string | undefined;
}

async function sendAct(rpc: Rpc, how: CallOptions, sending: Sending): Promise<{ readonly closed: boolean }> {
  const { approval, runId, decisionId, verdict, edited = "" } = sending;
  const { approvalId, argumentsDigest } = approval;
  const common = { runId, approvalId, decisionId };
  switch (verdict) {
    case "approve":
    case "edit":
      return rpc.runs.approve({ ...common, argumentsDigest, editedArgumentsJson: edited }, how);
    case "reject":
      await rpc.runs.reject({ ...common, reason: "no" }, how);
      return { closed: true };
    case "respond":
      await rpc.runs.respond({ ...common, contentJson: '{"answered":true}' }, how);
      return { closed: true };
    case "happened":
      return rpc.runs.settle({ ...common, outcome: SettleOutcome.HAPPENED, resultJson: '{"settled":true}' }, how);
    case "run_again":
      return rpc.runs.settle({ ...common, outcome: SettleOutcome.RUN_AGAIN }, how);
    case "give_up":
      return rpc.runs.settle({ ...common, outcome: SettleOutcome.GIVE_UP }, how);
    default:
      return verdict satisfies never;
  }
}

function editOf(argumentsJson: string, random: Random): { readonly text: string; readonly digest: string } {
  const args = JSON.parse(argumentsJson) as Readonly<Record<string, unknown>>;
  const canonical = canonicalArguments(JSON.stringify({ ...args, edited: random.between(1, 1_000_000) }));
  if (!canonical.ok) throw new Error(`An edit was refused here: ${canonical.problem}`);
  return canonical;
}
