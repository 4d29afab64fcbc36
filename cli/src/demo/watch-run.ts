// Shows a run as it goes, and has each of its approvals decided.
import { type AgentHandle, AgentspanError, type Approval, isTerminal, type RunEvent } from "@agentspan/sdk";
import { approvalLines, argumentLines, askedOf } from "../approval-view.js";
import { approvedWords } from "../commands/decide.js";
import { refusedWords } from "../decide-remedy.js";
import { outcomeWords } from "../event-line.js";
import type { Output } from "../output.js";
import { oneLine, safeText } from "../safe-text.js";
import { timeOfDay } from "../times.js";
import type { Decider, DemoDecision } from "./deciders.js";

export interface WatchOptions {
  readonly handle: AgentHandle;
  readonly decider: Decider;
  readonly output: Output;
  /** How the run is found again when this is stopped while it waits. */
  readonly findAgain: readonly string[];
  readonly signal: AbortSignal;
  /** Shows an event as it comes; the few steps of the demonstration unless given. */
  readonly show?: (event: RunEvent) => void;
  /** A decision that the server refuses is told, and the run goes on to wait for another one's. */
  readonly toleratesRefusals?: boolean;
}

/** Resolves when the run has ended. Throws the signal's reason. */
export async function watchRun(options: WatchOptions): Promise<void> {
  const { handle, output, signal } = options;
  const { pendingApprovals, lastSequence } = await handle.getStatus({ signal });
  const open = new Set(pendingApprovals.map(({ approvalId }) => approvalId));
  const asking = new Map<string, { readonly stop: AbortController; readonly done: Promise<void> }>();
  const sending = new Set<Promise<void>>();
  let failed: unknown;
  const over = new AbortController();
  const either = AbortSignal.any([signal, over.signal]);
  const ask = (approval: Approval): void => {
    const stop = new AbortController();
    const before = [...asking.values()].map(({ done }) => done);
    const done = Promise.all(before) // One prompt at a time.
      .then(() => decideOne(approval, options, AbortSignal.any([either, stop.signal]), sending))
      .catch((error: unknown) => {
        failed ??= error;
        over.abort();
      });
    asking.set(approval.approvalId, { stop, done });
  };
  try {
    for await (const event of handle.stream({ signal: either })) {
      // What follows from a decision is shown after the word that it was taken.
      await Promise.all(sending);
      if (options.show === undefined) showStep(event, output);
      else options.show(event);
      // What is open is known up to a sequence; what comes later is open.
      if (event.type === "waiting" && (event.sequence > lastSequence || open.has(event.approvalId))) {
        ask(event.approval);
      }
      const closed = closedBy(event);
      if (closed !== undefined) asking.get(closed)?.stop.abort();
      if (isTerminal(event)) break;
    }
  } catch (error) {
    if (failed === undefined) throw error;
  } finally {
    over.abort();
    await Promise.all([...asking.values()].map(({ done }) => done));
  }
  if (failed !== undefined) throw failed;
}

async function decideOne(
  approval: Approval,
  options: WatchOptions,
  signal: AbortSignal,
  sending: Set<Promise<void>>,
): Promise<void> {
  const { output, decider, findAgain } = options;
  if (signal.aborted) return;
  output.line(approval.kind === "APPROVAL" ? "\n--- Approval required ---" : "\n--- A person is asked ---");
  output.line(approval.kind === "APPROVAL" ? `Agent wants to call: ${safeText(approval.toolName)}` : askedOf(approval));
  // The demonstration has a tool that shows nothing else.
  const lines = options.show === undefined ? argumentLines(approval) : approvalLines(approval);
  for (const line of lines) output.line(`  ${line}`);
  output.line();
  output.line("The run waits on the server, for as long as it takes. Should you leave, it is found again with:");
  for (const line of findAgain) output.line(`  ${line}`);
  output.line();
  const decision = await decider.decide(signal, approval);
  if (decision === undefined) return;
  const sent = send(approval, decision, options);
  // A failure is the caller's; the loop only waits for the end.
  const settled = sent.catch(() => undefined);
  sending.add(settled);
  await settled;
  sending.delete(settled);
  await sent;
}

async function send(approval: Approval, decision: DemoDecision, options: WatchOptions): Promise<void> {
  const { handle, output, toleratesRefusals = false } = options;
  const { approvalId, argumentsDigest } = approval;
  try {
    if (decision.kind === "approve") {
      const answer = await handle.approve({ approvalId, argumentsDigest });
      output.line(`${approvedWords(answer)} Waiting for the agent to complete...`);
    } else if (decision.kind === "respond") {
      await handle.respond(decision.answer, { approvalId });
      output.line("Answered. The agent is told...");
    } else {
      await handle.reject(decision.reason, { approvalId });
      output.line("Rejected. The agent is told the reason...");
    }
  } catch (error) {
    if (!(error instanceof AgentspanError)) throw error;
    if (error.reason !== "ALREADY_DECIDED" && !toleratesRefusals) throw error;
    output.line(refusedWords(error));
  }
}

function closedBy(event: RunEvent): string | undefined {
  if (event.type === "decided") return event.decision?.approvalId;
  return event.type === "checkpoint_closed" ? event.approvalId : undefined;
}

/** The few steps that a person wants to see while it happens; the history has them all. */
function showStep(event: RunEvent, output: Output): void {
  const step = stepLine(event, output.columns - 6);
  if (step !== undefined) output.line(step);
}

function stepLine(event: RunEvent, most: number): string | undefined {
  switch (event.type) {
    case "tool_call":
      return `  -> ${oneLine(`${event.toolName} ${event.argumentsJson}`, most)}`;
    case "tool_result":
      return `  <- ${oneLine(`${event.toolName}: ${outcomeWords(event.outcome)}`, most)}`;
    case "error": {
      const again = event.retryAt === undefined ? "" : ` Next attempt at ${timeOfDay(event.retryAt)}.`;
      return `  !! ${safeText(event.message)}${again}`;
    }
    default:
      return undefined;
  }
}
