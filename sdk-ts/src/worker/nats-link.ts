// The worker's connection to the bus. It reconnects for ever by itself; what must be repeated is repeated by the callers.
import {
  type AgentspanError,
  natsAddress,
  START_WITH,
  type TlsFiles,
  traceHeaders,
  type WorkerVerb,
  withoutSecrets,
  workerInboxPrefix,
  workerSubject,
} from "@agentspan/internal";
import type { DescMessage, MessageShape } from "@bufbuild/protobuf";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import {
  connect,
  createInbox,
  DebugEvents,
  ErrorCode,
  type NatsConnection,
  NatsError,
  Events as NatsEvents,
  nkeyAuthenticator,
} from "nats";
import { pause } from "../backoff.js";
import type { Logger } from "../logger.js";
import { unreachableError } from "../unreachable-error.js";
import { keepProcess } from "./keep-process.js";
import type { LinkMessage, WorkerLink } from "./worker-link.js";

export interface NatsLinkOptions {
  readonly url: string;
  /** What is shown and trusted; with it, or a tls:// in the url, the connection must be by TLS. */
  readonly tls?: TlsFiles | undefined;
  /** The seed of the worker's NATS user, which takes the place of a login in the url. */
  readonly seed?: string | undefined;
  readonly workerId: string;
  readonly logger: Logger;
  /** How long the first connection is tried. */
  readonly patienceMs: number;
  readonly signal: AbortSignal;
}

export class NatsLink implements WorkerLink {
  readonly #connection: NatsConnection;
  readonly #workerId: string;
  readonly #logger: Logger;
  #holds = 0;
  onReconnect: () => void = () => undefined;

  private constructor(connection: NatsConnection, options: NatsLinkOptions) {
    this.#connection = connection;
    this.#workerId = options.workerId;
    this.#logger = options.logger;
    this.#keepProcess();
    void this.#watch();
  }

  /** Throws BUS_UNAVAILABLE with the remedy where nothing answers within the patience. */
  static async open(options: NatsLinkOptions): Promise<NatsLink> {
    const begun = performance.now();
    // An address that is none is told at once.
    const chosen = connectionOptions(options);
    for (;;) {
      try {
        return new NatsLink(await connect(chosen), options);
      } catch (error) {
        const told = unreachable(options.url, error);
        if (performance.now() - begun >= options.patienceMs) throw told;
        // Where in a library a socket was refused tells a person nothing.
        options.logger.warn(
          { url: withoutSecrets(options.url), why: whyOf(error) },
          "Cannot reach NATS yet; trying again",
        );
        await pause(Math.min(1_000, options.patienceMs), options.signal);
      }
    }
  }

  get maxPayload(): number {
    return this.#connection.info?.max_payload ?? 1024 * 1024;
  }

  async ask<I extends DescMessage, O extends DescMessage>(
    verb: WorkerVerb,
    [input, output]: readonly [I, O],
    request: MessageShape<I>,
    options: { readonly timeoutMs: number; readonly orchestratorId?: string | undefined },
  ): Promise<MessageShape<O> | undefined> {
    const subject = workerSubject(this.#workerId, verb, options.orchestratorId);
    try {
      const asked = { timeout: options.timeoutMs, ...traceHeaders() };
      const answer = await this.#connection.request(subject, toBinary(input, request), asked);
      return fromBinary(output, answer.data);
    } catch (error) {
      // Time-out, no responders, not connected, or an answer that is none: all the same to whoever must ask again.
      this.#logger.debug({ subject, err: error }, "No answer");
      return undefined;
    }
  }

  publish(subject: string, body: string, reply?: string): void {
    if (!this.#connection.isClosed()) this.#connection.publish(subject, body, reply === undefined ? {} : { reply });
  }

  listen(onMessage: (message: LinkMessage) => void): { readonly inbox: string; close(): Promise<void> } {
    const inbox = createInbox(workerInboxPrefix(this.#workerId));
    const subscription = this.#connection.subscribe(`${inbox}.*`, {
      callback: (error, message) => {
        if (error === null) onMessage(message);
        else this.#logger.warn({ inbox, err: error }, "A subscription failed");
      },
    });
    return {
      inbox,
      // What is on its way is still delivered. A connection that has closed has nothing on its way.
      close: () => subscription.drain().catch(() => undefined),
    };
  }

  hold(): void {
    this.#holds++;
    if (this.#holds === 1) this.#keepProcess();
  }

  release(): void {
    this.#holds--;
    if (this.#holds === 0) this.#keepProcess();
  }

  async close(): Promise<void> {
    if (!this.#connection.isClosed()) await this.#connection.drain().catch(() => this.#connection.close());
  }

  #keepProcess(): void {
    keepProcess(this.#connection, this.#holds > 0);
  }

  async #watch(): Promise<void> {
    for await (const { type, data } of this.#connection.status()) {
      switch (type) {
        case NatsEvents.Disconnect:
          this.#logger.warn({ server: data }, "Lost the connection to NATS; reconnecting");
          break;
        case NatsEvents.Reconnect:
          this.#logger.info({ server: data }, "Connected to NATS again");
          this.#keepProcess();
          this.onReconnect();
          break;
        case DebugEvents.PingTimer:
          // Each ping makes a new timer.
          this.#keepProcess();
          break;
        case NatsEvents.Error:
          this.#logger.error({ error: String(data) }, "NATS refused something");
          break;
        default:
          break;
      }
    }
  }
}

function connectionOptions({ url, tls, seed, workerId }: NatsLinkOptions) {
  return {
    ...natsAddress(url, tls),
    ...(seed === undefined ? {} : { authenticator: nkeyAuthenticator(new TextEncoder().encode(seed)) }),
    name: `agentspan worker ${workerId}`,
    inboxPrefix: workerInboxPrefix(workerId),
    noAsyncTraces: true,
    maxReconnectAttempts: -1,
    reconnectTimeWait: 250,
    reconnectJitter: 250,
    ignoreAuthErrorAbort: true,
    // Notices a dead connection within half a minute.
    pingInterval: 10_000,
    maxPingOut: 2,
    timeout: 5_000,
  };
}

const START_REMEDY = `Is the server running, and is AGENTSPAN_NATS_URL its address? ${START_WITH}`;
const LOGIN_REMEDY =
  "It does not know this login. Make the worker's credentials with: agentspan worker credentials; and name their file in AGENTSPAN_WORKER_CREDENTIALS_FILE";

/** Credentials of a NATS URL: nats://user:password@host or nats://token@host. */
function unreachable(url: string, cause: unknown): AgentspanError {
  const why = whyOf(cause);
  const address = withoutSecrets(url);
  const remedy = why === ErrorCode.AuthorizationViolation ? LOGIN_REMEDY : START_REMEDY;
  return unreachableError(`Cannot reach NATS at ${address} (${why}). ${remedy}`, address, cause);
}

function whyOf(cause: unknown): string {
  return cause instanceof NatsError ? cause.code : String(cause);
}
