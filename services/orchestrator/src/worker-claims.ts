// Answers claims, of those who registered the tool. What the core grants goes out with its proof, and not at all where the
// stored decision or arguments are not what they were: then the call ends with an error that says why, and nobody runs it.
import type { Logger } from "@agentspan/internal";
import { type ClaimRequest, type ClaimResponse, ClaimResponseSchema, type GrantSchema } from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Clock } from "./clock.js";
import { type Claim, type ClaimAnswer, type ClaimRefusal, idempotencyKeyOf, type ProbeGranted } from "./core/index.js";
import { argumentsOf } from "./encode/approval.js";
import type { Engine } from "./engine.js";
import type { History } from "./history.js";
import type { Meter } from "./meter.js";
import type { PlainClaims } from "./plain-claims.js";
import type { StoredRun } from "./ports.js";
import type { GrantedClaim, Grants } from "./proof/grants.js";
import { causeOf } from "./run-trace.js";
import type { ServedCalls } from "./served-calls.js";
import { requireText } from "./worker-checks.js";
import { isNotFound, workerErrorOf } from "./worker-errors.js";
import { REFUSALS } from "./worker-messages.js";
import type { WorkerRegistry } from "./worker-registry.js";

export interface WorkerClaimsOptions {
  readonly engine: Engine;
  readonly history: History;
  readonly registry: Pick<WorkerRegistry, "demandOf">;
  readonly servedCalls: ServedCalls;
  readonly plainClaims: PlainClaims;
  readonly grants: Grants;
  readonly orchestratorId: string;
  readonly clock: Clock;
  readonly meter?: Pick<Meter, "granted"> | undefined;
  readonly log: Logger;
}

export class WorkerClaims {
  constructor(private readonly options: WorkerClaimsOptions) {}

  async claim(workerId: string, request: ClaimRequest): Promise<ClaimResponse> {
    const { registry, servedCalls, orchestratorId, plainClaims, engine, log } = this.options;
    const { runId, callId, attempt, nonce, incarnation } = request;
    try {
      requireText({ runId, callId, nonce, incarnation });
      const found = await servedCalls.find(workerId, request);
      if (found.kind === "unserved") throw servedCalls.unregistered(workerId, request);
      if (found.kind !== "served") return this.refused(found.kind === "past" ? "ENDED" : "NOT_FOUND");
      const known = found.stored;
      if (request.probe) return await this.claimProbe(request, known);
      if (request.preview) return await this.claimPreview(workerId, request, known);
      const owner = await registry.demandOf(known.run.namespace, found.tool);
      const claim: Claim = { type: "claim", callId, attempt, nonce, workerId, incarnation, owner, store: false };
      // The core knows nothing of a claim that is held here and not stored.
      if (plainClaims.isHeldByAnother(runId, claim)) return this.refused("TAKEN");
      const outcome = await engine.execute(runId, claim, { known });
      const answer = outcome.answer as ClaimAnswer;
      if (answer.type === "refused") return this.refused(answer.reason);
      if (!answer.stored && !plainClaims.hold(runId, claim)) return this.refused("TAKEN");
      const argumentsText = await this.argumentsAt(outcome.stored, answer.argumentsSequence);
      return await this.grant({ stored: outcome.stored, claim, answer, argumentsText });
    } catch (thrown) {
      if (isNotFound(thrown)) return this.refused("NOT_FOUND");
      return create(ClaimResponseSchema, { error: workerErrorOf(thrown, log), orchestratorId });
    }
  }

