// Opens a connection that lives as long as the process: outages end by themselves, only the first connection has a limit.
import { AgentspanError, natsAddress, type TlsFiles } from "@agentspan/internal";
import { type ConnectionOptions, connect, credsAuthenticator, type NatsConnection } from "nats";

export interface NatsOptions {
  /** nats://host:port or tls://host:port, with user:password@ or token@ where the server asks; several of a cluster. */
  readonly url: string | readonly string[];
  /** What is shown and trusted; with it the connection must be by TLS. tls:// alone trusts the system's authorities. */
  readonly tls?: TlsFiles | undefined;
  /** Shown in the server's lists of connections. */
  readonly name?: string;
  /** The text of a .creds file. */
  readonly credentials?: string;
  /** For the first connection; 30 seconds unless said. */
  readonly connectTimeoutMs?: number;
}

export const CONNECT_TIMEOUT_MS = 30_000;
const DIAL_TIMEOUT_MS = 5_000;
const RECONNECT_MS = 250;
const RECONNECT_JITTER_MS = 500;
// A broker that vanished without closing the connection is noticed after three of these.
const PING_MS = 10_000;

/** Rejects with BUS_UNAVAILABLE, naming servers and reason, where none can be reached in time. */
export async function connectNats(options: NatsOptions): Promise<NatsConnection> {
  const limitMs = options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS;
  const limit = performance.now() + limitMs;
  let connected = false;
  const plain = connectionOptions(options, Math.min(DIAL_TIMEOUT_MS, limitMs));
  try {
    const connection = await connect({
      ...plain,
      waitOnFirstConnect: true,
      maxReconnectAttempts: -1,
      ignoreAuthErrorAbort: true,
      // The client asks this before each dial and has no other way to end waiting for the first connection.
      reconnectDelayHandler: () => {
        if (!connected && performance.now() > limit) throw new Error("the time for the first connection is over");
        return RECONNECT_MS + Math.random() * RECONNECT_JITTER_MS;
      },
    });
    connected = true;
    return connection;
  } catch (cause) {
    throw await unreachable(options, plain, limitMs, cause);
  }
}

/** One more attempt tells why: while it waits for the first connection, the client keeps the reasons to itself. */
async function unreachable(options: NatsOptions, plain: ConnectionOptions, limitMs: number, cause: unknown) {
  let reason = cause;
  try {
    const late = await connect({ ...plain, reconnect: false });
    await late.close();
    reason = new Error("it answered when the time was over");
  } catch (thrown) {
    reason = thrown;
  }
  const why = reason instanceof Error ? reason.message : String(reason);
  const text = `No NATS server could be reached at ${natsAddress(options.url, options.tls).servers.join(", ")} within ${limitMs} ms: ${why}. Start one, or correct NATS_URL.`;
  return new AgentspanError("BUS_UNAVAILABLE", text, { cause: reason });
}

function connectionOptions(options: NatsOptions, dialMs: number): ConnectionOptions {
  const { credentials, name } = options;
  const { user, pass, token, ...address } = natsAddress(options.url, options.tls);
  const login = { ...(user === undefined ? {} : { user, pass }), ...(token === undefined ? {} : { token }) };
  return {
    ...address,
    timeout: dialMs,
    pingInterval: PING_MS,
    // Saves a tenth of the CPU of a process that makes many requests.
    noAsyncTraces: true,
    ...(name === undefined ? {} : { name }),
    ...(credentials === undefined
      ? login
      : { authenticator: credsAuthenticator(new TextEncoder().encode(credentials)) }),
  };
}
