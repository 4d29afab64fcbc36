// The second port: gRPC alone, on grpc-js, which needs about a quarter of connect's CPU for a unary call. Same handlers.
import type { EventEmitter } from "node:events";
import { Limits, type Logger } from "@agentspan/internal";
import type { Message } from "@bufbuild/protobuf";
import {
  type MethodDefinition,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type StatusObject,
  type sendUnaryData,
  type UntypedServiceImplementation,
} from "@grpc/grpc-js";
import { addressOfPeer } from "../address.js";
import type { Guard } from "../auth/guard.js";
import type { Call, Context } from "../context.js";
import type { UnfinishedBodies } from "../http/unfinished-bodies.js";
import type { BidiMethod, Method, StreamMethod, UnaryMethod } from "../method.js";
import { refusalOf } from "../refusal.js";
import type { ServerTls } from "../server-tls.js";
import { methodDefinition, type Received } from "./service-definitions.js";
import { statusObject } from "./status-object.js";
import { unfinishedCalls } from "./unfinished-calls.js";

export interface GrpcServerOptions {
  readonly methods: readonly Method[];
  readonly guard: Guard;
  readonly log: Logger;
  /** What the port shows and asks of clients; cleartext where absent. */
  readonly tls?: ServerTls | undefined;
  readonly unfinished: UnfinishedBodies;
  /** Milliseconds in which a request must have come. */
  readonly requestMs: number;
}

type RpcCall = ServerUnaryCall<Received, Message> | WritableCall;
type WritableCall = ServerWritableStream<Received, Message> | ServerDuplexStream<Received, Message>;

/**
 * What grpc-js itself reads at most. It refuses what is larger without details, so it is given twice our limit: up to
 * there a message is refused by us, with limit and size.
 */
const READ_MOST_BYTES = 2 * Limits.requestBytes;
const GONE = new Error("The call has ended, or its client is gone");
const MAX_STREAMS_A_SESSION = 10_000;
const PING_EVERY_MS = 30_000;
const PONG_WITHIN_MS = 20_000;

export class GrpcServer {
  readonly #server: Server;
  readonly #credentials: ServerCredentials;

  constructor({ methods, guard, log, tls, unfinished, requestMs }: GrpcServerOptions) {
    this.#credentials = credentialsOf(tls);
    this.#server = new Server({
      "grpc.max_receive_message_length": READ_MOST_BYTES,
      "grpc.max_concurrent_streams": MAX_STREAMS_A_SESSION,
      // A client whose machine or network is gone is noticed within 50 s, and its streams end.
      "grpc.keepalive_time_ms": PING_EVERY_MS,
      "grpc.keepalive_timeout_ms": PONG_WITHIN_MS,
      interceptors: [unfinishedCalls({ unfinished, withinMs: requestMs })],
    });
    const definitions: Record<string, MethodDefinition<Received, Message>> = {};
    const implementations: UntypedServiceImplementation = {};
    for (const method of methods) {
      const definition = methodDefinition(method);
      definitions[definition.path] = definition;
      implementations[definition.path] = implementation(method, { guard, log });
    }
    this.#server.addService(definitions, implementations);
  }

  /** Resolves to the port once it listens. */
  listen(host: string, port: number): Promise<number> {
    const name = host.includes(":") ? `[${host.replace(/^\[|\]$/g, "")}]` : host;
    return new Promise((resolve, reject) => {
      this.#server.bindAsync(`${name}:${port}`, this.#credentials, (error, bound) => {
        if (error === null) resolve(bound);
        else reject(error);
      });
    });
  }

  /** Takes no new call, lets those in progress end within the time, and then ends the rest. */
  async close(graceMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const grace = setTimeout(() => {
        this.#server.forceShutdown();
        resolve();
      }, graceMs);
      this.#server.tryShutdown(() => {
        clearTimeout(grace);
        resolve();
      });
    });
  }
}

