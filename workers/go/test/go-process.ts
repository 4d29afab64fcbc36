// A program of the module as a process.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { until } from "@agentspan/e2e";

export class GoProcess {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ended: Promise<readonly unknown[]>;
  #said = "";

  /** Of this process's environment it gets PATH and HOME. */
  constructor(file: string, args: readonly string[], env: Readonly<Record<string, string>>) {
    const { PATH = "", HOME = "" } = process.env;
    this.#child = spawn(file, args, { env: { PATH, HOME, ...env } });
    this.#ended = once(this.#child, "exit");
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text;
      });
    }
  }

  /** All that it wrote. */
  get said(): string {
    return this.#said;
  }

  /** Resolves when it has written this. */
  async says(words: string): Promise<void> {
    await until(`it says ${words}`, () => this.#said.includes(words));
  }

  /** Writes a line to its standard input. */
  tell(line: string): void {
    this.#child.stdin.write(`${line}\n`);
  }

  /** Its code, once it has ended. */
  async exited(): Promise<unknown> {
    return (await this.#ended)[0];
  }

  /** SIGTERM, as an operator would; its code. */
  stop(): Promise<unknown> {
    this.#child.kill("SIGTERM");
    return this.exited();
  }

  kill(): void {
    this.#child.kill("SIGKILL");
  }
}
