import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { ModelFailure } from "../../src/core/model.js";
import { OpenAiModels } from "../../src/models/openai-models.js";
import { providersFrom } from "../../src/models/providers.js";
import { asking, failureOf, neverAborted } from "../contracts/models-contract.js";
import { event, startWireServer, type WireServer } from "./wire.js";

const KEY = "sk-test-0123456789abcdef";

interface Answer {
  readonly status: number;
  readonly body: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

let server: WireServer;
let models: OpenAiModels;
let answer: Answer = { status: 200, body: {} };

beforeAll(async () => {
  server = await startWireServer((_, response) => {
    const text = typeof answer.body === "string" ? answer.body : JSON.stringify(answer.body);
    response.writeHead(answer.status, { "content-type": "application/json", ...answer.headers }).end(text);
  });
  const environment = {
    OPENAI_API_KEY: KEY,
    OPENAI_BASE_URL: server.url,
    OLLAMA_BASE_URL: `${server.url}/v1`,
    AGENTSPAN_MODEL_PROVIDERS: JSON.stringify({ gemini: { baseUrl: server.url } }),
  };
  models = new OpenAiModels({ providers: providersFrom(environment).providers, environment });
});

afterAll(async () => {
  await models.close();
  await server.close();
});

function failure(next: Answer, model = "openai/gpt-4o-mini"): Promise<ModelFailure> {
  answer = next;
  return failureOf(models.reply(asking(model, "hello"), { signal: neverAborted() }));
}

function openAiError(message: string, type: string | null = null, code: string | null = null) {
  return { error: { message, type, param: null, code } };
}

describe("a failure that may pass", () => {
  it.each([408, 409, 425, 429, 500, 502, 503, 504, 529])("has the status %i", async (status) => {
    const { retryable, message } = await failure({ status, body: openAiError("Please try again.") });
    expect(retryable).toBe(true);
    expect(message).toContain(`(${status}): Please try again.`);
  });

  it("says for how long the provider asks to wait", async () => {
    const wait = async (headers: Record<string, string>, body: unknown = {}) =>
      (await failure({ status: 429, body, headers })).retryAfterMs;
    expect(await wait({ "retry-after": "7" })).toBe(7000);
    expect(await wait({ "retry-after": "0.25" })).toBe(250);
    expect(await wait({ "retry-after-ms": "1500.2", "retry-after": "7" })).toBe(1501);
    expect(await wait({ "retry-after": "soon" })).toBeUndefined();
    expect(await wait({})).toBeUndefined();
    expect(await wait({ "retry-after": "Wed, 21 Oct 2015 07:28:00 GMT" })).toBe(0);
    const later = await wait({ "retry-after": new Date(Date.now() + 60_000).toUTCString() });
    expect(later).toBeGreaterThan(50_000);
    expect(later).toBeLessThanOrEqual(60_000);
  });

  it("is read out of Gemini's list, with its wait", async () => {
    const details = [{ "@type": "type.googleapis.com/google.rpc.RetryInfo", retryDelay: "34.5s" }];
    const error = { code: 429, message: "Quota exceeded for requests.", status: "RESOURCE_EXHAUSTED", details };
    expect(await failure({ status: 429, body: [{ error }] }, "gemini/gemini-3-flash")).toEqual({
      message: "gemini/gemini-3-flash takes no more calls for now (429): Quota exceeded for requests.",
      retryable: true,
      retryAfterMs: 34_500,
    });
  });

  it.each([
    ["an HTML page", "<html><h1>502</h1></html>", "openai/gpt-4o-mini failed (502): an HTML page."],
    ["plain text", "upstream\n  connect error", "openai/gpt-4o-mini failed (502): upstream connect error."],
    ["nothing", "", "openai/gpt-4o-mini failed (502)."],
    [
      "an error without an envelope",
      { object: "error", message: "No workers." },
      "openai/gpt-4o-mini failed (502): No workers.",
    ],
    ["an error that is text", { error: "no workers" }, "openai/gpt-4o-mini failed (502): no workers."],
    ["an error of another form", { detail: ["a", 1] }, 'openai/gpt-4o-mini failed (502): {"detail":["a",1]}.'],
    ["JSON that is no object", "[]", "openai/gpt-4o-mini failed (502)."],
  ])("is told in words where the body is %s", async (_, body, message) => {
    expect(await failure({ status: 502, body })).toEqual({ message, retryable: true });
  });

  it("names the provider's request, for a question to its support", async () => {
    const { message } = await failure({ status: 500, body: openAiError("Oops"), headers: { "x-request-id": "req_7" } });
    expect(message).toBe("openai/gpt-4o-mini failed (500): Oops. [req_7]");
  });

  it("hides behind a 200 at some gateways", async () => {
    const overloaded = { error: { message: "Provider overloaded.", code: 503 } };
    expect(await failure({ status: 200, body: overloaded })).toEqual({
      message: "openai/gpt-4o-mini failed (503): Provider overloaded.",
      retryable: true,
    });
    const refused = { error: { message: "No such model.", code: 404 } };
    expect((await failure({ status: 200, body: refused })).retryable).toBe(false);
  });
});

describe("a failure that repeating cannot mend", () => {
  it.each([
    [400, "Unknown parameter: 'x'.", "openai refused the request for gpt-4o-mini (400): Unknown parameter: 'x'."],
    [401, "Incorrect API key.", "openai does not accept the API key in OPENAI_API_KEY (401). Set a valid one"],
    [
      402,
      "Payment required.",
      "The account behind OPENAI_API_KEY has nothing left at openai (402): Payment required. Add credit",
    ],
    [
      403,
      "No access.",
      "openai does not allow openai/gpt-4o-mini with the key in OPENAI_API_KEY (403): No access. Give",
    ],
    [
      404,
      "No such model.",
      "does not know gpt-4o-mini (404): No such model. Check the model's name, and OPENAI_BASE_URL.",
    ],
    [413, "Too large.", "The conversation is longer than openai/gpt-4o-mini takes (413): Too large."],
    [422, "Bad tools.", "openai refused the request for gpt-4o-mini (422): Bad tools."],
    [308, "Moved.", "redirects elsewhere (308): set the base URL to where it really listens."],
  ])("has the status %i and says what to do", async (status, said, message) => {
    const got = await failure({ status, body: openAiError(said), headers: { "retry-after": "5" } });
    expect(got).toEqual({ message: expect.stringContaining(message), retryable: false });
  });

  it("is a quota that is used up, although its status is 429", async () => {
    const body = openAiError("You exceeded your current quota.", "insufficient_quota", "insufficient_quota");
    expect(await failure({ status: 429, body })).toEqual({
      message:
        "The account behind OPENAI_API_KEY has nothing left at openai (429): You exceeded your current quota. Add credit there, or use another key.",
      retryable: false,
    });
  });

  it.each([
    ["openai", openAiError("This model's maximum context length is 8192 tokens.", null, "context_length_exceeded")],
    ["anthropic", openAiError("prompt is too long: 210000 tokens > 200000 maximum", "invalid_request_error")],
    [
      "gemini",
      [
        {
          error: { code: 400, message: "The input token count (9) exceeds the maximum number of tokens allowed (8)." },
        },
      ],
    ],
    ["vllm", { object: "error", message: "This model's maximum context length is 4096 tokens.", code: 400 }],
    ["llama.cpp", { error: { code: 400, message: "too big", type: "exceed_context_size_error" } }],
  ])("is a conversation that is too long, as %s says it", async (_, body) => {
    const { message, retryable } = await failure({ status: 400, body });
    expect(retryable).toBe(false);
    expect(message).toMatch(
      /^The conversation is longer than openai\/gpt-4o-mini takes \(400\): .*Use a model with a larger/,
    );
  });

  it("is a missing key where none is configured", async () => {
    const { message } = await failure({ status: 401, body: "" }, "ollama/llama3");
    expect(message).toBe("ollama wants an API key (401), and none is configured for it.");
  });

  it("comes in the middle of a stream, too", async () => {
    const type = { "content-type": "text/event-stream" };
    const body = event(openAiError("Your input exceeds the context window.", "invalid_request_error"));
    answer = { status: 200, body, headers: type };
    const options = { signal: neverAborted(), onDelta: () => {} };
    const got = await failureOf(models.reply(asking("openai/gpt-4o-mini", "hello"), options));
    expect(got.message).toMatch(/^The conversation is longer than openai\/gpt-4o-mini takes: Your input exceeds/);
    expect(got.retryable).toBe(false);
  });
});

describe("the words of a failure", () => {
  it.each([400, 401, 403, 404, 429, 500])("never hold the key, whatever the provider quotes (%i)", async (status) => {
    const quoted = `Bad key ${KEY}, header "Authorization: Bearer ${KEY}".`;
    for (const body of [openAiError(quoted), quoted, { detail: quoted }]) {
      const { message } = await failure({ status, body });
      expect(message).not.toContain(KEY);
    }
  });

  it("are left whole by a key so short that it is in other words, and do not hold it either", async () => {
    const environment = { OPENAI_API_KEY: "k", OPENAI_BASE_URL: server.url };
    const short = new OpenAiModels({ providers: providersFrom(environment).providers, environment });
    const ask = () => failureOf(short.reply(asking("openai/gpt-4o-mini", "hello"), { signal: neverAborted() }));
    answer = { status: 401, body: openAiError("Incorrect API key.") };
    expect((await ask()).message).toContain("openai does not accept the API key in OPENAI_API_KEY (401).");
    answer = { status: 400, body: openAiError('Keys like "k" are fake.') };
    expect((await ask()).message).toContain('(400): Keys like "[key]" are fake.');
    await short.close();
  });

  it("hold no half of the key where they are cut", async () => {
    const { message } = await failure({ status: 400, body: openAiError(`${"x".repeat(490)}${KEY}`) });
    expect(message).not.toContain(KEY.slice(0, 8));
  });

  it("are cut to a readable length", async () => {
    const { message } = await failure({ status: 400, body: openAiError("x".repeat(100_000)) });
    expect(message.length).toBeLessThan(700);
  });
});
