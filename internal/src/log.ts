// Structured logs: one JSON line on standard error for each thing that happened, without secrets.
import { pino, stdSerializers, stdTimeFunctions } from "pino";
import { logFields } from "./tracing.js";

export const LOG_LEVELS = ["trace", "debug", "info", "warn", "error", "fatal", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** One method a level: log.info({ runId, attempt }, "Announced a task"); and log.child({ runId }). */
export type Logger = pino.Logger;

const REDACTED = "[redacted]";

/** Fields whose value is never written, at any depth. "tokens", a count, is not one of them. */
const SECRET_FIELD =
  /^(.*authorization|(set-?)?cookie|key|seed|nkey|.*(api|private|secret|signing|access)[-_]?key|.*(password|passwd|secret|token|credentials?))$/i;

/** user:password@ in mongodb://, nats:// and other URLs, and bearer tokens, wherever they stand in a line. */
const SECRET_TEXT: readonly (readonly [RegExp, string])[] = [
  [/\b([a-z][a-z0-9+.-]*:\/\/)[^\s"'/?#@]*@/gi, `$1${REDACTED}@`],
  [/\b(bearer|basic)\s+[A-Za-z0-9._~+/=-]{8,}/gi, `$1 ${REDACTED}`],
  [/\bsk-[A-Za-z0-9_-]{8,}/g, REDACTED],
  // An API key of ours without its secret, and whatever has the form of a token.
  [/\b(agsp_[A-Za-z0-9-]{1,64})_[A-Za-z0-9_-]{8,}/g, `$1_${REDACTED}`],
  [/\beyJ[A-Za-z0-9_-]{8,}\.[A-Za-z0-9_-]*(\.[A-Za-z0-9_-]*)?/g, REDACTED],
];

/** A text without the credentials in its URLs, tokens, API keys and keys of model providers. */
export function withoutSecrets(text: string): string {
  return SECRET_TEXT.reduce((cleaned, [pattern, replacement]) => cleaned.replace(pattern, replacement), text);
}

/**
 * A logger that writes JSON lines (time in ISO, level as a word, name, pid, and the trace and span that it is written in
 * where there is one) to standard error, synchronously, so that the last words of a process are not lost.
 * `destination` is for tests.
 */
export function createLogger(name: string, level: LogLevel, destination?: pino.DestinationStream): Logger {
  const log = pino(
    {
      level,
      base: { name, pid: process.pid },
      timestamp: stdTimeFunctions.isoTime,
      mixin: logFields,
      formatters: {
        level: (label) => ({ level: label }),
        log: redactedFields,
      },
      serializers: { err: (error: Error) => redacted(stdSerializers.err(error)) },
      hooks: { streamWrite: withoutSecrets },
    },
    destination ?? pino.destination({ dest: 2, sync: true }),
  );
  // Pino asks no formatter about a child's fields. Children inherit this method, whose `this` is the one asked.
  const { child } = log;
  const redactingChild: Logger["child"] = function <Levels extends string = never>(
    this: Logger,
    fields: pino.Bindings,
    options?: pino.ChildLoggerOptions<Levels>,
  ) {
    return child.call(this, redactedFields(fields), options) as pino.Logger<Levels>;
  };
  log.child = redactingChild;
  return log;
}

const MAX_DEPTH = 8;

function redactedFields(fields: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return redacted(fields) as Record<string, unknown>;
}

/** A copy without secret fields. Errors are left to their serializer, other instances to their toJSON. */
function redacted(value: unknown, depth = 0): unknown {
  if (typeof value !== "object" || value === null || depth === MAX_DEPTH) return value;
  if (Array.isArray(value)) return value.map((item) => redacted(item, depth + 1));
  const prototype: unknown = Object.getPrototypeOf(value);
  if (depth > 0 && prototype !== Object.prototype && prototype !== null) return value;
  if (value instanceof Error) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      SECRET_FIELD.test(key) && item !== undefined ? REDACTED : redacted(item, depth + 1),
    ]),
  );
}
