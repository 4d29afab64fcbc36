// One gateway: connects to NATS, opens both ports, and closes it all again. Wiring only.
import {
  certificateEnds,
  type Logger,
  type SigningKey,
  type TlsFiles,
  type TrustedKeys,
  withoutSecrets,
} from "@agentspan/internal";
import { type Authentication, apiKeysOf, guardOf } from "./auth/authentication.js";
import { FailureLog } from "./auth/failure-log.js";
import { openGuard } from "./auth/guard.js";
import { NatsBus, type NatsBusOptions } from "./bus/nats-bus.js";
import { readDesk } from "./desk/desk-files.js";
import { type DeskSite, type DeskSiteOptions, deskSite } from "./desk/desk-site.js";
import { GrpcServer } from "./grpc/grpc-server.js";
import { connectListener } from "./http/connect-listener.js";
import { FrontDoor, type FrontDoorOptions, REQUEST_MS } from "./http/front-door.js";
import { UnfinishedBodies } from "./http/unfinished-bodies.js";
import { LinkDesk } from "./links/link-desk.js";
import { isLoopbackHost } from "./loopback-rule.js";
import { type Meter, meteredGuard } from "./meter.js";
import { gatewayMethods } from "./methods.js";
import type { ServerTls } from "./server-tls.js";
import { type SlackOptions, slackIn } from "./slack/slack.js";

export interface GatewayOptions {
  /** The address to listen on; 127.0.0.1 unless said. Without authentication it must be a loopback address. */
  readonly host?: string;
  /** gRPC, gRPC-Web, Connect and JSON; 6767 unless said, 0 for any free port. */
  readonly port?: number;
  /** gRPC alone, at less cost; 6768 unless said, 0 for any free port. */
  readonly grpcPort?: number;
  /** nats://host:port, several joined by commas. */
  readonly natsUrl: string;
  /** What is shown to NATS and trusted of it; with it the connection must be by TLS. */
  readonly natsTls?: TlsFiles | undefined;
  /** How it is known who is calling; absent, everybody on this machine may do everything. */
  readonly authentication?: Authentication | undefined;
  /** Web pages that may ask beside those of this machine: "https://desk.acme.test". Only with authentication. */
  readonly allowedOrigins?: readonly string[];
  /** Both ports speak TLS with it, and cleartext without. */
  readonly tls?: ServerTls | undefined;
  /** Signs what is asked of orchestrators; they ask for it where they have keys. */
  readonly signingKey?: SigningKey | undefined;
  /** Whose signatures are believed under API keys that are stored, and under decision links. */
  readonly trustedKeys?: TrustedKeys | undefined;
  /** Where the approval desk was built; absent, no page is served. */
  readonly desk?: string | undefined;
  /** Counts what is answered and who watches; nothing is counted without. */
  readonly meter?: Meter | undefined;
  /** How decisions that are taken in Slack are heard; absent, none is. */
  readonly slack?: SlackOptions | undefined;
  readonly log: Logger;
  /** Milliseconds for a request to the orchestrators, all attempts together; 10,000 unless said. */
  readonly requestTimeoutMs?: number;
  /** Milliseconds to try for the first connection to NATS; 10,000 unless said. */
  readonly connectTimeoutMs?: number;
  /** Milliseconds between the comparisons that find lost live messages; see RunWatches. */
  readonly compareEveryMs?: { readonly running: number; readonly waiting: number };
  /** Milliseconds between looks at NATS and the orchestrators while somebody watches the health; 5,000 unless said. */
  readonly watchHealthEveryMs?: number;
  /** Limits on slow connections; see FrontDoor. */
  readonly slowness?: Pick<FrontDoorOptions, "firstByteMs" | "headersMs" | "requestMs">;
  /** Bytes of requests that have not come whole, on both ports together; see UnfinishedBodies. */
  readonly unfinishedBytes?: number;
}

export interface Gateway {
  readonly port: number;
  readonly grpcPort: number;
  /** Whether NATS is there. */
  connected(): boolean;
  /** Why it serves nothing now; undefined where it does. Never rejects. */
  problem(): Promise<string | undefined>;
  /** Takes nothing new, ends streams, and gives calls in progress so many milliseconds; 5,000 unless said. */
  close(graceMs?: number): Promise<void>;
}

/** What a gateway process tells a parent that has an IPC channel to it, once its ports are open. */
export interface ReadyMessage {
  readonly ready: true;
  readonly port: number;
  readonly grpcPort: number;
  /** The port for probes, where one was opened. */
  readonly managementPort?: number | undefined;
}

/** Why a gateway cannot start, in a sentence with the remedy. */
export class StartError extends Error {
  override readonly name = "StartError";
}

export const DEFAULTS = {
  host: "127.0.0.1",
  port: 6767,
  grpcPort: 6768,
  requestTimeoutMs: 10_000,
  connectTimeoutMs: 10_000,
  graceMs: 5_000,
} as const;

const CROWD = {
  first: "A request that had not come whole had to make room for others",
  more: "Requests that had not come whole had to make room for others",
};

