import { type ChatCompletionRequest, type FixtureResponse, LLMock } from "@copilotkit/aimock";
import { ModelRouter } from "../../src/models/model-router.js";
import { type ContractStep, modelsContract } from "../contracts/models-contract.js";

modelsContract("OpenAiModels in front of an OpenAI-compatible server", async (script) => {
  const server = new LLMock({ port: 0, host: "127.0.0.1", chunkSize: 7 });
  const asked = new Map<string, number>();
  const arrivals: (() => void)[] = [];
  let requests = 0;
  server.on({ endpoint: "chat" }, (request) => {
    requests += 1;
    for (const check of arrivals) check();
    const text = userTextOf(request);
    const nth = asked.get(text) ?? 0;
    asked.set(text, nth + 1);
    const step = script[text]?.[nth];
    if (step === undefined) return { status: 400, error: { message: `Nothing is scripted for ${text}.` } };
    return answerOf(step);
  });
  await server.start();
  const environment = { OPENAI_BASE_URL: `${server.url}/v1`, OPENAI_API_KEY: "sk-contract" };
  const models = new ModelRouter({ environment });
  return {
    models,
    model: "openai/gpt-4o-mini",
    unusableModel: "nobody/gpt-4o-mini",
    requests: () => requests,
    asked: (count) =>
      new Promise((resolve) => {
        const check = () => requests >= count && resolve();
        arrivals.push(check);
        check();
      }),
    close: async () => {
      await models.close();
      await server.stop();
    },
  };
});

function userTextOf({ messages }: ChatCompletionRequest): string {
  const content = messages.find(({ role }) => role === "user")?.content;
  return typeof content === "string" ? content : "";
}

const FINISH_REASONS = { STOP: "stop", TOOL_CALLS: "tool_calls", LENGTH: "length", REFUSED: "content_filter" } as const;

function answerOf(step: ContractStep): FixtureResponse | Promise<FixtureResponse> {
  switch (step.kind) {
    case "hang":
      return new Promise(() => {});
    case "failure":
      return step.retryable
        ? { status: 429, error: { message: "Slow down." }, retryAfter: (step.retryAfterMs ?? 1000) / 1000 }
        : { status: 400, error: { message: "That is no request.", type: "invalid_request_error" } };
    case "reply": {
      const finishReason = FINISH_REASONS[step.finishReason];
      const usage = { prompt_tokens: step.usage.inputTokens, completion_tokens: step.usage.outputTokens };
      if (step.calls.length === 0) return { content: step.text, finishReason, usage };
      const toolCalls = step.calls.map(({ name, argumentsText }) => ({ name, arguments: argumentsText }));
      return { toolCalls, finishReason, usage };
    }
  }
}
