// Signs who started what, what people decide, what is granted and what became of it, before it is stored; and says, of a
// call that is about to run, whether what is stored of it is still what was signed.
import { GRANT_VALID_MS, type Signing } from "@agentspan/internal";
import {
  type Call,
  callOf,
  type Fact,
  isGuarded,
  type Run,
  type RunEvent,
  type Signed,
  type ToolStarted,
} from "../core/index.js";
import type { History } from "../history.js";
import type { StoredRun } from "../ports.js";
import { type Beginning, BelievedCalls, type BelievedCallsOptions, type StoredEvents } from "./believed-calls.js";
import { actText, broughtText, finishText, grantedText, runText, saidText } from "./signed-facts.js";

/** A transition that is about to be stored. */
export interface Transition {
  readonly before: Run | undefined;
  readonly after: Run;
  readonly events: readonly RunEvent[];
  /** What is stored, and what was decided before it and is stored with it. */
  readonly stored: StoredRun | undefined;
  readonly earlier: readonly RunEvent[];
}

export interface SignaturesOptions extends BelievedCallsOptions {
  readonly history: Pick<History, "at" | "after">;
}

export class Signatures {
  private readonly signing: Signing;
  private readonly history: Pick<History, "at" | "after">;
  private readonly calls: BelievedCalls;

  constructor(options: SignaturesOptions) {
    this.signing = options.signing;
    this.history = options.history;
    this.calls = new BelievedCalls(options);
  }

  get keyId(): string {
    return this.signing.key.id;
  }

  /**
   * The events with their signatures. The start of a guarded call whose decision is not believed gets none: then there
   * is nothing in the database that could pass for a grant.
   */
  async sign({ before, after, events, stored, earlier }: Transition): Promise<readonly RunEvent[]> {
    const signed: RunEvent[] = [];
    for (const [index, event] of events.entries()) {
      const record = this.recordOf(stored, [...earlier, ...signed, ...events.slice(index)]);
      const fact = await this.signedFact(event, { before, after, record });
      signed.push(fact === undefined ? event : { ...event, fact });
    }
    return signed;
  }

  private recordOf(stored: StoredRun | undefined, known: readonly RunEvent[] = []): StoredEvents {
    const { history } = this;
    return {
      at: async (sequence) =>
        known.find((event) => event.sequence === sequence) ??
        (stored === undefined ? undefined : await history.at(stored, sequence)),
      after: async (sequence) => [
        ...(stored === undefined ? [] : await history.after(stored, sequence)),
        ...known.filter((event) => event.sequence > sequence),
      ],
    };
  }

  /** Why a stored call must not run, in words that follow "because"; undefined where it may. */
  callProblem(stored: StoredRun, callId: string, beginning?: Beginning): Promise<string | undefined> {
    const call = callOf(stored.run, callId);
    if (call === undefined) return Promise.resolve("there is no such call");
    return this.calls.problem(stored.run, call, this.recordOf(stored), beginning);
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
    return { ...said, ...this.signature(grantedText(runId, start, said, at)) };
  }

  private async signedFact(
    { fact, at }: RunEvent,
    { before, after, record }: Pick<Transition, "before" | "after"> & { readonly record: StoredEvents },
  ): Promise<Fact | undefined> {
    const { runId } = after;
    switch (fact.type) {
      case "run_started":
        return { ...fact, signed: this.signature(runText(fact, at)) };
      case "voted":
      case "decided": {
        const digest = (before?.checkpoints[fact.approvalId] ?? after.checkpoints[fact.approvalId])?.digest ?? "";
        return { ...fact, signed: { digest, ...this.signature(actText(runId, fact, { digest }, at)) } };
      }
      case "task_released":
      case "probe_answered":
      case "preview_taken": {
        const call = (before && callOf(before, fact.callId)) ?? callOf(after, fact.callId);
        if (call === undefined || !isGuarded(call.gate)) return undefined;
        return { ...fact, signed: this.signature(saidText(runId, fact, at)) };
      }
      case "tool_started": {
        const call = callOf(after, fact.callId);
        if (!isGuarded(fact.gate) || call === undefined) return undefined;
        const { attempt, nonce } = fact;
        if ((await this.calls.problem(after, call, record, { attempt, nonce, at })) !== undefined) return undefined;
        const brought = broughtText(runId, fact, at);
        return {
          ...fact,
          signed: {
            ...this.signGrant(runId, fact, call, at),
            ...(brought === undefined ? {} : { brought: this.signature(brought) }),
          },
        };
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

  private signature(text: string): Signed {
    const { key } = this.signing;
    return { keyId: key.id, signature: Buffer.from(key.sign(text)).toString("base64url") };
  }
}
