// Orchestrators put together on adapters in memory.
import { createLogger, requestSubject } from "@agentspan/internal";
import {
  EnvelopeSchema,
  GetStatusRequestSchema,
  GetStatusResponseSchema,
  ReplySchema,
  RunState,
  StartRequestSchema,
  StartResponseSchema,
} from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { describe, expect, it } from "vitest";
import { MemoryBroker } from "../src/memory/memory-broker.js";
import { MemoryBus } from "../src/memory/memory-bus.js";
import { emptyDatabase } from "../src/memory/memory-database.js";
import { MemoryStore } from "../src/memory/memory-store.js";
import { callsTools, hangs, ScriptedModels, says } from "../src/models/scripted-models.js";
import { type Orchestrator, startOrchestrator } from "../src/orchestrator.js";

/** No lease ends while a test runs: what happens here happens without waiting for one. */
const LEASE_MS = 600_000;

class Floor {
  readonly database = emptyDatabase();
  readonly broker = new MemoryBroker();

  constructor(readonly models: ScriptedModels) {}

  start(): Promise<Orchestrator> {
    return startOrchestrator({
      store: new MemoryStore({ database: this.database }),
      bus: new MemoryBus(this.broker),
      models: this.models,
      log: createLogger("floor", "silent"),
      timing: { leaseMs: LEASE_MS, announceMs: 100, maxAnnounceMs: 1_000 },
      heartbeatMs: 300,
      sweepMs: 20,
    });
  }

  private async ask(method: string, body: Uint8Array, orchestrator?: Orchestrator): Promise<Uint8Array> {
    const envelope = create(EnvelopeSchema, {
      method,
      namespace: "default",
      caller: { subject: "alex", roles: ["*"] },
      body,
    });
    const subject = requestSubject(orchestrator?.id);
    const about = { timeoutMs: 5_000, inboxPrefix: "_INBOX.test" };
    const answer = await this.broker.request(subject, toBinary(EnvelopeSchema, envelope), about);
    const { outcome } = fromBinary(ReplySchema, answer.data);
    if (outcome.case !== "body") throw new Error(JSON.stringify(outcome.value?.reason));
    return outcome.value;
  }

  async begin(input: string, orchestrator: Orchestrator): Promise<string> {
    const agent = {
      name: "desk",
      model: "script/any",
      tools: [{ name: "look_up", inputSchemaJson: '{"type":"object"}' }],
    };
    const request = create(StartRequestSchema, {
      source: { case: "agent", value: agent },
      input,
      idempotencyKey: input,
    });
    const answer = await this.ask("RunService/Start", toBinary(StartRequestSchema, request), orchestrator);
    return fromBinary(StartResponseSchema, answer).runId;
  }

  async stateOf(runId: string): Promise<RunState | undefined> {
    const request = create(GetStatusRequestSchema, { runId });
    const answer = await this.ask("RunService/GetStatus", toBinary(GetStatusRequestSchema, request));
    return fromBinary(GetStatusResponseSchema, answer).status?.state;
  }
}

describe("an orchestrator that stops while others go on", () => {
  it("hands its model calls back: another makes them without waiting for a lease to end", async () => {
    const floor = new Floor(new ScriptedModels([[hangs(), says("done by the other")]]));
    const [one, other] = await Promise.all([floor.start(), floor.start()]);
    const runId = await floor.begin("hello", one);
    await eventually(() => expect(floor.models.calls).toHaveLength(1));
    await one.stop(0);
    await eventually(async () => expect(await floor.stateOf(runId)).toBe(RunState.COMPLETED));
    await other.stop(0);
    expect(floor.database.instances.size).toBe(0);
  });

  it("leaves tasks that wait for a worker to the others", async () => {
    const floor = new Floor(new ScriptedModels([callsTools([{ name: "look_up", arguments: {} }])]));
    const [one, other] = await Promise.all([floor.start(), floor.start()]);
    const runId = await floor.begin("hello", one);
    await eventually(() => expect(floor.broker.storedHints).toBe(1));
    await one.stop(0);
    floor.broker.stop();
    floor.broker.start("lost");
    await eventually(() => expect(floor.broker.storedHints).toBe(1));
    expect(await floor.stateOf(runId)).toBe(RunState.RUNNING);
    await other.stop(0);
  });
});
