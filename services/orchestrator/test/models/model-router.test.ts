import { afterEach, describe, expect, it } from "vitest";
import { ModelRouter } from "../../src/models/model-router.js";
import type { Environment } from "../../src/models/providers.js";
import { asking, failureOf, neverAborted } from "../contracts/models-contract.js";
import { completion, sendJson, startWireServer } from "./wire.js";

let router: ModelRouter | undefined;

afterEach(async () => {
  await router?.close();
});

function routerWith(environment: Environment): ModelRouter {
  router = new ModelRouter({ environment });
  return router;
}

describe("ModelRouter", () => {
  it("needs no key for the demonstration", async () => {
    const models = routerWith({});
    expect(models.unusable("demo/refund")).toBeUndefined();
    const reply = await models.reply(asking("demo/refund", "Hi."), { signal: neverAborted() });
    expect(reply.text).toContain("scripted model");
  });

  it("sends every other model to its provider, with slashes in its name", async () => {
    const server = await startWireServer((_, response) => sendJson(response, completion({ content: "Hi." })));
    const models = routerWith({
      VLLM_BASE_URL: server.url,
      AGENTSPAN_MODEL_PROVIDERS: JSON.stringify({ acme: { baseUrl: `${server.url}/acme`, keyVariable: "ACME_KEY" } }),
      ACME_KEY: "secret",
    });
    await models.reply(asking("vllm/meta/llama-3", "Hi."), { signal: neverAborted() });
    await models.reply(asking("acme/one", "Hi."), { signal: neverAborted() });
    await server.close();
    expect(
      server.requests.map(({ path, headers, body }) => [path, headers.authorization, JSON.parse(body).model]),
    ).toEqual([
      ["/v1/chat/completions", undefined, "meta/llama-3"],
      ["/acme/chat/completions", "Bearer secret", "one"],
    ]);
  });

  it("says how a model is named, which providers there are, and which variable is missing", async () => {
    const models = routerWith({});
    expect(models.unusable("gpt-4o")).toBe(
      'The model "gpt-4o" is not written as provider/model, such as openai/gpt-4o-mini.',
    );
    expect(models.unusable("acme/one")).toBe(
      'No model provider is called "acme". Known are anthropic, demo, gemini, ollama, openai, vllm; add others with AGENTSPAN_MODEL_PROVIDERS.',
    );
    expect(models.unusable("openai/gpt-4o")).toContain("set OPENAI_API_KEY");
    expect(models.unusable("demo/chess")).toContain("demo/refund");
    const failure = await failureOf(models.reply(asking("acme/one", "Hi."), { signal: neverAborted() }));
    expect(failure).toEqual({ message: models.unusable("acme/one"), retryable: false });
  });

  it("does not start on a broken configuration, and names all its faults", () => {
    const environment = { AGENTSPAN_MODEL_PROVIDERS: '{"demo": {"baseUrl": "https://x"}, "b": {}}' };
    expect(() => new ModelRouter({ environment })).toThrow(/"demo" has a name that is taken[\s\S]*"b" has a "baseUrl"/);
  });

  it("ends calls in progress when it is closed", async () => {
    let arrived = () => {};
    const arrival = new Promise<void>((resolve) => {
      arrived = resolve;
    });
    const server = await startWireServer(() => arrived());
    const models = routerWith({ OLLAMA_BASE_URL: server.url });
    const reply = failureOf(models.reply(asking("ollama/llama3", "Hi."), { signal: neverAborted() }));
    await arrival;
    await models.close();
    expect((await reply).retryable).toBe(true);
    await server.close();
  });
});
