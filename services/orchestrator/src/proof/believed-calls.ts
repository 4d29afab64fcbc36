// Whether a call that is about to run is still what people let run. Believed are signatures, and a definition that is the
// one of its version; what the state says is held to them, and what was changed in the database since runs nothing.
import { digestOf, type Signing } from "@agentspan/internal";
import type { AgentCatalog } from "../agent-catalog.js";
import {
  type Call,
  type Decided,
  entitlementProblem,
  type Fact,
  type Run,
  type RunEvent,
  type TextFunctions,
  type Voted,
} from "../core/index.js";
import { argumentsOf } from "../encode/approval.js";
import type { AuditStore } from "../ports.js";
import { recordProblem } from "./believed-record.js";
import { BelievedStarts, type FindEvent } from "./believed-starts.js";
import { grantedBefore } from "./granted-before.js";
import { actText } from "./signed-facts.js";

export interface BelievedCallsOptions {
  readonly signing: Signing;
  readonly agents: Pick<AgentCatalog, "agentOf">;
  readonly text: Pick<TextFunctions, "ruleVerdict">;
  readonly audit: Pick<AuditStore, "listAudit">;
}

/** A run's events, those that are about to be stored included. */
export interface StoredEvents {
  at(sequence: number): Promise<RunEvent | undefined>;
  after(sequence: number): Promise<readonly RunEvent[]>;
}

/** A guarded attempt that begins, by the claim that is told so. */
export interface Beginning {
  readonly attempt: number;
  readonly nonce: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
}

interface ActEvent {
  readonly sequence: number;
  readonly fact: Voted | Decided;
}

export class BelievedCalls {
  private readonly starts: BelievedStarts;

  constructor(private readonly options: BelievedCallsOptions) {
    this.starts = new BelievedStarts(options.signing);
  }

  /**
   * Why a call must not run, in words that follow "because"; undefined where it may. Rejects where its agent's definition
   * cannot be read or believed: then nothing of the run goes on until it can.
   */
  async problem(run: Run, call: Call, record: StoredEvents, beginning?: Beginning): Promise<string | undefined> {
    const find: FindEvent = (sequence) => record.at(sequence);
    const unbelieved = await this.starts.problem(run, find);
    if (unbelieved !== undefined) return unbelieved;
    const acts = await this.acts(run, call, find);
    if (typeof acts === "string") return acts;
    const args = argumentsOf((await find(call.argumentsSequence))?.fact);
    const changed = argumentsProblem(args, call.digest);
    if (changed !== undefined) return changed;
    const { agents, text, signing, audit } = this.options;
    const facts = acts.map(({ fact }) => fact);
    const about = { agent: await agents.agentOf(run), run, call, arguments: args, acts: facts, text };
    const unentitled = entitlementProblem(about);
    if (unentitled !== undefined || beginning === undefined) return unentitled;
    const events = (await record.after(call.argumentsSequence)).filter(
      ({ fact }) => "callId" in fact && fact.callId === call.callId && !isStartOf(fact, beginning),
    );
    const last = acts.at(-1);
    const decided = last && { sequence: last.sequence, act: last.fact };
    const granted = await grantedBefore(audit, run, call);
    if (granted === undefined) return "what the audit has of its starts cannot be read";
    const { runId } = run;
    return recordProblem({ runId, call, events, decided, at: beginning.at, granted, beginning }, signing.trusted);
  }

  /** The votes and, last, the decision that let it run, or what is wrong with them; none where nobody had to be asked. */
  private async acts(run: Run, call: Call, find: FindEvent): Promise<readonly ActEvent[] | string> {
    const { approval, gate } = call;
    if (approval === undefined) return gate === "approval" ? "no decision lets it run" : [];
    const checkpoint = run.checkpoints[approval.approvalId];
    if (checkpoint?.closed?.how !== "decided") return "its approval is not decided";
    const { decisionId, sequence } = checkpoint.closed;
    if (decisionId !== approval.decisionId) return "its approval was decided otherwise";
    const decided = await find(sequence);
    if (decided?.fact.type !== "decided") return "its decision is not there";
    if (decided.fact.decisionId !== decisionId) return "its decision is another";
    const earlier = checkpoint.votes.filter((vote) => vote.sequence !== sequence);
    const votes = await Promise.all(earlier.map((vote) => find(vote.sequence)));
    const acts: ActEvent[] = [];
    for (const event of [...votes, decided]) {
      const act = this.believed(run.runId, call, approval.approvalId, event);
      if (typeof act === "string") return act;
      acts.push(act);
    }
    return acts;
  }

  private believed(runId: string, call: Call, approvalId: string, event: RunEvent | undefined): ActEvent | string {
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
    const { trusted } = this.options.signing;
    return (
      trusted.problem("orchestrators", { text, keyId, signature, at: event.at }) ?? { sequence: event.sequence, fact }
    );
  }
}

/** Why arguments are not those of a digest; undefined where they are. */
export function argumentsProblem(text: string, digest: string): string | undefined {
  return digestOf(text) === digest ? undefined : "its stored arguments are not those of its digest";
}

function isStartOf(fact: Fact, { attempt, nonce }: Beginning): boolean {
  return fact.type === "tool_started" && fact.attempt === attempt && fact.nonce === nonce;
}

function isAct(fact: Fact | undefined): fact is Voted | Decided {
  return fact?.type === "voted" || fact?.type === "decided";
}
