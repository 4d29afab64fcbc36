// The proof that a claim is answered with. Where there are keys it is signed: that of a guarded call together with the
// start that is stored, before anybody sees it; that of a plain call as it is given out.
import { GRANT_VALID_MS } from "@agentspan/internal";
import type { ProofSchema } from "@agentspan/proto";
import type { MessageInitShape } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Clock } from "../clock.js";
import { type Claim, type ClaimAnswer, callOf, type Run, type ToolStarted } from "../core/index.js";
import type { StoredRun } from "../ports.js";
import { argumentsProblem } from "./believed-calls.js";
import type { Signatures } from "./signatures.js";

export interface GrantedClaim {
  /** As the claim left it. */
  readonly stored: StoredRun;
  readonly claim: Claim;
  readonly answer: Extract<ClaimAnswer, { type: "granted" }>;
  readonly argumentsText: string;
}

export type ProofOrProblem =
  | { readonly proof: MessageInitShape<typeof ProofSchema> }
  /** Why nothing may be granted, in words that follow "because". */
  | { readonly problem: string };

export class Grants {
  constructor(
    private readonly clock: Clock,
    private readonly signatures: Signatures | undefined,
  ) {}

  /** Of a claim that the core has granted. */
  async prove(granted: GrantedClaim): Promise<ProofOrProblem> {
    const { stored, claim, answer, argumentsText } = granted;
    const changed = argumentsProblem(argumentsText, answer.digest);
    if (changed !== undefined) return { problem: changed };
    const { runId } = stored.run;
    const { callId, attempt, nonce, workerId } = claim;
    const { approvalId = "", decisionId = "" } = answer.approval ?? {};
    const bound = { runId, callId, attempt, nonce, workerId, argumentsDigest: answer.digest, approvalId, decisionId };
    if (this.signatures === undefined) {
      return { proof: { ...bound, ...checkedOf(granted), grantedAt: timestampFromMs(this.clock.now()) } };
    }
    const signed = startWithGrant(granted) ?? (await this.signNow(this.signatures, granted));
    if ("problem" in signed) return signed;
    const { keyId, signature, grantedAt } = signed;
    return {
      proof: {
        ...bound,
        ...checkedOf(granted),
        grantedAt: timestampFromMs(grantedAt),
        expiresAt: timestampFromMs(grantedAt + GRANT_VALID_MS),
        keyId,
        signature: Buffer.from(signature, "base64url"),
      },
    };
  }

  private async signNow(
    signatures: Signatures,
    { stored, claim, answer }: GrantedClaim,
  ): Promise<SignedAt | { readonly problem: string }> {
    const { callId, attempt, nonce, workerId } = claim;
    const grantedAt = this.clock.now();
    const beginning = answer.guarded ? { attempt, nonce, at: grantedAt } : undefined;
    const problem = await signatures.callProblem(stored, callId, beginning);
    if (problem !== undefined) return { problem };
    const gate = answer.guarded ? (callOf(stored.run, callId)?.gate ?? "once") : "plain";
    const checked = checkOf(stored.run, callId);
    const start = { callId, attempt, nonce, workerId, tool: answer.tool, gate, ...checked };
    return { ...signatures.signGrant(stored.run.runId, start, answer, grantedAt), grantedAt };
  }
}

/** What a granted call was checked against. */
function checkOf(run: Run, callId: string): { readonly checked?: string } {
  const check = callOf(run, callId)?.check;
  return check === undefined ? {} : { checked: check.fingerprint };
}

function checkedOf({ stored, claim }: GrantedClaim): { readonly checkedPreview?: string } {
  const { checked } = checkOf(stored.run, claim.callId);
  return checked === undefined ? {} : { checkedPreview: checked };
}

interface SignedAt {
  readonly keyId: string;
  readonly signature: string;
  readonly grantedAt: number;
}

/** What was signed when this very claim was stored. */
function startWithGrant({ stored, claim }: GrantedClaim): SignedAt | undefined {
  for (const { fact, at } of stored.events.toReversed()) {
    if (fact.type === "tool_started" && isOf(fact, claim)) return fact.signed && { ...fact.signed, grantedAt: at };
  }
  return undefined;
}

function isOf({ callId, attempt, nonce }: ToolStarted, claim: Claim): boolean {
  return callId === claim.callId && attempt === claim.attempt && nonce === claim.nonce;
}
