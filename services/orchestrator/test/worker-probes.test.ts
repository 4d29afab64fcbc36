// What workers ask of an orchestrator about a tool's probe, and what they are told.
import { AgentspanError, systemTime } from "@agentspan/internal";
import {
  ClaimRequestSchema,
  type ClaimResponse,
  CompleteRequestSchema,
  type CompleteResponse,
  CompletionStatus,
  HeartbeatRequestSchema,
  ProbeVerdict,
  RefusalReason,
  RegisterRequestSchema,
  type WorkerToolSchema,
} from "@agentspan/proto";
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { timestampMs } from "@bufbuild/protobuf/wkt";
import { beforeEach, describe, expect, it } from "vitest";
import { PROBE_MS, type ToolStarted } from "../src/core/index.js";
import { History } from "../src/history.js";
import { Instances } from "../src/instances.js";
import { MemoryBroker } from "../src/memory/memory-broker.js";
import { MemoryBus } from "../src/memory/memory-bus.js";
import type { RegisteredWorker } from "../src/ports.js";
import { WorkerRegistry } from "../src/worker-registry.js";
import { WorkerService } from "../src/worker-service.js";
import { ANY_OBJECT, type Desk, RUN, Scene } from "./scenes/scene.js";

type ToolInit = Partial<MessageInitShape<typeof WorkerToolSchema>>;

const CHARGE = { queue: "desk", name: "charge", inputSchemaJson: ANY_OBJECT, once: true } as const;

/** One orchestrator as its workers see it. */
class Office {
  readonly service: WorkerService;

  constructor(
    readonly desk: Desk,
    scene: Scene,
    bus: MemoryBus,
  ) {
    const { store, engine, name } = desk;
    const { log, clock } = scene;
    const leaseMs = scene.timing.leaseMs;
    const time = { ...systemTime, monotonic: () => scene.now };
    const own = { store, incarnation: name, intervalMs: 3_000, leaseMs, log, inHand: () => [], time };
    const registry = new WorkerRegistry(store);
    const permits = { require: async () => undefined };
    const registrations = { sealed: (worker: RegisteredWorker) => worker };
    const rest = { orchestratorId: name, leaseMs, heartbeatMs: 3_000, permits, registrations, log };
    const [history, instances] = [new History(store), new Instances(own)];
    this.service = new WorkerService({ store, bus, engine, history, instances, registry, clock, ...rest });
  }

  async register(workerId: string, ...tools: readonly ToolInit[]): Promise<void> {
    const charges = tools.map((tool) => ({ ...CHARGE, ...tool }));
    const request = { workerId, incarnation: `${workerId}-1`, tools: charges };
    const { error } = await this.service.register(workerId, create(RegisterRequestSchema, request));
    expect(error).toBeUndefined();
  }

  claim(workerId: string, nonce: string, more: { attempt?: number; probe?: boolean } = {}): Promise<ClaimResponse> {
    const task = { runId: RUN, callId: "t1c1", attempt: 1, nonce };
    const request = { workerId, incarnation: `${workerId}-1`, ...task, ...more };
    return this.service.claim(workerId, create(ClaimRequestSchema, request));
  }

  async answer(
    workerId: string,
    answer: { verdict: ProbeVerdict; resultJson?: string; detail?: string },
  ): Promise<CompleteResponse> {
    const { run } = await this.desk.stored();
    const argumentsDigest = run.turn.calls[0]?.digest ?? "";
    const task = { runId: RUN, callId: "t1c1", attempt: 1, nonce: "p1", argumentsDigest };
    const outcome = { case: "probeAnswer", value: answer } as const;
    const request = { workerId, incarnation: `${workerId}-1`, ...task, outcome };
    return this.service.complete(workerId, create(CompleteRequestSchema, request));
  }

  async toldToStop(workerId: string, nonce: string, counter = 1n): Promise<boolean> {
    const tasks = [{ runId: RUN, callId: "t1c1", attempt: 1, nonce, begun: true }];
    const request = { workerId, incarnation: `${workerId}-1`, counter, tasks };
    const { stop } = await this.service.heartbeat(workerId, create(HeartbeatRequestSchema, request));
    return stop.includes(nonce);
  }

  /** Ends the claim as the sweeper does. */
  lose(nonce: string): Promise<unknown> {
    return this.desk.execute({ type: "end_claim", callId: "t1c1", attempt: 1, nonce, how: "LEASE_ENDED" });
  }

  async started(): Promise<ToolStarted | undefined> {
    const { events } = await this.desk.stored();
    return events.map(({ fact }) => fact).find((fact): fact is ToolStarted => fact.type === "tool_started");
  }
}

