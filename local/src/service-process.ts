// The orchestrator or the gateway as a child of this process: started, started again when it dies, stopped.
//
// It tells {ready: true} over IPC, and ends by itself when that channel closes, so it never outlives its parent. It has a
// process group of its own: Ctrl-C in a terminal reaches the parent alone, which stops its children in the right order.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { LocalStackError } from "./local-stack-error.js";

export interface ServiceOptions {
  /** In a sentence: "The gateway". */
  readonly title: string;
  /** Path of the program. */
  readonly script: string;
  /** Asked at each start. */
  readonly env: () => NodeJS.ProcessEnv;
  /** Called at once with each process id. */
  readonly onSpawn: (pid: number) => void;
  /** Each line that it writes. */
  readonly onLine: (line: string) => void;
  /** What it told when it was ready, at each start. */
  readonly onReady?: (message: object) => void;
  /** That it died, and that it is back. */
  readonly onTrouble: (line: string) => void;
  /** Called where it died, in place of starting it again: it kept what cannot be had again. */
  readonly onLost?: (how: string) => void;
  /** Where the rest of its words can be read, for messages. */
  readonly logPath: string;
  /** Milliseconds until it must be ready; 30,000 unless said. */
  readonly readyWithinMs?: number;
  /** Milliseconds that it may take to stop before it is killed. */
  readonly stopWithinMs: number;
  readonly backoff?: { readonly firstMs: number; readonly mostMs: number };
  readonly signal?: AbortSignal | undefined;
}

const BACKOFF = { firstMs: 250, mostMs: 10_000 };
/** Whoever lived as long as this did not die of its start. */
const STEADY_MS = 30_000;
const MAX_WORDS = 20;

export class ServiceProcess {
  readonly #options: ServiceOptions;
  readonly #stopping = new AbortController();
  #child: ChildProcess | undefined;
  #gone: Promise<void> = Promise.resolve();
  #restarts: Promise<void> = Promise.resolve();

  private constructor(options: ServiceOptions) {
    this.#options = options;
  }

  /** Resolves when it is ready. Throws SERVICE_FAILED with what it said, or the signal's reason. */
  static async start(options: ServiceOptions): Promise<ServiceProcess> {
    const service = new ServiceProcess(options);
    await service.#launch(options.signal);
    return service;
  }

  get pid(): number | undefined {
    return this.#child?.pid;
  }

  /** Asks it to stop, and kills it when it takes too long. Resolves when it is gone. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill("SIGCONT"); // A paused process does not hear SIGTERM.
    this.#child?.kill("SIGTERM");
    const timer = setTimeout(() => this.#child?.kill("SIGKILL"), this.#options.stopWithinMs);
    await this.#gone;
    clearTimeout(timer);
    await this.#restarts;
  }

  /** Kills it at once. */
  async kill(): Promise<void> {
    this.#stopping.abort();
    this.#child?.kill("SIGKILL");
    await this.#gone;
    await this.#restarts;
  }

  async #launch(signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    const { title, script, env, logPath, readyWithinMs = 30_000 } = this.#options;
    const words: string[] = [];
    const child = fork(script, [], {
      env: env(),
      execArgv: [],
      detached: true,
      stdio: ["ignore", "pipe", "pipe", "ipc"],
    });
    const begun = performance.now();
    this.#child = child;
    if (child.pid !== undefined) this.#options.onSpawn(child.pid);
    for (const stream of [child.stdout, child.stderr]) {
      if (stream === null) continue;
      createInterface({ input: stream }).on("line", (line) => {
        this.#options.onLine(line);
        // Its log is in JSON; what is not is meant for people.
        if (!line.startsWith("{") && words.push(line) > MAX_WORDS) words.shift();
      });
    }
    let ready = false;
    const exited = ended(child).then((how) => {
      if (this.#child === child) this.#child = undefined;
      const { onLost } = this.#options;
      if (ready && !this.#stopping.signal.aborted && onLost !== undefined) onLost(how);
      else if (ready && !this.#stopping.signal.aborted) {
        this.#options.onTrouble(`${title} ended unexpectedly (${how}): starting it again. Its log: ${logPath}`);
        this.#restarts = this.#restart(performance.now() - begun);
      }
      return how;
    });
    this.#gone = exited.then(() => undefined);
    const waiting = new AbortController();
    const asked = signal === undefined ? waiting.signal : AbortSignal.any([waiting.signal, signal]);
    try {
      const how = await Promise.race([
        readyMessage(child, asked).then((message) => {
          ready = true;
          this.#options.onReady?.(message);
        }),
        exited.then((end) => `It ended without a word (${end}).`),
        delay(readyWithinMs, `It was not ready within ${readyWithinMs / 1000} s.`, { signal: asked }),
      ]);
      if (ready) return;
      const said = words.length === 0 ? how : plain(words);
      throw new LocalStackError("SERVICE_FAILED", `${title} did not start. ${said} Its log: ${logPath}`);
    } catch (error) {
      child.kill("SIGKILL");
      await exited;
      signal?.throwIfAborted();
      throw error;
    } finally {
      waiting.abort();
    }
  }

  async #restart(livedMs: number): Promise<void> {
    const { title, onTrouble, backoff = BACKOFF } = this.#options;
    const { signal } = this.#stopping;
    let waitMs = livedMs >= STEADY_MS ? 0 : backoff.firstMs;
    for (let told = false; ; ) {
      try {
        if (waitMs > 0) await delay(waitMs, undefined, { signal });
        await this.#launch(signal);
        onTrouble(`${title} is back`);
        return;
      } catch (error) {
        if (signal.aborted) return;
        // Once: it will be tried again and again.
        if (!told) onTrouble(error instanceof Error ? error.message : String(error));
        told = true;
        waitMs = Math.min(backoff.mostMs, Math.max(backoff.firstMs, waitMs * 2));
      }
    }
  }
}

/** How it ended, in a few words; also when it could not be started at all. */
async function ended(child: ChildProcess): Promise<string> {
  try {
    const [code, signal] = (await once(child, "exit")) as [number | null, NodeJS.Signals | null];
    return signal === null ? `code ${code}` : signal;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

async function readyMessage(child: ChildProcess, signal: AbortSignal): Promise<object> {
  for (;;) {
    const [message] = (await once(child, "message", { signal })) as [unknown];
    if (typeof message === "object" && message !== null && "ready" in message && message.ready === true) return message;
  }
}

/** What a person should read of a process's last words: its sentence, or the error at the head of a stack trace. */
function plain(words: readonly string[]): string {
  const thrown = words.find((line) => /^(\w*Error|Error)\b.*: /.test(line));
  const sentence = thrown ?? words.filter((line) => line.trim() !== "" && !/^\s+at /.test(line)).join("\n");
  return /[.!?]$/.test(sentence) ? sentence : `${sentence}.`;
}
