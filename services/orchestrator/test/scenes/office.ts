// One orchestrator as its workers see it, and the messages that they send.
import { type Signing, systemTime } from "@agentspan/internal";
import {
  ClaimRequestSchema,
  type ClaimResponse,
  CompleteRequestSchema,
  type CompleteResponse,
  HeartbeatRequestSchema,
  type HeartbeatResponse,
  RegisterRequestSchema,
  type RegisterResponse,
  ReleaseReason,
  ReleaseRequestSchema,
  type ReleaseResponse,
  TaskInHandSchema,
  type WorkerPermitSchema,
  type WorkerToolSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { claimedCallOf } from "../../src/core/index.js";
import { History } from "../../src/history.js";
import { Instances } from "../../src/instances.js";
import { MemoryBroker } from "../../src/memory/memory-broker.js";
import { MemoryBus } from "../../src/memory/memory-bus.js";
import { Permits } from "../../src/proof/permits.js";
import { Registrations } from "../../src/proof/registrations.js";
import { WorkerRegistry } from "../../src/worker-registry.js";
import { WorkerService } from "../../src/worker-service.js";
import { ANY_OBJECT, type Desk, RUN } from "./scene.js";

type ToolInit = MessageInitShape<typeof WorkerToolSchema>;

export const TOOLS: readonly ToolInit[] = ["look_up", "charge", "refund"].map((name) => {
  return { queue: "desk", name, inputSchemaJson: ANY_OBJECT };
});

/** What a worker registers: every tool unless said. */
export interface Registration {
  readonly tools?: readonly ToolInit[];
  readonly incarnation?: string;
  readonly namespace?: string;
  readonly permit?: MessageInitShape<typeof WorkerPermitSchema>;
}

/** A task as a worker names it; the run, the first call and the first attempt unless said. */
export interface TaskName {
  readonly runId?: string;
  readonly callId?: string;
  readonly attempt?: number;
  readonly nonce: string;
}

export class Office {
  readonly service: WorkerService;
  readonly permits: Permits;
  /** A worker's counter goes up with each of its heartbeats. */
  private counter = 0;

  constructor(
    readonly desk: Desk,
    readonly broker = new MemoryBroker(),
    signing?: Signing,
  ) {
    const { store, engine, name, scene } = desk;
    const { log, clock } = scene;
    const { leaseMs } = scene.timing;
    const time = { ...systemTime, monotonic: () => scene.now };
    this.permits = new Permits({ trusted: signing?.trusted, store, clock, intervalMs: 1_000, log, time });
    const { permits } = this;
    const registrations = new Registrations({ signing, permits, clock, log });
    const rest = { orchestratorId: name, leaseMs, heartbeatMs: 3_000, log };
    this.service = new WorkerService({
      store,
      bus: new MemoryBus(broker),
      engine,
      history: new History(store),
      instances: new Instances({
        store,
        incarnation: name,
        intervalMs: 3_000,
        leaseMs,
        log,
        inHand: () => [],
        time,
      }),
      registry: new WorkerRegistry(store, systemTime, registrations),
      clock,
      permits,
      registrations,
      ...rest,
    });
  }

  register(workerId = "w1", { tools = TOOLS, ...more }: Registration = {}): Promise<RegisterResponse> {
    const request = { workerId, incarnation: `${workerId}-1`, tools: [...tools], ...more };
    return this.service.register(workerId, create(RegisterRequestSchema, request));
  }

  claim(
    task: TaskName,
    workerId = "w1",
    more: { readonly namespace?: string; readonly incarnation?: string } = {},
  ): Promise<ClaimResponse> {
    const request = { workerId, incarnation: `${workerId}-1`, ...named(task), ...more };
    return this.service.claim(workerId, create(ClaimRequestSchema, request));
  }

  heartbeat(
    tasks: readonly (TaskName & { readonly begun?: boolean })[] = [],
    workerId = "w1",
    more: { readonly incarnation?: string; readonly counter?: bigint } = {},
  ): Promise<HeartbeatResponse> {
    this.counter += 1;
    const inHand = tasks.map((task) => create(TaskInHandSchema, { begun: true, ...task, ...named(task) }));
    const about = { workerId, incarnation: `${workerId}-1`, counter: BigInt(this.counter), ...more };
    return this.service.heartbeat(workerId, create(HeartbeatRequestSchema, { ...about, tasks: inHand }));
  }

  async complete(
    task: TaskName,
    outcome: { readonly resultJson?: string; readonly error?: string; readonly retryable?: boolean } = {},
    workerId = "w1",
    more: { readonly incarnation?: string; readonly argumentsDigest?: string } = {},
  ): Promise<CompleteResponse> {
    const { runId, callId, ...rest } = named(task);
    const { run } = await this.desk.stored(runId);
    const argumentsDigest = claimedCallOf(run, callId)?.digest ?? "";
    const { resultJson = "{}", error, retryable = false } = outcome;
    const told =
      error === undefined
        ? { case: "resultJson" as const, value: resultJson }
        : { case: "failure" as const, value: { message: error, retryable } };
    const request = { workerId, incarnation: `${workerId}-1`, runId, callId, ...rest, argumentsDigest, outcome: told };
    return this.service.complete(workerId, create(CompleteRequestSchema, { ...request, ...more }));
  }

  release(
    task: TaskName,
    reason = ReleaseReason.SHUTTING_DOWN,
    workerId = "w1",
    more: { readonly incarnation?: string } = {},
  ): Promise<ReleaseResponse> {
    const request = { workerId, incarnation: `${workerId}-1`, ...named(task), reason, ...more };
    return this.service.release(workerId, create(ReleaseRequestSchema, request));
  }
}

function named({ runId = RUN, callId = "t1c1", attempt = 1, nonce }: TaskName) {
  return { runId, callId, attempt, nonce };
}
