// What a failed model call means: whether the same request may succeed later, after how long, and what to do about it.
import { APIConnectionTimeoutError, APIError } from "openai";
import type { ModelFailure } from "../core/model.js";
import { BrokenAnswerError } from "./chat-reply.js";
import { type Endpoint, isRecord, type Provider } from "./providers.js";
import { EncodedAnswerError, MAX_ANSWER_BYTES } from "./undici-fetch.js";

/** The call that failed, for the words about it. */
export interface FailedCall {
  readonly provider: Provider;
  readonly endpoint: Endpoint;
  /** The provider's name of the model. */
  readonly modelName: string;
}

/** The one place that decides what is retried. The message names what to do and never holds the key. */
export function failureOf(thrown: unknown, call: FailedCall): ModelFailure {
  const { message, ...rest } = thrown instanceof APIError ? apiFailure(thrown, call) : transportFailure(thrown, call);
  return { message: withoutKey(message, call.endpoint.key), ...rest };
}

export function timeoutFailure({ provider, modelName }: FailedCall, timeoutMs: number): ModelFailure {
  return { message: `${provider.name}/${modelName} did not answer within ${timeoutMs / 1000} s.`, retryable: true };
}

/**
 * Every provider's error body in the form that the openai package reads: `{"error": {...}}`. Gemini wraps it in a
 * list, others leave the envelope out.
 */
export function errorEnvelope(text: string): string {
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    return text;
  }
  const first: unknown = Array.isArray(body) ? body[0] : body;
  if (!isRecord(first)) return text;
  const error = first.error ?? first;
  return JSON.stringify({ error: typeof error === "string" ? { message: error } : error });
}

function apiFailure(thrown: APIError, call: FailedCall): ModelFailure {
  const error = isRecord(thrown.error) ? thrown.error : {};
  const status = thrown.status ?? statusInBody(error);
  if (status === undefined && thrown.error === undefined) return transportFailure(thrown, call);
  const said = wordsOf(error, thrown, call.endpoint.key);
  const codes = [error.code, error.type, error.status].filter((code) => typeof code === "string");
  const final = finalFailure(status, said, codes, call);
  if (final !== undefined) return { message: final, retryable: false };
  const retryAfterMs = retryAfterOf(thrown.headers, error);
  return {
    message: `${status === 429 ? `${name(call)} takes no more calls for now` : `${name(call)} failed`}${numbered(status)}${said}`,
    retryable: true,
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
  };
}

const CONTEXT =
  /context_length_exceeded|exceed_context_size|context (length|window|size)|prompt is too long|maximum number of tokens allowed|too many (input )?tokens/i;
const NO_QUOTA = ["insufficient_quota", "billing_not_active", "billing_hard_limit_reached", "credit_balance_too_low"];

/** The message of a failure that repeating cannot mend; undefined where it can. */
function finalFailure(
  status: number | undefined,
  said: string,
  codes: readonly string[],
  { provider, endpoint, modelName }: FailedCall,
): string | undefined {
  const { name: who, keyVariable, baseUrlVariable } = provider;
  const model = `${who}/${modelName}`;
  const key = keyVariable ?? "its key";
  if (codes.some((code) => NO_QUOTA.includes(code)) || status === 402) {
    return `The account behind ${key} has nothing left at ${who}${numbered(status)}${said} Add credit there, or use another key.`;
  }
  const mayBeTooLong = status === undefined || status === 400 || status === 413 || status === 422;
  if (mayBeTooLong && (status === 413 || CONTEXT.test([said, ...codes].join(" ")))) {
    return `The conversation is longer than ${model} takes${numbered(status)}${said} Use a model with a larger context, or shorter instructions and tool results.`;
  }
  switch (status) {
    // 409 is a lock at the provider, 425 asks for the same again.
    case 408:
    case 409:
    case 425:
    case 429:
      return undefined;
    case 401:
      // What the provider says here may quote the key.
      return endpoint.key === undefined
        ? `${who} wants an API key (401)${keyVariable === undefined ? ", and none is configured for it." : `: set ${keyVariable}.`}`
        : `${who} does not accept the API key in ${key} (401). Set a valid one and start the orchestrator again.`;
    case 403:
      return `${who} does not allow ${model} with the key in ${key} (403)${said} Give the key access, or use another model.`;
    case 404: {
      const where = baseUrlVariable === undefined ? "" : `, and ${baseUrlVariable}`;
      return `${who} at ${endpoint.baseUrl} does not know ${modelName} (404)${said} Check the model's name${where}.`;
    }
    case undefined:
      return codes.includes("invalid_request_error") ? `${who} refused the request${said}` : undefined;
    default:
      if (status >= 500) return undefined;
      if (status >= 300 && status < 400) {
        return `${who} at ${endpoint.baseUrl} redirects elsewhere (${status}): set the base URL to where it really listens.`;
      }
      return `${who} refused the request for ${modelName}${numbered(status)}${said}`;
  }
}