describe("an orchestrator", () => {
  let scene: Scene;
  let first: Office;
  let second: Office;

  beforeEach(async () => {
    scene = new Scene();
    const bus = new MemoryBus(new MemoryBroker());
    first = new Office(scene.desk("orc_1"), scene, bus);
    second = new Office(scene.desk("orc_2"), scene, bus);
    await first.desk.startWith(["charge"]);
  });

  it("pins with a claim what its worker registered, also with another orchestrator", async () => {
    await first.register("w1", { probe: true, enforcesIdempotency: true });
    expect((await second.claim("w1", "n1")).answer.case).toBe("grant");
    expect(await first.started()).toMatchObject({ probe: true, enforcesKey: true });
  });

  it("gives a worker no probe and no receiver that a newer version of its tool has", async () => {
    await first.register("w1", {});
    await first.register("w2", { probe: true, enforcesIdempotency: true });
    await first.claim("w1", "n1");
    expect(await first.started()).not.toHaveProperty("probe");
    expect(await first.started()).not.toHaveProperty("enforcesKey");
  });

  it("keeps what a claim pinned when a later registration brings less", async () => {
    await first.register("w1", { probe: true });
    await first.claim("w1", "n1");
    await first.register("w1", {});
    await first.lose("n1");
    expect((await first.desk.stored()).run.turn.calls[0]?.state.kind).toBe("probing");
  });

  it("knows what a worker registered later, with another orchestrator", async () => {
    await second.register("w1", { name: "look_up" });
    expect((await first.claim("w1", "n0")).error?.reason).toBe("PERMISSION_DENIED");
    // The one that knows of the first registration only takes the signs of life.
    await first.toldToStop("w1", "n0");
    await second.register("w1", { name: "look_up" }, { probe: true });
    await first.toldToStop("w1", "n0", 2n);
    await first.claim("w1", "n1");
    expect(await first.started()).toMatchObject({ probe: true });
  });

  describe("with a call whose worker was lost", () => {
    beforeEach(async () => {
      for (const worker of ["w1", "w2", "w3"]) await first.register(worker, { probe: true });
      await first.claim("w1", "n1");
      await first.lose("n1");
    });

    it("answers a claim of it that only its probe is asked", async () => {
      const { answer } = await second.claim("w2", "n2");
      expect(answer).toMatchObject({ case: "refusal", value: { reason: RefusalReason.PROBE } });
    });

    it("hands out what a probe needs to whoever asks, without a proof and without storing anything", async () => {
      const before = (await first.desk.stored()).version;
      for (const office of [first, second]) {
        const { answer } = await office.claim("w2", "p1", { probe: true });
        expect(answer.case).toBe("grant");
        if (answer.case !== "grant") return;
        const { value: grant } = answer;
        const key = `${RUN}-t1c1`;
        expect(grant).toMatchObject({ probe: true, toolName: "charge", idempotencyKey: key, agentName: "desk" });
        expect(grant.argumentsJson).toBe('{"index":0,"turn":1}');
        expect(grant.proof).toBeUndefined();
        expect(grant.deadline && timestampMs(grant.deadline)).toBe(scene.now + PROBE_MS);
      }
      expect((await first.desk.stored()).version).toBe(before);
    });

    it("neither lets a worker look that has not registered the tool, nor believes it", async () => {
      await first.register("w9", { name: "look_up" });
      for (const office of [first, second]) {
        const { error, answer } = await office.claim("w9", "p9", { probe: true });
        expect([error?.reason, answer.case]).toEqual(["PERMISSION_DENIED", undefined]);
        const said = await office.answer("w9", { verdict: ProbeVerdict.DID_NOT_HAPPEN });
        expect([said.error?.reason, said.status]).toEqual(["PERMISSION_DENIED", CompletionStatus.UNSPECIFIED]);
      }
      expect((await first.desk.stored()).run.turn.calls[0]?.state.kind).toBe("probing");
    });

    it("takes the first answer as the call's result, and calls the second one stale", async () => {
      const happened = { verdict: ProbeVerdict.HAPPENED, resultJson: '{"ref":7}', detail: "found" };
      expect(await first.answer("w2", happened)).toMatchObject({ status: CompletionStatus.ACCEPTED });
      expect(await second.answer("w3", happened)).toMatchObject({ status: CompletionStatus.STALE });
      const { events } = await first.desk.stored();
      const result = events.map(({ fact }) => fact).find(({ type }) => type === "tool_result");
      expect(result).toMatchObject({ by: "probe", outcome: { kind: "result", text: '{"ref":7}' } });
    });

    it("takes a result that a probe leaves out for null, and cuts long words where no character breaks", async () => {
      const detail = `${"x".repeat(4_095)}😀`;
      await first.answer("w2", { verdict: ProbeVerdict.HAPPENED, detail });
      const facts = (await first.desk.stored()).events.map(({ fact }) => fact);
      expect(facts.find(({ type }) => type === "tool_result")).toMatchObject({ outcome: { text: "null" } });
      expect(facts.find(({ type }) => type === "probe_answered")).toMatchObject({ detail: "x".repeat(4_095) });
    });

    it.each([ProbeVerdict.UNSPECIFIED, ProbeVerdict.NO_ANSWER])("refuses %s, which no probe says", async (verdict) => {
      const { error } = await first.answer("w2", { verdict });
      expect(error?.reason).toBe("INVALID_REQUEST");
      expect(error?.retryAfter).toBeUndefined();
      expect((await first.desk.stored()).run.turn.calls[0]?.state.kind).toBe("probing");
    });

    it("tells whoever asks the probe to stop once nobody asks any more, and the lost worker at once", async () => {
      expect(await first.toldToStop("w2", "p1")).toBe(false);
      expect(await first.toldToStop("w1", "n1")).toBe(true);
      await first.answer("w3", { verdict: ProbeVerdict.UNKNOWN });
      expect(await first.toldToStop("w2", "p1")).toBe(true);
    });

    it("tells of a run that is not there, or a store that is away", async () => {
      const request = { workerId: "w2", incarnation: "w2-1", callId: "t1c1", attempt: 1, nonce: "p1", probe: true };
      const unknown = await first.service.claim("w2", create(ClaimRequestSchema, { ...request, runId: "run_none" }));
      expect(unknown.answer.value).toMatchObject({ reason: RefusalReason.NOT_FOUND });
      const away = new AgentspanError("STORE_UNAVAILABLE", "away", { retryAfterMs: 1_000 });
      const broken = new Office(scene.desk("orc_3"), scene, new MemoryBus(new MemoryBroker()));
      broken.desk.store.load = () => Promise.reject(away);
      const { error } = await broken.service.claim("w2", create(ClaimRequestSchema, { ...request, runId: RUN }));
      expect(error?.reason).toBe("STORE_UNAVAILABLE");
      expect(error?.retryAfter).toBeDefined();
    });
  });
});
