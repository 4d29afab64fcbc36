// `agentspan server start` as a child: its real processes, on free ports and data of its own.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { KitError } from "../kit-error.js";

export interface ServerProcessOptions {
  /** The command and what comes before `server start`. */
  readonly command: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Milliseconds until it runs. */
  readonly withinMs: number;
}

const STOPS_WITHIN_MS = 30_000;

export class ServerProcess {
  private constructor(
    private readonly child: ChildProcess,
    private readonly dataDir: string,
    /** Of the gateway. */
    readonly url: string,
    /** For workers. */
    readonly natsUrl: string,
  ) {}

  /** Throws KitError with what the server wrote where it does not come to run. */
  static async start({ command, env, withinMs }: ServerProcessOptions): Promise<ServerProcess> {
    const dataDir = await mkdtemp(join(tmpdir(), "agentspan-kit-"));
    const [program = "agentspan", ...before] = command;
    const ports = ["--port", "0", "--grpc-port", "0", "--nats-port", "0"];
    // It stops when the pipe to it is closed, which the system does with a process that is killed.
    const child = spawn(program, [...before, "server", "start", ...ports, "--data", dataDir, "--until-input-ends"], {
      env: { ...process.env, ...env },
      stdio: ["pipe", "pipe", "pipe"],
    });
    const end = () => child.kill("SIGKILL");
    process.once("exit", end);
    child.once("close", () => process.off("exit", end));
    try {
      const { url, natsUrl } = await running(child, command, withinMs);
      return new ServerProcess(child, dataDir, url, natsUrl);
    } catch (error) {
      child.kill("SIGKILL");
      await rm(dataDir, { recursive: true, force: true });
      throw error;
    }
  }

  async stop(): Promise<void> {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      const closed = once(this.child, "close");
      this.child.kill("SIGTERM");
      const tooLong = setTimeout(() => this.child.kill("SIGKILL"), STOPS_WITHIN_MS);
      await closed;
      clearTimeout(tooLong);
    }
    await rm(this.dataDir, { recursive: true, force: true });
  }
}

/** Where it listens, as it says itself once it runs. */
function running(
  child: ChildProcess,
  command: readonly string[],
  withinMs: number,
): Promise<{ readonly url: string; readonly natsUrl: string }> {
  const name = [...command, "server start"].join(" ");
  return new Promise((resolve, reject) => {
    let written = "";
    const fail = (why: string) => reject(new KitError(`${name} ${why}. It wrote:\n${written.trim() || "nothing"}`));
    const timer = setTimeout(() => fail(`did not run within ${withinMs / 1_000} s`), withinMs);
    const take = (chunk: Buffer) => {
      written += chunk.toString("utf8");
      if (!written.includes("Ctrl-C stops it")) return;
      clearTimeout(timer);
      const [, url = ""] = /^ +API +(\S+)/m.exec(written) ?? [];
      const [, natsUrl = ""] = /^ +Workers +(\S+)/m.exec(written) ?? [];
      resolve({ url, natsUrl });
    };
    child.stdout?.on("data", take);
    child.stderr?.on("data", take);
    child.once("error", (error) => {
      clearTimeout(timer);
      fail(`could not be started (${error.message}): is the command agentspan installed?`);
    });
    child.once("close", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
  });
}
