// What a connection may do beside one call after the other, and what the gateway does by itself when a time is over.
import { once } from "node:events";
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { GetStatusRequestSchema, RunService, StreamEventsRequestSchema } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { beforeAll, describe, expect, it } from "vitest";
import { withStack } from "./harness.js";

const stack = withStack();
const DEADLINE_EXCEEDED = "4";
const GET_STATUS = `/${RunService.typeName}/GetStatus`;
const STREAM_EVENTS = `/${RunService.typeName}/StreamEvents`;
const request = encodeEnvelope(0, toBinary(GetStatusRequestSchema, create(GetStatusRequestSchema, { runId: "open" })));
const streamed = encodeEnvelope(
  0,
  toBinary(StreamEventsRequestSchema, create(StreamEventsRequestSchema, { runId: "open" })),
);

beforeAll(() => {
  stack.orchestrator.append("open", [{ case: "warning", value: {} }], { publish: false });
  stack.orchestrator.on("RunService/GetStatus", ({ request: asked }) =>
    "runId" in asked && asked.runId === "open" ? "silence" : "default",
  );
});

describe.each(["port", "grpcPort"] as const)("over HTTP/2, on %s, a client", (port) => {
  async function connect(): Promise<http2.ClientHttp2Session> {
    const session = http2.connect(`http://127.0.0.1:${stack.gateway[port]}`);
    await once(session, "connect");
    return session;
  }

  /** The status of a gRPC call that the client itself never gives up. */
  async function statusOf(path: string, body: Uint8Array): Promise<unknown> {
    const session = await connect();
    const stream = session.request({
      ":method": "POST",
      ":path": path,
      "content-type": "application/grpc",
      te: "trailers",
      "grpc-timeout": "300m",
    });
    stream.end(body);
    stream.resume();
    let status: unknown;
    // Where there is no answer before it, it is in the first headers.
    for (const event of ["response", "trailers"]) {
      stream.on(event, (headers: http2.IncomingHttpHeaders) => {
        status = headers["grpc-status"] ?? status;
      });
    }
    await once(stream, "close");
    session.close();
    return status;
  }

  it("is told when its deadline has passed, for a call and for a stream", async () => {
    expect(await statusOf(GET_STATUS, request)).toBe(DEADLINE_EXCEEDED);
    expect(await statusOf(STREAM_EVENTS, streamed)).toBe(DEADLINE_EXCEEDED);
  });

  it("that ends its connection without a word is let go at once", async () => {
    const socket = net.connect({ port: stack.gateway[port], host: "127.0.0.1", allowHalfOpen: true });
    const session = http2.connect("http://127.0.0.1", { createConnection: () => socket });
    session.on("error", () => undefined);
    const stream = session.request({ ":method": "POST", ":path": STREAM_EVENTS, "content-type": "application/grpc" });
    stream.on("error", () => undefined);
    stream.end(streamed);
    await once(stream, "data");
    socket.end();
    // Well before the first ping would find out.
    await once(socket, "close", { signal: AbortSignal.timeout(20_000) });
  });

  it("may ping as often as it likes, with and without a call", async () => {
    const session = await connect();
    const ping = () =>
      new Promise<void>((resolve, reject) => {
        session.ping((error) => (error === null ? resolve() : reject(error)));
      });
    for (let at = 0; at < 100; at += 1) await ping();
    const stream = session.request({ ":method": "POST", ":path": STREAM_EVENTS, "content-type": "application/grpc" });
    stream.end(streamed);
    await once(stream, "data");
    for (let at = 0; at < 100; at += 1) await ping();
    expect(session.closed).toBe(false);
    expect(stream.closed).toBe(false);
    stream.close(http2.constants.NGHTTP2_CANCEL);
    session.close();
  });
});

describe("over HTTP/1.1, a client", () => {
  const url = (path: string) => `http://127.0.0.1:${stack.gateway.port}${path}`;

  it.each([GET_STATUS, STREAM_EVENTS])("of gRPC-Web is told when its deadline has passed: %s", async (path) => {
    const response = await fetch(url(path), {
      method: "POST",
      body: new Uint8Array(path === GET_STATUS ? request : streamed),
      headers: { "content-type": "application/grpc-web+proto", "grpc-timeout": "300m" },
    });
    expect(await response.text()).toContain(`grpc-status: ${DEADLINE_EXCEEDED}`);
  });

  it("of Connect is told when its deadline has passed", async () => {
    const headers = { "content-type": "application/json", "connect-timeout-ms": "300" };
    const response = await fetch(url(GET_STATUS), { method: "POST", body: '{"runId":"open"}', headers });
    expect(await response.json()).toMatchObject({ code: "deadline_exceeded" });
  });

  it("asks again on the connection that it has", async () => {
    const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
    const ask = async (): Promise<boolean> => {
      const asking = http.request(url(GET_STATUS), {
        agent,
        method: "POST",
        headers: { "content-type": "application/json" },
      });
      asking.end('{"runId":"nobody"}');
      const [response] = (await once(asking, "response")) as [http.IncomingMessage];
      response.resume();
      await once(response, "end");
      return asking.reusedSocket;
    };
    expect([await ask(), await ask(), await ask()]).toEqual([false, true, true]);
    agent.destroy();
  });
});
