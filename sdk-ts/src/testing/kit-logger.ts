import { createLogger, LOG_LEVELS, type Logger } from "@agentspan/internal";

let logger: Logger | undefined;

/** One for all kits: where AGENTSPAN_KIT_LOG_LEVEL asks for it, to standard error; else nowhere. */
export function kitLogger(): Logger {
  logger ??= createLogger("kit", LOG_LEVELS.find((level) => level === process.env.AGENTSPAN_KIT_LOG_LEVEL) ?? "silent");
  return logger;
}
