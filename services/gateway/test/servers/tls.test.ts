// Both ports by TLS, and the connection to NATS, each against right, wrong, expired and foreign certificates.
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { request as httpsRequest } from "node:https";
import { connect as netConnect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigError, type TlsFiles } from "@agentspan/internal";
import { RunService } from "@agentspan/proto";
import {
  type CertificateFiles,
  makeTestCertificates,
  type RunningNats,
  type TestCertificates,
} from "@agentspan/servers";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport } from "@connectrpc/connect-node";
import { credentials, Client as GrpcClient } from "@grpc/grpc-js";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { gatewayConfig } from "../../src/config.js";
import { type Gateway, type GatewayOptions, StartError } from "../../src/gateway.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { connectErrorOf, openGateway, ownNats } from "./harness.js";

let folder: string;
let certificates: TestCertificates;
let nats: RunningNats;
let orchestrator: FakeOrchestrator;
let stopNats: () => Promise<void>;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "agentspan-tls-"));
  const [own, made] = await Promise.all([ownNats(), makeTestCertificates(folder)]);
  certificates = made;
  ({ nats, stop: stopNats } = own);
  orchestrator = await FakeOrchestrator.start(nats.url);
});
afterAll(async () => {
  await orchestrator.stop();
  await stopNats();
  await rm(folder, { recursive: true, force: true });
});

const gateways: Gateway[] = [];
afterEach(async () => {
  await Promise.all(gateways.splice(0).map((gateway) => gateway.close(0)));
});

const pem = (path: string): string => readFileSync(path, "utf8");
const pair = ({ cert, key }: CertificateFiles) => ({ cert: pem(cert), key: pem(key) });

async function open(
  shown: CertificateFiles,
  more: { clientCa?: string; slowness?: GatewayOptions["slowness"] } = {},
): Promise<Gateway> {
  const { clientCa, slowness } = more;
  const tls = { ...pair(shown), ...(clientCa === undefined ? {} : { clientCa }) };
  const gateway = await openGateway(nats.url, { tls, ...(slowness === undefined ? {} : { slowness }) });
  gateways.push(gateway);
  return gateway;
}

/** What becomes of a call by each way in, for a client that trusts our authority, with a certificate or without. */
async function calls({ port, grpcPort }: Gateway, client?: CertificateFiles): Promise<readonly string[]> {
  const nodeOptions = { ca: pem(certificates.ca), ...(client === undefined ? {} : pair(client)) };
  const [connect, grpc] = [port, grpcPort].map((one) => `https://localhost:${one}`);
  const list = async (transport: ReturnType<typeof createGrpcTransport>): Promise<string> => {
    try {
      await createClient(RunService, transport).listRuns({});
      return "answered";
    } catch {
      return "refused";
    }
  };
  return Promise.all([
    list(createConnectTransport({ baseUrl: connect ?? "", httpVersion: "2", nodeOptions })),
    list(createConnectTransport({ baseUrl: connect ?? "", httpVersion: "1.1", nodeOptions })),
    list(createGrpcTransport({ baseUrl: connect ?? "", nodeOptions })),
    list(createGrpcTransport({ baseUrl: grpc ?? "", nodeOptions })),
    grpcJs(port, client),
    grpcJs(grpcPort, client),
  ]);
}

function grpcJs(port: number, client: CertificateFiles | undefined): Promise<string> {
  const own = client === undefined ? [null, null] : [readFileSync(client.key), readFileSync(client.cert)];
  const secure = credentials.createSsl(readFileSync(certificates.ca), own[0], own[1]);
  const rpc = new GrpcClient(`localhost:${port}`, secure);
  const bytes = (body: Uint8Array) => Buffer.from(body);
  return new Promise((resolve) => {
    rpc.makeUnaryRequest("/agentspan.v1.RunService/ListRuns", bytes, bytes, Buffer.alloc(0), (error) => {
      rpc.close();
      resolve(error === null ? "answered" : "refused");
    });
  });
}

const ALL_ANSWERED = Array.from({ length: 6 }, () => "answered");
const ALL_REFUSED = Array.from({ length: 6 }, () => "refused");

describe("a gateway with a certificate", () => {
  it("is spoken to by TLS alone, on both ports and in every protocol", async () => {
    const gateway = await open(certificates.right);
    expect(await calls(gateway)).toEqual(ALL_ANSWERED);
    const clear = createConnectTransport({ baseUrl: `http://localhost:${gateway.port}`, httpVersion: "2" });
    await connectErrorOf(createClient(RunService, clear).listRuns({}));
    await expect(fetch(`http://localhost:${gateway.port}/healthz`)).rejects.toThrow();
    expect(await probe(gateway.port)).toBe(200);
  });

  it.each(["wrongHost", "expired", "foreign"] as const)("that is %s is refused by its clients", async (which) => {
    expect(await calls(await open(certificates[which]))).toEqual(ALL_REFUSED);
  });

  it("asks clients for theirs where an authority is set, and takes none but those of it", async () => {
    const gateway = await open(certificates.right, { clientCa: pem(certificates.ca) });
    expect(await calls(gateway, certificates.right)).toEqual(ALL_ANSWERED);
    expect(await calls(gateway)).toEqual(ALL_REFUSED);
    expect(await calls(gateway, certificates.foreign)).toEqual(ALL_REFUSED);
    expect(await calls(gateway, certificates.expired)).toEqual(ALL_REFUSED);
  });

  it("closes a connection that never ends its handshake, and stops without waiting for one", async () => {
    const slow = await open(certificates.right, { slowness: { firstByteMs: 100 } });
    const idle = netConnect(slow.port, "127.0.0.1").resume();
    idle.on("error", () => undefined);
    await once(idle, "close");
    const patient = await open(certificates.right);
    const waiting = netConnect(patient.port, "127.0.0.1").resume();
    waiting.on("error", () => undefined);
    await once(waiting, "connect");
    await patient.close(50);
    if (!waiting.closed) await once(waiting, "close");
  });
});

