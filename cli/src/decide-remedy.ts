// What whoever decides does next, where the server did not take the decision.
import { AgentspanError } from "@agentspan/internal";
import type { Approval } from "@agentspan/sdk";
import { askedOf, commandsFor } from "./approval-view.js";
import { CommandError } from "./command-error.js";
import { commandName } from "./command-name.js";
import { safeText } from "./safe-text.js";
import { dateAndTime } from "./times.js";

export type Verb = "approve" | "reject" | "respond" | "settle";

/** Runs what decides; a refusal that has a next step is thrown with it. */
export async function withRemedy<T>(
  verb: Verb,
  runId: string,
  approvalId: string | undefined,
  decide: () => Promise<T>,
): Promise<T> {
  try {
    return await decide();
  } catch (thrown) {
    const remedy = thrown instanceof AgentspanError ? remedyFor(thrown.reason, verb, runId, approvalId) : undefined;
    if (remedy === undefined || !(thrown instanceof AgentspanError)) throw thrown;
    throw new CommandError(`${refusedWords(thrown)}\n${remedy}`);
  }
}

/** The server's sentence, and of a decision that came too late also when the other one was taken. */
export function refusedWords({ reason, message, metadata }: AgentspanError): string {
  const words = safeText(message);
  const at = new Date(Number(metadata.time));
  if (reason !== "ALREADY_DECIDED" || Number.isNaN(at.getTime())) return words;
  return `${words} That was at ${dateAndTime(at)}; what you decided is not recorded and changes nothing.`;
}

/** Undefined where the server's sentence says all. */
export function remedyFor(
  reason: string,
  verb: Verb,
  runId: string,
  approvalId: string | undefined,
): string | undefined {
  const command = commandName();
  const again = [command, verb, runId, ...(approvalId === undefined ? [] : [approvalId])].join(" ");
  switch (reason) {
    case "ARGUMENTS_CHANGED":
      return `Look at what it is about now, and decide again:\n  ${command} runs show ${runId}`;
    case "APPROVAL_EXPIRED":
      return `Nobody can decide it any more. What became of the run:\n  ${command} runs show ${runId}`;
    case "SELF_APPROVAL":
      return `Somebody else must decide, with their own key in AGENTSPAN_API_KEY or as --key:\n  ${again} --key ...`;
    case "ALREADY_DECIDED":
      return approvalId === undefined
        ? decidedBefore(runId)
        : `All of it:\n  ${command} approvals show ${runId} ${approvalId}`;
    case "NOTHING_TO_DECIDE":
    case "RUN_ENDED":
      return decidedBefore(runId);
    default:
      return undefined;
  }
}

function decidedBefore(runId: string): string {
  return `Who decided what in it, and when:\n  ${commandName()} runs events ${runId}`;
}

/**
 * The one that is meant where none is named; undefined where nothing is open. Throws, with the commands, where several
 * fit, and where what is open takes another command.
 */
export function theOneMeant(verb: Verb, runId: string, open: readonly Approval[]): Approval | undefined {
  const fitting = open.filter(({ kind }) => (kind === "SETTLEMENT") === (verb === "settle"));
  if (fitting.length === 1 || open.length === 0) return fitting[0];
  const told = fitting.length === 0 ? open : fitting;
  const lines = told.flatMap((one) => {
    const commands = commandsFor({ ...one, runId });
    const own = commands.filter((text) => text.startsWith(`${commandName()} ${verb} `));
    return [`  ${askedOf(one)}`, ...(own.length === 0 ? commands : own).map((text) => `    ${text}`)];
  });
  const what =
    fitting.length === 0
      ? `Run ${runId} waits for nothing that ${verb} answers, but for this:`
      : `Run ${runId} has ${fitting.length} of them open. Say which one:`;
  throw new CommandError(`${what}\n${lines.join("\n")}`, fitting.length === 0 ? 1 : 2);
}
