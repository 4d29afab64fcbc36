import { gzipSync } from "node:zlib";
import type { Agent } from "undici";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EncodedAnswerError, modelDispatcher, undiciFetch } from "../../src/models/undici-fetch.js";
import { sendJson, startWireServer, type WireHandler, type WireServer } from "./wire.js";

let dispatcher: Agent;
let server: WireServer | undefined;

beforeEach(() => {
  dispatcher = modelDispatcher();
});

afterEach(async () => {
  await dispatcher.destroy();
  await server?.close();
  server = undefined;
});

async function post(handler: WireHandler, init: RequestInit = {}): Promise<Response> {
  server ??= await startWireServer(handler);
  const fetch = undiciFetch(dispatcher, (text) => `rewritten ${text}`);
  return fetch(`${server.url}/v1/chat?x=1`, { method: "POST", body: "{}", ...init });
}

describe("undiciFetch", () => {
  it("sends the body and headers it is given, and asks for no compression", async () => {
    const response = await post((_, answer) => sendJson(answer, { ok: 1 }), {
      body: '{"größe":1}',
      headers: { authorization: "Bearer k", "content-type": "application/json" },
    });
    expect(await response.json()).toEqual({ ok: 1 });
    const [request] = server?.requests ?? [];
    expect(request?.path).toBe("/v1/chat?x=1");
    expect(request?.body).toBe('{"größe":1}');
    expect(request?.headers).toMatchObject({ authorization: "Bearer k", "accept-encoding": "identity" });
    expect(request?.headers["content-length"]).toBe("13");
  });

  it("gives status, headers and text", async () => {
    const response = await post((_, answer) => {
      answer.writeHead(201, { "x-request-id": "req_1", "set-cookie": ["a=1", "b=2"] }).end("made");
    });
    expect(response).toMatchObject({ status: 201, statusText: "Created", ok: true });
    expect(response.headers.get("X-Request-Id")).toBe("req_1");
    expect(response.headers.get("set-cookie")).toBe("a=1, b=2");
    expect(response.headers.get("nothing")).toBeNull();
    expect([...response.headers.entries()]).toContainEqual(["x-request-id", "req_1"]);
    expect(await response.text()).toBe("made");
  });

  it("rewrites the text of failures only", async () => {
    const response = await post((_, answer) => answer.writeHead(503).end("away"));
    expect(response.ok).toBe(false);
    expect(await response.text()).toBe("rewritten away");
  });

  it("gives the body as it comes, for streams", async () => {
    let goOn = () => {};
    const response = await post((_, answer) => {
      answer.writeHead(200, { "content-type": "text/event-stream" });
      answer.write("one");
      goOn = () => answer.end("two");
    });
    const pieces: string[] = [];
    for await (const piece of response.body ?? []) {
      pieces.push(Buffer.from(piece).toString());
      goOn();
    }
    expect(pieces).toEqual(["one", "two"]);
  });

  it("uses a connection again after an answer was read, a failure's too", async () => {
    const statuses = [200, 500, 200, 429, 200, 404, 200, 200];
    server = await startWireServer((_, answer) => sendJson(answer, {}, statuses.shift()));
    while (statuses.length > 0) await (await post(() => {})).text();
    expect(server.requests).toHaveLength(8);
    // The pool may open a second one for a request that follows in the same tick; it never opens one for each.
    expect(server.connections()).toBeLessThanOrEqual(2);
  });

  it("rejects when it is aborted before the headers, and drops the connection", async () => {
    const abort = new AbortController();
    const response = post(() => abort.abort(), { signal: abort.signal });
    await expect(response).rejects.toMatchObject({ name: "AbortError" });
    await server?.disconnected();
  });

  it("ends the body when it is aborted in the middle of it", async () => {
    const abort = new AbortController();
    const response = await post((_, answer) => answer.writeHead(200).write("half"), { signal: abort.signal });
    const text = response.text();
    abort.abort();
    await expect(text).rejects.toMatchObject({ name: "AbortError" });
    await server?.disconnected();
  });

  it("rejects when nobody listens", async () => {
    const gone = await startWireServer(() => {});
    await gone.close();
    const fetch = undiciFetch(dispatcher, (text) => text);
    await expect(fetch(gone.url, { body: "{}" })).rejects.toMatchObject({ code: "ECONNREFUSED" });
  });

  it("rejects when the connection is cut in the middle of the headers", async () => {
    const response = post((_, __, socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-le"));
    await expect(response).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
  });

  it("rejects the body when it is cut, with a length and in chunks", async () => {
    const cut = async (headers: string) => {
      const response = await post((_, __, socket) => socket.end(`HTTP/1.1 200 OK\r\n${headers}\r\n\r\n5\r\n{"a":`));
      await expect(response.json()).rejects.toMatchObject({ code: "UND_ERR_SOCKET" });
      await server?.close();
      server = undefined;
    };
    await cut("content-length: 100");
    await cut("transfer-encoding: chunked");
  });

  it("rejects what is no HTTP", async () => {
    const response = post((_, __, socket) => socket.end("SSH-2.0-OpenSSH_9.6\r\n"));
    await expect(response).rejects.toMatchObject({ name: "HTTPParserError" });
  });

  it("reads a large body, and refuses one without end", async () => {
    const large = { text: "x".repeat(8 * 1024 * 1024) };
    const response = await post((_, answer) => sendJson(answer, large));
    expect(await response.json()).toEqual(large);
    await server?.close();
    server = undefined;
    const piece = Buffer.alloc(1024 * 1024, "x");
    const endless = await post((_, answer) => {
      answer.writeHead(200);
      const more = () => {
        while (answer.write(piece));
      };
      answer.on("drain", more);
      more();
    });
    const read = async () => {
      for await (const _ of endless.body ?? []);
    };
    await expect(read()).rejects.toMatchObject({ code: "UND_ERR_RES_EXCEEDED_MAX_SIZE" });
  });

  it("refuses an answer that is compressed all the same", async () => {
    const response = post((_, answer) => {
      answer.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync("{}"));
    });
    await expect(response).rejects.toThrow(EncodedAnswerError);
  });

  it("does not follow a redirect, so that a key stays where it was sent", async () => {
    const response = await post((_, answer) => answer.writeHead(307, { location: "http://127.0.0.1:1/" }).end());
    expect(response).toMatchObject({ status: 307, ok: false });
    expect(server?.requests).toHaveLength(1);
  });
});