function probe(port: number): Promise<number | undefined> {
  return new Promise((resolve, reject) => {
    const options = { host: "localhost", port, path: "/healthz", ca: pem(certificates.ca), agent: false };
    httpsRequest(options, (response) => {
      response.resume();
      resolve(response.statusCode);
    })
      .on("error", reject)
      .end();
  });
}

describe("NATS by TLS", () => {
  const config = ({ cert, key }: CertificateFiles, verified = false): string =>
    `tls { cert_file: "${cert}", key_file: "${key}", ca_file: "${certificates.ca}", verify: ${verified} }\n`;
  const connecting = async (url: string, natsTls?: TlsFiles, connectTimeoutMs = 10_000): Promise<string> => {
    try {
      const gateway = await openGateway(url, { natsTls, connectTimeoutMs });
      await gateway.close(0);
      return "connected";
    } catch (error) {
      if (error instanceof StartError) return "refused";
      throw error;
    }
  };

  it("is taken from a server whose certificate is of its host and of an authority that is trusted", async () => {
    const secured = await ownNats(config(certificates.right));
    const ca = pem(certificates.ca);
    expect(await connecting(secured.nats.url, { ca })).toBe("connected");
    expect(await connecting(secured.nats.url.replace("nats:", "tls:"))).toBe("refused");
    expect(await connecting(secured.nats.url, { ca: pem(certificates.foreignCa) })).toBe("refused");
    await secured.stop();
  });

  it.each(["wrongHost", "expired", "foreign"] as const)("is refused where its certificate is %s", async (which) => {
    const secured = await ownNats(config(certificates[which]));
    expect(await connecting(secured.nats.url, { ca: pem(certificates.ca) })).toBe("refused");
    await secured.stop();
  });

  it("shows a certificate where the server asks for one", async () => {
    const strict = await ownNats(config(certificates.right, true));
    const ca = pem(certificates.ca);
    expect(await connecting(strict.nats.url, { ca, ...pair(certificates.right) })).toBe("connected");
    // By TLS 1.3 a client hears only of the end of the connection, so it waits out its time.
    expect(await connecting(strict.nats.url, { ca }, 500)).toBe("refused");
    expect(await connecting(strict.nats.url, { ca, ...pair(certificates.foreign) }, 500)).toBe("refused");
    await strict.stop();
  });

  it("is never given up for a connection in the clear", async () => {
    expect(await connecting(nats.url, { ca: pem(certificates.ca) })).toBe("refused");
    expect(await connecting(nats.url.replace("nats:", "tls:"))).toBe("refused");
  });
});

describe("the settings of TLS", () => {
  const faultsOf = (env: Record<string, string>): readonly string[] => {
    try {
      gatewayConfig(env);
    } catch (error) {
      if (error instanceof ConfigError) return error.faults;
      throw error;
    }
    return [];
  };

  it("are read from files, and what is wrong with them is told in one list", () => {
    const { right, wrongHost, ca } = certificates;
    const good = { AGENTSPAN_TLS_CERT_FILE: right.cert, AGENTSPAN_TLS_KEY_FILE: right.key, AGENTSPAN_NATS_CA_FILE: ca };
    expect(gatewayConfig(good)).toMatchObject({ tls: pair(right), natsTls: { ca: pem(ca) } });
    expect(
      faultsOf({
        AGENTSPAN_TLS_CERT_FILE: right.cert,
        AGENTSPAN_TLS_KEY_FILE: wrongHost.key,
        AGENTSPAN_NATS_CERT_FILE: right.cert,
      }),
    ).toEqual([
      expect.stringMatching(/^AGENTSPAN_TLS_KEY_FILE holds another key/),
      expect.stringMatching(/^AGENTSPAN_NATS_CERT_FILE is set and AGENTSPAN_NATS_KEY_FILE is not/),
    ]);
    expect(faultsOf({ AGENTSPAN_TLS_CLIENT_CA_FILE: ca })).toHaveLength(1);
    expect(
      faultsOf({ AGENTSPAN_TLS_CERT_FILE: right.key, AGENTSPAN_TLS_KEY_FILE: ca, AGENTSPAN_HOST: "0.0.0.0" }),
    ).toHaveLength(3);
  });
});
