// Files that are programs of their own: they start what they start, and say what they say.
import { spawn } from "node:child_process";
import { constants } from "node:os";
import { join } from "node:path";
import { CommandError } from "../command-error.js";
import { letGo } from "../keep-alive.js";
import { safeText } from "../safe-text.js";

/** Resolves when the program that was imported has nothing left to do. */
export function programOver(): Promise<void> {
  return new Promise((resolve) => {
    process.once("beforeExit", () => resolve());
    letGo();
  });
}

/** Runs a Python file with the interpreter of its environment, and gives its exit code. */
export async function runPython(file: string, args: readonly string[], env: NodeJS.ProcessEnv): Promise<number> {
  const venv = env.VIRTUAL_ENV?.trim();
  const python = venv ? join(venv, "bin", "python") : "python3";
  const child = spawn(python, [file, ...args], { stdio: "inherit", env });
  // Ctrl-C reaches it as it reaches this process, whose end waits for its own.
  const hold = (): void => undefined;
  const pass = (): void => void child.kill("SIGTERM");
  process.on("SIGINT", hold).on("SIGTERM", pass);
  try {
    return await new Promise<number>((resolve, reject) => {
      child.once("error", (error) =>
        reject(new CommandError(`${python} cannot be run (${safeText(error.message)}): install Python 3.10 or newer.`)),
      );
      child.once("exit", (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
    });
  } finally {
    process.off("SIGINT", hold).off("SIGTERM", pass);
  }
}
