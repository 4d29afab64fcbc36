// One port for HTTP/1.1 and HTTP/2, in the clear or by TLS: the first bytes of a connection say which of the two it speaks.
//
// HTTP/2 clients begin with the preface "PRI * HTTP/2.0"; no HTTP/1.1 request begins so. The bytes are put back, and the
// server of that version takes the socket as if it had accepted it.
import http from "node:http";
import http2 from "node:http2";
import net from "node:net";
import { createServer as createTlsServer, type TlsOptions } from "node:tls";
import type { Logger } from "@agentspan/internal";
import type { ServerTls } from "../server-tls.js";
import { BadRequests } from "./bad-requests.js";
import type { HttpListener } from "./exchange.js";
import { H2Keepalive } from "./h2-keepalive.js";

export interface FrontDoorOptions {
  readonly listener: HttpListener;
  readonly log: Logger;
  /** Milliseconds in which a new connection must send its first bytes. */
  readonly firstByteMs?: number;
  /** Milliseconds for the headers, and for the whole, of an HTTP/1.1 request. */
  readonly headersMs?: number;
  readonly requestMs?: number;
  /** What the port shows and asks of clients; cleartext where absent. */
  readonly tls?: ServerTls | undefined;
}

const FIRST_BYTE_MS = 10_000;
const HEADERS_MS = 15_000;
/** Milliseconds for the whole of a request, unless said. */
export const REQUEST_MS = 60_000;
/** On top for a body: whoever reads it refuses it first, and says why. */
const MORE_MS = 5_000;
const KEEP_ALIVE_MS = 65_000;
const TCP_PROBE_AFTER_MS = 30_000;
const MAX_CONNECTIONS = 20_000;
const MAX_STREAMS_A_SESSION = 10_000;
/** Streams of slow readers share their session's memory; the default of 10 MB ends them under each other's load. */
const SESSION_MEMORY_MB = 64;
const PREFACE = Buffer.from("PRI");

export class FrontDoor {
  readonly #net: net.Server;
  readonly #h1: http.Server;
  readonly #h2: http2.Http2Server;
  readonly #log: Logger;
  readonly #sockets = new Set<net.Socket>();
  readonly #sessions = new Set<http2.ServerHttp2Session>();
  #closing = false;

