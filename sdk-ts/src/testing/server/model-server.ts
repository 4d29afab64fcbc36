// The scripted model as a server of OpenAI's chat completions, for orchestrators in other processes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { KitError } from "../kit-error.js";
import { SCRIPT_HAS_NOTHING, SCRIPTED_USAGE, scriptedCallId } from "../model/memory-models.js";
import type { SaidTurn } from "../model/model-turn.js";
import type { ScriptedModel } from "../model/scripted-model.js";
import type { ModelRequest, ToldMessage } from "../model/told-model.js";

/** What is read of a request of chat completions. */
interface ChatRequest {
  readonly messages: readonly {
    readonly role: string;
    readonly content?: string | null;
    readonly tool_call_id?: string;
    readonly tool_calls?: readonly {
      readonly id: string;
      readonly function: { readonly name: string; readonly arguments: string };
    }[];
  }[];
  readonly tools?: readonly { readonly function: { readonly name: string } }[];
}

export class ModelServer {
  readonly #server: Server;
  #model: ScriptedModel | undefined;

  private constructor() {
    this.#server = createServer((request, response) => {
      this.#answer(request, response).catch((error: unknown) => send(response, 500, failure(String(error))));
    });
  }

  static async start(): Promise<ModelServer> {
    const server = new ModelServer();
    await new Promise<void>((resolve) => server.#server.listen(0, "127.0.0.1", resolve));
    // It alone keeps no process alive.
    server.#server.unref();
    return server;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /**
   * Answers by this model from now on, until the returned function is called. Throws KitError where there is another one:
   * no request says which of them it is for.
   */
  use(model: ScriptedModel): () => void {
    if (this.#model !== undefined) {
      throw new KitError("The server has a kit already: one at a time. Stop that one first, as with await using.");
    }
    this.#model = model;
    return () => {
      this.#model = undefined;
    };
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const asked = requestOf(JSON.parse(Buffer.concat(chunks).toString("utf8")) as ChatRequest);
    const said = await this.#model?.reply(asked);
    if (said === undefined) send(response, 400, failure(SCRIPT_HAS_NOTHING));
    else if (said.kind === "fails") send(response, said.again ? 503 : 400, failure(said.message));
    else send(response, 200, completion(said, asked.messages.filter(({ role }) => role === "assistant").length + 1));
  }
}

function requestOf({ messages, tools = [] }: ChatRequest): ModelRequest {
  return {
    messages: messages.map(({ role, content, tool_call_id, tool_calls = [] }): ToldMessage => {
      const text = content ?? "";
      if (role === "tool") return { role, text, callId: tool_call_id ?? "" };
      if (role !== "assistant") return { role: role === "user" ? "user" : "system", text };
      const calls = tool_calls.map((call) => {
        return { id: call.id, toolName: call.function.name, argumentsJson: call.function.arguments };
      });
      return { role, text, calls };
    }),
    toolNames: tools.map((tool) => tool.function.name),
  };
}

function completion(said: Exclude<SaidTurn, { readonly kind: "fails" }>, turn: number): string {
  const message =
    said.kind === "says"
      ? { role: "assistant", content: said.text }
      : {
          role: "assistant",
          content: said.text === "" ? null : said.text,
          tool_calls: said.calls.map(({ toolName, args }, index) => ({
            id: scriptedCallId(turn, index),
            type: "function",
            function: { name: toolName, arguments: typeof args === "string" ? args : JSON.stringify(args) },
          })),
        };
  const reasons = { STOP: "stop", LENGTH: "length", REFUSED: "content_filter" } as const;
  const finish_reason = said.kind === "says" ? reasons[said.finishReason] : "tool_calls";
  const { inputTokens: prompt_tokens, outputTokens: completion_tokens } = SCRIPTED_USAGE;
  return JSON.stringify({
    id: "chatcmpl-kit",
    object: "chat.completion",
    created: 0,
    model: "kit",
    choices: [{ index: 0, message, finish_reason }],
    usage: { prompt_tokens, completion_tokens, total_tokens: prompt_tokens + completion_tokens },
  });
}

function failure(message: string): string {
  return JSON.stringify({ error: { message, type: "scripted" } });
}

function send(response: ServerResponse, status: number, body: string): void {
  // Whoever asked may be gone.
  if (response.destroyed) return;
  response.writeHead(status, { "content-type": "application/json" });
  response.end(body);
}
