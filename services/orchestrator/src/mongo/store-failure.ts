// What is known after a command failed. The one place that reads the driver's errors.
import { AgentspanError } from "@agentspan/internal";
import {
  MongoDriverError,
  MongoNetworkError,
  MongoNetworkTimeoutError,
  MongoServerError,
  MongoServerSelectionError,
  MongoWriteConcernError,
} from "mongodb";

/**
 * not_sent: it never left this process. unanswered: it may have been carried out, or may yet be. refused: the server
 * said no, for a reason that waiting does not cure.
 */
export type Failure = "not_sent" | "unanswered" | "refused";

/** A document with this unique key is there already. */
export const DUPLICATE_KEY = 11000;

/** The document would be larger than a document may be. */
const TOO_LARGE: ReadonlySet<number> = new Set([10334, 17419, 17420]);

/** The server failed by itself, a full disk for one, and does not say how far it had come. */
const OF_ITS_OWN: ReadonlySet<number> = new Set([
  1, // InternalError
  8, // UnknownError
  14031, // OutOfDiskSpace
]);

/** Server errors that pass: an election, a shutdown, a time limit, a busy or unreachable member. */
const PASSING: ReadonlySet<number> = new Set([
  ...OF_ITS_OWN,
  6, // HostUnreachable
  7, // HostNotFound
  24, // LockTimeout
  46, // LockBusy
  50, // MaxTimeMSExpired
  64, // WriteConcernTimeout
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern: not enough members right now
  112, // WriteConflict
  133, // FailedToSatisfyReadPreference
  134, // ReadConcernMajorityNotAvailableYet
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  262, // ExceededTimeLimit
  462, // IngressRequestRateLimitExceeded
  9001, // SocketException
  10107, // NotWritablePrimary
  11600, // InterruptedAtShutdown
  11601, // Interrupted
  11602, // InterruptedDueToReplStateChange
  13388, // StaleConfig
  13435, // NotPrimaryNoSecondaryOk
  13436, // NotPrimaryOrSecondary
]);

/** The driver's own errors that come before a command is written to a socket; some of their classes are not exported. */
const BEFORE_SENDING: ReadonlySet<string> = new Set([
  "MongoNotConnectedError",
  "MongoPoolClearedError",
  "MongoPoolClosedError",
  "MongoServerClosedError",
  "MongoTopologyClosedError",
  "MongoWaitQueueTimeoutError",
]);

/** The driver's errors that mean a connection or a client ended under a command. */
const WHILE_WAITING: ReadonlySet<string> = new Set(["MongoClientClosedError", "MongoOperationTimeoutError"]);

export function failureOf(error: unknown): Failure {
  if (error instanceof MongoServerSelectionError) return "not_sent";
  if (error instanceof MongoNetworkError) {
    // The driver does not declare the field; without it the error would count as unanswered, which is safe.
    const connecting = "beforeHandshake" in error && error.beforeHandshake === true;
    return connecting || BEFORE_SENDING.has(error.name) ? "not_sent" : "unanswered";
  }
  // Written on the primary, and not known to be on a majority.
  if (error instanceof MongoWriteConcernError) return "unanswered";
  if (error instanceof MongoServerError) return failureOfCode(error.code);
  if (error instanceof MongoDriverError) {
    if (BEFORE_SENDING.has(error.name)) return "not_sent";
    if (WHILE_WAITING.has(error.name)) return "unanswered";
  }
  if (isSocketError(error)) return "unanswered";
  return "refused";
}

/** Whether the server itself said no, so that a part of what it was sent may fare better. */
export function isServersRefusal(error: unknown): boolean {
  return error instanceof MongoServerError && failureOf(error) === "refused";
}

/** Node's own error of a broken connection; the driver lets some through as they are (EPIPE on a socket just ended). */
function isSocketError(error: unknown): boolean {
  if (!(error instanceof Error) || !("code" in error) || typeof error.code !== "string") return false;
  return /^(E[A-Z]+|ERR_(STREAM|SOCKET)_[A-Z_]+)$/.test(error.code);
}

/** As failureOf, for the code of a server's answer to a command or to one write of a batch. */
export function failureOfCode(code: unknown): "unanswered" | "refused" {
  return typeof code === "number" && PASSING.has(code) ? "unanswered" : "refused";
}

/** Whether the same read may be tried again at once: the connection broke or the primary moved, and no time was lost. */
export function isWorthRetrying(error: unknown): boolean {
  if (error instanceof MongoServerSelectionError || error instanceof MongoNetworkTimeoutError) return false;
  if (error instanceof MongoServerError && error.code === 50) return false;
  return failureOf(error) !== "refused";
}

const RETRY_AFTER_MS = 1000;

/** As the error that callers of the store get: STORE_UNAVAILABLE where waiting helps. */
export function storeErrorOf(error: unknown): AgentspanError {
  if (error instanceof AgentspanError) return error;
  if (failureOf(error) === "refused") {
    const code = error instanceof MongoServerError ? error.code : undefined;
    return refusal(code, error);
  }
  const code = error instanceof MongoServerError && typeof error.code === "number" ? error.code : undefined;
  if (code === undefined || !OF_ITS_OWN.has(code)) return storeUnavailable(error);
  const text = `The database met an error of its own (code ${code}); its log has more. Try again in a moment.`;
  return new AgentspanError("STORE_UNAVAILABLE", text, { retryAfterMs: RETRY_AFTER_MS, cause: error });
}

export function storeUnavailable(cause: unknown): AgentspanError {
  return new AgentspanError("STORE_UNAVAILABLE", "The database cannot be reached right now. Try again in a moment.", {
    retryAfterMs: RETRY_AFTER_MS,
    cause,
  });
}

/** For a server's no to a command or to one write of a batch. */
export function refusal(code: unknown, cause: unknown): AgentspanError {
  if (typeof code === "number" && TOO_LARGE.has(code)) {
    return new AgentspanError("LIMIT_EXCEEDED", "The document would be larger than the database takes (16 MiB).", {
      cause,
    });
  }
  const text = typeof code === "number" ? ` (code ${code})` : "";
  return new AgentspanError("INTERNAL", `The database refused a command${text}; the log of the server has more.`, {
    cause,
  });
}
