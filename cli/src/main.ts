// What bin/agentspan.mjs runs: the command line, and its failures as sentences.
import { CommanderError } from "commander";
import { CommandError } from "./command-error.js";
import { COMPLETE } from "./completion/complete-word.js";
import { EXIT_CODES } from "./exit-codes.js";
import { keepAlive, letGo } from "./keep-alive.js";
import { Output, tolerateClosedStreams } from "./output.js";
import { program } from "./program.js";

/** Runs one command; resolves with the exit code. */
export async function main(args: readonly string[], output: Output = new Output()): Promise<number> {
  tolerateClosedStreams();
  if (args[0] === COMPLETE) {
    const { completionLines } = await import("./completion/completion-lines.js");
    for (const line of completionLines(args.slice(1))) output.line(line);
    return EXIT_CODES.done;
  }
  keepAlive();
  try {
    await program(output).parseAsync(asOptions(args), { from: "user" });
    // A program that `run` ran has its own.
    return typeof process.exitCode === "number" ? process.exitCode : EXIT_CODES.done;
  } catch (error) {
    // Help and version are asked for; everything else that commander throws it has said already.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    // The words for what the libraries throw come with them, and they are slow to load.
    if (error instanceof CommandError) {
      output.failure(error.message);
      return error.exitCode;
    }
    const { failureOf } = await import("./failure.js");
    const { message, exitCode } = failureOf(error);
    if (message !== undefined) output.failure(message);
    return exitCode;
  } finally {
    letGo();
  }
}

/** What people type for the version before they have read the help. */
function asOptions(args: readonly string[]): readonly string[] {
  return args.length === 1 && ["version", "-V"].includes(args[0] ?? "") ? ["--version"] : args;
}
