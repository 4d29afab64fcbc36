import { digestOf } from "../canonical-json.js";
import type { DecisionStatement, GrantStatement } from "../signing/statements.js";
import type { TrustedKeys } from "../signing/trusted-keys.js";
import { runs } from "./make-receipt.js";
import { type PartName, type Receipt, type Signed, textOf } from "./receipt.js";

/** What does not hold, each in a few words; none where all does. Asks nobody: what is believed are the given keys. */
export function receiptFaults(receipt: Receipt, trusted: TrustedKeys): readonly string[] {
  const { arguments: args, votes, decision, grant, outcome } = receipt;
  const [decided, granted, ended] = [decision.statement, grant.statement, outcome.statement];
  const faults: string[] = [];
  const signed = (what: string, part: PartName, of: Signed<object>, at: number): void => {
    const signature = Buffer.from(of.signature, "base64url");
    const problem = trusted.problem("orchestrators", { text: textOf(part, of), keyId: of.keyId, signature, at });
    if (problem !== undefined) faults.push(`the ${what}: ${problem}`);
  };
  const hold = (holds: boolean, otherwise: string): void => {
    if (!holds) faults.push(otherwise);
  };
  for (const vote of votes) signed("vote", "decision", vote, vote.statement.at);
  signed("decision", "decision", decision, decided.at);
  signed("grant", "grant", grant, granted.grantedAt);
  signed("outcome", "outcome", outcome, ended.at);
  hold(digestOf(args) === granted.digest, "the arguments are not those that were granted");
  hold(runs(decided) === granted.digest, "what was granted is not what was approved");
  hold(decided.closes && APPROVING.includes(decided.outcome), `the decision is ${decided.outcome}, no approval`);
  hold(decided.decision === granted.decision, "the grant names another decision");
  hold(decided.approval === granted.approval, "the grant names another approval");
  for (const { run, call } of [...votes.map(({ statement }) => statement), granted, ended]) {
    hold(run === decided.run && call === decided.call, "its parts are of different calls");
  }
  for (const { statement: vote } of votes) {
    hold(vote.approval === decided.approval && runs(vote) === granted.digest, "a vote is about something else");
  }
  hold(checksWhatWasShown(decided, granted), "what it would do was not checked against what was shown");
  for (const { statement: vote } of votes) {
    hold(checksWhatWasShown(vote, granted) || vote.preview === undefined, "a vote was shown something else");
  }
  hold(granted.attempt === ended.attempt && granted.tool === ended.tool, "the outcome is of another attempt");
  hold(decided.at <= granted.grantedAt && granted.grantedAt <= ended.at, "its times are not in order");
  return faults;
}

/** An edit is of arguments that nothing was shown of. */
function checksWhatWasShown(decided: DecisionStatement, { preview }: GrantStatement): boolean {
  return preview === (decided.editedDigest === "" ? decided.preview : undefined);
}

const APPROVING: readonly string[] = ["approved", "run_again"];
