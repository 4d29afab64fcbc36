import { Codes, codeOf, Limits, REASONS } from "@agentspan/internal";
import { ApproveRequestSchema, GetStatusRequestSchema, RunService } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { type ConnectError, createClient } from "@connectrpc/connect";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it } from "vitest";
import {
  connectErrorOf,
  grpcJsCall,
  oursOf,
  oursOfStatus,
  PROTOCOLS,
  refusalOf,
  runClient,
  statusOf,
  withStack,
} from "./harness.js";

const stack = withStack({ requestTimeoutMs: 2_000 });
afterEach(() => stack.orchestrator.on("RunService/GetStatus", () => "default"));

const GET_STATUS = `/${RunService.typeName}/GetStatus`;

describe.each(PROTOCOLS)("%s", (protocol) => {
  it("carries each reason of the contract with its code and details", async () => {
    const client = runClient(stack.gateway, protocol);
    for (const reason of REASONS) {
      stack.orchestrator.on("RunService/GetStatus", () => ({
        failure: {
          reason,
          message: `Because of ${reason} – naïvely.`,
          metadata: { winner: "Åsa" },
          fields: [{ field: "runId", description: "is so" }],
          retryAfter: { seconds: 2n, nanos: 500_000_000 },
        },
      }));
      const error = await connectErrorOf(client.getStatus({ runId: "run_a" }));
      expect(error.code).toBe(Codes[codeOf(reason)]);
      const told = oursOf(error);
      expect(told).toMatchObject({
        reason,
        message: `Because of ${reason} – naïvely.`,
        metadata: { winner: "Åsa" },
        fields: [{ field: "runId", description: "is so" }],
        retryAfterMs: 2_500,
      });
    }
  });

  it("says when to try again where the orchestrator is unavailable and does not say", async () => {
    stack.orchestrator.on("RunService/GetStatus", () => ({
      failure: { reason: "STORE_UNAVAILABLE", message: "Away." },
    }));
    const told = await refusalOf(runClient(stack.gateway, protocol).getStatus({ runId: "run_a" }));
    expect(told).toMatchObject({ reason: "STORE_UNAVAILABLE", retryAfterMs: 1_000 });
  });

  it.each([
    ["a reason that nobody knows", { failure: { reason: "TOO_TIRED", message: "secret" } }],
    ["a body that cannot be read", { bytes: new Uint8Array([0x0a, 0xff]) }],
    ["an empty reply", { bytes: new Uint8Array() }],
  ] as const)("tells nothing of its insides where an orchestrator answers with %s", async (_, answer) => {
    stack.orchestrator.on("RunService/GetStatus", () => answer);
    const error = await connectErrorOf(runClient(stack.gateway, protocol).getStatus({ runId: "run_a" }));
    expect(error.code).toBe(Codes.INTERNAL);
    expect(oursOf(error)).toMatchObject({ reason: "INTERNAL", message: expect.stringContaining("its log") });
    expect(error.message).not.toMatch(/secret|at .*\.[jt]s/);
  });

  it("refuses a request of more than 2 MiB by its limit and size", async () => {
    const client = runClient(stack.gateway, protocol);
    const error = await connectErrorOf(client.start({ input: "x".repeat(3 * 1024 * 1024) }));
    expect(error.code).toBe(Codes.RESOURCE_EXHAUSTED);
    const told = oursOf(error);
    expect(told).toMatchObject({ reason: "LIMIT_EXCEEDED", metadata: { limit: "requestBytes", max: "2097152" } });
    expect(Number(told.metadata.size)).toBeGreaterThan(Limits.requestBytes);
    // And goes on serving this client.
    expect(await client.getHistory({ runId: "nobody" }).catch((each: ConnectError) => each.code)).toBe(Codes.NOT_FOUND);
  });

  it("names every fault of a request at once", async () => {
    const call = runClient(stack.gateway, protocol).approve({ argumentsDigest: "md5:0", comment: "c".repeat(20_000) });
    const told = await refusalOf(call);
    expect(told.reason).toBe("INVALID_REQUEST");
    expect(told.fields.map(({ field }) => field)).toEqual(["runId", "argumentsDigest", "comment"]);
  });
});

describe("@grpc/grpc-js", () => {
  const bytes = toBinary(GetStatusRequestSchema, create(GetStatusRequestSchema, { runId: "run_a" }));
  const ports = () => [stack.gateway.port, stack.gateway.grpcPort];

  it("is told in words, with every sign as it was said", async () => {
    const message = 'Stop, look & listen: "naïve" + 100 % #1; [a/b?] = \n 🐎';
    stack.orchestrator.on("RunService/GetStatus", () => ({ failure: { reason: "RUN_ENDED", message } }));
    for (const port of ports()) expect((await statusOf(grpcJsCall(port, GET_STATUS, bytes))).details).toBe(message);
  });

  it("is told that a call is not there", async () => {
    const error = await statusOf(grpcJsCall(stack.gateway.port, "/agentspan.v1.RunService/Teleport", bytes));
    expect(error.code).toBe(Codes.UNIMPLEMENTED);
    expect(oursOfStatus(error)).toMatchObject({ reason: "UNIMPLEMENTED", message: error.details });
  });

  it("is told why a page of another site may not ask", async () => {
    for (const port of ports()) {
      const error = await statusOf(grpcJsCall(port, GET_STATUS, bytes, { origin: "https://evil.example" }));
      expect(oursOfStatus(error)).toMatchObject({ reason: "PERMISSION_DENIED", message: error.details });
    }
  });
});

