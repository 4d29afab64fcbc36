import { once } from "node:events";
import http2 from "node:http2";
import { connect, createServer } from "node:net";
import { Codes } from "@agentspan/internal";
import { GetStatusRequestSchema, RunService } from "@agentspan/proto";
import { create, toBinary } from "@bufbuild/protobuf";
import { encodeEnvelope } from "@connectrpc/connect/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { StartError } from "../../src/gateway.js";
import { H2Keepalive } from "../../src/http/h2-keepalive.js";
import { dialled, hangUp, hungUpOn } from "./dialled.js";
import { all, grpcJsCall, openGateway, oursOfStatus, runClient, statusOf, until, withStack } from "./harness.js";

const stack = withStack({ slowness: { firstByteMs: 400, headersMs: 400, requestMs: 800 } });
const GET_STATUS = `/${RunService.typeName}/GetStatus`;
const BODY = toBinary(GetStatusRequestSchema, create(GetStatusRequestSchema, { runId: "run_nobody" }));

afterEach(hangUp);

const dial = () => dialled(stack.gateway.port);

/** One HTTP/1.1 request with any headers, also those that fetch does not let through. */
async function ask(
  headers: Record<string, string>,
  { method = "POST", path = GET_STATUS, body = '{"runId":"run_nobody"}' } = {},
) {
  const { socket, text, ended, closed } = await dial();
  const lines = Object.entries({ connection: "close", "content-length": String(Buffer.byteLength(body)), ...headers });
  socket.write(
    `${method} ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n${body}`,
  );
  await ended;
  socket.end();
  await closed;
  return text();
}

/** One HTTP/2 request; resolves to its headers, trailers and body. */
async function askH2(headers: http2.OutgoingHttpHeaders, body: Uint8Array, port = stack.gateway.port) {
  const session = http2.connect(`http://127.0.0.1:${port}`);
  try {
    const stream = session.request({ ":method": "POST", ":path": GET_STATUS, ...headers });
    let answer: http2.IncomingHttpHeaders = {};
    stream.on("response", (each) => {
      answer = { ...answer, ...each };
    });
    stream.on("trailers", (each: http2.IncomingHttpHeaders) => {
      answer = { ...answer, ...each };
    });
    stream.end(body);
    const chunks = await all<Buffer>(stream);
    return { headers: answer, body: Buffer.concat(chunks).toString("latin1") };
  } finally {
    session.close();
  }
}

const LOCAL = { host: "localhost", "content-type": "application/json" };
const JSON_BODY = Buffer.from('{"runId":"run_nobody"}');

