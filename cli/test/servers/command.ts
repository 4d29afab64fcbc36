// The command line as a person runs it: a process of its own, with a home, a cache and nothing of this process's keys.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { eventually } from "@agentspan/servers/eventually";
import { type Answer, questionIn, WarmCommand } from "./warm-command.js";

export const BIN = fileURLToPath(new URL("../../bin/agentspan.mjs", import.meta.url));
const PSEUDO_TERMINAL = fileURLToPath(new URL("./pseudo-terminal.py", import.meta.url));

const ESCAPES = new RegExp(`${String.fromCharCode(27)}\\[[0-9;?]*[A-Za-z]`, "g");

export class Command {
  /** Standard output and error together, as they came. */
  shown = "";
  readonly #child: ChildProcess;
  readonly exit: Promise<number | NodeJS.Signals | null>;

  constructor(program: string, args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string) {
    this.#child = spawn(program, args, {
      env,
      stdio: ["pipe", "pipe", "pipe"],
      // A process group of its own, as a shell gives to what is typed into it.
      detached: true,
      ...(cwd === undefined ? {} : { cwd }),
    });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.shown += text;
      });
    }
    this.exit = once(this.#child, "close").then(([code, signal]) => code ?? signal);
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Waits until the output has it; returns the groups of the match. */
  async shows(pattern: RegExp): Promise<readonly string[]> {
    const wait = eventually(() => {
      const match = pattern.exec(withoutEscapes(this.shown));
      if (match !== null) return match;
      throw new Error(`${pattern} is not shown by now:\n${this.shown}`);
    });
    const ended = this.exit.then((code) => {
      if (!pattern.test(withoutEscapes(this.shown)))
        throw new Error(`It ended (${code}) without ${pattern}:\n${this.shown}`);
      return wait;
    });
    return Promise.race([wait, ended]);
  }

  type(text: string): void {
    this.#child.stdin?.write(text);
  }

  /** All that it is given. */
  typeAll(text: string): void {
    this.#child.stdin?.end(text);
  }

  /** Of the program on its terminal alone: a pseudo-terminal's own process is its parent. */
  signal(signal: NodeJS.Signals): void {
    const children = readFileSync(`/proc/${this.pid}/task/${this.pid}/children`, "utf8").trim().split(" ");
    process.kill(Number(children[0]), signal);
  }

  /** Of all in its process group, as Ctrl-C in a terminal does; npx is one that does not pass signals on. */
  kill(signal: NodeJS.Signals): void {
    try {
      process.kill(-this.pid, signal);
    } catch (error) {
      if (!(error instanceof Error && "code" in error && error.code === "ESRCH")) throw error;
    }
  }
}

/** `agentspan server start`, once it runs. */
export type ServerCommand = Command & { readonly url: string; readonly natsUrl: string };

/** Without what moves the cursor and colours. */
function withoutEscapes(text: string): string {
  return text.replaceAll(ESCAPES, "");
}

/** A person's machine: whatever is started on it is stopped with it. */
export class Machine {
  /** On any machine of these tests: each command is started as a process at least once. */
  static readonly #asked = new Set<string>();
  readonly folder = mkdtempSync(join(tmpdir(), "agentspan-cli-"));
  readonly dataDir = join(this.folder, "data", "agentspan");
  readonly env: NodeJS.ProcessEnv;
  readonly #commands: Command[] = [];
  #warm: WarmCommand | undefined;

  constructor(env: NodeJS.ProcessEnv = {}) {
    this.env = {
      PATH: process.env.PATH,
      HOME: this.folder,
      XDG_DATA_HOME: join(this.folder, "data"),
      // Fetched servers are shared with everybody else's tests.
      XDG_CACHE_HOME: process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"),
      ...env,
    };
  }

  run(...args: string[]): Command {
    return this.#started(new Command(process.execPath, [BIN, ...args], this.env));
  }

  /** On a terminal of its own. */
  runOnTerminal(...args: string[]): Command {
    return this.#started(new Command("python3", [PSEUDO_TERMINAL, process.execPath, BIN, ...args], this.env));
  }

  /** Any program on a terminal of its own. */
  runProgramOnTerminal(cwd: string, ...command: string[]): Command {
    return this.#started(new Command("python3", [PSEUDO_TERMINAL, ...command], this.env, cwd));
  }

  /** Any program, with this machine's environment. */
  start(program: string, args: readonly string[], cwd?: string): Command {
    return this.#started(new Command(program, args, this.env, cwd));
  }

  /** A server on free ports, running. Options of the command may be added. */
  async server(...options: string[]): Promise<ServerCommand> {
    const command = this.run("server", "start", "--port", "0", "--nats-port", "0", ...options);
    await command.shows(/Ctrl-C stops it/);
    const [, url = ""] = await command.shows(/API +(\S+)/);
    const [, natsUrl = ""] = await command.shows(/Workers +(\S+)/);
    return Object.assign(command, { url, natsUrl });
  }

  /** Runs a command to its end: in a process of its own, but for a question that was asked before. */
  async ask(...args: string[]): Promise<Answer> {
    const question = questionIn(args);
    if (question === undefined) return this.askAnew(...args);
    if (Machine.#asked.has(question)) return this.askWarm(...args);
    Machine.#asked.add(question);
    return this.askAnew(...args);
  }

  /** Asks the one process that answers questions on this machine. */
  askWarm(...args: string[]): Promise<Answer> {
    this.#warm ??= new WarmCommand();
    return this.#warm.ask(args, this.env);
  }

  /** In a process of its own, whatever it is. */
  async askAnew(...args: string[]): Promise<Answer> {
    const command = this.run(...args);
    const code = await command.exit;
    return { code, shown: command.shown };
  }

  /** What the newest owner of the data has on record. */
  record(): { readonly owner: { pid: number }; readonly children: readonly { name: string; pid: number }[] } {
    const folder = join(this.dataDir, "lock");
    const [newest = ""] = readdirSync(folder)
      .filter((name) => name.endsWith(".json"))
      .sort((a, b) => Number.parseInt(b, 10) - Number.parseInt(a, 10));
    return JSON.parse(readFileSync(join(folder, newest), "utf8"));
  }

  /** Processes that have this machine's folder in their command line or were started by its commands. */
  left(): readonly string[] {
    return readdirSync("/proc")
      .filter((name) => /^\d+$/.test(name))
      .flatMap((pid) => {
        const of = (file: string): string => {
          try {
            return readFileSync(`/proc/${pid}/${file}`, "utf8").replaceAll("\0", " ");
          } catch {
            return ""; // It ended meanwhile.
          }
        };
        // A zombie has neither. The services carry the folder in their environment alone.
        const found = of("cmdline").includes(this.folder) || of("environ").includes(this.folder);
        return found ? [`${pid} ${of("cmdline")}`] : [];
      });
  }

  async nothingLeft(): Promise<void> {
    await eventually(() => {
      const left = this.left();
      if (left.length > 0) throw new Error(`Still there:\n${left.join("\n")}`);
    });
  }

  async close(): Promise<void> {
    await Promise.all(
      this.#commands.map(async (command) => {
        command.kill("SIGTERM");
        const timer = setTimeout(() => command.kill("SIGKILL"), 20_000);
        await command.exit;
        clearTimeout(timer);
      }),
    );
    await this.#warm?.close();
    await this.nothingLeft();
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  #started(command: Command): Command {
    this.#commands.push(command);
    return command;
  }
}