describe("what cannot be read", () => {
  const url = (path: string) => `http://127.0.0.1:${stack.gateway.port}${path}`;

  it("is told where it asked the wrong service", async () => {
    const response = await fetch(url("/agentspan.v1.ApprovalService/Approve"), { method: "POST", body: "{}" });
    expect(response.status).toBe(501);
    expect(await response.text()).toContain("Did you mean /agentspan.v1.RunService/Approve?");
  });

  const post = (type: string, body: string | Uint8Array<ArrayBuffer>, headers: Record<string, string> = {}) =>
    fetch(url(GET_STATUS), { method: "POST", body, headers: { "content-type": type, ...headers } });

  it.each([
    ["no JSON", "{"],
    ["a list", "[]"],
    ["a wrong type", '{"runId": 7}'],
    ["a misspelt field", '{"runid": "run_a"}'],
    ["half of a surrogate pair", '{"runId": "\\ud800"}'],
  ])("is INVALID_REQUEST in JSON: %s", async (_, body) => {
    const response = await post("application/json", body);
    expect(response.status).toBe(400);
    const error = (await response.json()) as { code: string; details: { debug: { reason: string } }[] };
    expect(error.code).toBe("invalid_argument");
    expect(error.details[0]?.debug.reason).toBe("INVALID_REQUEST");
  });

  it("is INVALID_REQUEST in JSON that is no UTF-8", async () => {
    const response = await post("application/json", new Uint8Array([...Buffer.from('{"runId": "'), 0xff, 0x22, 0x7d]));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("INVALID_REQUEST");
  });

  it("is INVALID_REQUEST with a body that is not compressed as it says", async () => {
    const response = await post("application/json", "no gzip", { "content-encoding": "gzip" });
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("INVALID_REQUEST");
  });

  it("is LIMIT_EXCEEDED where a small body unpacks to more than 2 MiB", async () => {
    const { gzipSync } = await import("node:zlib");
    const bomb = gzipSync(JSON.stringify({ runId: "x".repeat(30_000_000) }));
    const response = await post("application/json", new Uint8Array(bomb), { "content-encoding": "gzip" });
    expect(response.status).toBe(429);
    expect(await response.text()).toContain("LIMIT_EXCEEDED");
  });

  it("is LIMIT_EXCEEDED by its size where its length says so", async () => {
    const body = JSON.stringify({ runId: "x".repeat(Limits.requestBytes) });
    const response = await post("application/json", body);
    expect(response.status).toBe(429);
    const error = (await response.json()) as { details: { debug: unknown }[] };
    expect(error.details[0]?.debug).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { limit: "requestBytes", max: String(Limits.requestBytes), size: String(body.length) },
    });
  });

  it("is LIMIT_EXCEEDED where a body without a length goes on and on", async () => {
    const chunk = new Uint8Array(256 * 1024);
    let sent = 0;
    const body = new ReadableStream({
      pull(controller) {
        sent += 1;
        if (sent > 16) controller.close();
        else controller.enqueue(chunk);
      },
    });
    const response = await fetch(url(GET_STATUS), {
      method: "POST",
      body,
      duplex: "half",
      headers: { "content-type": "application/json" },
    } as RequestInit);
    expect(response.status).toBe(429);
    expect(await response.text()).toContain("LIMIT_EXCEEDED");
  });

  const garbage: readonly (readonly [string, Uint8Array])[] = [
    ["garbage", new Uint8Array([0x0a, 0xff, 0xff, 0xff, 0xff, 0x01])],
    ["a text that is no UTF-8", new Uint8Array([0x0a, 0x02, 0xc3, 0x28])],
  ];
  it.each(garbage)("is INVALID_REQUEST in binary Connect: %s", async (_, bytes) => {
    const response = await post("application/proto", new Uint8Array(bytes));
    expect(response.status).toBe(400);
    expect(await response.text()).toContain("INVALID_REQUEST");
  });

  it.each(garbage)("is INVALID_REQUEST in gRPC, on both ports: %s", async (_, bytes) => {
    for (const port of [stack.gateway.port, stack.gateway.grpcPort]) {
      const error = await statusOf(grpcJsCall(port, GET_STATUS, bytes));
      expect(error.code).toBe(Codes.INVALID_ARGUMENT);
      expect(oursOfStatus(error).reason).toBe("INVALID_REQUEST");
    }
  });

  it.each(garbage)("is INVALID_REQUEST in gRPC-Web: %s", async (_, bytes) => {
    const response = await post("application/grpc-web+proto", new Uint8Array(encodeEnvelope(0, bytes)));
    expect(response.status).toBe(200);
    const text = await response.text();
    expect(text).toMatch(/grpc-status: 3/);
    expect(text).toContain("grpc-status-details-bin");
  });

  it.each(garbage)("is INVALID_REQUEST in a stream of Connect: %s", async (_, bytes) => {
    const response = await fetch(url(`/${RunService.typeName}/StreamEvents`), {
      method: "POST",
      body: new Uint8Array(encodeEnvelope(0, bytes)),
      headers: { "content-type": "application/connect+proto" },
    });
    const text = await response.text();
    expect(text).toContain("invalid_argument");
    expect(text).toContain("INVALID_REQUEST");
  });

  it("is INVALID_REQUEST where it has no message, or two, for one", async () => {
    const one = Buffer.from(encodeEnvelope(0, toBinary(GetStatusRequestSchema, create(GetStatusRequestSchema))));
    for (const type of ["application/connect+proto", "application/grpc-web+proto"]) {
      for (const [body, why] of [
        [Buffer.alloc(0), "missing input message"],
        [Buffer.concat([one, one]), "received extra input message"],
      ] as const) {
        const headers = { "content-type": type };
        const method = type.includes("connect") ? "StreamEvents" : "GetStatus";
        const answer = await fetch(url(`/${RunService.typeName}/${method}`), { method: "POST", body, headers });
        const text = await answer.text();
        expect(text).toMatch(/INVALID_REQUEST|grpc-status: 3/);
        expect(decodeURIComponent(text)).toContain(`The request cannot be read: ${why}`);
      }
    }
  });

  it("is LIMIT_EXCEEDED on the second port too, far beyond the limit without details", async () => {
    const bytes = (length: number) =>
      toBinary(GetStatusRequestSchema, create(GetStatusRequestSchema, { runId: "x".repeat(length) }));
    for (const [length, detailed] of [
      [Limits.requestBytes + 1, true],
      [8 * 1024 * 1024, false],
    ] as const) {
      const error = await statusOf(grpcJsCall(stack.gateway.grpcPort, GET_STATUS, bytes(length)));
      expect(error.code).toBe(Codes.RESOURCE_EXHAUSTED);
      if (detailed) expect(oursOfStatus(error)).toMatchObject({ reason: "LIMIT_EXCEEDED" });
    }
  });
});

