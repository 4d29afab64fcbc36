// A door between a client and a server, whatever they speak, that can lose answers: what the client sends still arrives
// and is carried out, nothing comes back, and then the connection breaks.
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";

export interface LossyProxyOptions {
  /** Whose answers: "MongoDB's to an orchestrator". */
  readonly name: string;
  readonly host?: string;
  readonly port: number;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
  deaf: boolean;
}

export class LossyProxy {
  readonly name: string;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();

  private constructor({ name, host = "127.0.0.1", port }: LossyProxyOptions) {
    this.name = name;
    this.#server = createServer((near) => this.#join(near, dial({ host, port })));
  }

  static async open(options: LossyProxyOptions): Promise<LossyProxy> {
    const proxy = new LossyProxy(options);
    await new Promise<void>((resolve) => proxy.#server.listen(0, "127.0.0.1", resolve));
    return proxy;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** From now on nothing comes back on the connections that stand; after so many milliseconds they break. */
  async loseAnswers(forMs: number): Promise<void> {
    const pairs = [...this.#pairs];
    for (const pair of pairs) pair.deaf = true;
    await new Promise((resolve) => setTimeout(resolve, forMs));
    for (const pair of pairs) this.#end(pair);
  }

  /** Breaks every connection. */
  cut(): void {
    for (const pair of [...this.#pairs]) this.#end(pair);
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #join(near: Socket, far: Socket): void {
    const pair: Pair = { near, far, deaf: false };
    this.#pairs.add(pair);
    for (const socket of [near, far]) socket.on("error", () => this.#end(pair)).on("close", () => this.#end(pair));
    near.on("data", (chunk: Buffer) => pass(chunk, near, far));
    far.on("data", (chunk: Buffer) => {
      if (!pair.deaf) pass(chunk, far, near);
    });
  }

  #end(pair: Pair): void {
    this.#pairs.delete(pair);
    pair.near.destroy();
    pair.far.destroy();
  }
}

/** With the receiver's pace: what it does not take is not read either. */
function pass(chunk: Buffer, from: Socket, to: Socket): void {
  if (to.destroyed || to.write(chunk)) return;
  from.pause();
  to.once("drain", () => from.resume());
}
