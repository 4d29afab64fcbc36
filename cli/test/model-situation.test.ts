import { describe, expect, it } from "vitest";
import { demoModel, modelLines } from "../src/model-situation.js";

describe("modelLines", () => {
  it("says plainly that there is no key", () => {
    expect(modelLines({ OPENAI_API_KEY: " " })).toEqual([
      "No OPENAI_API_KEY: agents can use the scripted model demo/refund",
    ]);
  });

  it("names each key that was found, never its value", () => {
    expect(modelLines({ OPENAI_API_KEY: "sk-1", GEMINI_API_KEY: "g-1" })).toEqual([
      "openai/... (OPENAI_API_KEY found)",
      "gemini/... (GEMINI_API_KEY found)",
      "demo/refund (scripted)",
    ]);
  });

  it("names the providers that were added, and those that replace others once", () => {
    const added = JSON.stringify({ acme: { baseUrl: "https://llm.acme.test" }, openai: { baseUrl: "https://x" } });
    expect(modelLines({ AGENTSPAN_MODEL_PROVIDERS: added, OPENAI_API_KEY: "sk-1" })).toEqual([
      "acme/... (in AGENTSPAN_MODEL_PROVIDERS)",
      "openai/... (in AGENTSPAN_MODEL_PROVIDERS)",
      "demo/refund (scripted)",
    ]);
    expect(modelLines({ AGENTSPAN_MODEL_PROVIDERS: "{" })[0]).toContain("No OPENAI_API_KEY");
  });
});

describe("demoModel", () => {
  it("takes the option, then AGENTSPAN_MODEL, then OpenAI where there is a key, then the scripted one", () => {
    const env = { AGENTSPAN_MODEL: "ollama/llama3", OPENAI_API_KEY: "sk-1" };
    expect(demoModel(env, "gemini/x").model).toBe("gemini/x");
    expect(demoModel(env, undefined).model).toBe("ollama/llama3");
    expect(demoModel({ OPENAI_API_KEY: "sk-1" }, undefined).model).toBe("openai/gpt-4o-mini");
    expect(demoModel({}, undefined)).toEqual({
      model: "demo/refund",
      why: "scripted, no real model: set OPENAI_API_KEY to run it with openai/gpt-4o-mini",
    });
  });
});
