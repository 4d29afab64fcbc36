// Answers workers: register, claim, heartbeat, complete, release. A refusal is an answer; an error means that the
// request was not carried out and says whether to repeat it.
import { AgentspanError, faultPoint, type Logger, TASK_STREAM } from "@agentspan/internal";
import {
  type ClaimRequest,
  type ClaimResponse,
  ClaimResponseSchema,
  type CompleteRequest,
  type CompleteResponse,
  CompleteResponseSchema,
  CompletionStatus,
  type HeartbeatRequest,
  type HeartbeatResponse,
  HeartbeatResponseSchema,
  type RegisterRequest,
  type RegisterResponse,
  RegisterResponseSchema,
  type ReleaseRequest,
  type ReleaseResponse,
  ReleaseResponseSchema,
  type WorkerError,
} from "@agentspan/proto";
import { create } from "@bufbuild/protobuf";
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { BegunTasks } from "./begun-tasks.js";
import { toWorkerError } from "./bus/failures.js";
import type { Clock } from "./clock.js";
import {
  type Call,
  type Claim,
  type ClaimAnswer,
  type ClaimRefusal,
  callOf,
  idempotencyKeyOf,
  type OwnerDemand,
  type Release,
  type Run,
} from "./core/index.js";
import { argumentsOf } from "./encode/approval.js";
import type { Engine } from "./engine.js";
import type { History } from "./history.js";
import type { Instances } from "./instances.js";
import { PlainClaims } from "./plain-claims.js";
import type { Bus, Store, StoredRun, WorkerHandlers } from "./ports.js";
import { TasksInHand } from "./tasks-in-hand.js";
import { checkIdentity, checkRegistration, checkTasks, requireText } from "./worker-checks.js";
import { completionOf, REFUSALS, registrationOf, releaseOf, servedTool } from "./worker-messages.js";
import type { WorkerRegistry } from "./worker-registry.js";

export interface WorkerServiceOptions {
  readonly store: Store;
  readonly bus: Bus;
  readonly engine: Engine;
  readonly history: History;
  readonly instances: Instances;
  readonly registry: WorkerRegistry;
  readonly clock: Clock;
  readonly orchestratorId: string;
  readonly leaseMs: number;
  readonly heartbeatMs: number;
  readonly log: Logger;
}

/** Namespaces come with authentication; until then there is one. */
const DEFAULT_NAMESPACE = "default";

export class WorkerService implements WorkerHandlers {
  private readonly plainClaims: PlainClaims;
  private readonly inHand: TasksInHand;
  private readonly begun: BegunTasks;

  constructor(private readonly options: WorkerServiceOptions) {
    this.plainClaims = new PlainClaims(options.engine, options.log);
    this.inHand = new TasksInHand({ ...options, plainClaims: this.plainClaims });
    this.begun = new BegunTasks(options.store);
  }

  async register(workerId: string, request: RegisterRequest): Promise<RegisterResponse> {
    const { store, bus, registry, instances, orchestratorId, leaseMs, heartbeatMs, log } = this.options;
    try {
      checkRegistration(request);
      const [known] = await store.readInstances([request.incarnation]);
      checkIdentity(workerId, request.incarnation, known);
      const namespace = namespaceOf(request.namespace);
      const tools = request.tools.map(servedTool);
      const registrations = request.tools.map((tool) => registrationOf(namespace, tool));
      // Kept before any consumer exists: no task reaches a worker whose owner's demands are unknown.
      faultPoint("orchestrator.before-registration");
      await store.putTools(registrations);
      const { incarnation } = request;
      const instance = {
        incarnation,
        kind: "worker" as const,
        name: workerId,
        namespace,
        counter: 0,
        inHand: [],
        tools,
      };
      await instances.store(instance);
      faultPoint("orchestrator.after-registration");
      registry.put(incarnation, workerId, namespace, request.tools);
      const consumers = await bus.ensureConsumers(namespace, tools);
      log.info({ workerId, incarnation, tools: tools.map(({ tool }) => tool) }, "A worker registered");
      return create(RegisterResponseSchema, {
        stream: TASK_STREAM,
        consumers: [...consumers],
        lease: durationFromMs(leaseMs),
        heartbeatInterval: durationFromMs(heartbeatMs),
        orchestratorId,
      });
    } catch (thrown) {
      return create(RegisterResponseSchema, { error: this.errorOf(thrown), orchestratorId });
    }
  }