/** Rejects with StartError where NATS is away, a port is taken, or the host is not a loopback address. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const { log, natsUrl, host = DEFAULTS.host, requestTimeoutMs = DEFAULTS.requestTimeoutMs } = options;
  const { authentication, tls } = options;
  const problem = hostProblem(host, authentication !== undefined);
  if (problem !== undefined) throw new StartError(problem);

  const bus = await connectBus({
    url: natsUrl,
    tls: options.natsTls,
    log,
    connectTimeoutMs: options.connectTimeoutMs ?? DEFAULTS.connectTimeoutMs,
  });
  const { signingKey, compareEveryMs, watchHealthEveryMs } = options;
  const { meter } = options;
  const core = gatewayMethods({ bus, log, requestTimeoutMs, signingKey, compareEveryMs, watchHealthEveryMs, meter });
  const { methods, orchestrators, readiness } = core;
  const stopped = new AbortController();
  const { allowedOrigins = [], trustedKeys: trusted } = options;
  const apiKeys = authentication && apiKeysOf({ authentication, orchestrators, trusted, log, stopped: stopped.signal });
  const asks =
    authentication === undefined || apiKeys === undefined
      ? openGuard()
      : guardOf({ authentication, allowedOrigins, apiKeys, log });
  const guard = meter === undefined ? asks : meteredGuard(asks, meter);
  const crowd = new FailureLog<"RATE_LIMITED">(log, CROWD);
  const unfinished = new UnfinishedBodies({
    mostBytes: options.unfinishedBytes,
    gaveWay: (address) => {
      meter?.refused("RATE_LIMITED");
      crowd.note("RATE_LIMITED", address);
    },
  });
  const slack = options.slack && slackIn(options.slack, { apiKeys, guard, methods, log, unfinished });
  const desk = options.desk === undefined ? undefined : deskIn(options.desk, { authentication, log, unfinished });
  const isAuthenticated = authentication !== undefined;
  const links = {
    authentication: isAuthenticated,
    desk: new LinkDesk({ guard, orchestrators, trusted, log, authentication: isAuthenticated, now: Date.now }),
  };
  const requestMs = options.slowness?.requestMs ?? REQUEST_MS;
  const listener = connectListener({
    ...{ methods, guard, readiness, log, desk, links, requestMs, unfinished },
    slack: slack?.answer,
  });
  const door = new FrontDoor({ listener, log, tls, ...options.slowness, requestMs });
  const grpc = new GrpcServer({ methods, guard, log, tls, unfinished, requestMs });

  const close = async (graceMs: number = DEFAULTS.graceMs): Promise<void> => {
    core.stop();
    await Promise.all([door.close(graceMs), grpc.close(graceMs)]);
    stopped.abort();
    slack?.close();
    await bus.close();
  };
  if (tls !== undefined) warnOfItsEnd(tls, log);
  else if (!isLoopbackHost(host)) {
    log.warn(
      { host },
      "API keys and tokens come in the clear here: set AGENTSPAN_TLS_CERT_FILE, or have a proxy in front",
    );
  }
  try {
    const port = await listen(door, host, options.port ?? DEFAULTS.port, "AGENTSPAN_PORT");
    const grpcPort = await listen(grpc, host, options.grpcPort ?? DEFAULTS.grpcPort, "AGENTSPAN_GRPC_PORT");
    return { port, grpcPort, close, connected: () => bus.connected, problem: () => readiness.problem() };
  } catch (error) {
    await close(0);
    throw error;
  }
}

/** Why a host may not be listened on; undefined where it may. */
export function hostProblem(host: string, authentication: boolean): string | undefined {
  if (authentication || isLoopbackHost(host)) return undefined;
  return `Authentication is off, so the gateway listens on this machine only, and AGENTSPAN_HOST is "${host}". Set AGENTSPAN_AUTH=on, or AGENTSPAN_HOST to 127.0.0.1.`;
}

/** A gateway without a page does all else. */
function deskIn(folder: string, options: DeskSiteOptions): DeskSite | undefined {
  const { log } = options;
  try {
    const files = readDesk(folder);
    if (files === undefined) log.warn({ folder }, "There is no approval desk here: it was not built (npm run build)");
    return files && deskSite(files, options);
  } catch (err) {
    log.warn({ err, folder }, "There is no approval desk here: its files cannot be read");
    return undefined;
  }
}

function warnOfItsEnd({ cert }: ServerTls, log: Logger): void {
  const days = Math.floor((certificateEnds(cert) - Date.now()) / 86_400_000);
  if (days < 14) log.warn({ days }, "The gateway's certificate has expired or soon will: clients refuse it then");
}

async function connectBus(options: NatsBusOptions): Promise<NatsBus> {
  try {
    return await NatsBus.connect(options);
  } catch (error) {
    const why = error instanceof Error ? ` (${withoutSecrets(error.message)})` : "";
    throw new StartError(
      `NATS cannot be reached at NATS_URL${why}. Start a NATS server there, or correct the address.`,
      {
        cause: error,
      },
    );
  }
}

interface Listener {
  listen(host: string, port: number): Promise<number>;
}

async function listen(listener: Listener, host: string, port: number, variable: string): Promise<number> {
  try {
    return await listener.listen(host, port);
  } catch (error) {
    throw new StartError(
      `The gateway cannot listen on ${host}:${port}: another program has the port, or it is not allowed. Stop that program, or set ${variable} to another port (0 takes any free one).`,
      { cause: error },
    );
  }
}
