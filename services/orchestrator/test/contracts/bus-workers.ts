import {
  AgentspanError,
  taskSubject,
  WORKER_VERBS,
  type WorkerVerb,
  workerInboxPrefix,
  workerSubject,
} from "@agentspan/internal";
import { ClaimResponseSchema } from "@agentspan/proto";
import { eventually } from "@agentspan/servers/eventually";
import { fromBinary, type JsonObject } from "@bufbuild/protobuf";
import { expect, it } from "vitest";
import type { WorkerHandlers } from "../../src/ports.js";
import { askAsWorker, askGatewayRequest, echo, Gate, recordingWorkers, task, utf8 } from "./bus-clients.js";
import type { OpenBus } from "./bus-contract.js";
import { NoRespondersError } from "./bus-fixture.js";

const ASKED: Readonly<Record<WorkerVerb, JsonObject>> = {
  register: { incarnation: "inc_1", language: "python", tools: [{ queue: "refund_agent", name: "process_refund" }] },
  claim: { runId: "run_a", callId: "call_a", attempt: 2, nonce: "n" },
  heartbeat: { incarnation: "inc_1", counter: "41" },
  complete: { runId: "run_a", callId: "call_a", attempt: 2, resultJson: '{"refunded":true,"at":"1e400"}' },
  release: { runId: "run_a", callId: "call_a", attempt: 2, reason: "RELEASE_REASON_TOO_LATE" },
};

const ANSWERED: Readonly<Record<WorkerVerb, JsonObject>> = {
  register: { stream: "a stream", consumers: ["one"] },
  claim: { grant: { argumentsJson: '{"amount":29.99}' } },
  heartbeat: { stop: ["a nonce"] },
  complete: { status: "COMPLETION_STATUS_ACCEPTED" },
  release: { released: true },
};