  private async grant(granted: GrantedClaim): Promise<ClaimResponse> {
    const { orchestratorId, grants, meter, clock } = this.options;
    const { stored, claim, answer, argumentsText } = granted;
    const proved = await grants.prove(granted);
    if ("problem" in proved) return this.disbelieve(granted, proved.problem);
    meter?.granted(stored, { callId: claim.callId, tool: answer.tool, nonce: claim.nonce }, clock.now());
    const { runId, agentName } = stored.run;
    const { deadline } = answer;
    return create(ClaimResponseSchema, {
      orchestratorId,
      answer: {
        case: "grant",
        value: {
          toolName: answer.tool,
          argumentsJson: argumentsText,
          argumentsDigest: answer.digest,
          idempotencyKey: idempotencyKeyOf(runId, claim.callId),
          guarded: answer.guarded,
          agentName,
          ...(deadline === undefined ? {} : { deadline: timestampFromMs(deadline) }),
          proof: proved.proof,
          traceparent: causeOf(stored) ?? "",
        },
      },
    });
  }

  /** Ends the call in place of the worker, which is not granted it: offered again it would be refused for ever. */
  private async disbelieve({ stored, claim, answer }: GrantedClaim, problem: string): Promise<ClaimResponse> {
    const { engine, plainClaims, log } = this.options;
    const { runId } = stored.run;
    const { callId, attempt, nonce, workerId, incarnation } = claim;
    log.error({ runId, callId, attempt, problem }, "What is stored of a call was changed: it does not run");
    const message = `This call did not run and had no effect: what is stored of it is not believed, because ${problem}.`;
    const outcome = { kind: "error", message, retryable: false } as const;
    const { digest } = answer;
    await engine.execute(runId, { type: "complete", callId, attempt, nonce, workerId, incarnation, digest, outcome });
    plainClaims.drop(runId, claim);
    return this.refused("ENDED");
  }

  /** What a probe needs. Nothing of it is kept: a probe may be asked twice. */
  private async claimProbe({ runId, callId, attempt }: ClaimRequest, known: StoredRun): Promise<ClaimResponse> {
    const { engine } = this.options;
    const { answer, stored } = await engine.execute(runId, { type: "claim_probe", callId, attempt }, { known });
    if (answer.type === "refused") return this.refused(answer.reason);
    if (answer.type !== "probe_granted") throw new Error(`A claim of a probe was answered ${answer.type}.`);
    const idempotencyKey = idempotencyKeyOf(runId, callId);
    return this.looks(stored, answer, { idempotencyKey, probe: true });
  }

  /** What a preview needs. Several workers may look: the first answer counts. */
  private async claimPreview(
    workerId: string,
    { runId, callId, attempt }: ClaimRequest,
    known: StoredRun,
  ): Promise<ClaimResponse> {
    const { engine } = this.options;
    const { answer, stored } = await engine.execute(
      runId,
      { type: "claim_preview", callId, attempt, workerId },
      { known },
    );
    if (answer.type === "refused") return this.refused(answer.reason);
    if (answer.type !== "preview_granted") throw new Error(`A claim of a preview was answered ${answer.type}.`);
    return this.looks(stored, answer, {
      preview: { number: answer.number, timeLeft: durationFromMs(answer.leftMs) },
    });
  }

  /** A grant that lets a worker look and nothing more: it has the arguments and no proof. */
  private async looks(
    stored: StoredRun,
    { tool, argumentsSequence, digest, until }: Omit<ProbeGranted, "type">,
    at: Pick<MessageInitShape<typeof GrantSchema>, "idempotencyKey" | "probe" | "preview">,
  ): Promise<ClaimResponse> {
    const value = {
      toolName: tool,
      argumentsJson: await this.argumentsAt(stored, argumentsSequence),
      argumentsDigest: digest,
      deadline: timestampFromMs(until),
      guarded: true,
      agentName: stored.run.agentName,
      ...at,
    };
    const { orchestratorId } = this.options;
    return create(ClaimResponseSchema, { orchestratorId, answer: { case: "grant", value } });
  }

  private async argumentsAt(stored: StoredRun, sequence: number): Promise<string> {
    return argumentsOf((await this.options.history.at(stored, sequence))?.fact);
  }

  private refused(reason: ClaimRefusal): ClaimResponse {
    const { orchestratorId } = this.options;
    const value = { reason: REFUSALS[reason] };
    return create(ClaimResponseSchema, { orchestratorId, answer: { case: "refusal", value } });
  }
}
