// A driver as a process: started by its command, and from then on nothing but signals, its ledger and its end.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";

/** How the worker of an SDK is started. */
export interface Driver {
  /** As it registers. */
  readonly language: string;
  /** The program, and its arguments; the process that it makes is the worker itself. */
  readonly command: readonly [string, ...string[]];
  readonly env?: Readonly<Record<string, string>>;
}

export interface DriverSettings {
  readonly workerId: string;
  readonly queues: readonly string[];
  readonly natsUrl: string;
  readonly trustedKeysFile: string;
  readonly ledger: string;
  readonly gates: string;
  readonly concurrency?: number;
  readonly graceMs?: number;
}

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const MAX_LINES = 200;

export class DriverProcess {
  readonly workerId: string;
  readonly exited: Promise<Exit>;
  readonly #child: ChildProcess;
  readonly #lines: string[] = [];
  #exit: Exit | undefined;

  private constructor(child: ChildProcess, workerId: string) {
    this.#child = child;
    this.workerId = workerId;
    for (const stream of [child.stdout, child.stderr]) {
      if (stream !== null) createInterface({ input: stream }).on("line", (line) => this.#note(line));
    }
    this.exited = once(child, "exit").then(([code, signal]) => {
      this.#exit = { code, signal };
      return this.#exit;
    });
    // Who asks for the end is told; nobody may ask.
    this.exited.catch(() => undefined);
  }

  static start({ command: [program, ...args], env }: Driver, settings: DriverSettings): DriverProcess {
    const { PATH = "", HOME = "" } = process.env;
    const child = spawn(program, args, {
      env: {
        PATH,
        HOME,
        AGENTSPAN_NATS_URL: settings.natsUrl,
        AGENTSPAN_TRUSTED_KEYS_FILE: settings.trustedKeysFile,
        CONFORMANCE_WORKER_ID: settings.workerId,
        CONFORMANCE_QUEUES: settings.queues.join(","),
        CONFORMANCE_CONCURRENCY: String(settings.concurrency ?? 16),
        CONFORMANCE_GRACE_MS: String(settings.graceMs ?? 1_000),
        CONFORMANCE_LEDGER: settings.ledger,
        CONFORMANCE_GATES: settings.gates,
        ...env,
      },
      // Its standard input ends with this process, however that ends.
      stdio: ["pipe", "pipe", "pipe"],
    });
    return new DriverProcess(child, settings.workerId);
  }

  get pid(): number {
    if (this.#child.pid === undefined) throw new Error("The driver could not be started.");
    return this.#child.pid;
  }

  /** How it ended; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  signal(signal: "SIGTERM" | "SIGSTOP" | "SIGCONT"): void {
    this.#child.kill(signal);
  }

  /** SIGKILL; resolves when it is gone. */
  async kill(): Promise<void> {
    if (this.#exit !== undefined) return;
    this.#child.kill("SIGKILL");
    await this.exited;
  }

  /** Its last lines. */
  log(): string {
    return this.#lines.map((line) => `[${this.workerId}] ${line}`).join("\n");
  }

  #note(line: string): void {
    this.#lines.push(line);
    if (this.#lines.length > MAX_LINES) this.#lines.shift();
  }
}
