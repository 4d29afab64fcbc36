// One server as a child process: started, answered for, stopped, killed, paused, and started again on the same data.
//
// A child must not outlive its parent, even one that was killed with SIGKILL. Linux could do it alone (PDEATHSIG); this
// works everywhere at the price of one sleeping shell: the child begins as a shell that leaves a watcher behind and then
// becomes the server. The watcher reads from a pipe whose other end only the parent has. When the parent is gone, however
// it went, the read ends, and the watcher stops the server.
//
// The server has a process group of its own: Ctrl-C in a terminal reaches the parent alone, which stops its servers in
// the right order.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { Writable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import { isStopped } from "./process-table.js";
import { ServersError } from "./servers-error.js";

/** How a server ended. */
export interface ServerExit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** Whether stop, kill or restart asked for it. */
  readonly expected: boolean;
  /** Its last words on standard output and error. */
  readonly lastLines: readonly string[];
}

/** What a caller may follow of a server's life, and what the server may know. */
export interface ServerHooks {
  readonly onExit?: ((exit: ServerExit) => void) | undefined;
  /** Called at once with each process id, before the server answers. */
  readonly onSpawn?: ((pid: number) => void) | undefined;
  /** Called with each line that it writes to standard output or error. */
  readonly onLine?: ((line: string) => void) | undefined;
  /** The environment it gets; that of this process unless said. */
  readonly env?: NodeJS.ProcessEnv | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Those of an object that has more. */
export function hooksOf({ onExit, onSpawn, onLine, env, signal }: ServerHooks): ServerHooks {
  return { onExit, onSpawn, onLine, env, signal };
}

export interface ServerProcessOptions extends ServerHooks {
  /** What messages call it: "NATS". */
  readonly name: string;
  readonly command: readonly string[];
  readonly cwd: string;
  /** Resolves when the server answers as it should; a rejection means not yet. */
  readonly answers: (signal: AbortSignal) => Promise<void>;
  /** Milliseconds from the start until it must answer; 60,000 unless said. */
  readonly startTimeoutMs?: number | undefined;
}

const STOP_MS = 10_000;
const PROBE_MS = 50;
const MAX_LINES = 40;

// The word "q" says that the server is gone: its pid may be somebody else's by now, so it is not touched. For the same
// reason the watcher looks every second whether the server is still there, before it kills what does not stop.
const WATCHED = `
  (
    read -r word <&3
    [ "$word" = q ] && exit
    kill -TERM $$
    for second in 1 2 3 4 5; do
      sleep 1
      kill -0 $$ || exit
    done
    kill -KILL $$
  ) >/dev/null 2>&1 &
  exec "$@" 3<&-
`;

export class ServerProcess {
  readonly #options: ServerProcessOptions;
  #child: ChildProcess | undefined;
  #exited: Promise<void> = Promise.resolve();
  #expected = false;
  #lines: string[] = [];

  private constructor(options: ServerProcessOptions) {
    this.#options = options;
  }

  /** Starts it and waits until it answers. Throws START_FAILED with its last words, or the signal's reason. */
  static async start(options: ServerProcessOptions): Promise<ServerProcess> {
    const server = new ServerProcess(options);
    await server.#start(options.signal);
    return server;
  }

  /** The process id, which a restart changes; undefined while it does not run. */
  get pid(): number | undefined {
    return this.#child?.pid;
  }

  get running(): boolean {
    return this.#child !== undefined;
  }

  /** Asks it to stop, and kills it after 10 seconds. Resolves when it is gone. */
  async stop(): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    this.#expected = true;
    child.kill("SIGCONT"); // A paused process does not hear SIGTERM.
    child.kill("SIGTERM");
    const timer = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
    await this.#exited;
    clearTimeout(timer);
  }

  /** Kills it with SIGKILL, as a power cut would. Resolves when it is gone. */
  kill(): Promise<void> {
    this.#expected = true;
    this.#child?.kill("SIGKILL");
    return this.#exited;
  }

