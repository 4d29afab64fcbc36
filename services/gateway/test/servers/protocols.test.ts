import { health, reflectionV1, reflectionV1alpha } from "@agentspan/internal";
import { RunService, StartRequestSchema, StartResponseSchema } from "@agentspan/proto";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";
import { createClient } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { describe, expect, it } from "vitest";
import { all, connectErrorOf, grpcJsCall, PROTOCOLS, runClient, transports, withStack } from "./harness.js";

const stack = withStack({ watchHealthEveryMs: 50 });

const transportOf = (protocol: string) => {
  const transport = transports(stack.gateway).get(protocol);
  if (transport === undefined) throw new Error(`No transport ${protocol}`);
  return transport;
};

describe.each(PROTOCOLS)("%s", (protocol) => {
  it("takes a call and gives the orchestrator's answer", async () => {
    const client = runClient(stack.gateway, protocol);
    const request = { source: { case: "agentName", value: "helper" }, idempotencyKey: `call ${protocol}` } as const;
    const first = await client.start(request);
    const second = await client.start(request);
    expect(first.created).toBe(true);
    expect(second).toMatchObject({ runId: first.runId, created: false });
  });

  it("streams a run's events to the end", async () => {
    const runId = `stream_${PROTOCOLS.indexOf(protocol)}`;
    stack.orchestrator.append(runId, [{ case: "runStarted", value: { input: "hi" } }], { publish: false });
    const got: bigint[] = [];
    for await (const { event } of runClient(stack.gateway, protocol).streamEvents({ runId })) {
      got.push(event?.sequence ?? -1n);
      if (event?.event.case !== "runStarted") continue;
      stack.orchestrator.append(runId, [{ case: "done", value: { outputJson: "{}" } }], { ended: true });
    }
    expect(got).toEqual([1n, 2n]);
  });

  it("answers a health check", async () => {
    const client = createClient(health.Health, transportOf(protocol));
    expect((await client.check({})).status).toBe(health.HealthCheckResponse_ServingStatus.SERVING);
    const named = await client.check({ service: "agentspan.v1.RunService" });
    expect(named.status).toBe(health.HealthCheckResponse_ServingStatus.SERVING);
    expect((await connectErrorOf(client.check({ service: "nobody" }))).code).toBe(5);
  });

  it("says that a method is not there", async () => {
    const { list: _, ...rest } = health.Health.method;
    const unknown = { ...health.Health, typeName: "agentspan.v1.NoService", method: rest } as typeof health.Health;
    const check = { ...health.Health.method.check, parent: unknown };
    const transport = transportOf(protocol);
    const call = transport.unary(check, undefined, undefined, undefined, {});
    expect((await connectErrorOf(call)).code).toBe(12);
  });
});

describe.each(["gRPC", "gRPC on the second port"])("%s", (protocol) => {
  it("describes its services by reflection, in both versions", async () => {
    for (const service of [reflectionV1.ServerReflection, reflectionV1alpha.ServerReflection] as const) {
      const client = createClient(service as typeof reflectionV1.ServerReflection, transportOf(protocol));
      const answers = await all(
        client.serverReflectionInfo(
          createAsyncIterable([
            { messageRequest: { case: "listServices", value: "" } } as const,
            { messageRequest: { case: "fileContainingSymbol", value: "agentspan.v1.RunService.Start" } } as const,
            { messageRequest: { case: "fileByFilename", value: "agentspan/v1/event.proto" } } as const,
            { messageRequest: { case: "fileContainingSymbol", value: "google.rpc.ErrorInfo" } } as const,
            { messageRequest: { case: "fileContainingSymbol", value: "agentspan.v1.Nothing" } } as const,
          ]),
        ),
      );
      const [list, bySymbol, byName, ofErrors, nothing] = answers.map((answer) => answer.messageResponse);
      const names = list?.case === "listServicesResponse" ? list.value.service.map((each) => each.name) : [];
      expect(names).toEqual(
        expect.arrayContaining([
          "agentspan.v1.RunService",
          "agentspan.v1.AgentService",
          "agentspan.v1.ApprovalService",
        ]),
      );
      for (const [answer, file] of [
        [bySymbol, "agentspan/v1/run.proto"],
        [byName, "agentspan/v1/event.proto"],
      ] as const) {
        const files = answer?.case === "fileDescriptorResponse" ? answer.value.fileDescriptorProto : [];
        const found = files.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
        expect(found[0]).toBe(file);
        expect(found).toContain("google/protobuf/timestamp.proto");
      }
      // Without it grpcurl shows the details of an error as bytes.
      expect(ofErrors?.case).toBe("fileDescriptorResponse");
      expect(nothing).toMatchObject({ case: "errorResponse", value: { errorCode: 5 } });
    }
  });

  it("tells whoever watches its health when the orchestrator goes and comes", async () => {
    const client = createClient(health.Health, transportOf(protocol));
    const leave = new AbortController();
    const seen: number[] = [];
    stack.orchestrator.on("Internal/Sequences", () => "default");
    const watching = (async () => {
      for await (const { status } of client.watch({}, { signal: leave.signal })) {
        seen.push(status);
        if (seen.length === 1) {
          stack.orchestrator.on("Internal/Sequences", () => ({ failure: { reason: "STORE_UNAVAILABLE" } }));
        } else if (seen.length === 2) stack.orchestrator.on("Internal/Sequences", () => "default");
        else leave.abort();
      }
    })();
    await expect(watching).rejects.toThrow();
    const { SERVING, NOT_SERVING } = health.HealthCheckResponse_ServingStatus;
    expect(seen).toEqual([SERVING, NOT_SERVING, SERVING]);
  });
});

describe("@grpc/grpc-js", () => {
  it.each(["port", "grpcPort"] as const)("is understood on %s", async (port) => {
    const bytes = toBinary(
      StartRequestSchema,
      create(StartRequestSchema, { source: { case: "agentName", value: "helper" }, idempotencyKey: `js ${port}` }),
    );
    const path = `/${RunService.typeName}/Start`;
    const answer = fromBinary(StartResponseSchema, await grpcJsCall(stack.gateway[port], path, bytes));
    expect(answer).toMatchObject({ created: true });
  });
});

describe("plain HTTP", () => {
  const url = (path: string) => `http://127.0.0.1:${stack.gateway.port}${path}`;
  const post = (path: string, body: string, headers: Record<string, string> = {}) =>
    fetch(url(path), { method: "POST", body, headers: { "content-type": "application/json", ...headers } });

  it("takes JSON as the protobuf mapping has it", async () => {
    const response = await post(
      "/agentspan.v1.RunService/Start",
      JSON.stringify({ agentName: "helper", idempotencyKey: "by hand" }),
    );
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ runId: expect.stringMatching(/^run_/), created: true });
  });

  it("says that it is alive and ready", async () => {
    expect((await fetch(url("/healthz"))).status).toBe(200);
    expect((await fetch(url("/readyz?verbose"))).status).toBe(200);
    expect((await fetch(url("/readyz"), { method: "POST" })).status).toBe(405);
  });

  it("tells a person with curl how to ask", async () => {
    const path = "/agentspan.v1.RunService/GetStatus";
    const get = await fetch(url(path));
    expect(get.status).toBe(405);
    const form = await post(path, "{}", { "content-type": "application/x-www-form-urlencoded" });
    expect(form.status).toBe(415);
    expect(await form.text()).toContain("content-type: application/json");
    const nowhere = await post("/agentspan.v1.RunService/Strat", "{}");
    expect(nowhere.status).toBe(501);
    expect(await nowhere.text()).toContain("unimplemented");
  });
});
