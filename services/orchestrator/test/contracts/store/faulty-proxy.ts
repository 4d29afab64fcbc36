// Stands between the store and its database and does to their connections what a network may do.
import { once } from "node:events";
import { type AddressInfo, connect, createServer, type Server, type Socket } from "node:net";

/** The beginning of an update command on the collection `runs`, as it stands in a wire message. */
const COMMIT = Buffer.from("\x02update\0\x05\0\0\0runs\0", "latin1");

interface Link {
  readonly client: Socket;
  readonly upstream: Socket;
  /** Its next answer is lost; then this happens. */
  losing?: () => void;
  /** What came since it was held up. */
  held?: Buffer[];
}

export class FaultyProxy {
  readonly #server: Server;
  readonly #target: number;
  readonly #links = new Set<Link>();
  #refusing = false;
  #onCommit: ((link: Link) => void) | undefined;

  private constructor(target: number) {
    this.#target = target;
    this.#server = createServer((client) => this.#connect(client));
  }

  static async start(target: number): Promise<FaultyProxy> {
    const proxy = new FaultyProxy(target);
    proxy.#server.listen(0, "127.0.0.1");
    await once(proxy.#server, "listening");
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** The next commit passes; when its answer comes, the connection is cut instead, and `then` is called. */
  loseNextAnswer(then: () => void = () => undefined): void {
    this.#onCommit = (link) => {
      link.losing = then;
    };
  }

  /** The next commit stays here until the function is called, even if its sender gives up meanwhile. */
  holdNextCommit(): () => void {
    let holding: Link | undefined;
    this.#onCommit = (link) => {
      link.held = [];
      holding = link;
    };
    return () => {
      for (const chunk of holding?.held ?? []) holding?.upstream.write(chunk);
      delete holding?.held;
    };
  }

  /** Cuts every connection and takes none until `accept`. */
  refuse(): void {
    this.#refusing = true;
    for (const { client, upstream } of this.#links) {
      client.destroy();
      upstream.destroy();
    }
  }

  accept(): void {
    this.#refusing = false;
  }

  async close(): Promise<void> {
    this.refuse();
    this.#server.close();
    await once(this.#server, "close");
  }

  #connect(client: Socket): void {
    if (this.#refusing) {
      client.destroy();
      return;
    }
    const link: Link = { client, upstream: connect(this.#target, "127.0.0.1") };
    const { upstream } = link;
    this.#links.add(link);
    client.on("data", (chunk) => {
      if (this.#onCommit !== undefined && chunk.includes(COMMIT)) {
        const befalls = this.#onCommit;
        this.#onCommit = undefined;
        befalls(link);
      }
      if (link.held === undefined) upstream.write(chunk);
      else link.held.push(chunk);
    });
    upstream.on("data", (chunk) => {
      if (link.losing === undefined) {
        client.write(chunk);
        return;
      }
      client.destroy();
      upstream.destroy();
      link.losing();
    });
    // An error is followed by close, which ends the other side as well.
    client.on("error", () => undefined);
    upstream.on("error", () => undefined);
    client.on("close", () => {
      // A held commit is still to be sent when its sender has gone.
      if (link.held === undefined) upstream.destroy();
    });
    upstream.on("close", () => {
      client.destroy();
      this.#links.delete(link);
    });
  }
}
