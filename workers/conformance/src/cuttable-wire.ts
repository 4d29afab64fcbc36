// A wire between a driver and NATS that can be cut: whoever connects meanwhile is hung up on.

import type { AddressInfo } from "node:net";
import { connect, createServer, type Server, type Socket } from "node:net";

export class CuttableWire {
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #cut = false;
  #refused = 0;

  private constructor(target: number) {
    this.#server = createServer((near) => {
      if (this.#cut) {
        this.#refused += 1;
        near.destroy();
        return;
      }
      const far = connect({ host: "127.0.0.1", port: target });
      for (const [one, other] of [
        [near, far],
        [far, near],
      ] as const) {
        this.#sockets.add(one);
        // The end of one side is the end of both.
        one.on("error", () => other.destroy());
        one.on("close", () => {
          this.#sockets.delete(one);
          other.destroy();
        });
        one.pipe(other);
      }
    });
  }

  /** To a port of this machine. */
  static async to(port: number): Promise<CuttableWire> {
    const wire = new CuttableWire(port);
    wire.#server.listen(0, "127.0.0.1");
    await new Promise((resolve) => wire.#server.once("listening", resolve));
    return wire;
  }

  get url(): string {
    return `nats://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** How often somebody tried to connect while it was cut. */
  get refused(): number {
    return this.#refused;
  }

  cut(): void {
    this.#cut = true;
    for (const socket of this.#sockets) socket.destroy();
  }

  mend(): void {
    this.#cut = false;
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
