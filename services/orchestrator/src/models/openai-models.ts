// Models behind OpenAI's chat completions, whoever serves them.
import OpenAI, { APIError, BadRequestError } from "openai";
import type { ModelReply, ModelRequest } from "../core/model.js";
import { ModelCallError, type Models } from "../ports.js";
import { errorEnvelope, type FailedCall, failureOf, timeoutFailure } from "./call-failure.js";
import { replyFrom, StreamedReply } from "./chat-reply.js";
import { type ChatRequest, chatRequest } from "./chat-request.js";
import {
  type Endpoint,
  type Environment,
  endpointOf,
  isRecord,
  type Provider,
  splitModel,
  unknownModel,
} from "./providers.js";
import { modelDispatcher, undiciFetch } from "./undici-fetch.js";

export interface OpenAiModelsOptions {
  readonly providers: ReadonlyMap<string, Provider>;
  /** Read for keys and base URLs. */
  readonly environment: Environment;
  /** For one attempt from the first byte sent to the last received, milliseconds; 120,000 unless said. */
  readonly timeoutMs?: number;
}

type Options = Parameters<Models["reply"]>[1];

/** One model of one provider, ready to be called. */
interface Target extends FailedCall {
  readonly client: OpenAI;
}

/** Holds a pool of connections until it is closed. */
export class OpenAiModels implements Models {
  private readonly dispatcher = modelDispatcher();
  private readonly fetch = undiciFetch(this.dispatcher, errorEnvelope);
  private readonly clients = new Map<string, OpenAI>();
  /** Models that take tools only when they are told not to reason. */
  private readonly notReasoning = new Set<string>();
  private readonly timeoutMs: number;

  constructor(private readonly options: OpenAiModelsOptions) {
    this.timeoutMs = options.timeoutMs ?? 120_000;
  }

  unusable(model: string): string | undefined {
    const target = this.targetOf(model);
    return "problem" in target ? target.problem : undefined;
  }

  async reply(request: ModelRequest, options: Options): Promise<ModelReply> {
    const { signal } = options;
    signal.throwIfAborted();
    const target = this.targetOf(request.model);
    if ("problem" in target) throw new ModelCallError({ message: target.problem, retryable: false });
    const body = chatRequest(request, target.modelName, target.provider);
    const taken = idsIn(request);

    const call = new AbortController();
    const abort = () => call.abort();
    signal.addEventListener("abort", abort, { once: true });
    let timedOut = false;
    const timer = setTimeout(() => {
      timedOut = true;
      call.abort();
    }, this.timeoutMs);
    try {
      return await this.negotiate(target, body, (fitted) =>
        attempt(target.client, fitted, taken, call.signal, options),
      );
    } catch (thrown) {
      signal.throwIfAborted();
      if (thrown instanceof ModelCallError) throw thrown;
      if (timedOut) throw new ModelCallError(timeoutFailure(target, this.timeoutMs));
      // The cause stays out: it quotes the provider, who may quote the key. The message says what it said.
      throw new ModelCallError(failureOf(thrown, target));
    } finally {
      clearTimeout(timer);
      signal.removeEventListener("abort", abort);
    }
  }

  /** Ends calls in progress and closes the connections. */
  close(): Promise<void> {
    return this.dispatcher.destroy();
  }

  /**
   * OpenAI's newer reasoning models take tools through chat completions only with `reasoning_effort: "none"`, and
   * older ones do not know that value. Names do not tell which is which; the refusal does, and is remembered.
   */
  private async negotiate(
    { provider, modelName }: Target,
    body: ChatRequest,
    call: (body: ChatRequest) => Promise<ModelReply>,
  ): Promise<ModelReply> {
    const model = `${provider.name}/${modelName}`;
    const fitted: ChatRequest = { ...body, reasoning_effort: "none" };
    if (body.tools === undefined) return call(body);
    if (this.notReasoning.has(model)) return call(fitted);
    try {
      return await call(body);
    } catch (thrown) {
      if (!(thrown instanceof BadRequestError) || thrown.param !== "reasoning_effort") throw thrown;
      const reply = await call(fitted);
      this.notReasoning.add(model);
      return reply;
    }
  }

  private targetOf(model: string): Target | { readonly problem: string } {
    const { providers, environment } = this.options;
    const parts = splitModel(model);
    const provider = parts === undefined ? undefined : providers.get(parts.provider);
    if (parts === undefined || provider === undefined) return { problem: unknownModel(model, [...providers.keys()]) };
    const endpoint = endpointOf(provider, environment);
    if ("problem" in endpoint) return endpoint;
    return { provider, endpoint, modelName: parts.name, client: this.clientOf(provider, endpoint) };
  }

  private clientOf(provider: Provider, { baseUrl, key }: Endpoint): OpenAI {
    const known = this.clients.get(provider.name);
    if (known !== undefined) return known;
    const { environment } = this.options;
    const openai = provider.name === "openai";
    const client = new OpenAI({
      baseURL: baseUrl,
      apiKey: key ?? "none",
      // Each of these would else come from the process's environment, and go to whichever provider this is.
      adminAPIKey: null,
      organization: null,
      project: null,
      webhookSecret: null,
      defaultHeaders: {
        Authorization: key === undefined ? null : `Bearer ${key}`,
        "OpenAI-Organization": (openai && environment.OPENAI_ORG_ID) || null,
        "OpenAI-Project": (openai && environment.OPENAI_PROJECT_ID) || null,
      },
      logLevel: "off",
      fetch: this.fetch,
      maxRetries: 0,
      // The timer is ours; the client's own covers the headers only.
      timeout: 2 ** 31 - 1,
    });
    this.clients.set(provider.name, client);
    return client;
  }
}

async function attempt(
  client: OpenAI,
  body: ChatRequest,
  taken: ReadonlySet<string>,
  signal: AbortSignal,
  { onDelta }: Options,
): Promise<ModelReply> {
  if (onDelta === undefined) {
    return replyFrom(withoutFailure(await client.chat.completions.create(body, { signal })), taken);
  }
  const streamed = { ...body, stream: true, stream_options: { include_usage: true } } as const;
  const { data, response } = await client.chat.completions.create(streamed, { signal }).withResponse();
  const type = response.headers.get("content-type") ?? "";
  if (type !== "" && !type.includes("event-stream")) {
    // Some servers do not stream and answer in one piece, or are no model servers at all.
    const whole = type.includes("json") ? withoutFailure(await response.json()) : await response.text();
    const reply = replyFrom(whole, taken);
    if (reply.text !== "") onDelta(reply.text);
    return reply;
  }
  const reply = new StreamedReply();
  for await (const chunk of data) {
    const text = reply.add(chunk);
    if (text !== "") onDelta(text);
  }
  signal.throwIfAborted();
  return reply.finish(taken);
}

/** Some gateways answer 200 with `{"error": …}`. */
function withoutFailure(answer: unknown): unknown {
  if (isRecord(answer) && answer.choices === undefined && isRecord(answer.error)) {
    throw new APIError(undefined, answer.error, undefined, undefined);
  }
  return answer;
}

function idsIn({ messages }: ModelRequest): ReadonlySet<string> {
  const ids = new Set<string>();
  for (const message of messages) {
    if (message.role === "assistant") for (const { modelCallId } of message.calls) ids.add(modelCallId);
  }
  return ids;
}
