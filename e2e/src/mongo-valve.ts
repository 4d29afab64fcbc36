// A door between one process and MongoDB that a test can close at an exact command: before the server gets it, or after
// the server has carried it out and before the process hears of it.
import { type AddressInfo, createServer, connect as dial, type Server, type Socket } from "node:net";
import { Gate } from "./gate.js";
import { type MongoCommand, MongoWire } from "./mongo-wire.js";

type Fits = (command: MongoCommand) => boolean;

interface Trap {
  readonly where: "before" | "after";
  readonly fits: Fits;
  readonly gate: Gate;
}

interface Pair {
  readonly near: Socket;
  readonly far: Socket;
}

export class MongoValve {
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  readonly #counts = new Map<string, number>();
  #trap: Trap | undefined;
  #onCommand: ((command: MongoCommand) => void) | undefined;

  private constructor(targetPort: number) {
    this.#server = createServer((near) => this.#join(near, dial({ host: "127.0.0.1", port: targetPort })));
  }

  static async open(targetPort: number): Promise<MongoValve> {
    const valve = new MongoValve(targetPort);
    await new Promise<void>((resolve) => valve.#server.listen(0, "127.0.0.1", resolve));
    return valve;
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  get uri(): string {
    return `mongodb://127.0.0.1:${this.port}/?directConnection=true`;
  }

  /** Commands by "name collection" since the last call. */
  takeCounts(): Readonly<Record<string, number>> {
    const counts = Object.fromEntries(this.#counts);
    this.#counts.clear();
    return counts;
  }

  /** Sees each command from now on. */
  watch(onCommand: (command: MongoCommand) => void): void {
    this.#onCommand = onCommand;
  }

  /**
   * The first command that fits, and whatever comes after it on its connection, does not reach the server until the gate
   * is open. The gate is reached when it has come.
   */
  holdBefore(fits: Fits): Gate {
    return this.#set("before", fits);
  }

  /** The first command that fits is carried out, and its answer does not come back until the gate is open. */
  holdAnswerOf(fits: Fits): Gate {
    return this.#set("after", fits);
  }

  /** Breaks every connection; what is held is lost. */
  cut(): void {
    for (const { near, far } of this.#pairs) {
      near.destroy();
      far.destroy();
    }
    this.#pairs.clear();
  }

  async close(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #set(where: Trap["where"], fits: Fits): Gate {
    const gate = new Gate();
    this.#trap = { where, fits, gate };
    return gate;
  }

  #join(near: Socket, far: Socket): void {
    const pair = { near, far };
    this.#pairs.add(pair);
    const end = (): void => {
      this.#pairs.delete(pair);
      near.destroy();
      far.destroy();
    };
    for (const socket of [near, far]) socket.on("error", end).on("close", end);
    const wire = new MongoWire();
    // What comes while something is held waits behind it, in order.
    let requests: Promise<void> = Promise.resolve();
    let answers: Promise<void> = Promise.resolve();
    let answerTrap: Trap | undefined;
    near.on("data", (chunk: Buffer) => {
      for (const command of wire.push(chunk)) {
        const trapped = this.#take(command);
        if (trapped?.where === "before") requests = requests.then(() => trapped.gate.arrive());
        // A driver has one command at a time on a connection: the next answer is this one's.
        if (trapped?.where === "after") answerTrap = trapped;
        requests = requests.then(() => {
          if (!far.destroyed) far.write(command.bytes);
        });
      }
    });
    far.on("data", (chunk: Buffer) => {
      const trapped = answerTrap;
      answerTrap = undefined;
      if (trapped !== undefined) answers = answers.then(() => trapped.gate.arrive());
      answers = answers.then(() => {
        if (!near.destroyed) near.write(chunk);
      });
    });
  }

  #take(command: MongoCommand): Trap | undefined {
    const key = `${command.name} ${command.collection}`.trim();
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    this.#onCommand?.(command);
    const trap = this.#trap;
    if (trap === undefined || !trap.fits(command)) return undefined;
    this.#trap = undefined;
    return trap;
  }
}

/** A write of a run that holds a text, such as the run's id or an event's name. */
export function writesRun(...texts: readonly string[]): Fits {
  return ({ name, collection, bytes }) =>
    name === "update" && collection === "runs" && texts.every((text) => bytes.includes(text));
}
