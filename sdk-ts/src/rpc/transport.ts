// The one place where the SDK meets a gRPC library. Two adapters: connect (one port for everything, the default) and
// grpc-js (a port of its own). Both throw AgentspanError, and the signal's reason when the caller's signal aborts.
import type { DescMessage, DescMethodServerStreaming, DescMethodUnary, MessageShape } from "@bufbuild/protobuf";

export interface RpcTransport {
  /** What it talks to, for error texts. */
  readonly address: string;
  unary<I extends DescMessage, O extends DescMessage>(
    method: DescMethodUnary<I, O>,
    request: MessageShape<I>,
    options: { readonly timeoutMs: number; readonly signal?: AbortSignal | undefined },
  ): Promise<MessageShape<O>>;
  /** Aborting the signal releases the connection's stream; the iteration then throws its reason. */
  stream<I extends DescMessage, O extends DescMessage>(
    method: DescMethodServerStreaming<I, O>,
    request: MessageShape<I>,
    signal: AbortSignal,
  ): AsyncIterable<MessageShape<O>>;
  close(): void;
}
