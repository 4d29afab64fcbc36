import { once } from "node:events";
import { createServer, type Http2Server, type ServerHttp2Session } from "node:http2";
import type { AddressInfo } from "node:net";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { MemoryRunService } from "../memory-run-service.js";

/** The in-memory RunService on a real port of 127.0.0.1, HTTP/2 without TLS. */
export class MemoryGateway {
  readonly service = new MemoryRunService();
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #handler = connectNodeAdapter({ routes: this.service.routes });
  #server: Http2Server | undefined;
  #port = 0;

  static async start(): Promise<MemoryGateway> {
    const gateway = new MemoryGateway();
    await gateway.listen();
    return gateway;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  get grpcUrl(): string {
    return `grpc://127.0.0.1:${this.#port}`;
  }

  /** Listens, after `die` on the same port. */
  async listen(): Promise<void> {
    this.#server = createServer(this.#handler);
    this.#server.on("session", (session) => {
      this.#sessions.add(session);
      session.on("close", () => this.#sessions.delete(session));
    });
    this.#server.listen(this.#port, "127.0.0.1");
    await once(this.#server, "listening");
    this.#port = (this.#server.address() as AddressInfo).port;
  }

  /** Goes away as a killed process does: every connection is reset. */
  async die(): Promise<void> {
    const server = this.#server;
    if (server === undefined) return;
    const closed = once(server, "close");
    server.close();
    for (const session of this.#sessions) session.socket.resetAndDestroy();
    this.#server = undefined;
    await closed;
  }
}