  /** Starts it again on the same port and data, after stopping it where it still runs; waits until it answers. */
  async restart(): Promise<void> {
    await this.stop();
    // What the last one left half closed may hold the port for a moment.
    const deadline = performance.now() + STOP_MS;
    for (;;) {
      try {
        return await this.#start(undefined);
      } catch (error) {
        if (!isPortTaken(error) || performance.now() > deadline) throw error;
        await delay(PROBE_MS);
      }
    }
  }

  /** Freezes it with SIGSTOP: connections stay open and nothing answers. Resolves when each of its threads stands. */
  async pause(): Promise<void> {
    const child = this.#child;
    child?.kill("SIGSTOP");
    // The signal reaches the threads one after the other, and one that runs may still answer.
    while (child?.pid !== undefined && this.#child === child && !(await isStopped(child.pid))) await delay(5);
  }

  resume(): void {
    this.#child?.kill("SIGCONT");
  }

  /** Asks it to read its configuration again, by SIGHUP. */
  reload(): void {
    this.#child?.kill("SIGHUP");
  }

  async #start(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { name, command, cwd, startTimeoutMs = 60_000 } = this.#options;
    this.#lines = [];
    this.#expected = false;
    this.#spawn(command, cwd);
    const deadline = performance.now() + startTimeoutMs;
    const stopped = new AbortController();
    void this.#exited.then(() => stopped.abort());
    const ending = AbortSignal.any([stopped.signal, ...(signal === undefined ? [] : [signal])]);
    let last: unknown;
    while (this.running && signal?.aborted !== true && performance.now() < deadline) {
      try {
        await this.#options.answers(AbortSignal.any([ending, AbortSignal.timeout(5000)]));
        if (this.running) return;
      } catch (error) {
        last = error;
        await Promise.race([delay(PROBE_MS), this.#exited]);
      }
    }
    const ended = !this.running;
    await this.kill();
    signal?.throwIfAborted();
    const words = this.#lines.slice(-8).map((line) => `\n  ${line}`);
    throw new ServersError(
      "START_FAILED",
      `${name} ${ended ? "ended before it answered" : `did not answer within ${startTimeoutMs / 1000} s`} (${command.join(" ")}).${words.length === 0 ? "" : ` Its last words:${words.join("")}`}`,
      { cause: last },
    );
  }

  #spawn(command: readonly string[], cwd: string): void {
    const child = spawn("/bin/sh", ["-c", WATCHED, "sh", ...command], {
      cwd,
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "pipe"],
      ...(this.#options.env === undefined ? {} : { env: this.#options.env }),
    });
    this.#child = child;
    if (child.pid !== undefined) this.#options.onSpawn?.(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.#lines.push(line);
        if (this.#lines.length > MAX_LINES) this.#lines.shift();
        this.#options.onLine?.(line);
      });
    }
    const [, , , pipe] = child.stdio;
    if (!(pipe instanceof Writable)) throw new TypeError("The pipe to the watcher cannot be written.");
    // The watcher may be gone first, when somebody killed it: there is nobody left to tell.
    pipe.on("error", () => undefined);
    const closed = once(child, "close");
    this.#exited = (once(child, "exit") as Promise<[number | null, NodeJS.Signals | null]>)
      .then(async ([code, signal]) => {
        pipe.end("q\n");
        // Its last words may still be on the way; a child of its own that holds the pipe must not hold us.
        await Promise.race([closed, delay(500)]);
        return { code, signal };
      })
      .catch((error: unknown) => {
        this.#lines.push(String(error)); // No /bin/sh, or no folder to start it in.
        return { code: null, signal: null };
      })
      .then((exit) => {
        this.#child = undefined;
        this.#options.onExit?.({ ...exit, expected: this.#expected, lastLines: [...this.#lines] });
      });
  }
}

/** Whether a start failed because somebody else has the port: the one failure that trying again mends. */
export function isPortTaken(error: unknown): boolean {
  return (
    error instanceof ServersError &&
    error.reason === "START_FAILED" &&
    /address already in use|EADDRINUSE|port is taken/i.test(error.message)
  );
}
