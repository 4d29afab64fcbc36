// A gateway that asks everybody who they are, with a real NATS, a real issuer in a process of its own, and clients of
// every protocol.
import { newApiKey } from "@agentspan/internal";
import { type Envelope, RunService } from "@agentspan/proto";
import { type Client, createClient, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { afterAll, beforeAll } from "vitest";
import type { KnownKey } from "../../src/auth/api-keys.js";
import { readIssuers } from "../../src/auth/auth-settings.js";
import type { Gateway } from "../../src/gateway.js";
import { FakeOrchestrator } from "../fake-orchestrator.js";
import { LocalIssuer } from "../issuer/local-issuer.js";
import { openGateway, ownNats } from "./harness.js";

function key(
  roles: readonly string[],
  more: Partial<KnownKey> = {},
): { readonly text: string; readonly known: KnownKey } {
  const { keyId, text, secretSha256 } = newApiKey();
  return { text, known: { keyId, secretSha256, owner: "alex", roles, groups: [], namespace: "default", ...more } };
}

export const KEYS = {
  runner: key(["runner"]),
  approver: key(["approver"], { owner: "robin" }),
  worker: key(["worker"]),
  delegate: key(["delegate", "runner", "approver"], { owner: "chat-bot" }),
  admin: key(["admin"], { owner: "root" }),
  acme: key(["runner", "approver"], { namespace: "acme", owner: "kim" }),
  expired: key(["runner"], { expiresAt: Date.now() - 1 }),
} as const;

export const PROTOCOLS = ["Connect", "JSON", "gRPC-Web", "gRPC", "gRPC on the second port"] as const;
export type Protocol = (typeof PROTOCOLS)[number];

/** A start of a run, as far as nobody minds what runs. */
export const asked = { source: { case: "agentName", value: "refunds" }, input: "hello" } as const;

export interface GuardedGateway {
  readonly issuer: LocalIssuer;
  readonly gateway: Gateway;
  readonly orchestrator: FakeOrchestrator;
  transport(credential: string | undefined, protocol?: Protocol): Transport;
  /** Connect unless said. */
  runs(credential: string | undefined, protocol?: Protocol): Client<typeof RunService>;
  /** The last request of a client that reached the orchestrator. */
  lastSeen(): Envelope | undefined;
}

/** Registers hooks that start and stop it; what it gives back is there from the first test of the file. */
export function withGuardedGateway(): GuardedGateway {
  let made: Pick<GuardedGateway, "issuer" | "gateway" | "orchestrator"> | undefined;
  let stop: () => Promise<void>;

  beforeAll(async () => {
    const [nats, issuer] = await Promise.all([ownNats(), LocalIssuer.start()]);
    const orchestrator = await FakeOrchestrator.start(nats.nats.url);
    const gateway = await openGateway(nats.nats.url, {
      authentication: {
        keys: Object.values(KEYS).map(({ known }) => known),
        issuers: issuersAround(issuer.url),
        issuerTimes: { keepMs: 600_000, restMs: 100, answerMs: 2_000 },
      },
      allowedOrigins: ["https://desk.acme.test"],
    });
    made = { issuer, gateway, orchestrator };
    stop = nats.stop;
  });
  afterAll(async () => {
    if (made === undefined) return;
    const { issuer, gateway, orchestrator } = made;
    await gateway.close(100);
    await orchestrator.stop();
    await Promise.all([stop(), issuer.stop()]);
  });

  const started = () => {
    if (made === undefined) throw new Error("The gateway is started in beforeAll, and it did not start.");
    return made;
  };
  const transport = (credential: string | undefined, protocol: Protocol = "Connect") =>
    transportTo(started().gateway, credential, protocol);
  return {
    get issuer() {
      return started().issuer;
    },
    get gateway() {
      return started().gateway;
    },
    get orchestrator() {
      return started().orchestrator;
    },
    transport,
    runs: (credential, protocol) => createClient(RunService, transport(credential, protocol)),
    lastSeen: () => started().orchestrator.seen.findLast(({ method }) => !method.startsWith("Internal/"))?.envelope,
  };
}

function issuersAround(url: string) {
  const settings = [
    {
      issuer: url,
      audience: "agentspan",
      groupsClaim: "groups",
      roles: { leads: ["approver"], staff: ["runner"] },
      namespaceClaim: "org",
      clockToleranceSeconds: 2,
    },
    // Trusted, but its discovery document is of another issuer.
    { issuer: `${url}/liar`, audience: "agentspan" },
    // Trusted, for signatures of another kind than it makes.
    { issuer: `${url}/rsa`, audience: "agentspan", jwksUrl: `${url}/keys`, algorithms: ["RS256"] },
    // Trusted, and away.
    { issuer: "http://127.0.0.1:1", audience: "agentspan" },
  ];
  const read = readIssuers("ISSUERS", JSON.stringify(settings));
  if ("faults" in read) throw new Error(read.faults.join());
  return read.values;
}

function transportTo({ port, grpcPort }: Gateway, credential: string | undefined, protocol: Protocol): Transport {
  const baseUrl = `http://127.0.0.1:${port}`;
  const interceptors = [
    (next: Parameters<NonNullable<Parameters<typeof createConnectTransport>[0]["interceptors"]>[number]>[0]) =>
      async (request: Parameters<typeof next>[0]) => {
        if (credential !== undefined) request.header.set("authorization", `Bearer ${credential}`);
        return next(request);
      },
  ];
  switch (protocol) {
    case "Connect":
      return createConnectTransport({ baseUrl, httpVersion: "2", interceptors });
    case "JSON":
      return createConnectTransport({ baseUrl, httpVersion: "1.1", useBinaryFormat: false, interceptors });
    case "gRPC-Web":
      return createGrpcWebTransport({ baseUrl, httpVersion: "1.1", interceptors });
    case "gRPC":
      return createGrpcTransport({ baseUrl, interceptors });
    case "gRPC on the second port":
      return createGrpcTransport({ baseUrl: `http://127.0.0.1:${grpcPort}`, interceptors });
    default:
      return protocol satisfies never;
  }
}
