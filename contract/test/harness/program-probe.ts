// A probe in another language: a program that is started once, reads calls from its standard input and writes what comes
// of them to its standard output, a line of JSON each. README.md has the lines.
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import type { JsonObject } from "@bufbuild/protobuf";
import { type Call, type End, Ongoing, type Probe } from "./call.js";

/** Against what hangs, on a machine of any speed. */
const ENDS_WITHIN_MS = 20_000;

interface Line {
  readonly id: number;
  readonly message?: JsonObject;
  readonly end?: End;
}

export class ProgramProbe implements Probe {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #ongoing = new Map<number, Ongoing>();
  readonly #exited: Promise<unknown>;
  #calls = 0;
  #said = "";

  /** The command is a program and its arguments; its last one is the file with the contract's descriptors. */
  constructor([program = "", ...args]: readonly string[]) {
    this.#child = spawn(program, args, { stdio: "pipe" });
    this.#child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.#said = (this.#said + text).slice(-10_000);
    });
    this.#child.stdin.on("error", (error) => this.#over(error));
    this.#child.on("error", (error) => this.#over(error));
    this.#exited = once(this.#child, "close").finally(() => this.#over(new Error(`${program} has ended.`)));
    this.#exited.catch(() => undefined);
    createInterface({ input: this.#child.stdout }).on("line", (line) => this.#take(JSON.parse(line) as Line));
  }

  begin(call: Call): Ongoing {
    this.#calls += 1;
    const id = this.#calls;
    const ongoing = new Ongoing(() => this.#write({ cancel: id }));
    this.#ongoing.set(id, ongoing);
    this.#write({ id, call });
    return ongoing;
  }

  /** Throws where it does not end by itself: then it is killed. */
  async stop(): Promise<void> {
    this.#child.stdin.end();
    const patience = setTimeout(() => this.#child.kill("SIGKILL"), ENDS_WITHIN_MS);
    await this.#exited;
    clearTimeout(patience);
    if (this.#child.signalCode === "SIGKILL") throw new Error(`${this.#child.spawnfile} did not end.\n${this.#said}`);
  }

  #write(line: object): void {
    this.#child.stdin.write(`${JSON.stringify(line)}\n`);
  }

  #take({ id, message, end }: Line): void {
    const ongoing = this.#ongoing.get(id);
    if (message !== undefined) ongoing?.tell(message);
    if (end === undefined) return;
    this.#ongoing.delete(id);
    ongoing?.finish(end);
  }

  #over(error: Error): void {
    for (const ongoing of this.#ongoing.values()) ongoing.fail(new Error(`${error.message}\n${this.#said}`));
    this.#ongoing.clear();
  }
}