  async claim(workerId: string, request: ClaimRequest): Promise<ClaimResponse> {
    const { registry, orchestratorId, clock } = this.options;
    const { runId, callId, attempt, nonce, incarnation } = request;
    try {
      requireText({ runId, callId, nonce, incarnation });
      if (request.probe) return await this.claimProbe(request);
      const call = await this.callNamed(runId, callId);
      if (call !== undefined && call.namespace !== namespaceOf(request.namespace)) return this.refused("NOT_FOUND");
      // The demand of this very worker, or of whoever registered the tool last; the stricter holds.
      const owner =
        call === undefined ? STRICTEST : await registry.demandOf(incarnation, call.namespace, call.queue, call.tool);
      const claim: Claim = { type: "claim", callId, attempt, nonce, workerId, incarnation, owner, store: false };
      // The core knows nothing of a claim that is held here and not stored.
      if (this.plainClaims.isHeldByAnother(runId, claim)) return this.refused("TAKEN");
      const outcome = await this.execute(runId, claim);
      const answer = outcome.answer as ClaimAnswer;
      if (answer.type === "refused") return this.refused(answer.reason);
      if (!answer.stored && !this.plainClaims.hold(runId, claim)) return this.refused("TAKEN");
      const { approval, deadline, digest } = answer;
      return create(ClaimResponseSchema, {
        orchestratorId,
        answer: {
          case: "grant",
          value: {
            toolName: answer.tool,
            argumentsJson: await this.argumentsAt(outcome.stored, answer.argumentsSequence),
            argumentsDigest: digest,
            idempotencyKey: idempotencyKeyOf(runId, callId),
            guarded: answer.guarded,
            agentName: outcome.stored.run.agentName,
            ...(deadline === undefined ? {} : { deadline: timestampFromMs(deadline) }),
            proof: {
              runId,
              callId,
              attempt,
              nonce,
              workerId,
              argumentsDigest: digest,
              approvalId: approval?.approvalId ?? "",
              decisionId: approval?.decisionId ?? "",
              grantedAt: timestampFromMs(clock.now()),
            },
          },
        },
      });
    } catch (thrown) {
      if (isNotFound(thrown)) return this.refused("NOT_FOUND");
      return create(ClaimResponseSchema, { error: this.errorOf(thrown), orchestratorId });
    }
  }

  /** Of a run that is known here from before the call there is no telling whose tool it is: then it is read anew. */
  private async callNamed(runId: string, callId: string): Promise<(Call & Pick<Run, "namespace">) | undefined> {
    const { engine } = this.options;
    for (const look of [() => engine.peek(runId), () => engine.read(runId)]) {
      const stored = await look();
      const call = stored === undefined ? undefined : callOf(stored.run, callId);
      if (stored !== undefined && call !== undefined) return { ...call, namespace: stored.run.namespace };
    }
    return undefined;
  }

  /** What a probe needs. Nothing of it is kept: a probe may be asked twice. */
  private async claimProbe({ runId, callId, attempt }: ClaimRequest): Promise<ClaimResponse> {
    const { orchestratorId } = this.options;
    const { answer, stored } = await this.execute(runId, { type: "claim_probe", callId, attempt });
    if (answer.type === "refused") return this.refused(answer.reason);
    if (answer.type !== "probe_granted") throw new Error(`A claim of a probe was answered ${answer.type}.`);
    return create(ClaimResponseSchema, {
      orchestratorId,
      answer: {
        case: "grant",
        value: {
          toolName: answer.tool,
          argumentsJson: await this.argumentsAt(stored, answer.argumentsSequence),
          argumentsDigest: answer.digest,
          idempotencyKey: idempotencyKeyOf(runId, callId),
          deadline: timestampFromMs(answer.until),
          guarded: true,
          agentName: stored.run.agentName,
          probe: true,
        },
      },
    });
  }

  async heartbeat(workerId: string, request: HeartbeatRequest): Promise<HeartbeatResponse> {
    const { instances, registry, orchestratorId } = this.options;
    const { incarnation, counter, tasks } = request;
    try {
      requireText({ incarnation });
      checkTasks(tasks);
      const known = await registry.get(incarnation);
      if (known === undefined) return create(HeartbeatResponseSchema, { register: true, orchestratorId });
      checkIdentity(workerId, incarnation, { kind: "worker", name: known.workerId });
      await instances.store({
        incarnation,
        kind: "worker",
        name: workerId,
        namespace: known.namespace,
        counter: Number(counter),
        inHand: await this.begun.inHandOf(incarnation, Number(counter), tasks),
        tools: known.tools,
      });
      const stop = await this.inHand.toStop(workerId, incarnation, tasks);
      return create(HeartbeatResponseSchema, { stop, orchestratorId });
    } catch (thrown) {
      return create(HeartbeatResponseSchema, { error: this.errorOf(thrown), orchestratorId });
    }
  }

