// The ways in which a request reaches the gateway, with bodies that no client library would send. Each call ends in an
// outcome: "ok", "open" for a stream that goes on, a reason of the contract, or a fault that says what is wrong with it.
import { Codes, codeOf, fromErrorDetails, fromStatusBytes, Limits } from "@agentspan/internal";
import { type DescMethod, fromBinary, type Message } from "@bufbuild/protobuf";
import { type Client, status as Grpc, type ServiceError } from "@grpc/grpc-js";
import type { Body } from "./message-arbitrary.js";

export interface Outcome {
  readonly name: string;
  /** Why this is no answer that a caller may get. */
  readonly fault?: string;
  readonly answer?: Message;
}

export type WayIn = (method: DescMethod, body: Body) => Promise<Outcome>;

/** A caller's mistake is answered at once; so long waits whoever calls a machine that has much else to do. */
const HANG_MS = 20_000;
/** A stream that has said nothing by then goes on. */
const STREAM_MS = 1_000;

const HTTP: Readonly<Record<string, number>> = {
  ...{ INVALID_ARGUMENT: 400, FAILED_PRECONDITION: 400, UNAUTHENTICATED: 401, PERMISSION_DENIED: 403, NOT_FOUND: 404 },
  ...{
    ABORTED: 409,
    ALREADY_EXISTS: 409,
    RESOURCE_EXHAUSTED: 429,
    INTERNAL: 500,
    UNIMPLEMENTED: 501,
    UNAVAILABLE: 503,
  },
};

/** Connect over HTTP/1.1, in JSON or in protobuf. */
export function overConnect(url: string, form: "json" | "proto"): WayIn {
  return async (method, { json, wire }) => {
    const bytes = form === "json" ? json : wire;
    const stream = method.methodKind === "server_streaming";
    const stop = new AbortController();
    // Connect holds the headers of a stream back until there is a first message.
    const patience = setTimeout(() => stop.abort(), stream ? STREAM_MS : HANG_MS);
    const response = await fetch(`${url}/${method.parent.typeName}/${method.name}`, {
      method: "POST",
      headers: { "content-type": `application/${stream ? "connect+" : ""}${form}` },
      body: new Uint8Array(stream ? enveloped(bytes) : bytes),
      signal: stop.signal,
    }).catch((error: unknown) => String(error));
    if (stream) clearTimeout(patience);
    if (typeof response === "string") {
      return stream && stop.signal.aborted ? { name: "open" } : { name: "hang", fault: response };
    }
    if (stream && response.ok && response.body !== null) return firstOf(response.body);
    const answer = Buffer.from(await response.arrayBuffer());
    clearTimeout(patience);
    if (!response.ok) return refused(answer, response.status);
    if (form === "json") JSON.parse(answer.toString("utf8"));
    return form === "json" ? { name: "ok" } : { name: "ok", answer: fromBinary(method.output, answer) };
  };
}

function enveloped(bytes: Buffer): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt32BE(bytes.length, 1);
  return Buffer.concat([head, bytes]);
}

/** Reads a stream until its first frame: a message, or the end with or without an error. */
async function firstOf(body: ReadableStream<Uint8Array>): Promise<Outcome> {
  const reader = body.getReader();
  let bytes = Buffer.alloc(0);
  const silence = new Promise<"silence">((resolve) => setTimeout(resolve, STREAM_MS, "silence"));
  try {
    for (;;) {
      const read = await Promise.race([reader.read(), silence]);
      if (read === "silence") return { name: "open" };
      if (read.done) return { name: "cut", fault: `The stream ended without an end: ${bytes.toString("base64")}` };
      bytes = Buffer.concat([bytes, read.value]);
      if (bytes.length < 5 || bytes.length < 5 + bytes.readUInt32BE(1)) continue;
      if (bytes[0] !== 2) return { name: "ok" };
      const end = JSON.parse(bytes.subarray(5).toString("utf8")) as { readonly error?: unknown };
      return end.error === undefined ? { name: "ok" } : refused(Buffer.from(JSON.stringify(end.error)));
    }
  } finally {
    await reader.cancel();
  }
}

