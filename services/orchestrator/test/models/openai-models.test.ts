import { gzipSync } from "node:zlib";
import { afterEach, describe, expect, it, vi } from "vitest";
import type { ModelRequest } from "../../src/core/model.js";
import { OpenAiModels } from "../../src/models/openai-models.js";
import { type Environment, providersFrom } from "../../src/models/providers.js";
import { asking, failureOf, neverAborted } from "../contracts/models-contract.js";
import { chunk, completion, event, sendJson, startWireServer, type WireHandler, type WireServer } from "./wire.js";

const KEY = "sk-test-0123456789abcdef";
const TOOLS = [{ name: "get_order", description: "Look up an order.", inputSchema: '{"type":"object"}' }];

let server: WireServer;
let models: OpenAiModels;

afterEach(async () => {
  vi.unstubAllEnvs();
  await models.close();
  await server.close();
});

async function serve(
  handler: WireHandler,
  options: { timeoutMs?: number; environment?: Environment } = {},
): Promise<void> {
  server = await startWireServer(handler);
  const environment = {
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: server.url,
    OLLAMA_BASE_URL: server.url,
    ...options.environment,
  };
  models = new OpenAiModels({ ...options, providers: providersFrom(environment).providers, environment });
}

function ask(more: Partial<ModelRequest> = {}, onDelta?: (text: string) => void) {
  const request = asking("openai/gpt-4o-mini", "hello", more);
  return models.reply(request, { signal: neverAborted(), ...(onDelta === undefined ? {} : { onDelta }) });
}

function stream(...parts: readonly string[]): WireHandler {
  return (_, response) => response.writeHead(200, { "content-type": "text/event-stream" }).end(parts.join(""));
}

function bodyOf(index: number): Readonly<Record<string, unknown>> {
  return JSON.parse(server.requests.at(index)?.body ?? "null");
}

const HELLO = completion({ content: "Hi." });

