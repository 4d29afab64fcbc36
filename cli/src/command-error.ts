import type { ExitCode } from "./exit-codes.js";

/** A failure that the command line itself has words for. */
export class CommandError extends Error {
  override readonly name = "CommandError";

  /** `exitCode` 2 says that the command was called wrongly, 1 that it failed; see exit-codes.ts. */
  constructor(
    message: string,
    readonly exitCode: Exclude<ExitCode, 0 | 130> = 1,
  ) {
    super(message);
  }
}

/** Of a file that was named and cannot be read. */
export function unreadable(path: string, error: unknown, remedy = ""): CommandError {
  const code = error instanceof Error && "code" in error ? String(error.code) : String(error);
  const why = code === "ENOENT" ? "there is no such file" : code;
  return new CommandError(`${path} cannot be read: ${why}. ${remedy}`.trim(), 2);
}

/** Ctrl-C, or another signal that asks to stop. */
export class Interrupted extends Error {
  override readonly name = "Interrupted";
}
