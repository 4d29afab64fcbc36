// One NATS server, one fake orchestrator and one gateway on free ports; and a client of each protocol.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type AgentspanError, createLogger, fromErrorDetails, fromStatusBytes } from "@agentspan/internal";
import { RunService } from "@agentspan/proto";
import { type RunningNats, resolveServers, startNats } from "@agentspan/servers";
import { type Client, ConnectError, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { credentials, Client as GrpcClient, Metadata, type ServiceError } from "@grpc/grpc-js";
import { afterAll, beforeAll } from "vitest";
import { type Gateway, type GatewayOptions, startGateway } from "../../src/gateway.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";

/** A NATS server of the test's own, which it may kill; the returned function stops it and removes its data. */
export async function ownNats(config?: string): Promise<{ nats: RunningNats; stop: () => Promise<void> }> {
  const found = await resolveServers({ own: true });
  if (!("binary" in found.nats)) throw new Error("resolveServers gave no program of its own");
  const storeDir = await mkdtemp(join(tmpdir(), "agentspan-gateway-"));
  const nats = await startNats({ binary: found.nats.binary, storeDir, config });
  return {
    nats,
    stop: async () => {
      await nats.process.stop();
      await rm(storeDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
}

export interface Stack {
  readonly nats: RunningNats;
  readonly orchestrator: FakeOrchestrator;
  readonly gateway: Gateway;
}

/** Registers hooks that start and stop a stack; the returned object is filled in before the first test. */
export function withStack(options: Partial<GatewayOptions> = {}): Stack {
  const stack: { -readonly [K in keyof Stack]?: Stack[K] } = {};
  let stop: (() => Promise<void>) | undefined;
  beforeAll(async () => {
    const own = await ownNats();
    stop = own.stop;
    stack.nats = own.nats;
    stack.orchestrator = await FakeOrchestrator.start(own.nats.url);
    stack.gateway = await openGateway(own.nats.url, options);
  });
  afterAll(async () => {
    await stack.gateway?.close(100);
    await stack.orchestrator?.stop();
    await stop?.();
  });
  return stack as Stack;
}

export function openGateway(natsUrl: string, options: Partial<GatewayOptions> = {}): Promise<Gateway> {
  const log = createLogger("gateway", "silent");
  return startGateway({ natsUrl, port: 0, grpcPort: 0, log, ...options });
}

/** Every way in, by name. */
/** The ports that a gateway has. */
type Ports = Pick<Gateway, "port" | "grpcPort">;

export function transports({ port, grpcPort }: Ports): ReadonlyMap<string, Transport> {
  const baseUrl = `http://127.0.0.1:${port}`;
  return new Map([
    ["Connect over HTTP/1.1", createConnectTransport({ baseUrl, httpVersion: "1.1" })],
    ["Connect over HTTP/2", createConnectTransport({ baseUrl, httpVersion: "2" })],
    ["Connect with JSON", createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false })],
    ["gRPC-Web over HTTP/1.1", createGrpcWebTransport({ baseUrl, httpVersion: "1.1" })],
    ["gRPC-Web over HTTP/2", createGrpcWebTransport({ baseUrl, httpVersion: "2" })],
    ["gRPC", createGrpcTransport({ baseUrl })],
    ["gRPC on the second port", createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcPort}` })],
  ]);
}

export const PROTOCOLS = [
  "Connect over HTTP/1.1",
  "Connect over HTTP/2",
  "Connect with JSON",
  "gRPC-Web over HTTP/1.1",
  "gRPC-Web over HTTP/2",
  "gRPC",
  "gRPC on the second port",
] as const;

export function runClient(gateway: Ports, protocol: string): Client<typeof RunService> {
  const transport = transports(gateway).get(protocol);
  if (transport === undefined) throw new Error(`No transport ${protocol}`);
  return createClient(RunService, transport);
}

/** The error that a call rejects with, as it came. */
export async function connectErrorOf(call: Promise<unknown>): Promise<ConnectError> {
  try {
    await call;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("The call did not fail");
}

/** The error of ours that a connect client was told. */
export function oursOf(error: ConnectError): AgentspanError {
  const ours = fromErrorDetails(
    error.rawMessage,
    error.details.flatMap((detail) => ("type" in detail ? [detail] : [])),
  );
  if (ours === undefined) throw new Error(`No details of ours: ${error.message}`, { cause: error });
  return ours;
}

export async function refusalOf(call: Promise<unknown>): Promise<AgentspanError> {
  return oursOf(await connectErrorOf(call));
}

/** A unary call of @grpc/grpc-js with bytes of the caller's choice. */
export function grpcJsCall(
  port: number,
  path: string,
  bytes: Uint8Array,
  metadata: Record<string, string> = {},
): Promise<Buffer> {
  const client = new GrpcClient(`127.0.0.1:${port}`, credentials.createInsecure());
  const headers = new Metadata();
  for (const [name, value] of Object.entries(metadata)) headers.set(name, value);
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path,
      (body: Uint8Array) => Buffer.from(body),
      (body: Buffer) => body,
      bytes,
      headers,
      (error, answer) => {
        client.close();
        if (error !== null) reject(error);
        else resolve(answer ?? Buffer.alloc(0));
      },
    );
  });
}

/** The error that a call of @grpc/grpc-js fails with. */
export function statusOf(call: Promise<unknown>): Promise<ServiceError> {
  return call.then(
    () => Promise.reject(new Error("The call did not fail")),
    (error: ServiceError) => error,
  );
}

/** The error of ours in a grpc-js error. */
export function oursOfStatus(error: ServiceError): AgentspanError {
  const bytes = error.metadata.get("grpc-status-details-bin")[0];
  const ours = typeof bytes === "object" ? fromStatusBytes(bytes) : undefined;
  if (ours === undefined) throw new Error(`No details of ours: ${error.message}`, { cause: error });
  return ours;
}

/** Reads an iterable to its end. */
export async function all<T>(iterable: AsyncIterable<T>): Promise<T[]> {
  const items: T[] = [];
  for await (const item of iterable) items.push(item);
  return items;
}

/** Waits until something holds, looking every 10 ms; a test's time-out ends it. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 10));
}
