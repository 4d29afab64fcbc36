// What became of calls, in sentences.
import { outcomeText } from "../event-lines.js";
import type { TestedCall, TestedDecision, TestedRun, TestedVote } from "../tested-run.js";
import { sentence } from "./finding.js";
import { matches } from "./matches.js";

/** What became of the calls of a tool, or of all. */
export function toolText(run: TestedRun, toolName: string | undefined): string {
  const calls = run.calls.filter((call) => toolName === undefined || call.toolName === toolName);
  if (calls.length > 0) return calls.map(callText).join(" ");
  const others = [...new Set(run.calls.map((call) => call.toolName))];
  const made = others.length === 0 ? "no tool at all" : `${others.join(", ")} only`;
  return `The model called ${made}.`;
}

function callText(call: TestedCall): string {
  const { toolName, args, askedArgs, refused, decisions, outcome } = call;
  const called = `${toolName} was called with ${JSON.stringify(askedArgs)}`;
  if (refused !== undefined) return sentence(`${called} and refused: ${refused}`);
  const edited = matches(askedArgs, args) ? "" : ` with ${JSON.stringify(args)}`;
  const parts = [
    ...(call.paused ? ["waited for a person"] : []),
    ...(call.expired ? ["expired"] : []),
    ...call.votes.map(voteText),
    ...decisions.map((made) => decisionText(made, edited)),
    ...(call.used && outcome?.kind !== "responded"
      ? [`ran${outcome === undefined ? "" : `: ${outcomeText(outcome)}`}`]
      : []),
  ];
  return parts.length === 0 ? `${called} and did not run.` : sentence(`${called}, ${parts.join(", ")}`);
}

function voteText({ outcome, by }: TestedVote): string {
  return `had the vote of ${by}${outcome === "APPROVED" ? "" : ` for ${outcome}`}`;
}

function decisionText({ outcome, by, comment, byGrant }: TestedDecision, edited: string): string {
  return `${decidedText(outcome, by, byGrant, edited)}${comment === "" ? "" : ` (${comment})`}`;
}

function decidedText(outcome: TestedDecision["outcome"], by: string, byGrant: boolean, edited: string): string {
  switch (outcome) {
    case "APPROVED":
      return byGrant ? `was allowed by a grant of ${by}` : `was approved${edited} by ${by}`;
    case "REJECTED":
      return `was rejected by ${by}`;
    case "RESPONDED":
      return `was answered by ${by}`;
    case "HAPPENED":
      return `had happened by the word of ${by}`;
    case "RUN_AGAIN":
      return `was to run again by the word of ${by}`;
    case "GIVEN_UP":
      return `was given up by ${by}`;
    case "UNSPECIFIED":
      return `was decided by ${by}`;
    default:
      return outcome satisfies never;
  }
}
