import { createLogger, LOG_LEVELS } from "@agentspan/internal";

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
 * JSON lines to standard error, so that a program's own output stays its own; from AGENTSPAN_LOG_LEVEL on (warn unless
 * said).
 */
export function defaultLogger(): Logger {
  const wanted = process.env.AGENTSPAN_LOG_LEVEL;
  return createLogger("agentspan-sdk", LOG_LEVELS.find((level) => level === wanted) ?? "warn");
}
