// One process that answers many questions to the command, for most of what a question costs is the start of Node.
// It is as good as a process for each: the same bundled program gets the same arguments and the whole environment anew,
// reads and closes all else in each question, and is asked nothing that changes its process (see questionIn). A test
// holds both to the same answers.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const PROGRAM = fileURLToPath(new URL("./warm-command.mjs", import.meta.url));

/** How a command ended, and its standard output and error together. */
export interface Answer {
  readonly code: unknown;
  readonly shown: string;
}

/** What asks a server or reads files, writes what it found, and ends; with what stands in groups of such. */
const QUESTIONS = ["approve", "doctor", "reject", "respond", "settle", "server logs", "server status"];
const GROUPS = ["agents", "approvals", "audit", "grants", "keys", "profiles", "receipt", "runs", "webhooks", "workers"];

/** The command among the arguments where it is a question; undefined where it takes a process of its own. */
export function questionIn([first = "", second = ""]: readonly string[]): string | undefined {
  const both = `${first} ${second}`;
  if (GROUPS.includes(first)) return both;
  return [first, both].find((command) => QUESTIONS.includes(command));
}

export class WarmCommand {
  readonly #child: ChildProcess;
  readonly #exit: Promise<unknown>;
  #said = "";
  #last: Promise<unknown> = Promise.resolve();

  constructor() {
    const { PATH = "" } = process.env;
    // Its questions bring their environment; it must not be taken for something that one of them left running.
    this.#child = fork(PROGRAM, { env: { PATH }, stdio: ["pipe", "pipe", "pipe", "ipc"] });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#said += text;
      });
    }
    this.#exit = once(this.#child, "close");
  }

  /** Asks it, once all before are answered. */
  ask(args: readonly string[], env: NodeJS.ProcessEnv): Promise<Answer> {
    const question = { args, env: { ...env } };
    const answer = this.#last.then(async (): Promise<Answer> => {
      const answered = once(this.#child, "message");
      this.#child.send(question);
      const ended = this.#exit.then(() => {
        throw new Error(`It ended at ${args.join(" ")}:\n${this.#said}`);
      });
      const [message] = (await Promise.race([answered, ended])) as [Answer];
      return message;
    });
    this.#last = answer.catch(() => undefined);
    return answer;
  }

  async close(): Promise<void> {
    this.#child.kill();
    await this.#exit;
  }
}