describe("OpenAiModels", () => {
  it("asks for a stream only where pieces are wanted", async () => {
    await serve((request, response, socket) => {
      if (!request.body.includes('"stream":true')) return sendJson(response, HELLO);
      return stream(chunk({ content: "Hi." }, "stop"), event("[DONE]"))(request, response, socket);
    });
    const pieces: string[] = [];
    expect((await ask()).text).toBe("Hi.");
    expect((await ask({}, (piece) => pieces.push(piece))).text).toBe("Hi.");
    expect(bodyOf(0)).not.toHaveProperty("stream");
    expect(bodyOf(1)).toMatchObject({ stream: true, stream_options: { include_usage: true } });
    expect(server.requests[0]?.path).toBe("/chat/completions");
    expect(pieces).toEqual(["Hi."]);
  });

  it("gives a new id to a call whose id the conversation has already", async () => {
    const again = { id: "call_0", function: { name: "get_order", arguments: "{}" } };
    await serve((_, response) => sendJson(response, completion({ tool_calls: [again] })));
    const { messages } = asking("", "hello");
    const calls = [{ modelCallId: "call_0", name: "get_order", argumentsText: "{}" }];
    const told = { role: "tool", modelCallId: "call_0", text: "{}" } as const;
    const reply = await ask({ messages: [...messages, { role: "assistant", text: "", calls }, told] });
    expect(reply.calls[0]?.modelCallId).not.toBe("call_0");
  });

  it("sends its own key and nothing of the process's environment to whoever it calls", async () => {
    const leaks = ["OPENAI_API_KEY", "OPENAI_ADMIN_KEY", "OPENAI_ORG_ID", "OPENAI_PROJECT_ID", "OPENAI_WEBHOOK_SECRET"];
    for (const name of leaks) vi.stubEnv(name, `leaked-${name}`);
    vi.stubEnv("OPENAI_BASE_URL", "http://127.0.0.1:1");
    vi.stubEnv("OPENAI_CUSTOM_HEADERS", "X-Secret: leaked\nAuthorization: leaked\nOpenAI-Organization: leaked");
    await serve((_, response) => sendJson(response, HELLO), { environment: { OPENAI_ORG_ID: "org-ours" } });
    await ask();
    await ask({ model: "ollama/llama3" });
    const [openai, ollama] = server.requests.map(({ headers }) => headers);
    expect(openai).toMatchObject({ authorization: `Bearer ${KEY}`, "openai-organization": "org-ours" });
    expect(server.requests[1]?.path).toBe("/v1/chat/completions");
    expect(ollama).not.toHaveProperty("authorization");
    expect(ollama).not.toHaveProperty("openai-organization");
    expect(JSON.stringify(server.requests)).not.toContain("leaked");
  });

  it("takes a whole answer from a server that does not stream", async () => {
    await serve((_, response) => sendJson(response, HELLO));
    const pieces: string[] = [];
    expect((await ask({}, (piece) => pieces.push(piece))).text).toBe("Hi.");
    expect(pieces).toEqual(["Hi."]);
  });

  it("reads a stream however it is cut into packets, with comments and without a last line", async () => {
    const text = `: keep-alive\n\n${chunk({ content: "für " })}${chunk({ content: "alle" }, "stop")}${event("[DONE]").trim()}`;
    await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream; charset=utf-8" });
      for (const byte of Buffer.from(text)) response.write(Buffer.of(byte));
      response.end();
    });
    expect((await ask({}, () => {})).text).toBe("für alle");
  });

  it("asks once more, without reasoning, where a model takes tools in no other way, and remembers that", async () => {
    await serve((request, response) => {
      if (request.body.includes('"reasoning_effort":"none"')) return sendJson(response, HELLO);
      const message = "Function tools with reasoning_effort are not supported for gpt-x in /v1/chat/completions.";
      return sendJson(response, { error: { message, type: "invalid_request_error", param: "reasoning_effort" } }, 400);
    });
    await ask({ tools: TOOLS });
    await ask({ tools: TOOLS });
    expect(server.requests.map((_, index) => bodyOf(index).reasoning_effort)).toEqual([undefined, "none", "none"]);
    const failure = await failureOf(ask());
    expect(failure.retryable).toBe(false);
    expect(server.requests).toHaveLength(4);
  });

  it("fails with the second refusal where the model cannot go without reasoning either", async () => {
    await serve((request, response) => {
      const message = request.body.includes('"none"') ? "Unsupported value: none." : "Not with tools.";
      sendJson(response, { error: { message, param: "reasoning_effort" } }, 400);
    });
    expect((await failureOf(ask({ tools: TOOLS }))).message).toContain("Unsupported value: none.");
    expect(server.requests).toHaveLength(2);
  });

  it("fails for good, without asking, on a schema that is no JSON", async () => {
    await serve((_, response) => sendJson(response, HELLO));
    const failure = await failureOf(ask({ outputSchema: "{" }));
    expect(failure).toEqual({ message: "The output schema is no JSON object.", retryable: false });
    expect(server.requests).toHaveLength(0);
  });
});

describe("a model that does not answer", () => {
  it.each([
    ["at all", () => {}],
    ["beyond the headers", (_, response) => response.writeHead(200).flushHeaders()],
    ["beyond half the body", (_, response) => response.writeHead(200).write("{")],
  ] satisfies [string, WireHandler][])("%s is given up after the time-out", async (_, handler) => {
    await serve(handler, { timeoutMs: 50 });
    const message = "openai/gpt-4o-mini did not answer within 0.05 s.";
    expect(await failureOf(ask())).toEqual({ message, retryable: true });
    await server.disconnected();
  });

  it("to the end is given up after the time-out, however busily it streams", async () => {
    await serve(
      (_, response) => {
        response.writeHead(200, { "content-type": "text/event-stream" });
        const timer = setInterval(() => response.write(chunk({ content: "…" })), 5);
        response.on("close", () => clearInterval(timer));
      },
      { timeoutMs: 100 },
    );
    expect((await failureOf(ask({}, () => {}))).message).toContain("did not answer within 0.1 s");
    await server.disconnected();
  });

  it("is left when the call is aborted in the middle of a stream, with the signal's reason", async () => {
    const abort = new AbortController();
    await serve((_, response) => {
      response.writeHead(200, { "content-type": "text/event-stream" }).write(chunk({ content: "One" }));
    });
    const reason = { why: "cancelled" };
    const onDelta = () => abort.abort(reason);
    const reply = models.reply(asking("openai/gpt-4o-mini", "hello"), { signal: abort.signal, onDelta });
    await expect(reply).rejects.toBe(reason);
    await server.disconnected();
  });

  it("leaves nothing listening on the signal", async () => {
    await serve((_, response) => sendJson(response, HELLO));
    const { signal } = new AbortController();
    const added = vi.spyOn(signal, "addEventListener");
    const removed = vi.spyOn(signal, "removeEventListener");
    await models.reply(asking("openai/gpt-4o-mini", "hello"), { signal });
    expect(removed).toHaveBeenCalledTimes(added.mock.calls.length);
  });
});

