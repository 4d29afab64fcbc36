// The `fetch` that the openai package is given: undici's request behind the few members of Response it reads. The
// global fetch builds web streams, a Request and Headers for every call, which costs more than the call itself.
import { Agent, type Dispatcher } from "undici";

/** An answer that a server compressed although it was asked not to. */
export class EncodedAnswerError extends Error {
  override readonly name = "EncodedAnswerError";
}

/** Bytes; the longest stream of single tokens stays well below it. */
export const MAX_ANSWER_BYTES = 64 * 1024 * 1024;

/** A pool that keeps connections alive. Whoever makes it closes it. */
export function modelDispatcher(): Agent {
  return new Agent({
    keepAliveTimeout: 30_000,
    // One timer for the whole call is the caller's; a slow model is silent for minutes.
    headersTimeout: 0,
    bodyTimeout: 0,
    connect: { timeout: 10_000 },
    maxResponseSize: MAX_ANSWER_BYTES,
  });
}

/**
 * What leaves the process of what the client would send: neither the machine's description that it adds to each
 * request nor headers that it reads from the environment and would send to every provider.
 */
const SENT_HEADERS = [
  "accept",
  "authorization",
  "content-type",
  "openai-organization",
  "openai-project",
  "user-agent",
] as const;

/**
 * A fetch for text bodies. It follows no redirect, so that a key never travels to another host. `readError` rewrites
 * the body of an answer with a failing status before the client looks into it.
 */
export function undiciFetch(dispatcher: Dispatcher, readError: (text: string) => string): typeof fetch {
  return async (input, init = {}) => {
    if (typeof input !== "string") throw new TypeError("undiciFetch takes a URL as text.");
    if (typeof init.body !== "string") throw new TypeError("undiciFetch sends text.");
    const url = new URL(input);
    const given = init.headers instanceof Headers ? init.headers : new Headers(init.headers);
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    for (const name of SENT_HEADERS) {
      const value = given.get(name);
      if (value !== null) headers[name] = value;
    }
    const answer = await dispatcher.request({
      origin: url.origin,
      path: url.pathname + url.search,
      method: "POST",
      headers,
      body: init.body,
      signal: init.signal ?? null,
    });
    const encoding = answer.headers["content-encoding"];
    if (encoding !== undefined && encoding !== "identity") {
      // Destroying it would throw its error at nobody; what is left of it is not worth the connection.
      answer.body.on("error", () => undefined).destroy();
      throw new EncodedAnswerError(`The answer is encoded as ${encoding} although none was asked for.`);
    }
    // The client reads these members and no others; the type wants all of Response.
    return new UndiciResponse(input, answer, readError) as unknown as Response;
  };
}

class UndiciResponse {
  readonly status: number;
  readonly statusText: string;
  readonly ok: boolean;
  readonly headers: ResponseHeaders;
  /** An async iterable of bytes, which is all that the client asks of a stream. */
  readonly body: Dispatcher.ResponseData["body"];

  constructor(
    readonly url: string,
    answer: Dispatcher.ResponseData,
    private readonly readError: (text: string) => string,
  ) {
    this.status = answer.statusCode;
    this.statusText = answer.statusText;
    this.ok = answer.statusCode >= 200 && answer.statusCode < 300;
    this.headers = new ResponseHeaders(answer.headers);
    this.body = answer.body;
  }

  json(): Promise<unknown> {
    return this.body.json();
  }

  async text(): Promise<string> {
    const text = await this.body.text();
    return this.ok ? text : this.readError(text);
  }
}

class ResponseHeaders {
  constructor(private readonly values: Dispatcher.ResponseData["headers"]) {}

  get(name: string): string | null {
    const value = this.values[name.toLowerCase()];
    return Array.isArray(value) ? value.join(", ") : (value ?? null);
  }

  *entries(): IterableIterator<[string, string]> {
    for (const name of Object.keys(this.values)) yield [name, this.get(name) ?? ""];
  }

  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.entries();
  }
}