describe("while authentication is off", () => {
  it("a name of this machine is taken, and answered", async () => {
    for (const host of ["localhost", "127.0.0.1:6767", "[::1]:1"]) {
      expect(await ask({ ...LOCAL, host })).toMatch(/^HTTP\/1\.1 404 [\s\S]*RUN_NOT_FOUND/);
    }
    const h2 = await askH2({ ":authority": "localhost:6767", "content-type": "application/json" }, JSON_BODY);
    expect(h2.headers[":status"]).toBe(404);
  });

  it("another Host is refused in every protocol over HTTP/1.1", async () => {
    for (const headers of [
      { host: "evil.example" },
      { host: "127.0.0.1.evil.example" },
      { host: "localhost", origin: "http://evil.example" },
      { host: "localhost", origin: "null" },
    ]) {
      expect(await ask({ ...LOCAL, ...headers })).toMatch(/^HTTP\/1\.1 403 [\s\S]*PERMISSION_DENIED/);
      const web = await ask({ ...LOCAL, ...headers, "content-type": "application/grpc-web+proto" });
      expect(web).toMatch(/^HTTP\/1\.1 200 [\s\S]*grpc-status: 7/);
      const stream = await ask(
        { ...LOCAL, ...headers, "content-type": "application/connect+json" },
        { path: `/${RunService.typeName}/StreamEvents` },
      );
      expect(stream).toMatch(/^HTTP\/1\.1 200 [\s\S]*permission_denied[\s\S]*PERMISSION_DENIED/);
      for (const path of ["/readyz", "/healthz", "/", "/agentspan.v1.RunService/Nothing"]) {
        expect(await ask({ ...LOCAL, ...headers }, { method: "GET", path, body: "" })).toMatch(/^HTTP\/1\.1 403 /);
      }
    }
    expect(stack.orchestrator.seen.filter(({ method }) => method === "RunService/StreamEvents")).toEqual([]);
  });

  it("another :authority, or a Host beside it, is refused in every protocol over HTTP/2", async () => {
    for (const headers of [
      { ":authority": "evil.example" },
      { ":authority": "localhost", host: "evil.example" },
      { ":authority": "localhost", origin: "https://evil.example" },
    ]) {
      const json = await askH2({ ...headers, "content-type": "application/json" }, JSON_BODY);
      expect(json.headers[":status"]).toBe(403);
      const grpc = await askH2({ ...headers, "content-type": "application/grpc" }, encodeEnvelope(0, BODY));
      expect(grpc.headers).toMatchObject({ ":status": 200, "grpc-status": "7" });
      const second = await askH2(
        { ...headers, "content-type": "application/grpc" },
        encodeEnvelope(0, BODY),
        stack.gateway.grpcPort,
      );
      if (!("host" in headers)) expect(second.headers).toMatchObject({ "grpc-status": "7" });
    }
  });

  it("a foreign Origin is refused on the second port, with details", async () => {
    const error = await statusOf(
      grpcJsCall(stack.gateway.grpcPort, GET_STATUS, BODY, {
        origin: "http://evil.example",
      }),
    );
    expect(error.code).toBe(Codes.PERMISSION_DENIED);
    expect(oursOfStatus(error).reason).toBe("PERMISSION_DENIED");
  });

  it("a request without a Host is refused", async () => {
    const { host: _, ...rest } = LOCAL;
    expect(await ask(rest)).toMatch(/^HTTP\/1\.1 400 /);
  });

  it("the gateway does not listen beyond this machine", async () => {
    await expect(openGateway(stack.nats.url, { host: "0.0.0.0" })).rejects.toThrow(StartError);
    await expect(openGateway(stack.nats.url, { host: "0.0.0.0" })).rejects.toThrow(/Authentication is off/);
  });

  it("it listens on IPv6 as well where told", async () => {
    const gateway = await openGateway(stack.nats.url, { host: "::1" });
    try {
      expect((await fetch(`http://[::1]:${gateway.port}/healthz`)).status).toBe(200);
    } finally {
      await gateway.close(0);
    }
  });
});

describe("a page of this machine", () => {
  const url = () => `http://127.0.0.1:${stack.gateway.port}${GET_STATUS}`;
  const origin = "http://localhost:5173";

  it("may ask, after a preflight that allows what gRPC-Web and Connect send", async () => {
    const preflight = await fetch(url(), {
      method: "OPTIONS",
      headers: {
        origin,
        "access-control-request-method": "POST",
        "access-control-request-headers": "content-type,connect-protocol-version,x-grpc-web",
      },
    });
    expect(preflight.status).toBe(204);
    expect(preflight.headers.get("access-control-allow-origin")).toBe(origin);
    expect(preflight.headers.get("access-control-allow-methods")).toContain("POST");
    const allowed = preflight.headers.get("access-control-allow-headers")?.toLowerCase();
    for (const name of [
      "content-type",
      "connect-protocol-version",
      "connect-timeout-ms",
      "x-grpc-web",
      "grpc-timeout",
    ]) {
      expect(allowed).toContain(name);
    }
  });

  it("may read the answer and gRPC's status", async () => {
    const answer = await fetch(url(), {
      method: "POST",
      body: JSON_BODY,
      headers: { origin, "content-type": "application/json" },
    });
    expect(answer.status).toBe(404);
    expect(answer.headers.get("access-control-allow-origin")).toBe(origin);
    expect(answer.headers.get("vary")).toContain("Origin");
    expect(answer.headers.get("access-control-expose-headers")?.toLowerCase()).toContain("grpc-status-details-bin");
  });

  it("of another site gets no such headers", async () => {
    const answer = await ask(
      { host: "localhost", origin: "https://evil.example", "access-control-request-method": "POST" },
      { method: "OPTIONS", body: "" },
    );
    expect(answer).toMatch(/^HTTP\/1\.1 403 /);
    expect(answer.toLowerCase()).not.toContain("access-control-allow");
  });
});

