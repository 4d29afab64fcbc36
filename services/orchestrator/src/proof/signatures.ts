// Signs what people decide, what is granted and what became of it, before it is stored; and says, of what is stored,
// whether it is still what was signed. What was changed in the database since is not believed, and nothing runs on it.
import { digestOf, GRANT_VALID_MS, type Signing } from "@agentspan/internal";
import {
  type Call,
  type Checkpoint,
  callOf,
  type Decided,
  type Fact,
  isGuarded,
  type Run,
  type RunEvent,
  type Signed,
  type ToolStarted,
  type Voted,
} from "../core/index.js";
import type { History } from "../history.js";
import type { StoredRun } from "../ports.js";
import { actText, finishText, startText } from "./signed-facts.js";

/** A transition that is about to be stored. */
export interface Transition {
  readonly before: Run | undefined;
  readonly after: Run;
  readonly events: readonly RunEvent[];
  /** What is stored, and what was decided before it and is stored with it. */
  readonly stored: StoredRun | undefined;
  readonly earlier: readonly RunEvent[];
}

type FindEvent = (sequence: number) => Promise<RunEvent | undefined>;

export class Signatures {
  constructor(
    private readonly signing: Signing,
    private readonly history: History,
  ) {}

  get keyId(): string {
    return this.signing.key.id;
  }

  /**
   * The events with their signatures. The start of a guarded call whose decision is not believed gets none: then there
   * is nothing in the database that could pass for a grant.
   */
  async sign({ before, after, events, stored, earlier }: Transition): Promise<readonly RunEvent[]> {
    const known = [...earlier, ...events];
    const find: FindEvent = async (sequence) =>
      known.find((event) => event.sequence === sequence) ??
      (stored === undefined ? undefined : await this.history.at(stored, sequence));
    const signed: RunEvent[] = [];
    for (const event of events) {
      const fact = await this.signedFact(event, { before, after, find });
      signed.push(fact === undefined ? event : { ...event, fact });
    }
    return signed;
  }

  /** Why a stored call must not run, in words that follow "because"; undefined where its decision is as it was signed. */
  callProblem(stored: StoredRun, callId: string): Promise<string | undefined> {
    const call = callOf(stored.run, callId);
    if (call === undefined) return Promise.resolve("there is no such call");
    return this.decisionProblem(stored.run, call, (sequence) => this.history.at(stored, sequence));
  }

  /** Signs a grant that is not stored with its start. */
  signGrant(
    runId: string,
    start: Omit<ToolStarted, "type" | "incarnation" | "signed">,
    { digest, approval }: Pick<Call, "digest" | "approval">,
    at: number,
  ): NonNullable<ToolStarted["signed"]> {
    const { approvalId = "", decisionId = "" } = approval ?? {};
    const said = { digest, approvalId, decisionId, expiresAt: at + GRANT_VALID_MS };
    return { ...said, ...this.signature(startText(runId, start, said, at)) };
  }

  private async signedFact(
    { fact, at }: RunEvent,
    { before, after, find }: Pick<Transition, "before" | "after"> & { readonly find: FindEvent },
  ): Promise<Fact | undefined> {
    const { runId } = after;
    switch (fact.type) {
      case "voted":
      case "decided": {
        const digest = (before?.checkpoints[fact.approvalId] ?? after.checkpoints[fact.approvalId])?.digest ?? "";
        return { ...fact, signed: { digest, ...this.signature(actText(runId, fact, { digest }, at)) } };
      }
      case "tool_started": {
        const call = callOf(after, fact.callId);
        if (!isGuarded(fact.gate) || call === undefined) return undefined;
        if ((await this.decisionProblem(after, call, find)) !== undefined) return undefined;
        return { ...fact, signed: this.signGrant(runId, fact, call, at) };
      }
      case "tool_result": {
        const call = (before && callOf(before, fact.callId)) ?? callOf(after, fact.callId);
        if (call === undefined || !isGuarded(call.gate)) return undefined;
        return { ...fact, signed: this.signature(finishText(runId, fact, at)) };
      }
      default:
        return undefined;
    }
  }

  private async decisionProblem(run: Run, call: Call, find: FindEvent): Promise<string | undefined> {
    const { approval, gate } = call;
    if (approval === undefined) return gate === "approval" ? "no decision lets it run" : undefined;
    const checkpoint = run.checkpoints[approval.approvalId];
    if (checkpoint?.closed?.how !== "decided") return "its approval is not decided";
    const { decisionId, sequence } = checkpoint.closed;
    if (decisionId !== approval.decisionId) return "its approval was decided otherwise";
    const decided = await find(sequence);
    if (decided?.fact.type !== "decided") return "its decision is not there";
    if (decided.fact.decisionId !== decisionId) return "its decision is another";
    return this.votesProblem(run.runId, call, checkpoint, decided, find);
  }

  /** As many votes as are required, each signed as it is stored, and all about the arguments that are to run. */
  private async votesProblem(
    runId: string,
    call: Call,
    checkpoint: Checkpoint,
    decided: RunEvent,
    find: FindEvent,
  ): Promise<string | undefined> {
    const earlier = checkpoint.votes.filter(({ sequence }) => sequence !== decided.sequence);
    const votes = await Promise.all(earlier.map(({ sequence }) => find(sequence)));
    if (votes.length + 1 < checkpoint.votesRequired) return "it has too few votes";
    for (const vote of [...votes, decided]) {
      const problem = this.actProblem(runId, call, checkpoint.approvalId, vote);
      if (problem !== undefined) return problem;
    }
    return undefined;
  }

  private actProblem(runId: string, call: Call, approvalId: string, event: RunEvent | undefined): string | undefined {
    const fact = event?.fact;
    if (event === undefined || !isAct(fact)) return "a vote for it is not there";
    if (fact.approvalId !== approvalId || fact.callId !== call.callId) return "its decision is about another call";
    if (fact.outcome !== "approved" && fact.outcome !== "run_again") return `it was ${fact.outcome}, not approved`;
    if (fact.signed === undefined) return "its decision is not signed";
    if ((fact.edited?.digest ?? fact.signed.digest) !== call.digest) return "its decision is about other arguments";
    const shown = fact.edited === undefined ? fact.preview : undefined;
    if (shown !== undefined && shown !== call.check?.fingerprint) return "it would do something else than was shown";
    const text = actText(runId, fact, fact.signed, event.at);
    const signature = Buffer.from(fact.signed.signature, "base64url");
    const { keyId } = fact.signed;
    return this.signing.trusted.problem("orchestrators", { text, keyId, signature, at: event.at });
  }

  private signature(text: string): Signed {
    const { key } = this.signing;
    return { keyId: key.id, signature: Buffer.from(key.sign(text)).toString("base64url") };
  }
}

/** Why arguments are not those of a digest; undefined where they are. */
export function argumentsProblem(text: string, digest: string): string | undefined {
  return digestOf(text) === digest ? undefined : "its stored arguments are not those of its digest";
}

function isAct(fact: Fact | undefined): fact is Voted | Decided {
  return fact?.type === "voted" || fact?.type === "decided";
}
