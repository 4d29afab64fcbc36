import { createLogger, LOG_LEVELS } from "@agentspan/internal";
import { terminalLine } from "./terminal-log.js";

/** Where the SDK and its tools log. pino's own form: a pino logger can be handed in as it is. */
export interface Logger {
  debug(fields: object, message: string): void;
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
  error(fields: object, message: string): void;
  /** A logger that says these fields with every line. */
  child(fields: Record<string, unknown>): Logger;
}

/**
 * To standard error, so that a program's own output stays its own; from AGENTSPAN_LOG_LEVEL on (warn unless said). JSON
 * lines, with the stack of an error; on a terminal one readable line each, with the stack from level debug on.
 */
export function defaultLogger(stderr: Pick<typeof process.stderr, "isTTY" | "write"> = process.stderr): Logger {
  const wanted = process.env.AGENTSPAN_LOG_LEVEL;
  const level = LOG_LEVELS.find((one) => one === wanted) ?? "warn";
  if (!stderr.isTTY) return createLogger("agentspan-sdk", level);
  const stacks = level === "debug" || level === "trace";
  return createLogger("agentspan-sdk", level, { write: (line) => stderr.write(terminalLine(line, { stacks })) });
}
