import { fromStatusBytes } from "@agentspan/internal";
import type { DescMessage, DescMethod, MessageShape } from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { Client, type ClientReadableStream, credentials, Metadata, type ServiceError } from "@grpc/grpc-js";
import { callError } from "./call-error.js";
import type { CallHeaders } from "./credential.js";
import type { RpcTransport } from "./transport.js";

const OPTIONS = {
  // As for connect: notice a connection that died without a word, only while a call is open.
  "grpc.keepalive_time_ms": 30_000,
  "grpc.keepalive_timeout_ms": 10_000,
  "grpc.keepalive_permit_without_calls": 0,
  "grpc.max_receive_message_length": 8 * 1024 * 1024,
  // Retrying is ours, in one place.
  "grpc.enable_retries": 0,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 2_000,
} as const;

/** gRPC by grpc-js, for "grpc://host:port" (cleartext) or "grpcs://host:port" (TLS). */
export function grpcTransport(grpcUrl: string, headers?: CallHeaders): RpcTransport {
  const { protocol, host } = new URL(grpcUrl);
  const secure = protocol === "grpcs:" ? credentials.createSsl() : credentials.createInsecure();
  const client = new Client(host, secure, OPTIONS);
  const metadataNow = async (): Promise<Metadata> => {
    const metadata = new Metadata();
    for (const [name, value] of Object.entries((await headers?.()) ?? {})) metadata.set(name, value);
    return metadata;
  };
  const streams = new Set<ClientReadableStream<unknown>>();
  return {
    address: grpcUrl,
    unary: async (method, request, { timeoutMs, signal }) => {
      const metadata = await metadataNow();
      return new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const { path, encode, decode } = codec(method);
        const abort = () => call.cancel();
        const call = client.makeUnaryRequest(
          path,
          encode,
          decode,
          request,
          metadata,
          { deadline: Date.now() + timeoutMs },
          (error, value) => {
            signal?.removeEventListener("abort", abort);
            if (error !== null) reject(errorOf(error, grpcUrl, signal));
            else if (value === undefined) reject(errorOf(new Error("an answer without a message"), grpcUrl, signal));
            else resolve(value);
          },
        );
        signal?.addEventListener("abort", abort, { once: true });
      });
    },
    stream: async function* (method, request, signal) {
      signal.throwIfAborted();
      const metadata = await metadataNow();
      const { path, encode, decode } = codec(method);
      const call = client.makeServerStreamRequest(path, encode, decode, request, metadata);
      const abort = () => call.cancel();
      signal.addEventListener("abort", abort, { once: true });
      streams.add(call);
      try {
        for await (const message of call) yield message;
      } catch (error) {
        throw errorOf(error, grpcUrl, signal);
      } finally {
        signal.removeEventListener("abort", abort);
        streams.delete(call);
        call.cancel();
      }
    },
    close: () => {
      // A channel of grpc-js that is closed leaves its calls open.
      for (const call of streams) call.cancel();
      client.close();
    },
  };
}

function codec<I extends DescMessage, O extends DescMessage>(
  method: DescMethod & { readonly input: I; readonly output: O },
) {
  return {
    path: `/${method.parent.typeName}/${method.name}`,
    encode: (request: MessageShape<I>) => Buffer.from(toBinary(method.input, request)),
    decode: (bytes: Buffer) => fromBinary(method.output, bytes),
  };
}

function errorOf(thrown: unknown, address: string, signal: AbortSignal | undefined): unknown {
  if (signal?.aborted) return signal.reason;
  if (!isServiceError(thrown)) {
    return callError({ code: 13, message: String(thrown), details: [], cause: thrown }, address);
  }
  const [status] = thrown.metadata.get("grpc-status-details-bin");
  const told = status instanceof Uint8Array ? fromStatusBytes(status) : undefined;
  return told ?? callError({ code: thrown.code, message: thrown.details, details: [], cause: thrown }, address);
}

function isServiceError(thrown: unknown): thrown is ServiceError {
  return thrown instanceof Error && "code" in thrown && "details" in thrown && "metadata" in thrown;
}
