import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  type CallOptions,
  Client,
  type ClientReadableStream,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from "@grpc/grpc-js";
import { type Call, type End, Ongoing, type Probe } from "./call.js";
import { jsonOf, requestsOf, statusOf, typeOf } from "./js-messages.js";

const GZIP = 2;
const asIs = (bytes: Buffer): Buffer => bytes;

/** gRPC by @grpc/grpc-js. */
export class GrpcJsProbe implements Probe {
  readonly #clients = new Map<string, Client>();

  begin(call: Call): Ongoing {
    const input = typeOf(call.input);
    const output = typeOf(call.output);
    const requests = requestsOf(call).map((message) => Buffer.from(toBinary(input, message)));
    const options: CallOptions = call.deadlineMs === undefined ? {} : { deadline: Date.now() + call.deadlineMs };
    const metadata = new Metadata();
    if (call.kind === "unary") {
      const [request = Buffer.alloc(0)] = requests;
      const unary = this.#client(call).makeUnaryRequest(
        call.path,
        asIs,
        asIs,
        request,
        metadata,
        options,
        (error, answer) => {
          if (answer !== undefined && error === null) ongoing.tell(jsonOf(output, fromBinary(output, answer)));
          ongoing.finish(error === null ? { code: "OK" } : endOf(error));
        },
      );
      const ongoing = new Ongoing(() => unary.cancel());
      return ongoing;
    }
    const stream = this.#stream(call, requests, metadata, options);
    const ongoing = new Ongoing(() => stream.cancel());
    stream.on("data", (bytes: Buffer) => ongoing.tell(jsonOf(output, fromBinary(output, bytes))));
    stream.on("error", (error: ServiceError) => ongoing.finish(endOf(error)));
    stream.on("end", () => ongoing.finish({ code: "OK" }));
    return ongoing;
  }

  async stop(): Promise<void> {
    for (const client of this.#clients.values()) client.close();
  }

  #stream(
    call: Call,
    requests: readonly Buffer[],
    metadata: Metadata,
    options: CallOptions,
  ): ClientReadableStream<Buffer> {
    const client = this.#client(call);
    const [request = Buffer.alloc(0)] = requests;
    if (call.kind === "server_streaming") {
      return client.makeServerStreamRequest(call.path, asIs, asIs, request, metadata, options);
    }
    const stream = client.makeBidiStreamRequest(call.path, asIs, asIs, metadata, options);
    for (const each of requests) stream.write(each);
    stream.end();
    return stream;
  }

  #client({ port, gzip, pingEveryMs }: Call): Client {
    const key = `${port} ${gzip} ${pingEveryMs}`;
    const made =
      this.#clients.get(key) ??
      new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
        "grpc.use_local_subchannel_pool": 1,
        ...(gzip ? { "grpc.default_compression_algorithm": GZIP } : {}),
        ...(pingEveryMs === undefined
          ? {}
          : { "grpc.keepalive_time_ms": pingEveryMs, "grpc.keepalive_timeout_ms": 5_000 }),
      });
    this.#clients.set(key, made);
    return made;
  }
}

function endOf({ code, details: message, metadata }: ServiceError): End {
  const [bytes] = metadata.get("grpc-status-details-bin");
  const details = bytes === undefined ? [] : statusOf(Buffer.from(bytes)).details;
  return { code: status[code] ?? String(code), message, details };
}