describe("a broken answer", () => {
  const json = { "content-type": "application/json" };
  it.each([
    [
      "cut in the headers",
      (_, __, socket) => socket.end("HTTP/1.1 200 OK\r\ncont"),
      "connection to openai/gpt-4o-mini broke",
    ],
    [
      "cut in the body",
      (_, __, socket) => socket.end("HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 99\r\n\r\n{"),
      "broke (UND_ERR_SOCKET)",
    ],
    ["of broken JSON", (_, response) => response.writeHead(200, json).end('{"choices":'), "it is broken JSON"],
    [
      "of HTML",
      (_, response) => response.writeHead(200, { "content-type": "text/html" }).end("<html>Log in</html>"),
      "an HTML page",
    ],
    ["of nothing", (_, response) => response.writeHead(200, json).end(), "it is"],
    ["without content", (_, response) => response.writeHead(204).end(), "cannot be used"],
    ["of no choices", (_, response) => sendJson(response, { choices: [] }), "it has no choices"],
    ["of no HTTP", (_, __, socket) => socket.end("SSH-2.0\r\n\r\n"), "connection to openai/gpt-4o-mini broke"],
  ] satisfies [string, WireHandler, string][])("%s is worth another attempt", async (_, handler, words) => {
    await serve(handler);
    for (const onDelta of [undefined, () => {}]) {
      const failure = await failureOf(ask({}, onDelta));
      expect(failure.message).toContain(words);
      expect(failure.retryable).toBe(true);
    }
  });

  it.each([
    ["without the end", [chunk({ content: "Half" })], "the stream ended before the reply did"],
    ["that is marked done too early", [chunk({ content: "Half" }), event("[DONE]")], "the stream ended before"],
    ["of nothing", [], "the stream ended before the reply did"],
    ["of broken JSON", [event('{"choices":')], "it is broken JSON"],
    [
      "with a failure in it",
      [chunk({ content: "Half" }), event({ error: { message: "Overloaded.", type: "overloaded_error" } })],
      "openai/gpt-4o-mini failed: Overloaded.",
    ],
  ])("in a stream %s is worth another attempt", async (_, parts, words) => {
    await serve(stream(...parts));
    const failure = await failureOf(ask({}, () => {}));
    expect(failure.message).toContain(words);
    expect(failure.retryable).toBe(true);
  });

  it("in a stream whose connection is cut is worth another attempt", async () => {
    await serve((_, response, socket) => {
      response.writeHead(200, { "content-type": "text/event-stream" });
      response.write(chunk({ content: "Half" }, "stop"), () => socket.resetAndDestroy());
    });
    const failure = await failureOf(ask({}, () => {}));
    expect(failure).toMatchObject({ retryable: true, message: expect.stringContaining("broke") });
  });

  it("that is compressed against our asking is a matter for whoever put the proxy there", async () => {
    const headers = { "content-encoding": "gzip", "content-type": "application/json" };
    await serve((_, response) => response.writeHead(200, headers).end(gzipSync("{}")));
    const failure = await failureOf(ask());
    expect(failure).toMatchObject({ retryable: false, message: expect.stringContaining("compresses its answers") });
  });

  it("of a server that is not there says where it should be", async () => {
    await serve(() => {});
    const { url } = server;
    await server.close();
    const failure = await failureOf(ask());
    expect(failure).toEqual({
      message: `openai cannot be reached at ${url} (ECONNREFUSED). Is it running, and is that the right address?`,
      retryable: true,
    });
  });
});
