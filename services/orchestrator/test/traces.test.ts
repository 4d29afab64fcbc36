// Whose trace a run is in, over processes that come and go: orchestrators on adapters in memory, with an SDK of
// OpenTelemetry in this process.
import { createLogger, requestSubject } from "@agentspan/internal";
import {
  EnvelopeSchema,
  RejectRequestSchema,
  ReplySchema,
  StartRequestSchema,
  StartResponseSchema,
} from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import { create, type DescMessage, fromBinary, type MessageInitShape, toBinary } from "@bufbuild/protobuf";
import type { ReadableSpan } from "@opentelemetry/sdk-trace-node";
import { describe, expect, it } from "vitest";
import { recordedSpans, takeTracingAway } from "../../../internal/test/recorded-spans.js";
import { MemoryBroker } from "../src/memory/memory-broker.js";
import { MemoryBus } from "../src/memory/memory-bus.js";
import { emptyDatabase } from "../src/memory/memory-database.js";
import { MemoryStore } from "../src/memory/memory-store.js";
import { callsTools, ScriptedModels, says } from "../src/models/scripted-models.js";
import { type Orchestrator, startOrchestrator } from "../src/orchestrator.js";

const MORNING = "11111111111111111111111111111111";
const EVENING = "22222222222222222222222222222222";

class Floor {
  readonly database = emptyDatabase();
  readonly broker = new MemoryBroker();
  readonly store = new MemoryStore({ database: this.database });
  readonly models = new ScriptedModels([callsTools([{ name: "refund", arguments: {} }]), says("so be it")]);

  start(): Promise<Orchestrator> {
    return startOrchestrator({
      store: new MemoryStore({ database: this.database }),
      bus: new MemoryBus(this.broker),
      models: this.models,
      log: createLogger("floor", "silent"),
      // No lease ends while a test runs.
      timing: { leaseMs: 600_000, announceMs: 600_000, maxAnnounceMs: 600_000 },
    });
  }

  /** As a gateway asks that says of which trace it is; empty where of none. */
  async ask<I extends DescMessage>(
    method: string,
    schema: I,
    request: MessageInitShape<I>,
    traceparent: string,
  ): Promise<Uint8Array> {
    const envelope = create(EnvelopeSchema, {
      ...{ method, namespace: "default", traceparent, caller: { subject: "alex", roles: ["*"] } },
      body: toBinary(schema, create(schema, request)),
    });
    const about = { timeoutMs: 5_000, inboxPrefix: "_INBOX.test" };
    const { data } = await this.broker.request(requestSubject(), toBinary(EnvelopeSchema, envelope), about);
    const { outcome } = fromBinary(ReplySchema, data);
    if (outcome.case !== "body") throw new Error(JSON.stringify(outcome.value));
    return outcome.value;
  }

  /** A run that waits for approval, and whose orchestrator is gone. */
  async waiting(traceparent: string): Promise<string> {
    const first = await this.start();
    const refund = { name: "refund", inputSchemaJson: '{"type":"object"}', approval: { required: true } };
    const agent = { name: "desk", model: "script/any", tools: [refund] };
    const request = { source: { case: "agent" as const, value: agent }, input: "hello", idempotencyKey: "one" };
    const { runId } = fromBinary(
      StartResponseSchema,
      await this.ask("RunService/Start", StartRequestSchema, request, traceparent),
    );
    await eventually(async () => expect((await this.store.census()).runs.WAITING).toBe(1));
    await first.stop(0);
    return runId;
  }

  async rejected(runId: string, traceparent: string): Promise<void> {
    const second = await this.start();
    const [approvalId] = Object.keys((await this.store.load(runId, "majority"))?.run.checkpoints ?? {});
    const request = { runId, approvalId: approvalId ?? "", decisionId: "dec_1", reason: "no" };
    await this.ask("RunService/Reject", RejectRequestSchema, request, traceparent);
    await eventually(async () => expect(await this.stateOf(runId)).toBe("ended"));
    await second.stop(0);
  }

  private async stateOf(runId: string): Promise<string | undefined> {
    return (await this.store.load(runId, "majority"))?.run.phase.kind;
  }
}

const traceparent = (traceId: string) => `00-${traceId}-00f067aa0ba902b7-01`;
const idOf = (span: ReadableSpan | undefined) => span?.spanContext().spanId;

describe("a run", () => {
  const exporter = recordedSpans();
  const named = (name: string) => exporter.getFinishedSpans().filter((span) => span.name === name);

  it("goes on in the trace of whoever decided, in another process, and that links to where people were asked", async () => {
    const floor = new Floor();
    const runId = await floor.waiting(traceparent(MORNING));
    await floor.rejected(runId, traceparent(EVENING));
    const [started] = named("RunService/Start");
    const [rejected] = named("RunService/Reject");
    const [asked, told] = named("chat any");
    expect([started, asked].map((span) => span?.spanContext().traceId)).toEqual([MORNING, MORNING]);
    expect([rejected, told].map((span) => span?.spanContext().traceId)).toEqual([EVENING, EVENING]);
    expect(asked?.parentSpanContext?.spanId).toBe(idOf(started));
    expect(told?.parentSpanContext?.spanId).toBe(idOf(rejected));
    expect(rejected?.links.map((link) => link.context.spanId)).toEqual([idOf(asked)]);
    expect(rejected?.attributes).toMatchObject({ "agentspan.decision": "reject", "gen_ai.conversation.id": runId });
  });

  it("is in a trace of its own where its caller tells of none", async () => {
    const floor = new Floor();
    await floor.waiting("");
    const [started] = named("RunService/Start");
    const [asked] = named("chat any");
    expect(started?.parentSpanContext).toBeUndefined();
    expect(asked?.spanContext().traceId).toBe(started?.spanContext().traceId);
  });

  it("stores where it is traced beside what happened, and nothing of it where nobody traces", async () => {
    const floor = new Floor();
    const runId = await floor.waiting(traceparent(MORNING));
    takeTracingAway();
    await floor.rejected(runId, traceparent(EVENING));
    const events = (await floor.store.load(runId, "majority"))?.events ?? [];
    const traced = events.filter((event) => event.trace !== undefined);
    const decided = events.findIndex(({ fact }) => fact.type === "decided");
    expect(traced).toEqual(events.slice(0, decided));
    expect(new Set(traced.map((event) => event.trace?.slice(3, 35)))).toEqual(new Set([MORNING]));
    expect(JSON.stringify(events.map(({ fact }) => fact))).not.toContain(MORNING);
  });
});
