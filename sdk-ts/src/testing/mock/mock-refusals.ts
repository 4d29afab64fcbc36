// Why no run can take a step, in words that say what to write instead.
import { type Call, openCheckpoints } from "@agentspan/orchestrator/core";
import type { Agent } from "../../agent.js";
import { KitError } from "../kit-error.js";
import type { PlayedRun } from "./played-run.js";

/** Of an outcome of a tool, none of whose calls is open. */
export function noCall(played: PlayedRun, toolName: string): string {
  const facts = played.stored.flatMap(({ fact }) => (fact.type === "tool_result" ? [fact] : []));
  const kind = facts.findLast(({ tool }) => tool === toolName)?.outcome.kind;
  const call = `MockEvent.toolCall(${JSON.stringify(toolName)}, …) before it`;
  switch (kind) {
    case undefined:
      return `a call that nobody made: put ${call}`;
    case "rejected":
      return `a call that was rejected, and did not run: put another ${call}`;
    case "responded":
      return `a call that a person answered in place of the tool: put another ${call}`;
    default:
      return `a call that has its outcome already: put another ${call}`;
  }
}

/** Of a call that no worker can have. */
export function whyNot({ run }: PlayedRun, { callId, tool, state }: Call): string {
  const open = openCheckpoints(run).find((checkpoint) => checkpoint.callId === callId);
  const decided = `MockEvent.waiting() and MockEvent.decided()`;
  if (open?.kind === "QUESTION") {
    return `${tool} asks a person, and has no result before somebody answers. Put ${decided.replace("decided()", 'decided("RESPONDED", { content: … })')} in place of its toolResult.`;
  }
  if (open === undefined) return `${tool} cannot run here: its call is ${state.kind}.`;
  const votes = Object.keys(open.votes).length;
  const missing =
    votes === 0
      ? `Put ${decided}`
      : `${votes} of ${open.votesRequired} votes are there: put MockEvent.decided() of others`;
  return `${tool} needs a person's approval, and no server runs it before that. ${missing} before its toolResult.`;
}

/** Which calls make a run wait. */
export function whatWaits(agent: Agent, played: PlayedRun): string {
  const gated = agent.tools.filter((tool) => tool.kind === "human" || tool.approvalRequired).map(({ name }) => name);
  const ruled = played.agent.tools.flatMap(({ name, approval }) => {
    return approval?.rule === undefined || gated.includes(name) ? [] : [`${name} where ${approval.rule}`];
  });
  const some = [...gated, ...ruled];
  const does = `of this agent's tools ${some.join(" and ")} ${some.length === 1 ? "does" : "do"}`;
  const which = some.length === 0 ? "this agent has none" : does;
  return `only a call of a tool that needs approval makes it wait, and ${which}`;
}

/** Throws KitError where no server takes the name. */
export function requireName(text: string, by: string | undefined): void {
  if (by === undefined || (by !== "" && by.trim() === by)) return;
  const problem = by === "" ? "names nobody" : "names somebody with a blank before or behind";
  throw new KitError(`${text} ${problem}, which no server takes.`);
}