export function workerContract(open: OpenBus): void {
  it.each(["protobuf", "json"] as const)("answers every verb in %s, the form it was asked in", async (form) => {
    const fixture = await open();
    const asked: string[] = [];
    await (await fixture.connect()).serve("orc_1", echo, recordingWorkers(asked));
    const worker = await fixture.client();
    for (const verb of WORKER_VERBS) {
      const answer = await askAsWorker(worker, { workerId: "billing-1", verb, request: ASKED[verb], form });
      expect(answer).toEqual({ ...ANSWERED[verb], orchestratorId: "orc_1" });
    }
    expect(asked).toEqual([
      "register billing-1 python",
      "claim billing-1 run_a 2",
      "heartbeat billing-1 41",
      "complete billing-1 resultJson",
      "release billing-1 3",
    ]);
  });

  it("shares the requests of workers among orchestrators, and brings those with a name to that one", async () => {
    const fixture = await open();
    for (const id of ["orc_1", "orc_2"]) await (await fixture.connect()).serve(id, echo, recordingWorkers());
    const worker = await fixture.client();
    const ask = { workerId: "w1", verb: "claim", request: ASKED.claim, form: "protobuf" } as const;
    const shared = await Promise.all(Array.from({ length: 60 }, () => askAsWorker(worker, ask)));
    expect(new Set(shared.map(({ orchestratorId }) => orchestratorId))).toEqual(new Set(["orc_1", "orc_2"]));
    const named = await askAsWorker(worker, { ...ask, orchestratorId: "orc_2" });
    expect(named.orchestratorId).toBe("orc_2");
    await expect(askAsWorker(worker, { ...ask, orchestratorId: "orc_gone" })).rejects.toThrow(NoRespondersError);
  });

  it("takes fields of a newer SDK that it does not know", async () => {
    const fixture = await open();
    await (await fixture.connect()).serve("orc_1", echo, recordingWorkers());
    const worker = await fixture.client();
    const body = utf8('{"workerId":"w1","runId":"run_a","invented":{"later":[1]}}');
    const options = { inboxPrefix: workerInboxPrefix("w1"), contentType: "application/json; charset=utf-8" };
    const answer = await worker.ask(workerSubject("w1", "claim"), body, options);
    expect(JSON.parse(new TextDecoder().decode(answer.data))).toMatchObject(ANSWERED.claim);
  });

  it("refuses a request that names another worker than its subject does", async () => {
    const fixture = await open();
    const asked: string[] = [];
    await (await fixture.connect()).serve("orc_1", echo, recordingWorkers(asked));
    const worker = await fixture.client();
    for (const form of ["protobuf", "json"] as const) {
      for (const named of ["w2", ""]) {
        const request = { ...ASKED.claim, workerId: named };
        const answer = await askAsWorker(worker, { workerId: "w1", verb: "claim", request, form });
        expect(answer.error).toMatchObject({ reason: "PERMISSION_DENIED" });
        expect(answer.error).not.toHaveProperty("retryAfter");
      }
    }
    expect(asked).toEqual([]);
  });

  it("answers garbage as INVALID_REQUEST in the form that was asked for, and goes on", async () => {
    const fixture = await open();
    const asked: string[] = [];
    await (await fixture.connect()).serve("orc_1", echo, recordingWorkers(asked));
    const worker = await fixture.client();
    const inboxPrefix = workerInboxPrefix("w1");
    const subject = workerSubject("w1", "claim");
    const binary = await worker.ask(subject, Uint8Array.of(0x0a, 0x7f, 1), { inboxPrefix });
    expect(fromBinary(ClaimResponseSchema, binary.data).error?.reason).toBe("INVALID_REQUEST");
    for (const text of ["", "{", "[]", '{"workerId":1}', '{"attempt":"many"}', "\ud800"]) {
      const answer = await worker.ask(subject, utf8(text), { inboxPrefix, contentType: "application/json" });
      expect(answer.contentType).toBe("application/json");
      expect(JSON.parse(new TextDecoder().decode(answer.data))).toMatchObject({ error: { reason: "INVALID_REQUEST" } });
    }
    const ask = { workerId: "w1", verb: "claim", request: ASKED.claim, form: "protobuf" } as const;
    expect(await askAsWorker(worker, ask)).toMatchObject(ANSWERED.claim);
    expect(asked).toHaveLength(1);
  });

  it("answers a worker in its own inbox only, and does not carry out what it cannot answer", async () => {
    const fixture = await open();
    const asked: string[] = [];
    await (await fixture.connect()).serve("orc_1", echo, recordingWorkers(asked));
    const stranger = await fixture.client();
    const heard = [await stranger.listen("_INBOX.>"), await stranger.listen("_INBOX_w2.>")];
    const subject = workerSubject("w1", "claim", "orc_1");
    const body = utf8('{"workerId":"w1"}');
    const elsewhere = [
      "_INBOX.x",
      "_INBOX_w2.x",
      "_INBOX_w1",
      "_INBOX_w11.x",
      "_INBOX_w1.*",
      "$JS.API.INFO",
      undefined,
    ];
    for (const reply of [taskSubject(task()), ...elsewhere]) stranger.send(subject, body, reply);
    for (const id of ["*", ">"]) stranger.send(workerSubject(id, "claim", "orc_1"), body, `_INBOX_${id}.x`);
    const request = { ...ASKED.claim, runId: "run_last" };
    await askAsWorker(stranger, { workerId: "w1", verb: "claim", request, form: "protobuf", orchestratorId: "orc_1" });
    expect(asked).toEqual(["claim w1 run_last 2"]);
    expect(heard).toEqual([[], []]);
    expect(await fixture.storedHints()).toBe(0);
  });

  it("tells a refusal of the core with its time to wait, and nothing of an error of its own", async () => {
    const fixture = await open();
    const workers = {
      ...recordingWorkers(),
      claim: async () => {
        throw new AgentspanError("STORE_UNAVAILABLE", "The store is away.", { retryAfterMs: 2_000 });
      },
      complete: async () => {
        throw new TypeError("secret of tenant b");
      },
    };
    await (await fixture.connect()).serve("orc_1", echo, workers);
    const worker = await fixture.client();
    const ask = { workerId: "w1", request: {}, form: "json" } as const;
    expect((await askAsWorker(worker, { ...ask, verb: "claim" })).error).toEqual({
      reason: "STORE_UNAVAILABLE",
      message: "The store is away.",
      retryAfter: "2s",
    });
    const failed = await askAsWorker(worker, { ...ask, verb: "complete" });
    expect(failed.error).toMatchObject({ reason: "INTERNAL" });
    expect(JSON.stringify(failed)).not.toContain("secret");
    expect(fixture.log.filter((line) => line.includes("secret of tenant b"))).toHaveLength(1);
  });

  it("lets workers in while gateways keep it busy, and bounds workers by themselves", async () => {
    const fixture = await open({ limits: { inProgress: 1 } });
    const gate = new Gate();
    const workers = recordingWorkers();
    const complete: WorkerHandlers["complete"] = async (id, request) => {
      await gate.pass();
      return workers.complete(id, request);
    };
    await (await fixture.connect()).serve("orc_1", gate.echo, { ...workers, complete });
    const client = await fixture.client();
    const ask = { workerId: "w1", form: "protobuf" } as const;
    const busy = [
      askGatewayRequest(client, "A"),
      askAsWorker(client, { ...ask, verb: "complete", request: ASKED.complete }),
    ];
    await eventually(() => expect(gate.entered).toBe(2));
    const refused = await askAsWorker(client, { ...ask, verb: "heartbeat", request: ASKED.heartbeat });
    expect(refused.error).toMatchObject({ reason: "RATE_LIMITED", retryAfter: expect.any(String) });
    gate.open();
    await Promise.all(busy);
    expect(await askAsWorker(client, { ...ask, verb: "heartbeat", request: ASKED.heartbeat })).toMatchObject({
      stop: ["a nonce"],
    });
  });
}