describe("a connection", () => {
  it("that says nothing is closed", async () => {
    const { ended, text } = await dial();
    await ended;
    expect(text()).toBe("");
  });

  it("that begins like HTTP/2 and stops is closed", async () => {
    const { socket, ended } = await dial();
    socket.write("PR");
    await ended;
  });

  it("whose headers come too slowly is answered 408 and closed", async () => {
    const { socket, ended, text } = await dial();
    socket.write("POST / HTTP/1.1\r\nhost: localhost\r\n");
    const drip = setInterval(() => socket.write("x-drip: 1\r\n"), 50);
    await ended;
    clearInterval(drip);
    expect(text()).toMatch(/^HTTP\/1\.1 408 [\s\S]*INVALID_REQUEST/);
  });

  it("whose first line or headers are too long, or cannot be read, is told in JSON, also while more comes", async () => {
    for (const [start, answer] of [
      [`POST /${"a".repeat(20_000)} HTTP/1.1\r\n`, /^HTTP\/1\.1 431 [\s\S]*LIMIT_EXCEEDED/],
      [`POST ${GET_STATUS} HTTP/1.1\r\nx-long: ${"a".repeat(1_000_000)}\r\n`, /^HTTP\/1\.1 431 [\s\S]*LIMIT_EXCEEDED/],
      [`POST ${GET_STATUS} HTTP/1.1\r\nauthorization: Bearer \u0001\r\n`, /^HTTP\/1\.1 400 [\s\S]*INVALID_REQUEST/],
    ] as const) {
      const { socket, ended, text } = await dial();
      socket.write(`${start}host: localhost\r\n\r\n`);
      await ended;
      const [head = "", body = ""] = text().split("\r\n\r\n");
      expect(text()).toMatch(answer);
      expect(head).toContain(`content-length: ${body.length}`);
      expect(JSON.parse(body)).toMatchObject({ code: expect.any(String), message: expect.any(String) });
    }
  });

  it("whose answer has begun is told nothing in the middle of it", async () => {
    const { socket, ended, text } = await dial();
    const path = `/${RunService.typeName}/Nothing`;
    socket.write(`POST ${path} HTTP/1.1\r\nhost: localhost\r\ntransfer-encoding: chunked\r\n\r\n1\r\n{\r\n`);
    await until(() => text().includes("UNIMPLEMENTED"));
    socket.write("no length\r\n");
    await ended;
    expect(text().match(/HTTP\/1\.1/g)).toHaveLength(1);
  });

  it("whose body comes too slowly is told so and closed, each of many", async () => {
    const slow = await Promise.all(
      [1, 2, 3].map(async () => {
        const dialling = await dial();
        dialling.socket.write(
          `POST ${GET_STATUS} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\ncontent-length: 1000\r\n\r\n`,
        );
        return dialling;
      }),
    );
    const drip = setInterval(() => slow[0]?.socket.write(" "), 50);
    await Promise.all(slow.map(({ ended }) => ended));
    clearInterval(drip);
    for (const { text } of slow) expect(text()).toMatch(/^HTTP\/1\.1 400 [\s\S]*INVALID_REQUEST/);
  });

  it("whose request comes too slowly on the second port loses that request, and is told so", async () => {
    const session = http2.connect(`http://127.0.0.1:${stack.gateway.grpcPort}`);
    const stream = session.request({ ":method": "POST", ":path": GET_STATUS, "content-type": "application/grpc" });
    stream.on("error", () => undefined);
    stream.write(Buffer.from([0, 0, 0, 1, 0]));
    const [headers] = await once(stream, "response");
    expect(headers).toMatchObject({ "grpc-status": String(Codes.INVALID_ARGUMENT) });
    stream.resume();
    await once(stream, "close");
    session.close();
  });

  it("whose body comes too slowly over HTTP/2 loses that request, and keeps the others", async () => {
    const session = http2.connect(`http://127.0.0.1:${stack.gateway.port}`);
    const open = () => session.request({ ":method": "POST", ":path": GET_STATUS, "content-type": "application/json" });
    const slow = open();
    slow.on("error", () => undefined);
    slow.write('{"runId":');
    const quick = open();
    quick.end(JSON_BODY);
    await once(slow, "close");
    expect(slow.rstCode).toBe(http2.constants.NGHTTP2_CANCEL);
    const after = open();
    after.end(JSON_BODY);
    for (const stream of [quick, after])
      expect(Buffer.concat(await all<Buffer>(stream)).toString()).toContain("RUN_NOT_FOUND");
    session.close();
  });

  it("whose first bytes come one by one is understood, in both versions", async () => {
    const { socket, text } = await dial();
    for (const char of "POST /x HTTP/1.1\r\nhost: localhost\r\ncontent-length: 0\r\n\r\n") {
      socket.write(char);
      await new Promise((resolve) => setImmediate(resolve));
    }
    await until(() => text().includes("\r\n\r\n"));
    expect(text()).toMatch(/^HTTP\/1\.1 501 /);

    // A relay that hands on one byte at a time.
    const relay = createServer((client) => {
      const server = connect(stack.gateway.port, "127.0.0.1");
      hungUpOn(client, server);
      client.on("error", () => undefined);
      server.on("error", () => undefined);
      server.setNoDelay(true);
      server.pipe(client);
      client.on("data", (chunk) => {
        for (const byte of chunk.subarray(0, 30)) server.write(Buffer.from([byte]));
        if (chunk.length > 30) server.write(chunk.subarray(30));
      });
      client.on("end", () => server.end());
    });
    relay.listen(0, "127.0.0.1");
    await once(relay, "listening");
    const address = relay.address();
    if (typeof address !== "object" || address === null) throw new Error("No address");
    const answer = await askH2({ "content-type": "application/json" }, JSON_BODY, address.port);
    expect(answer.headers[":status"]).toBe(404);
    relay.close();
  });

  it("that closes its half after the request still gets the answer", async () => {
    const { socket, text, closed } = await dial();
    socket.end(`GET /healthz HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n`);
    await closed;
    expect(text()).toMatch(/^HTTP\/1\.1 200 [\s\S]*ok/);
  });

  it("that sends garbage, or is reset in the middle, harms nobody", async () => {
    for (const bytes of [
      Buffer.from([0x16, 0x03, 0x01, 0x02]),
      // Long enough to be read as a frame, whose length is far over what is allowed.
      Buffer.from(`PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${"garbage ".repeat(8)}`),
      Buffer.alloc(70_000, 0x61),
    ]) {
      const { socket, closed } = await dial();
      socket.end(bytes);
      await closed;
    }
    for (const begun of [
      "P",
      "POST / HT",
      "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
      `POST ${GET_STATUS} HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9\r\n\r\n{`,
    ]) {
      const { socket, closed } = await dial();
      socket.write(begun);
      await new Promise((resolve) => setImmediate(resolve));
      socket.resetAndDestroy();
      await closed;
    }
    expect((await fetch(`http://127.0.0.1:${stack.gateway.port}/healthz`)).status).toBe(200);
  });

  it("serves many requests one after the other", async () => {
    const { socket, text } = await dial();
    for (let at = 1; at <= 3; at += 1) {
      socket.write("GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n");
      await until(() => text().split("HTTP/1.1 200").length === at + 1);
    }
  });

  it("of a client that no longer answers pings is ended, and its streams with it", async () => {
    const keepalive = new H2Keepalive(50, 100);
    const server = http2.createServer();
    const ended = new Promise<void>((resolve) => {
      server.on("session", (session) => {
        keepalive.add(session);
        session.on("error", () => undefined);
        session.once("close", resolve);
      });
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = server.address();
    if (typeof address !== "object" || address === null) throw new Error("No address");
    // A client whose machine is gone: it said hello and then nothing more.
    const dead = connect(address.port, "127.0.0.1");
    hungUpOn(dead);
    dead.on("error", () => undefined);
    dead.write(
      Buffer.concat([Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0])]),
    );
    await ended;
    server.close();
  });
});

describe("the two ports", () => {
  it("close when told, and can be opened again", async () => {
    const gateway = await openGateway(stack.nats.url);
    await runClient(gateway, "gRPC").listRuns({});
    await gateway.close(1_000);
    const again = await openGateway(stack.nats.url, { port: gateway.port, grpcPort: gateway.grpcPort });
    await runClient(again, "gRPC on the second port").listRuns({});
    await again.close(0);
  });

  it("that are taken are named, with what to do", async () => {
    const { port, grpcPort } = stack.gateway;
    await expect(openGateway(stack.nats.url, { port })).rejects.toThrow(/AGENTSPAN_PORT/);
    await expect(openGateway(stack.nats.url, { grpcPort })).rejects.toThrow(/AGENTSPAN_GRPC_PORT/);
  });
});
