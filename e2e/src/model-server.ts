// A scripted server of OpenAI's chat completions. A run is known by what its user says, a turn by the replies before it;
// each turn's reply is what the test wrote down, computed if it likes, and late if it likes.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface ScriptedCall {
  readonly tool: string;
  /** Written as JSON; `argsText` instead says the exact text. */
  readonly args?: unknown;
  readonly argsText?: string;
}

export type Reply =
  | { readonly text: string; readonly finishReason?: string }
  | { readonly calls: readonly ScriptedCall[] }
  /** A failure of the provider's. */
  | { readonly status: number; readonly retryAfterMs?: number };

/** One request as it came. */
export interface Asked {
  readonly input: string;
  /** From 1. */
  readonly turn: number;
  /** How often this turn was asked for, from 1. */
  readonly attempt: number;
  readonly messages: readonly Message[];
}

export interface Message {
  readonly role: string;
  readonly content?: string | null;
  readonly tool_calls?: readonly {
    readonly id: string;
    readonly function: { readonly name: string; readonly arguments: string };
  }[];
  readonly tool_call_id?: string;
}

export type Step = Reply | ((asked: Asked) => Reply | Promise<Reply>);

export class ModelServer {
  readonly #server: Server;
  readonly #scripts = new Map<string, readonly Step[]>();
  #asked: Asked[] = [];
  readonly #faults: string[] = [];
  #named = 0;

  private constructor() {
    this.#server = createServer((request, response) => {
      void this.#answer(request, response).catch((error: unknown) => {
        this.#faults.push(String(error));
        if (!response.headersSent) send(response, 500, failure(String(error)));
      });
    });
  }

  static async start(): Promise<ModelServer> {
    const model = new ModelServer();
    await new Promise<void>((resolve) => model.#server.listen(0, "127.0.0.1", resolve));
    return model;
  }

  get baseUrl(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/v1`;
  }

  /** Writes down what the model says in each turn of a run; gives the input that starts it. */
  script(name: string, steps: readonly Step[]): string {
    this.#named += 1;
    const input = `${name} (${this.#named})`;
    this.say(input, steps);
    return input;
  }

  /** The same for an input that a program says by itself. */
  say(input: string, steps: readonly Step[]): void {
    this.#scripts.set(input, steps);
  }

  /** The requests of a run, in order. */
  asked(input: string): readonly Asked[] {
    return this.#asked.filter((asked) => asked.input === input);
  }

  /** What the model was told of its calls in the last request of a run, in their order. */
  told(input: string): readonly string[] {
    const last = this.asked(input).at(-1);
    return (last?.messages ?? []).flatMap(({ role, content }) => (role === "tool" ? [content ?? ""] : []));
  }

  /** What was asked and is in no script. */
  get faults(): readonly string[] {
    return this.#faults;
  }

  /** Drops a run's script and requests, for programs that start more runs than memory should hold. */
  forget(input: string): void {
    this.#scripts.delete(input);
    this.#asked = this.#asked.filter((asked) => asked.input !== input);
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk);
    const { messages } = JSON.parse(Buffer.concat(chunks).toString("utf8")) as {
      readonly messages: readonly Message[];
    };
    const input = messages.find(({ role }) => role === "user")?.content ?? "";
    const turn = messages.filter(({ role }) => role === "assistant").length + 1;
    const attempt = this.asked(input).filter((asked) => asked.turn === turn).length + 1;
    const asked = { input, turn, attempt, messages };
    this.#asked.push(asked);
    const step = this.#scripts.get(input)?.[turn - 1];
    if (step === undefined) {
      const fault = `No script has turn ${turn} of ${JSON.stringify(input.slice(0, 200))}.`;
      this.#faults.push(fault);
      send(response, 400, failure(fault));
      return;
    }
    const reply = typeof step === "function" ? await step(asked) : step;
    if ("status" in reply) {
      if (reply.retryAfterMs !== undefined) response.setHeader("retry-after-ms", String(reply.retryAfterMs));
      send(response, reply.status, failure(`scripted ${reply.status}`));
    } else {
      send(response, 200, JSON.stringify(completion(reply, turn)));
    }
  }
}

function completion(reply: Exclude<Reply, { readonly status: number }>, turn: number): unknown {
  const calls = "calls" in reply ? reply.calls : [];
  const tool_calls = calls.map(({ tool, args, argsText }, index) => ({
    id: `call_${turn}_${index + 1}`,
    type: "function",
    function: { name: tool, arguments: argsText ?? JSON.stringify(args ?? {}) },
  }));
  const message =
    "calls" in reply ? { role: "assistant", content: null, tool_calls } : { role: "assistant", content: reply.text };
  const finish_reason = "calls" in reply ? "tool_calls" : (reply.finishReason ?? "stop");
  return {
    id: "chatcmpl-1",
    object: "chat.completion",
    created: 0,
    model: "desk",
    choices: [{ index: 0, message, finish_reason }],
    usage: { prompt_tokens: 10, completion_tokens: 5, total_tokens: 15 },
  };
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