function transportFailure(thrown: unknown, call: FailedCall): ModelFailure {
  const { baseUrl } = call.endpoint;
  if (thrown instanceof BrokenAnswerError) {
    return { message: `The answer of ${name(call)} cannot be used: ${thrown.message}.`, retryable: thrown.retryable };
  }
  if (thrown instanceof SyntaxError) {
    return { message: `The answer of ${name(call)} cannot be used: it is broken JSON.`, retryable: true };
  }
  const chain = causesOf(thrown);
  if (chain.some((cause) => cause instanceof EncodedAnswerError)) {
    const message = `${name(call)} at ${baseUrl} compresses its answers although none of that was asked for: check the proxy between.`;
    return { message, retryable: false };
  }
  const codes = chain.map((cause) => (isRecord(cause) && typeof cause.code === "string" ? cause.code : ""));
  if (codes.includes("UND_ERR_RES_EXCEEDED_MAX_SIZE")) {
    return { message: `${name(call)} answered with more than ${MAX_ANSWER_BYTES} bytes.`, retryable: false };
  }
  const code = codes.findLast((found) => found !== "");
  const slow = thrown instanceof APIConnectionTimeoutError || code === "UND_ERR_CONNECT_TIMEOUT";
  const unreachable =
    slow || ["ECONNREFUSED", "ENOTFOUND", "EAI_AGAIN", "EHOSTUNREACH", "ENETUNREACH"].includes(code ?? "");
  const how = slow
    ? "no connection in time"
    : (code ?? chain.map((cause) => (cause as Error).message).at(-1) ?? "unknown");
  const message = unreachable
    ? `${call.provider.name} cannot be reached at ${baseUrl} (${how}). Is it running, and is that the right address?`
    : `The connection to ${name(call)} broke (${how}).`;
  return { message, retryable: true };
}

function causesOf(thrown: unknown): readonly Error[] {
  const chain: Error[] = [];
  for (let next = thrown; next instanceof Error && chain.length < 8; next = next.cause) chain.push(next);
  return chain;
}

function name({ provider, modelName }: FailedCall): string {
  return `${provider.name}/${modelName}`;
}

function numbered(status: number | undefined): string {
  return status === undefined ? "" : ` (${status})`;
}

/** What the provider said, as ": …." cut to a readable length; the key goes first, so that no cut leaves half of it. */
function wordsOf(error: Readonly<Record<string, unknown>>, thrown: APIError, key: string | undefined): string {
  const request = thrown.requestID ? ` [${thrown.requestID}]` : "";
  let said = withoutKey(rawWords(error, thrown), key).replace(/\s+/g, " ").trim();
  if (said === "") return request === "" ? "." : `${request}.`;
  if (/^<(!doctype|html|\?xml)/i.test(said)) said = "an HTML page";
  if (said.length > 500) said = `${said.slice(0, 500)}…`;
  return `: ${said}${/[.!?…]$/.test(said) ? "" : "."}${request}`;
}

function rawWords({ message, ...rest }: Readonly<Record<string, unknown>>, thrown: APIError): string {
  if (typeof message === "string") return message;
  if (thrown.error !== undefined) return JSON.stringify(message ?? rest);
  // The body was no JSON. The client then gives it behind the status, or says in words that there is none.
  return thrown.message.replace(/^\d{3} (status code \(no body\)$)?/, "");
}

/** Servers that answer 200 and put the failure in the body or the stream say its status there. */
function statusInBody(error: Readonly<Record<string, unknown>>): number | undefined {
  const { code } = error;
  return typeof code === "number" && code >= 400 && code < 600 ? code : undefined;
}

function retryAfterOf(headers: APIError["headers"], error: Readonly<Record<string, unknown>>): number | undefined {
  const exact = Number.parseFloat(headers?.get("retry-after-ms") ?? "");
  if (exact >= 0) return Math.ceil(exact);
  const said = headers?.get("retry-after")?.trim() ?? "";
  if (/^\d+(\.\d+)?$/.test(said)) return Math.ceil(Number(said) * 1000);
  const date = Date.parse(said);
  if (!Number.isNaN(date)) return Math.max(0, date - Date.now());
  // Gemini says it in the body, as google.rpc.RetryInfo: {"retryDelay": "34.5s"}.
  const details: readonly unknown[] = Array.isArray(error.details) ? error.details : [];
  for (const detail of details) {
    const delay = isRecord(detail) && typeof detail.retryDelay === "string" ? Number.parseFloat(detail.retryDelay) : -1;
    if (delay >= 0) return Math.ceil(delay * 1000);
  }
  return undefined;
}

/** No provider gives keys as short as this. One that somebody made up is also in words that have nothing to do with it. */
const SHORT_KEY = 8;

function withoutKey(message: string, key: string | undefined): string {
  if (key === undefined) return message;
  if (key.length >= SHORT_KEY) return message.replaceAll(key, "[key]");
  const itself = key.replace(/[^\w]/g, "\\$&");
  return message.replace(new RegExp(`(?<![\\w-])${itself}(?![\\w-])`, "g"), "[key]");
}
