import { runIdOf } from "@agentspan/internal";
import { RunService } from "@agentspan/proto";
import { toBinary } from "@bufbuild/protobuf";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Gateway } from "../../src/gateway.js";
import { FakeOrchestrator, reply } from "../fake-orchestrator.js";
import { connectErrorOf, openGateway, ownNats, PROTOCOLS, refusalOf, runClient, until, withStack } from "./harness.js";

const TIMEOUT_MS = 1_000;

describe("a request", () => {
  const stack = withStack({ requestTimeoutMs: TIMEOUT_MS });
  const client = (protocol = "gRPC on the second port") => runClient(stack.gateway, protocol);
  let second: FakeOrchestrator;

  beforeAll(async () => {
    second = await FakeOrchestrator.start(stack.nats.url, "orc_two", stack.orchestrator.store);
  });
  afterAll(() => second.stop());
  beforeEach(() => {
    for (const one of [stack.orchestrator, second]) {
      one.seen.length = 0;
      for (const method of ["Start", "Approve", "GetStatus"]) one.on(`RunService/${method}`, () => "default");
    }
  });
  const both = () => [...stack.orchestrator.seen, ...second.seen];

  it("says who asks, when, and the hash of what", async () => {
    await client().start({ source: { case: "agentName", value: "helper" }, idempotencyKey: "who" });
    const envelope = both()[0]?.envelope;
    expect(envelope).toMatchObject({
      method: "RunService/Start",
      namespace: "default",
      caller: { subject: "anonymous", roles: ["*"], groups: [] },
      keyId: "",
    });
    expect(Math.abs(Number(envelope?.at?.seconds) - Date.now() / 1000)).toBeLessThan(60);
  });

  it("hands on a trace that is one, and nothing else in its place", async () => {
    const trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    for (const traceparent of [trace, "'; drop table"]) {
      for (const protocol of ["gRPC on the second port", "Connect with JSON"]) {
        await client(protocol).listRuns({}, { headers: { traceparent } });
      }
    }
    expect(
      both()
        .map(({ envelope }) => envelope.traceparent)
        .sort(),
    ).toEqual(["", "", trace, trace]);
  });

  it("gets an idempotency key where it has none, and keeps its own", async () => {
    const source = { case: "agentName", value: "helper" } as const;
    const { runId } = await client().start({ source });
    const made = both()[0]?.request;
    if (made === undefined || !("idempotencyKey" in made)) throw new Error("No StartRequest came");
    expect(made.idempotencyKey).toMatch(/^key_[a-z2-7]{26}$/);
    expect(runId).toBe(runIdOf("default", String(made.idempotencyKey)));
    await client().start({ source, idempotencyKey: "mine" });
    expect(both().map(({ request }) => "idempotencyKey" in request && request.idempotencyKey)).toContain("mine");
  });

  it("gets a decision id where it has none, the same for every orchestrator that is asked", async () => {
    const { runId } = await client().start({
      source: { case: "agentName", value: "helper" },
      idempotencyKey: "decided",
    });
    let silent = true;
    for (const one of [stack.orchestrator, second]) {
      one.on("RunService/Approve", () => {
        const answer = silent ? "silence" : "default";
        silent = false;
        return answer;
      });
    }
    const { decision } = await client().approve({ runId });
    const asked = both().flatMap(({ request }) => ("decisionId" in request ? [request] : []));
    expect(asked).toHaveLength(2);
    expect(asked[0]).toEqual(asked[1]);
    expect(decision?.decisionId).toMatch(/^dec_/);
    expect(decision?.decisionId).toBe(asked[0]?.decisionId);
  });

  it("goes first to the orchestrator that answered last for its run", async () => {
    const runs = await Promise.all(
      Array.from({ length: 20 }, (_, at) =>
        client().start({ source: { case: "agentName", value: "helper" }, idempotencyKey: `near ${at}` }),
      ),
    );
    const startedBy = new Map(
      [stack.orchestrator, second].flatMap((one) =>
        one
          .of("RunService/Start")
          .map(({ request }) => ["idempotencyKey" in request && request.idempotencyKey, one.id]),
      ),
    );
    expect(new Set(startedBy.values()).size).toBe(2);
    for (const [at, { runId }] of runs.entries()) {
      const one = startedBy.get(`near ${at}`) === "orc_one" ? stack.orchestrator : second;
      await client().getStatus({ runId });
      expect(one.seen.at(-1)).toMatchObject({ subject: `agentspan.request.${one.id}`, request: { runId } });
    }
  });

  it("goes to another where the one that answered last is gone, and is asked of one only", async () => {
    const third = await FakeOrchestrator.start(stack.nats.url, "orc_three", stack.orchestrator.store);
    let runId = "";
    for (let at = 0; third.seen.length === 0; at += 1) {
      ({ runId } = await client().start({
        source: { case: "agentName", value: "helper" },
        idempotencyKey: `gone ${at}`,
      }));
    }
    await third.stop();
    expect((await client().getStatus({ runId })).status?.runId).toBe(runId);
    expect([stack.orchestrator, second].flatMap((one) => one.of("RunService/GetStatus"))).toHaveLength(1);
  });

  it("is given up after its time, with the advice to repeat it", async () => {
    for (const one of [stack.orchestrator, second]) one.on("RunService/GetStatus", () => "silence");
    for (const protocol of PROTOCOLS) {
      const told = await refusalOf(client(protocol).getStatus({ runId: "run_a" }));
      expect(told).toMatchObject({ reason: "BUS_UNAVAILABLE", code: "UNAVAILABLE", retryAfterMs: 1_000 });
    }
  });

  it.each(PROTOCOLS)("ends at the client's deadline: %s", async (protocol) => {
    for (const one of [stack.orchestrator, second]) one.on("RunService/GetStatus", () => "silence");
    const error = await connectErrorOf(client(protocol).getStatus({ runId: "run_a" }, { timeoutMs: 100 }));
    expect(error.code).toBe(4);
  });

  it("takes the answer of a slow orchestrator that has been given time", async () => {
    for (const one of [stack.orchestrator, second]) {
      one.on("RunService/GetStatus", async () => {
        await new Promise((resolve) => setTimeout(resolve, TIMEOUT_MS * 0.75));
        return reply(RunService.method.getStatus.output, { status: { runId: one.id } });
      });
    }
    await client().getStatus({ runId: "run_a" });
    expect(both().length).toBeGreaterThan(1);
  });

  it("lets one slow answer wait for nobody else", async () => {
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => {
      release = resolve;
    });
    for (const one of [stack.orchestrator, second]) {
      one.on("RunService/GetStatus", async () => {
        await held;
        return reply(RunService.method.getStatus.output, {});
      });
    }
    const slow = client().getStatus({ runId: "run_slow" });
    await client().listRuns({});
    release();
    await slow;
  });
});

