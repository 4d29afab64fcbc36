import type { DescMethodStreaming, DescMethodUnary } from "@bufbuild/protobuf";
import { Code, ConnectError, type Transport } from "@connectrpc/connect";
import { createAsyncIterable } from "@connectrpc/connect/protocol";
import { compressionGzip } from "@connectrpc/connect-node";
import { type Call, type End, Ongoing, type Probe } from "./call.js";
import { detailOf, jsonOf, methodOf, requestsOf, typeOf } from "./js-messages.js";

/** What the transports of connect-node have in common. */
export interface TransportOptions {
  readonly baseUrl: string;
  readonly sendCompression?: typeof compressionGzip;
  readonly compressMinBytes?: number;
  readonly pingIntervalMs?: number;
}

/** Any protocol of connect-node. */
export class ConnectProbe implements Probe {
  readonly #transports = new Map<string, Transport>();

  constructor(private readonly open: (options: TransportOptions) => Transport) {}

  begin(call: Call): Ongoing {
    const gone = new AbortController();
    const ongoing = new Ongoing(() => gone.abort());
    const ask = call.kind === "unary" ? this.#unary(call, ongoing, gone) : this.#stream(call, ongoing, gone);
    ask.then(
      () => ongoing.finish({ code: "OK" }),
      (error: unknown) => ongoing.finish(endOf(ConnectError.from(error))),
    );
    return ongoing;
  }

  async stop(): Promise<void> {
    // Transports close their connections by themselves once they are idle.
  }

  async #unary(call: Call, ongoing: Ongoing, { signal }: AbortController): Promise<void> {
    const method = methodOf<DescMethodUnary>(call);
    const [request] = requestsOf(call);
    if (request === undefined) throw new Error("A unary call has one request.");
    const { message } = await this.#transport(call).unary(method, signal, call.deadlineMs, undefined, request);
    ongoing.tell(jsonOf(typeOf(call.output), message));
  }

  async #stream(call: Call, ongoing: Ongoing, { signal }: AbortController): Promise<void> {
    const method = methodOf<DescMethodStreaming>(call);
    const requests = createAsyncIterable([...requestsOf(call)]);
    const { message } = await this.#transport(call).stream(method, signal, call.deadlineMs, undefined, requests);
    for await (const each of message) ongoing.tell(jsonOf(typeOf(call.output), each));
  }

  #transport({ port, gzip, pingEveryMs }: Call): Transport {
    const key = `${port} ${gzip} ${pingEveryMs}`;
    const made =
      this.#transports.get(key) ??
      this.open({
        baseUrl: `http://127.0.0.1:${port}`,
        ...(gzip ? { sendCompression: compressionGzip, compressMinBytes: 0 } : {}),
        ...(pingEveryMs === undefined ? {} : { pingIntervalMs: pingEveryMs }),
      });
    this.#transports.set(key, made);
    return made;
  }
}

/** "InvalidArgument" is INVALID_ARGUMENT in gRPC, and "Canceled" CANCELLED. */
export function codeName(code: Code): string {
  if (code === Code.Canceled) return "CANCELLED";
  return Code[code].replace(/(?<=[a-z])[A-Z]/g, "_$&").toUpperCase();
}

function endOf(error: ConnectError): End {
  const details = error.details.flatMap((each) => ("type" in each ? [detailOf(each.type, each.value)] : []));
  return { code: codeName(error.code), message: error.rawMessage, details };
}