describe("a request that is larger than NATS takes", () => {
  it("is LIMIT_EXCEEDED and says what to raise", async () => {
    const schema = JSON.stringify({ type: "object", description: "d".repeat(60_000) });
    const call = runClient(stack.gateway, "gRPC").start({
      input: "x".repeat(200_000),
      source: {
        case: "agent",
        value: {
          name: "big",
          model: "openai/gpt",
          tools: Array.from({ length: 16 }, (_, at) => ({ name: `tool_${at}`, inputSchemaJson: schema })),
        },
      },
    });
    expect(await refusalOf(call)).toMatchObject({
      reason: "LIMIT_EXCEEDED",
      metadata: { limit: "natsMaxPayload", max: String(1024 * 1024) },
      message: expect.stringContaining("max_payload"),
    });
  });
});

describe("a watch of approvals", () => {
  it("refuses a cursor that no watch gave out", async () => {
    const { ApprovalService } = await import("@agentspan/proto");
    const { transports } = await import("./harness.js");
    for (const transport of transports(stack.gateway).values()) {
      for (const cursor of ["x", Buffer.from("[-1]").toString("base64url"), Buffer.from("{}").toString("base64url")]) {
        const watching = createClient(ApprovalService, transport).watchApprovals({ cursor });
        const told = await refusalOf(
          (async () => {
            for await (const _ of watching) throw new Error("Nothing should come");
          })(),
        );
        expect(told).toMatchObject({ reason: "INVALID_REQUEST", fields: [{ field: "cursor" }] });
      }
    }
  });
});

describe("edited arguments that cannot be taken", () => {
  it("are INVALID_ARGUMENTS", async () => {
    const client = runClient(stack.gateway, "Connect with JSON");
    for (const editedArgumentsJson of ["{", "[]", " ", '{"a":1,"a":2}', '{"n":1e400}']) {
      const request = create(ApproveRequestSchema, { runId: "run_a", editedArgumentsJson });
      expect(await refusalOf(client.approve(request))).toMatchObject({ reason: "INVALID_ARGUMENTS" });
    }
    expect(stack.orchestrator.of("RunService/Approve")).toEqual([]);
  });
});
