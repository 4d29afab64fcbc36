// One of our processes as a child: forked, answered for over IPC, killed, paused, and started again.
import { type ChildProcess, fork, type Serializable } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

export interface ChildServiceOptions {
  /** What messages call it: "gateway 1". */
  readonly name: string;
  /** Compiled JavaScript; it sends {ready: true, …} once it serves. */
  readonly entry: string;
  readonly env: Readonly<Record<string, string>>;
  readonly execArgv?: readonly string[];
}

/** What a child says once it serves. */
export type Ready = Readonly<Record<string, unknown>> & { readonly ready: true };

const START_MS = 30_000;
const STOP_MS = 15_000;
const MAX_LINES = 400;

type Listener = (message: Readonly<Record<string, unknown>>) => void;

export class ChildService {
  readonly name: string;
  readonly #options: ChildServiceOptions;
  readonly #lines: string[] = [];
  readonly #listeners = new Set<Listener>();
  #child: ChildProcess | undefined;
  #exited: Promise<unknown> = Promise.resolve();
  #ready: Ready = { ready: true };
  #asked = 0;

  private constructor(options: ChildServiceOptions) {
    this.name = options.name;
    this.#options = options;
  }

  /** Starts it and waits until it says that it is ready. Throws with its last words where it does not. */
  static async start(options: ChildServiceOptions): Promise<ChildService> {
    const service = new ChildService(options);
    await service.restart();
    return service;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Resolves when this life of it has ended, whoever ended it; at once where it does not run. */
  get exited(): Promise<unknown> {
    return this.#exited;
  }

  /** What it said when it was last ready. */
  get ready(): Ready {
    return this.#ready;
  }

  /** Its last lines, of every life of it. */
  log(): string {
    return this.#lines.map((line) => `[${this.name}] ${line}`).join("\n");
  }

  /** A new life, with further settings where given. It must not be running. */
  async restart(env: Readonly<Record<string, string>> = {}): Promise<void> {
    if (this.#child !== undefined) throw new Error(`${this.name} is running already.`);
    const { entry, execArgv = [] } = this.#options;
    const { PATH = "", HOME = "" } = process.env;
    const child = fork(entry, [], {
      env: { PATH, HOME, ...this.#options.env, ...env },
      execArgv: [...execArgv],
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#note(line));
    }
    this.#exited = once(child, "exit").then(([code, signal]) => {
      this.#child = undefined;
      this.#note(`— ended: ${code ?? signal}`);
    });
    child.on("message", (message: Serializable) => {
      if (typeof message !== "object" || message === null) return;
      const fields = message as unknown as Readonly<Record<string, unknown>>;
      for (const listener of [...this.#listeners]) listener(fields);
    });
    const ready = this.message((message): message is Ready => message.ready === true, START_MS);
    const early = this.#exited.then(() => {
      throw new Error(`${this.name} ended before it was ready:\n${this.log()}`);
    });
    this.#ready = await Promise.race([ready, early]);
    // Nobody waits for it any more; its end is told by whoever needs it.
    early.catch(() => undefined);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    this.#child?.kill("SIGKILL");
    await this.#exited;
  }

  /** SIGTERM, as an operator would; SIGKILL where it takes too long. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    child.kill("SIGCONT");
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** SIGSTOP: nothing answers, nothing is closed. */
  pause(): void {
    this.#child?.kill("SIGSTOP");
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Sends a message and gives the answer to it: whatever comes with the same `ask`. */
  async ask(message: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>> {
    this.#asked += 1;
    const id = this.#asked;
    const answer = this.message((candidate) => candidate.answer === id, STOP_MS);
    this.send({ ...message, ask: id });
    return answer;
  }

  /** To a process that is just dying it is lost, as what is sent to one that has died would be. */
  send(message: Readonly<Record<string, unknown>>): void {
    if (this.#child === undefined) throw new Error(`${this.name} is not running.`);
    this.#child.send(message, () => undefined);
  }

  /** The next message that fits. Throws where none comes in time. */
  message<T extends Readonly<Record<string, unknown>> = Readonly<Record<string, unknown>>>(
    fits:
      | ((message: Readonly<Record<string, unknown>>) => message is T)
      | ((message: Readonly<Record<string, unknown>>) => boolean),
    withinMs = STOP_MS,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        clearTimeout(timer);
        this.#listeners.delete(listener);
      };
      const listener: Listener = (message) => {
        if (!fits(message)) return;
        settle();
        resolve(message as T);
      };
      const timer = setTimeout(() => {
        settle();
        reject(new Error(`${this.name} did not say within ${withinMs} ms what was waited for.\n${this.log()}`));
      }, withinMs);
      timer.unref();
      this.#listeners.add(listener);
    });
  }

  #note(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }
}