interface ConnectFailure {
  readonly code?: string;
  readonly message?: string;
  readonly details?: readonly { readonly type: string; readonly value: string }[];
}

function refused(bytes: Buffer, httpStatus?: number): Outcome {
  const text = bytes.toString("utf8");
  let failure: ConnectFailure;
  try {
    failure = JSON.parse(text) as ConnectFailure;
  } catch {
    return { name: `http ${httpStatus}`, fault: `No error in JSON: ${httpStatus} ${text.slice(0, 300)}` };
  }
  const details = (failure.details ?? []).map(({ type, value }) => ({ type, value: Buffer.from(value, "base64") }));
  const error = fromErrorDetails(failure.message ?? "", details);
  if (error === undefined) return { name: "no reason", fault: `No reason of ours: ${text.slice(0, 300)}` };
  const code = codeOf(error.reason);
  const fits = failure.code === code.toLowerCase() && (httpStatus === undefined || httpStatus === HTTP[code]);
  if (!fits) return { name: error.reason, fault: `${failure.code} by ${httpStatus} for ${error.reason}` };
  return told(error.reason, error.message);
}

/** gRPC over HTTP/2, to either port. */
export function overGrpc(client: Client): WayIn {
  const bytes = (value: Uint8Array) => Buffer.from(value);
  const read = (value: Buffer) => value;
  return (method, { wire }) => {
    const path = `/${method.parent.typeName}/${method.name}`;
    const deadline = Date.now() + HANG_MS;
    if (method.methodKind !== "server_streaming") {
      return new Promise((resolve) => {
        client.makeUnaryRequest(path, bytes, read, wire, { deadline }, (error, answer) => {
          if (error !== null) resolve(failed(error, wire.length));
          else resolve({ name: "ok", answer: fromBinary(method.output, answer ?? Buffer.alloc(0)) });
        });
      });
    }
    return new Promise((resolve) => {
      const stream = client.makeServerStreamRequest(path, bytes, read, wire, { deadline });
      const silence = setTimeout(() => end({ name: "open" }), STREAM_MS);
      const end = (outcome: Outcome): void => {
        clearTimeout(silence);
        resolve(outcome);
        stream.cancel();
      };
      stream.on("data", () => end({ name: "ok" }));
      stream.on("end", () => end({ name: "ok" }));
      // After it was cancelled it fails once more, for that; the promise has been settled by then.
      stream.on("error", (error: ServiceError) => end(failed(error, wire.length)));
    });
  };
}

/** What the library behind the second port refuses by itself, unread: the code is right, and there are no details. */
const UNREAD_BYTES = 2 * Limits.requestBytes;

function failed(failure: ServiceError, size: number): Outcome {
  if (size > UNREAD_BYTES && failure.code === Grpc.RESOURCE_EXHAUSTED) return { name: "unread for its size" };
  const [packed] = failure.metadata.get("grpc-status-details-bin");
  const error = packed instanceof Uint8Array ? fromStatusBytes(packed) : undefined;
  if (error === undefined)
    return { name: `grpc ${Grpc[failure.code]}`, fault: `No reason of ours: ${failure.message}` };
  if (failure.code !== Codes[codeOf(error.reason)]) return { name: error.reason, fault: `code ${failure.code}` };
  return told(error.reason, error.message);
}

/** What every refusal is held to, whatever carried it. */
export function told(reason: string, message: string): Outcome {
  if (reason === "INTERNAL") return { name: reason, fault: `INTERNAL: ${message}` };
  const shows = /\bat .*:\d+:\d+|node_modules|undefined|\[object|prototype of/.test(message);
  if (shows || !/\w+ .*\w/s.test(message)) return { name: reason, fault: `Not for a person to read: ${message}` };
  return { name: reason };
}
