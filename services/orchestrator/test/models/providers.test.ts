import { describe, expect, it } from "vitest";
import { type Environment, endpointOf, type Provider, providersFrom, splitModel } from "../../src/models/providers.js";

function provider(name: string, environment: Environment = {}): Provider {
  const found = providersFrom(environment).providers.get(name);
  if (found === undefined) throw new Error(`No provider ${name}.`);
  return found;
}

function endpoint(name: string, environment: Environment): unknown {
  return endpointOf(provider(name, environment), environment);
}

describe("the provider table", () => {
  it("keeps further slashes in the model's name", () => {
    expect(splitModel("vllm/meta/llama-3")).toEqual({ provider: "vllm", name: "meta/llama-3" });
    for (const model of ["gpt-4o", "/gpt-4o", "openai/", "", "/"]) expect(splitModel(model)).toBeUndefined();
  });

  it("knows where the built-in providers listen", () => {
    const key = "k";
    expect(endpoint("openai", { OPENAI_API_KEY: key })).toEqual({ baseUrl: "https://api.openai.com/v1", key });
    expect(endpoint("anthropic", { ANTHROPIC_API_KEY: key })).toEqual({ baseUrl: "https://api.anthropic.com/v1", key });
    expect(endpoint("gemini", { GEMINI_API_KEY: key })).toEqual({
      baseUrl: "https://generativelanguage.googleapis.com/v1beta/openai",
      key,
    });
    expect(endpoint("ollama", {})).toEqual({ baseUrl: "http://127.0.0.1:11434/v1" });
  });

  it("takes another base URL from the environment, without the slash at its end", () => {
    expect(endpoint("openai", { OPENAI_API_KEY: "k", OPENAI_BASE_URL: " http://127.0.0.1:9/v1/ " })).toEqual({
      baseUrl: "http://127.0.0.1:9/v1",
      key: "k",
    });
  });

  it("adds the path that is left out of local servers' addresses, and leaves one that is there", () => {
    expect(endpoint("ollama", { OLLAMA_BASE_URL: "http://gpu:11434" })).toEqual({ baseUrl: "http://gpu:11434/v1" });
    expect(endpoint("vllm", { VLLM_BASE_URL: "http://gpu/llm/v1" })).toEqual({ baseUrl: "http://gpu/llm/v1" });
  });

  it("names the variable that is missing", () => {
    expect(endpoint("openai", {})).toEqual({
      problem: "The models of openai need an API key: set OPENAI_API_KEY where the orchestrator runs.",
    });
    expect(endpoint("anthropic", { ANTHROPIC_API_KEY: "  " })).toMatchObject({
      problem: expect.stringContaining("ANTHROPIC_API_KEY"),
    });
    expect(endpoint("vllm", {})).toMatchObject({ problem: expect.stringContaining("set VLLM_BASE_URL") });
    expect(endpoint("vllm", { VLLM_BASE_URL: "gpu:8000" })).toMatchObject({
      problem: "VLLM_BASE_URL is neither http nor https: set it to the base URL of vllm.",
    });
  });

  it("takes a key off the white space around it, and refuses one that no header can carry, without showing it", () => {
    expect(endpoint("openai", { OPENAI_API_KEY: "sk-1\n" })).toMatchObject({ key: "sk-1" });
    expect(endpoint("openai", { OPENAI_API_KEY: "sk-é" })).toEqual({
      problem: "OPENAI_API_KEY holds characters that an API key cannot have.",
    });
  });

  it("adds the providers of AGENTSPAN_MODEL_PROVIDERS, and lets them replace built-in ones", () => {
    const environment = {
      AGENTSPAN_MODEL_PROVIDERS: JSON.stringify({
        acme: {
          baseUrl: "https://llm.acme.test/v1/",
          keyVariable: "ACME_KEY",
          maxTokensField: "max_completion_tokens",
        },
        openai: { baseUrl: "http://proxy:4000" },
      }),
      ACME_KEY: "secret",
    };
    expect(providersFrom(environment).faults).toEqual([]);
    expect(endpoint("acme", environment)).toEqual({ baseUrl: "https://llm.acme.test/v1", key: "secret" });
    expect(provider("acme", environment).maxTokensField).toBe("max_completion_tokens");
    expect(endpoint("openai", environment)).toEqual({ baseUrl: "http://proxy:4000" });
    expect(endpoint("acme", { ...environment, ACME_KEY: undefined })).toMatchObject({
      problem: expect.stringContaining("set ACME_KEY"),
    });
  });

  it.each([
    ["{", "is not JSON"],
    ["[]", "must be a JSON object"],
    ['{"a": 1}', 'provider "a" must be an object with "baseUrl"'],
    ['{"a": {}}', 'provider "a" has a "baseUrl" that is missing'],
    ['{"a": {"baseUrl": "nowhere"}}', 'provider "a" has a "baseUrl" that is no URL'],
    ['{"a": {"baseUrl": "ftp://x"}}', "neither http nor https"],
    ['{"a": {"baseUrl": "https://me:pw@x/v1"}}', "belongs in the key variable"],
    ['{"a": {"baseUrl": "https://x/v1?key=1"}}', "a query or a fragment"],
    ['{"A/b": {"baseUrl": "https://x"}}', "a name of other than"],
    ['{"demo": {"baseUrl": "https://x"}}', "a name that is taken"],
    ['{"a": {"baseUrl": "https://x", "key": "sk"}}', "unknown fields: key (known are baseUrl, keyVariable"],
    ['{"a": {"baseUrl": "https://x", "keyVariable": "A B"}}', "no name of an environment variable"],
    ['{"a": {"baseUrl": "https://x", "maxTokensField": "tokens"}}', '"maxTokensField" other than'],
  ])("names what is wrong with %s", (text, fault) => {
    const { faults, providers } = providersFrom({ AGENTSPAN_MODEL_PROVIDERS: text }, ["demo"]);
    expect(faults).toHaveLength(1);
    expect(faults[0]).toContain("AGENTSPAN_MODEL_PROVIDERS");
    expect(faults[0]).toContain(fault);
    expect([...providers.keys()]).toEqual(["openai", "anthropic", "gemini", "ollama", "vllm"]);
  });
});