function credentialsOf(tls: ServerTls | undefined): ServerCredentials {
  if (tls === undefined) return ServerCredentials.createInsecure();
  const { cert, key, clientCa } = tls;
  const pair = { cert_chain: Buffer.from(cert), private_key: Buffer.from(key) };
  const roots = clientCa === undefined ? null : Buffer.from(clientCa);
  return ServerCredentials.createSsl(roots, [pair], roots !== null);
}

interface Parts {
  readonly guard: Guard;
  readonly log: Logger;
}

function implementation(method: Method, parts: Parts) {
  switch (method.kind) {
    case "unary":
      return (call: ServerUnaryCall<Received, Message>, callback: sendUnaryData<Message>) =>
        void answer(method, call, callback, parts);
    case "server_streaming":
      return (call: ServerWritableStream<Received, Message>) =>
        void stream(method, call, (context) => method.handle(messageOf(call.request), context), parts);
    case "bidi_streaming":
      return (call: ServerDuplexStream<Received, Message>) =>
        void stream(method, call, (context) => method.handle(messagesOf(call), context), parts);
    default:
      return method satisfies never;
  }
}

/** Never rejects. */
async function answer(
  method: UnaryMethod,
  call: ServerUnaryCall<Received, Message>,
  callback: sendUnaryData<Message>,
  { guard, log }: Parts,
): Promise<void> {
  const known = callOf(call);
  try {
    const context = await admitted(guard, method, call, known);
    callback(null, await method.handle(messageOf(call.request), context));
  } catch (error) {
    // Cancelled, or past its deadline: grpc-js has told the client already.
    if (!known.signal.aborted) callback(statusOf(error, method, log));
  }
}

/** Never rejects. */
async function stream(
  method: StreamMethod | BidiMethod,
  call: WritableCall,
  handle: (context: Context) => AsyncIterable<Message>,
  { guard, log }: Parts,
): Promise<void> {
  const known = callOf(call);
  try {
    const context = await admitted(guard, method, call, known);
    for await (const message of handle(context)) {
      if (!call.write(message)) await drained(call, context.signal);
    }
    call.end();
  } catch (error) {
    if (!known.signal.aborted) call.emit("error", statusOf(error, method, log));
  }
}

function callOf(call: RpcCall): Call {
  const gone = new AbortController();
  const emitter: EventEmitter = call;
  // Also emitted once a call has ended; one reason for all, since making a DOMException each time is dear.
  emitter.once("cancelled", () => gone.abort(GONE));
  return {
    signal: gone.signal,
    address: addressOfPeer(call.getPeer()),
    header: (name) => call.metadata.get(name)[0]?.toString(),
  };
}

/** Rejects where the call comes from elsewhere, nobody knows whose it is, or they may not make it. */
async function admitted(guard: Guard, { desc }: Method, call: RpcCall, known: Call): Promise<Context> {
  const refusal = guard.refusal({ authority: call.getHost(), origin: known.header("origin") });
  if (refusal !== undefined) throw refusal;
  const identity = await guard.admit(desc, { authorization: known.header("authorization"), address: known.address });
  return guard.contextOf(identity, desc, known);
}

function messageOf(received: Received): Message {
  if ("fault" in received) throw received.fault;
  return received.message;
}

async function* messagesOf(call: ServerDuplexStream<Received, Message>): AsyncGenerator<Message> {
  // The end of the requests must not destroy the call: answers are still to be written.
  const requests: AsyncIterable<Received> = call.iterator({ destroyOnReturn: false });
  for await (const received of requests) yield messageOf(received);
}

function drained(call: WritableCall, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      call.off("drain", done);
      signal.removeEventListener("abort", done);
      resolve();
    };
    call.once("drain", done);
    signal.addEventListener("abort", done, { once: true });
    if (signal.aborted) done();
  });
}

function statusOf(error: unknown, method: Method, log: Logger): StatusObject {
  return statusObject(refusalOf(error, `${method.desc.parent.typeName}/${method.desc.name}`, log));
}