describe("without an orchestrator", () => {
  let stop: () => Promise<void>;
  let gateway: Gateway;
  beforeAll(async () => {
    const own = await ownNats();
    stop = own.stop;
    gateway = await openGateway(own.nats.url);
  });
  afterAll(async () => {
    await gateway.close(0);
    await stop();
  });

  it.each(PROTOCOLS)("a request is refused at once, with when to try again: %s", async (protocol) => {
    const told = await refusalOf(runClient(gateway, protocol).getStatus({ runId: "run_a" }));
    expect(told).toMatchObject({ reason: "BUS_UNAVAILABLE", retryAfterMs: 1_000 });
    expect(told.message).toContain("No orchestrator is running");
  });

  it("the gateway is alive and not ready", async () => {
    expect((await fetch(`http://127.0.0.1:${gateway.port}/healthz`)).status).toBe(200);
    expect((await fetch(`http://127.0.0.1:${gateway.port}/readyz`)).status).toBe(503);
  });
});

async function isReady(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/readyz`)).status === 200;
}

describe("while NATS is away", () => {
  const stack = withStack({ requestTimeoutMs: TIMEOUT_MS });

  it("a request waits for it to come back, and is sent once more where it was on its way", async () => {
    const client = runClient(stack.gateway, "gRPC");
    const { runId } = await client.start({ source: { case: "agentName", value: "helper" }, idempotencyKey: "outage" });
    stack.orchestrator.on("RunService/Approve", () => "silence");
    const approving = client.approve({ runId }, { timeoutMs: 20_000 });
    await until(() => stack.orchestrator.of("RunService/Approve").length === 1);
    stack.orchestrator.on("RunService/Approve", () => "default");
    await stack.nats.process.kill();
    await stack.nats.process.restart();
    const [first] = stack.orchestrator.of("RunService/Approve");
    // Either it came back within the request's time and was asked again with the same id, or the caller was told to.
    await approving.then(
      ({ decision }) => {
        if (first === undefined || !("decisionId" in first.request)) throw new Error("No ApproveRequest came");
        expect(decision?.decisionId).toBe(first.request.decisionId);
      },
      async () => expect(await refusalOf(approving)).toMatchObject({ reason: "BUS_UNAVAILABLE" }),
    );
    // The gateway may be back before the orchestrator is.
    while (!(await isReady(stack.gateway.port)));
    await client.getStatus({ runId });
  });

  it("a request that outlasts its time is refused, and the next one after the return is served", async () => {
    await stack.nats.process.kill();
    for (const protocol of PROTOCOLS) {
      const told = await refusalOf(runClient(stack.gateway, protocol).getStatus({ runId: "run_a" }));
      expect(told).toMatchObject({ reason: "BUS_UNAVAILABLE", message: expect.stringContaining("NATS") });
    }
    expect((await fetch(`http://127.0.0.1:${stack.gateway.port}/readyz`)).status).toBe(503);
    await stack.nats.process.restart();
    while (!(await isReady(stack.gateway.port)));
    await runClient(stack.gateway, "gRPC").listRuns({});
  });
});

describe("two gateways", () => {
  const stack = withStack();
  let other: Gateway;
  beforeAll(async () => {
    other = await openGateway(stack.nats.url);
  });
  afterAll(() => other.close(0));

  it("give the same run for the same key, at the same instant", async () => {
    const request = { source: { case: "agentName", value: "helper" }, idempotencyKey: "twice" } as const;
    const answers = await Promise.all(
      [stack.gateway, other, stack.gateway, other].map((gateway) => runClient(gateway, "gRPC").start(request)),
    );
    expect(new Set(answers.map(({ runId }) => runId)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
  });

  it("send the same bytes for the same request", async () => {
    const request = { source: { case: "agentName", value: "helper" }, idempotencyKey: "same bytes" } as const;
    await runClient(stack.gateway, "gRPC").start(request);
    await runClient(other, "Connect with JSON").start(request);
    const [a, b] = stack.orchestrator
      .of("RunService/Start")
      .slice(-2)
      .map(({ envelope, request: message }) => [
        envelope.body,
        toBinary(RunService.method.start.input, message as never),
      ]);
    expect(a).toEqual(b);
  });
});