  async complete(workerId: string, request: CompleteRequest): Promise<CompleteResponse> {
    const { orchestratorId, log } = this.options;
    const { runId, callId, attempt, nonce } = request;
    try {
      requireText({ runId, callId, nonce });
      const command = completionOf(workerId, request);
      if (command.type === "complete" && (await this.plainClaims.storeAnothers(runId, command))) {
        const detail = "The claim is another worker's.";
        return create(CompleteResponseSchema, { status: CompletionStatus.STALE, detail, orchestratorId });
      }
      const { answer } = await this.execute(runId, command);
      if (command.type === "complete") this.plainClaims.drop(runId, command);
      if (command.type === "answer_probe" && answer.type === "ok") {
        log.info({ runId, callId, attempt, workerId, verdict: command.verdict }, "A probe answered");
        return create(CompleteResponseSchema, { status: CompletionStatus.ACCEPTED, orchestratorId });
      }
      if (answer.type === "completed") this.begun.forget(request.incarnation, nonce);
      if (answer.type === "completed" && answer.status === "ACCEPTED") {
        return create(CompleteResponseSchema, { status: CompletionStatus.ACCEPTED, orchestratorId });
      }
      if (answer.type === "completed") {
        log.warn({ runId, callId, attempt, workerId }, "A late outcome was recorded");
        const detail = "The call had been settled otherwise; the outcome is recorded.";
        return create(CompleteResponseSchema, { status: CompletionStatus.LATE, detail, orchestratorId });
      }
      const detail = answer.type === "stale" ? answer.detail : "";
      log.info({ runId, callId, attempt, workerId, detail }, "A stale outcome was dropped");
      return create(CompleteResponseSchema, { status: CompletionStatus.STALE, detail, orchestratorId });
    } catch (thrown) {
      if (isNotFound(thrown)) {
        const detail = "There is no such run.";
        return create(CompleteResponseSchema, { status: CompletionStatus.STALE, detail, orchestratorId });
      }
      return create(CompleteResponseSchema, { error: this.errorOf(thrown), orchestratorId });
    }
  }

  async release(workerId: string, request: ReleaseRequest): Promise<ReleaseResponse> {
    const { orchestratorId, log } = this.options;
    const { runId, callId, attempt, nonce } = request;
    try {
      requireText({ runId, callId, nonce });
      const release = releaseOf(workerId, request);
      const begun = await this.begun.has(release.incarnation, release.nonce);
      const command: Release = begun ? { ...release, begun } : release;
      if (await this.plainClaims.storeAnothers(runId, command)) {
        return create(ReleaseResponseSchema, { released: false, orchestratorId });
      }
      this.plainClaims.drop(runId, command);
      const { answer } = await this.execute(runId, command);
      const released = answer.type === "released" && answer.released;
      const { reason } = command;
      log.info({ runId, callId, attempt, workerId, reason, begun, released }, "A worker gives a task back");
      return create(ReleaseResponseSchema, { released, orchestratorId });
    } catch (thrown) {
      if (isNotFound(thrown)) return create(ReleaseResponseSchema, { released: false, orchestratorId });
      return create(ReleaseResponseSchema, { error: this.errorOf(thrown), orchestratorId });
    }
  }

  /** Stores what only this process knows of. */
  stop(): Promise<void> {
    return this.plainClaims.flush();
  }

  private async argumentsAt(stored: StoredRun, sequence: number): Promise<string> {
    return argumentsOf((await this.options.history.at(stored, sequence))?.fact);
  }

  private execute(runId: string, command: Parameters<Engine["execute"]>[1]) {
    return this.options.engine.execute(runId, command);
  }

  private refused(reason: ClaimRefusal): ClaimResponse {
    const { orchestratorId } = this.options;
    const value = { reason: REFUSALS[reason] };
    return create(ClaimResponseSchema, { orchestratorId, answer: { case: "refusal", value } });
  }

  private errorOf(thrown: unknown): WorkerError {
    const error = AgentspanError.from(thrown);
    if (error.reason !== "INTERNAL") return toWorkerError(error);
    this.options.log.error({ err: error.cause ?? error }, "A worker's request failed");
    // An error of our own may pass, and what the worker has in hand must not be thrown away for it.
    return toWorkerError(new AgentspanError("INTERNAL", error.message, { retryAfterMs: OWN_ERROR_RETRY_MS }));
  }
}

const OWN_ERROR_RETRY_MS = 1_000;

/** Of a call that is not there nothing is known, so everything is demanded. */
const STRICTEST: OwnerDemand = { approval: true, once: true, probe: false, enforcesKey: false };

function namespaceOf(namespace: string): string {
  return namespace === "" ? DEFAULT_NAMESPACE : namespace;
}

function isNotFound(thrown: unknown): boolean {
  return thrown instanceof AgentspanError && thrown.reason === "RUN_NOT_FOUND";
}
