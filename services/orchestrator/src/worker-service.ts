// Answers workers: register, claim, heartbeat, complete, release. A refusal is an answer; an error means that the
// request was not carried out and says whether to repeat it.
import { faultPoint, type Logger, systemTime, TASK_STREAM, type Time } from "@agentspan/internal";
import {
  type ClaimRequest,
  type ClaimResponse,
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
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { BegunTasks } from "./begun-tasks.js";
import type { Clock } from "./clock.js";
import type { Release } from "./core/index.js";
import type { Engine } from "./engine.js";
import type { History } from "./history.js";
import type { Instances } from "./instances.js";
import type { Meter } from "./meter.js";
import { PlainClaims } from "./plain-claims.js";
import type { Bus, Store, StoredRun, WorkerHandlers } from "./ports.js";
import { Grants } from "./proof/grants.js";
import type { Permits } from "./proof/permits.js";
import type { Registrations } from "./proof/registrations.js";
import type { Signatures } from "./proof/signatures.js";
import { ServedCalls } from "./served-calls.js";
import { TasksInHand } from "./tasks-in-hand.js";
import {
  anothers,
  checkIdentity,
  checkRegistration,
  checkTasks,
  counterOf,
  namespaceOf,
  requireText,
} from "./worker-checks.js";
import { WorkerClaims } from "./worker-claims.js";
import { isNotFound, workerErrorOf } from "./worker-errors.js";
import { aboutOf, completionOf, registrationOf, releaseOf, servedTool } from "./worker-messages.js";
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
  /** Signs grants; absent where there are no keys. */
  readonly signatures?: Signatures | undefined;
  readonly permits: Pick<Permits, "require">;
  readonly registrations: Pick<Registrations, "sealed">;
  readonly meter?: Meter | undefined;
  readonly log: Logger;
  readonly time?: Time | undefined;
}

export class WorkerService implements WorkerHandlers {
  private readonly plainClaims: PlainClaims;
  private readonly inHand: TasksInHand;
  private readonly begun: BegunTasks;
  private readonly servedCalls: ServedCalls;
  private readonly claims: WorkerClaims;

  constructor(private readonly options: WorkerServiceOptions) {
    this.plainClaims = new PlainClaims(options.engine, options.log, options.time ?? systemTime);
    this.inHand = new TasksInHand({ ...options, plainClaims: this.plainClaims });
    this.begun = new BegunTasks(options.store);
    const grants = new Grants(options.clock, options.signatures);
    this.servedCalls = new ServedCalls({ ...options, plainClaims: this.plainClaims });
    const { servedCalls, plainClaims } = this;
    this.claims = new WorkerClaims({ ...options, servedCalls, plainClaims, grants });
  }

  async register(workerId: string, request: RegisterRequest): Promise<RegisterResponse> {
    const { store, bus, registry, orchestratorId, leaseMs, heartbeatMs, signatures, log } = this.options;
    const { permits, registrations } = this.options;
    try {
      checkRegistration(request);
      const namespace = namespaceOf(request.namespace);
      const permit = await permits.require({ workerId, namespace, request });
      const known = await store.readInstance(request.incarnation);
      checkIdentity(workerId, request.incarnation, known);
      const tools = request.tools.map(servedTool);
      // Kept before any consumer exists: no task reaches a worker whose owner's demands are unknown.
      faultPoint("orchestrator.before-registration");
      await store.putTools(request.tools.map((tool) => registrationOf(namespace, tool)));
      const { incarnation } = request;
      const about = known?.about ?? aboutOf(request, this.options.clock.now());
      const worker = registrations.sealed({ incarnation, name: workerId, namespace, tools, about }, permit);
      if (!(await store.registerWorker(worker))) throw anothers(incarnation);
      faultPoint("orchestrator.after-registration");
      registry.put(worker);
      const consumers = await bus.ensureConsumers(namespace, tools);
      log.info({ workerId, incarnation, tools: tools.map(({ tool }) => tool) }, "A worker registered");
      return create(RegisterResponseSchema, {
        stream: TASK_STREAM,
        consumers: [...consumers],
        lease: durationFromMs(leaseMs),
        heartbeatInterval: durationFromMs(heartbeatMs),
        keyIds: signatures === undefined ? [] : [signatures.keyId],
        orchestratorId,
      });
    } catch (thrown) {
      return create(RegisterResponseSchema, { error: this.errorOf(thrown), orchestratorId });
    }
  }

  claim(workerId: string, request: ClaimRequest): Promise<ClaimResponse> {
    return this.claims.claim(workerId, request);
  }

  async heartbeat(workerId: string, request: HeartbeatRequest): Promise<HeartbeatResponse> {
    const { instances, registry, orchestratorId } = this.options;
    const { incarnation, tasks } = request;
    try {
      requireText({ incarnation });
      checkTasks(tasks);
      const counter = counterOf(request.counter);
      const known = await registry.get(incarnation);
      if (known === undefined) return create(HeartbeatResponseSchema, { register: true, orchestratorId });
      checkIdentity(workerId, incarnation, { kind: "worker", name: known.name });
      const { problem, ...worker } = known;
      await instances.store({
        ...worker,
        kind: "worker",
        counter,
        inHand: await this.begun.inHandOf(incarnation, counter, tasks),
      });
      const stop = await this.inHand.toStop(workerId, incarnation, tasks);
      return create(HeartbeatResponseSchema, { stop, register: problem !== undefined, orchestratorId });
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
      const said = await this.servedCalls.hear(workerId, request, command.type === "complete" ? command : undefined);
      if (!said.heard) {
        if (said.why === "unserved") throw this.servedCalls.unregistered(workerId, request);
        const detail = said.why === "no_run" ? "There is no such run." : "The call has no such claim.";
        return create(CompleteResponseSchema, { status: CompletionStatus.STALE, detail, orchestratorId });
      }
      if (command.type === "complete" && (await this.plainClaims.storeAnothers(runId, command))) {
        const detail = "The claim is another worker's.";
        return create(CompleteResponseSchema, { status: CompletionStatus.STALE, detail, orchestratorId });
      }
      const { answer } = await this.execute(runId, command, said);
      if (command.type === "complete") this.plainClaims.drop(runId, command);
      if (command.type === "answer_probe" && answer.type === "ok") {
        log.info({ runId, callId, attempt, workerId, verdict: command.verdict }, "A probe answered");
        return create(CompleteResponseSchema, { status: CompletionStatus.ACCEPTED, orchestratorId });
      }
      if (command.type === "answer_preview" && answer.type === "ok") {
        log.info({ runId, callId, number: command.number, workerId, said: command.said.kind }, "A preview was taken");
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
      const said = await this.servedCalls.hear(workerId, request, release);
      if (!said.heard) return create(ReleaseResponseSchema, { released: false, orchestratorId });
      const begun = await this.begun.has(release.incarnation, release.nonce);
      const command: Release = begun ? { ...release, begun } : release;
      if (await this.plainClaims.storeAnothers(runId, command)) {
        return create(ReleaseResponseSchema, { released: false, orchestratorId });
      }
      this.plainClaims.drop(runId, command);
      const { answer } = await this.execute(runId, command, said);
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

  private execute(runId: string, command: Parameters<Engine["execute"]>[1], { known }: { known?: StoredRun }) {
    return this.options.engine.execute(runId, command, known && { known });
  }

  private errorOf(thrown: unknown): WorkerError {
    return workerErrorOf(thrown, this.options.log);
  }
}
