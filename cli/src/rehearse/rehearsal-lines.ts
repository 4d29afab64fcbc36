// A rehearsal for people.
import type { Output } from "../output.js";
import { oneLine, safeText } from "../safe-text.js";
import { dateAndTime } from "../times.js";
import type { PastCall } from "./past-calls.js";
import type { Counted, RehearsalCounts } from "./rehearsal.js";

/** Longer lists are cut, and say so: --json has all of it. */
const MOST_LISTED = 20;

export function showRehearsal(
  tool: string,
  runs: number,
  counts: RehearsalCounts,
  letThrough: readonly PastCall[],
  output: Output,
): void {
  const { calls, letBy, spared, agents } = counts;
  output.line(
    `${many(calls, "call")} of ${safeText(tool)} in ${many(runs, "run")}, of ${agents.map(safeText).join(", ")}.`,
  );
  output.line();
  output.table([
    ["", "CALLS", "WOULD RUN UNASKED", "WOULD WAIT FOR PEOPLE"],
    row("people were asked", letBy.people),
    row("a standing grant let it run", letBy.grant),
    row("nobody was asked", letBy.nobody),
  ]);
  output.line();
  if (letBy.people.unasked > 0) {
    const { approved, edited, rejected, responded, expired, undecided } = spared;
    const said = [
      ...[`${approved} approved`, `${rejected} rejected`, `${edited} approved with other arguments`],
      ...[`${responded} answered in place of the tool`, `${expired} expired`, `${undecided} not decided`],
    ];
    output.line(
      `Of the ${letBy.people.unasked} that people were asked about and that would run unasked: ${said.join(", ")}.`,
    );
  }
  showLetThrough(letThrough, output);
  for (const line of remarks(counts)) output.line(line);
}

function row(what: string, { calls, unasked, asked }: Counted): readonly string[] {
  return [what, String(calls), String(unasked), String(asked)];
}

function showLetThrough(letThrough: readonly PastCall[], output: Output): void {
  if (letThrough.length === 0) return;
  output.line();
  output.line("It would have let run, and people did not, or not so:");
  output.table([
    ["RUN", "CALL", "AT", "WHAT", "WHO", "NUMBERS", "ARGUMENTS", "WHY"],
    ...letThrough
      .slice(0, MOST_LISTED)
      .map((call) => [
        ...[call.runId, call.callId, dateAndTime(call.at), call.answered],
        ...[oneLine(personOf(call), 40), oneLine(numbersIn(call.arguments), 60), shortDigest(call.digest)],
        oneLine(call.said, 80),
      ]),
  ]);
  if (letThrough.length > MOST_LISTED)
    output.line(`And ${letThrough.length - MOST_LISTED} more: --json has all of them.`);
  output.line();
}

function remarks({ votes, byGrantAgain, byOwner, byOthers, unclear }: RehearsalCounts): readonly string[] {
  return [
    `Votes: ${votes.before} were asked for, and it asks for ${votes.now}: ${votes.more} more on calls that people were asked about before.`,
    ...(byGrantAgain === 0
      ? []
      : [
          `It asks about ${byGrantAgain} more that a standing grant let run, and that such a grant would let run again.`,
        ]),
    ...(unclear.calls === 0
      ? []
      : [
          `The rule cannot be applied to ${many(unclear.calls, "call")}, so that people are asked: ${safeText(unclear.first)}.`,
        ]),
    ...(byOthers === 0 ? [] : [`${many(byOthers, "approval")} came from people whom it does not name.`]),
    ...(byOwner === 0
      ? []
      : [
          `About ${many(byOwner, "call")} people were asked since the tool's owner said so: by that they would be again.`,
        ]),
    "Whoever serves the tool may ask for people in its worker's registration: the stricter holds, and is not looked at here.",
  ];
}

/** "sha256:0123456789ab". */
function shortDigest(digest: string): string {
  return digest.slice(0, "sha256:".length + 12);
}

export function personOf({ decider }: PastCall): string {
  return decider?.onBehalfOf ?? decider?.who ?? "";
}

const AMOUNT = /amount|total|price|sum|cost|value|quantity|count/iu;
const LONGEST_AMOUNT = 24;

/** What of the arguments is a number, or is named like one. */
export function numbersIn(text: string): string {
  const args: unknown = JSON.parse(text);
  if (typeof args !== "object" || args === null) return "";
  return Object.entries(args)
    .filter(([name, value]) => {
      return (
        typeof value === "number" || (typeof value === "string" && AMOUNT.test(name) && value.length <= LONGEST_AMOUNT)
      );
    })
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
}

function many(count: number, what: string): string {
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
