// The people who decide: each act has one decision id and is sent until it is answered, now and then twice at once, and
// now and then against somebody who wants the opposite.

import type { Rpc } from "@agentspan/e2e";
import { AgentspanError, canonicalArguments, newId } from "@agentspan/internal";
import { type Approval, ApprovalKind, SettleOutcome } from "@agentspan/proto";
import type { Callers, CallOptions } from "./callers.js";
import { pause } from "./pause.js";
import type { Random } from "./random.js";
import type { Act, Verdict } from "./run-record.js";
import { mayDecide, type Person } from "./trust/people.js";

export interface PersonOptions {
  readonly callers: Callers;
  readonly runId: string;
  readonly random: Random;
  readonly signal: AbortSignal;
  readonly acts: Act[];
  /** Who may decide, where it is known who asks; empty: everybody may. */
  readonly people: readonly Person[];
  /** Takes its time. */
  readonly dawdles: boolean;
}

const DAWDLE_MS = 4_000;
const INTRUDES = 0.15;

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
/** Where several people must agree: an edit would take their votes away. */
const SEVERAL: readonly Verdict[] = ["approve", "approve", "approve", "approve", "reject"];
const SETTLING: readonly Verdict[] = ["happened", "happened", "run_again", "run_again", "give_up"];
const LAST_WORDS: readonly Verdict[] = ["happened", "give_up"];

/** Decides one checkpoint, in whatever way the seed says. Resolves when every act is answered or the signal aborts. */
export async function decide(approval: Approval, options: PersonOptions): Promise<void> {
  const { random, dawdles, signal } = options;
  if (dawdles && random.chance(0.7)) {
    await pause(random.between(500, DAWDLE_MS), signal).catch(() => undefined);
    return decideNow(await readAgain(approval, options), options);
  }
  return decideNow(approval, options);
}

async function decideNow(approval: Approval, options: PersonOptions): Promise<void> {
  const { random, people, acts } = options;
  const settling = approval.kind === ApprovalKind.SETTLEMENT;
  const several = approval.votesRequired > 1;
  const verdicts = settling ? SETTLING : several ? SEVERAL : CALM;
  const may = random.shuffled(people.filter((person) => mayDecide(person, approval)));
  const intruders = people.filter((person) => !mayDecide(person, approval));
  if (intruders.length > 0 && random.chance(INTRUDES)) {
    await act(approval, settling ? "happened" : "approve", {
      ...options,
      person: random.pick(intruders),
      allowed: false,
    });
  }
  const by = (at: number): Acting => ({ ...options, person: may[at % Math.max(1, may.length)], allowed: true });
  const verdict = random.pick(verdicts);
  const first = act(approval, verdict, by(0));
  const others = random.chance(0.1) ? [act(approval, random.pick(verdicts), by(1))] : [];
  const reasons = await Promise.all([first, ...others]);
  // Nothing runs again once a run has ended; whether it happened is still to be said.
  const unsaid = settling && reasons.every((reason) => reason === "RUN_ENDED");
  if (unsaid) await act(approval, random.pick(LAST_WORDS), by(0));
  // A vote of several: others say the same, until there are enough.
  const open = (): boolean =>
    acts.filter(({ approvalId }) => approvalId === approval.approvalId).every(({ answer }) => !closes(answer));
  for (let at = 1; several && reasons[0] === undefined && at <= may.length && open(); at += 1) {
    const reason = await act(approval, verdict, by(at));
    if (reason !== undefined) return;
  }
}

function closes(answer: Act["answer"]): boolean {
  return answer?.kind === "recorded" && answer.closed;
}

/** As it is by now: others may have to decide it. */
async function readAgain(approval: Approval, { callers, runId, signal }: PersonOptions): Promise<Approval> {
  const { approvalId } = approval;
  const asked = callers.ask((rpc, how) => rpc.approvals.getApproval({ runId, approvalId }, how), signal);
  const answer = await asked.catch((thrown) => {
    if (signal.aborted) return undefined;
    throw thrown;
  });
  return answer?.approval ?? approval;
}

interface Acting extends PersonOptions {
  readonly person: Person | undefined;
  readonly allowed: boolean;
}

/** Resolves to the reason of a refusal. */
async function act(approval: Approval, verdict: Verdict, options: Acting): Promise<string | undefined> {
  const { runId, random, signal, acts, person, allowed } = options;
  const { callers } = person ?? options;
  const { approvalId, callId } = approval;
  const decisionId = newId("dec");
  const edited = verdict === "edit" ? editOf(approval.argumentsJson, random) : undefined;
  const digest = edited?.digest ?? approval.argumentsDigest;
  const entry: Act = { approvalId, callId, decisionId, verdict, allowed, digest, answer: undefined };
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