  constructor({ listener, log, firstByteMs = FIRST_BYTE_MS, headersMs, requestMs, tls }: FrontDoorOptions) {
    this.#log = log;
    const headersTimeout = headersMs ?? HEADERS_MS;
    const bad = new BadRequests();
    this.#h1 = http.createServer(
      {
        headersTimeout,
        requestTimeout: (requestMs ?? REQUEST_MS) + MORE_MS,
        keepAliveTimeout: KEEP_ALIVE_MS,
        connectionsCheckingInterval: Math.min(5_000, headersTimeout),
      },
      (request, response) => {
        if (this.#closing) response.setHeader("connection", "close");
        bad.follow(response);
        listener(request, response);
      },
    );
    this.#h1.on("clientError", (error, socket) => bad.answer(error, socket));
    // Node starts the check of those time-outs when the server begins to listen, which this one never does.
    this.#h1.emit("listening");
    this.#h2 = http2.createServer(
      { settings: { maxConcurrentStreams: MAX_STREAMS_A_SESSION }, maxSessionMemory: SESSION_MEMORY_MB },
      listener,
    );
    const keepalive = new H2Keepalive();
    this.#h2.on("session", (session) => {
      keepalive.add(session);
      this.#sessions.add(session);
      session.once("close", () => this.#sessions.delete(session));
      session.on("error", (err) => log.debug({ err }, "An HTTP/2 connection failed"));
    });
    this.#h2.on("sessionError", (err) => log.debug({ err }, "An HTTP/2 connection failed"));
    // A client may close its half after the request and still read the answer.
    const options = { allowHalfOpen: true, noDelay: true };
    const accept = (socket: net.Socket): void => this.#accept(socket, firstByteMs);
    if (tls === undefined) this.#net = net.createServer(options, accept);
    else this.#net = this.#secured({ ...options, ...tlsOptions(tls), handshakeTimeout: firstByteMs }, accept);
    this.#net.on("connection", (socket) => this.#keep(socket));
    this.#net.maxConnections = MAX_CONNECTIONS;
  }

  /** Resolves to the port once it listens; rejects with Node's error (EADDRINUSE, EACCES). */
  listen(host: string, port: number): Promise<number> {
    return new Promise((resolve, reject) => {
      this.#net.once("error", reject);
      this.#net.listen(port, host, () => {
        this.#net.off("error", reject);
        this.#net.on("error", (err) => this.#log.error({ err }, "The port failed"));
        const address = this.#net.address();
        resolve(typeof address === "object" && address !== null ? address.port : port);
      });
    });
  }

  /** Takes no new connection, lets what is in progress end within the time, and then closes the rest. */
  async close(graceMs: number): Promise<void> {
    this.#closing = true;
    const closed = new Promise<void>((resolve) => this.#net.close(() => resolve()));
    for (const session of this.#sessions) session.close();
    this.#h1.closeIdleConnections();
    // An answer in progress says "connection: close"; a keep-alive connection becomes idle a moment after its answer.
    const sweep = setInterval(() => this.#h1.closeIdleConnections(), 50);
    const grace = setTimeout(() => {
      for (const socket of this.#sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearInterval(sweep);
    clearTimeout(grace);
    this.#h1.close();
    this.#h2.close();
  }

  #secured(options: TlsOptions, accept: (socket: net.Socket) => void): net.Server {
    const server = createTlsServer(options, accept);
    // A scanner, a client that does not trust our certificate, or one without its own. Node leaves closing to us, also
    // of a handshake that took too long.
    server.on("tlsClientError", (err, socket) => {
      this.#log.debug({ err }, "A TLS handshake failed");
      socket.destroy();
    });
    return server;
  }

  /** Every connection, also one that is still in its handshake: what is kept is closed with the door. */
  #keep(socket: net.Socket): void {
    this.#sockets.add(socket);
    socket.once("close", () => this.#sockets.delete(socket));
    socket.setKeepAlive(true, TCP_PROBE_AFTER_MS);
    socket.on("error", (err) => this.#log.debug({ err }, "A connection failed"));
  }

  #accept(socket: net.Socket, firstByteMs: number): void {
    // Before a server has taken it, nobody else hears of its errors; afterwards this listener is one of several.
    socket.on("error", (err) => this.#log.debug({ err }, "A connection failed"));
    let seen: Buffer = Buffer.alloc(0);
    const tooSlow = setTimeout(() => socket.destroy(), firstByteMs);
    const done = (): void => {
      clearTimeout(tooSlow);
      socket.off("data", onData);
      socket.off("end", onEnd);
      socket.off("close", done);
    };
    const onEnd = (): void => {
      done();
      socket.destroy();
    };
    const onData = (chunk: Buffer): void => {
      seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
      const begins = seen.subarray(0, PREFACE.length);
      const isPreface = begins.equals(PREFACE.subarray(0, begins.length));
      if (isPreface && begins.length < PREFACE.length) return;
      done();
      socket.pause();
      socket.unshift(seen);
      if (isPreface) {
        // Whoever closes its half of an HTTP/2 connection is gone, and has no streams any more.
        socket.allowHalfOpen = false;
        this.#h2.emit("connection", socket);
      } else {
        this.#h1.emit("connection", socket);
        socket.resume();
      }
    };
    socket.on("data", onData);
    socket.once("end", onEnd);
    socket.once("close", done);
  }
}

function tlsOptions({ cert, key, clientCa }: ServerTls): TlsOptions {
  return {
    cert,
    key,
    // Node's own floor today, said so that it stays ours.
    minVersion: "TLSv1.2",
    ALPNProtocols: ["h2", "http/1.1"],
    ...(clientCa === undefined ? {} : { ca: clientCa, requestCert: true, rejectUnauthorized: true }),
  };
}
