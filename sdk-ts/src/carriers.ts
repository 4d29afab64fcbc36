import { systemTime, type Time } from "@agentspan/internal";
import { requireUrl } from "./option-check.js";
import { connectTransport } from "./rpc/connect-transport.js";
import { callHeaders } from "./rpc/credential.js";
import { grpcTransport } from "./rpc/grpc-transport.js";
import { tracedHeaders, tracedTransport } from "./rpc/traced.js";
import type { RpcTransport } from "./rpc/transport.js";
import type { RuntimeOptions } from "./runtime-options.js";
import { NatsLink } from "./worker/nats-link.js";
import { natsTls } from "./worker/nats-tls.js";
import type { OpenLink } from "./worker/worker-link.js";

/** What a runtime speaks over, and whose clock it has. */
export interface Carriers {
  readonly transport: RpcTransport;
  readonly openLink: OpenLink;
  readonly time: Time;
}

/** The network. Throws INVALID_REQUEST where an address or a key is none. */
export function networkCarriers(options: RuntimeOptions): Carriers {
  const { grpcUrl } = options;
  const url = options.url ?? process.env.AGENTSPAN_SERVER_URL ?? "http://127.0.0.1:6767";
  const headers = tracedHeaders(callHeaders(options.headers, options.apiKey, process.env.AGENTSPAN_API_KEY));
  const from = options.url === undefined ? "AGENTSPAN_SERVER_URL" : "url";
  if (grpcUrl === undefined) requireUrl(url, ["http:", "https:"], from, "http://127.0.0.1:6767");
  else requireUrl(grpcUrl, ["grpc:", "grpcs:"], "grpcUrl", "grpc://127.0.0.1:6768");
  const natsUrl = () =>
    options.natsUrl ?? process.env.AGENTSPAN_NATS_URL ?? process.env.NATS_URL ?? "nats://127.0.0.1:4222";
  return {
    transport:
      grpcUrl === undefined
        ? tracedTransport(connectTransport(url, headers), "connectrpc")
        : tracedTransport(grpcTransport(grpcUrl, headers), "grpc"),
    openLink: (link) => NatsLink.open({ ...link, url: natsUrl(), tls: natsTls(process.env) }),
    time: systemTime,
  };
}
